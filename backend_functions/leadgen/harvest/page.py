"""What a fetch brings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from yarl import URL

_SENDABLE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,999}")


@dataclass(frozen=True)
class Validators:
    """What a server named a version of a page by, to ask it later for a newer one only (RFC 9110 §13.1).

    Args:
        etag: the ETag header, as sent; empty if there was none.
        last_modified: the Last-Modified header, as sent; empty if there was none.
        url: the page they belong to, where that is another than the one asked for (it redirected).
    """

    etag: str = ""
    last_modified: str = ""
    url: str = ""

    def conditions(self, asked: str, url: URL) -> dict[str, str]:
        """The headers that ask for a newer version.

        Args:
            asked: the URL that `get` was called with.
            url: the one a request goes to now. Another page's validators are not sent along: the same words may name
                something else there.
        """
        if URL(self.url or asked).with_fragment(None) != url:
            return {}
        both = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in both.items() if _SENDABLE.fullmatch(value)}


NO_VALIDATORS = Validators()
"""Of a page that its server names nothing of."""


class Page(NamedTuple):
    """A fetched page.

    Args:
        url: the URL asked for.
        final_url: the URL that answered, after redirects.
        status: HTTP status: 2xx, or 304 if validators were given and nothing changed since.
        text: the decoded body; empty with 304.
        content: the body as bytes, decompressed; empty with 304.
        content_type: media type in lower case, without parameters.
        headers: response headers; names in any case.
        validators: to be given to the next `get` of this page; empty ones if the server named none.
        is_utf8: whether the body is exactly the text in UTF-8.
    """

    url: str
    final_url: str
    status: int
    text: str
    content: bytes
    content_type: str
    headers: Mapping[str, str]
    validators: Validators = NO_VALIDATORS
    is_utf8: bool = False

    @property
    def utf8(self) -> bytes:
        """The text in UTF-8, for a parser that reads bytes: encoding a page again is a twelfth of what it costs."""
        return self.content if self.is_utf8 else self.text.encode("utf-8", "replace")

    @property
    def not_modified(self) -> bool:
        """Whether the server said that the page is still what it was; then there is no body."""
        return self.status == 304


def validators_of(headers: Mapping[str, str], url: str, known: Validators | None = None) -> Validators:
    """The validators among the headers of a page.

    Args:
        headers: of the answer.
        url: the page.
        known: those that it was asked with, which hold on if the answer names none.
    """
    etag, last_modified = headers.get("etag", ""), headers.get("last-modified", "")
    if known is not None and not etag and not last_modified:
        return known
    if not etag and not last_modified:
        return NO_VALIDATORS
    return Validators(
        etag=etag if _SENDABLE.fullmatch(etag) else "",
        last_modified=last_modified if _SENDABLE.fullmatch(last_modified) else "",
        url=url,
    )
