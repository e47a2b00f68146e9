"""The addresses a person sees in a page at the moment, found by the Processor's own extractor."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from leadgen.model.ids import canonical_email
from leadgen.process.document import Document, Page
from leadgen.process.emails import FoundEmail, find_emails
from leadgen.process.post import clean_text

AROUND = 60
"""Characters of the text that are shown on each side of an address."""
_REMOVED = re.compile(
    r"\b(?:post(?:ing)?|ad|advert(?:isement)?|listing|page)\b[^.!?\n]{0,40}\b"
    r"(?:(?:has|have) been|was|is)\b[^.!?\n]{0,20}\b(?:deleted|removed|flagged|expired|no longer available)"
    r"|\b(?:post(?:ing)?|ad|listing)\b (?:has expired|not found|removed)\b",
    re.IGNORECASE,
)
_SHORT = 1_500
"""Characters; a longer page is about something and only mentions that posts are removed."""


@dataclass(frozen=True)
class SeenAddress:
    """An address.

    Args:
        address: in its canonical form.
        kind: how it is written; see `leadgen.process.emails`. ``relay`` reaches nobody we could recognise again.
        where: the text around it.
    """

    address: str
    kind: str
    where: str


@dataclass(frozen=True)
class Sight:
    """What a page shows.

    Args:
        addresses: the surest kind first.
        removed: the sentence that says that the post is gone, or "".
    """

    addresses: tuple[SeenAddress, ...]
    removed: str


def look_at_page(html: str, url: str, relay_domains: Iterable[str] = ()) -> Sight:
    """Read a page as it is shown.

    Args:
        html: the part of it that is visible.
        url: where it is; below this machine's own addresses the reserved ``.example`` is somebody's, as in a demo.
        relay_domains: domains of the site's own relay.

    Never raises for what a page says.
    """
    page = Page(html)
    document = page.document(url=url)
    headings = " ".join(node.text(deep=True, separator=" ") or "" for node in page.nodes("h1, h2")[:4])
    shown = f"{document.title} {headings}" + (f" {document.text}" if len(document.text) <= _SHORT else "")
    removed = _REMOVED.search(clean_text(shown, one_line=True)[: 2 * _SHORT])
    return Sight(_addresses(document, url, relay_domains), removed[0] if removed else "")


def look_at_text(text: str, url: str, relay_domains: Iterable[str] = ()) -> tuple[SeenAddress, ...]:
    """The addresses in a text, such as what a person copied; the arguments are those of `look_at_page`."""
    return _addresses(Document(text=text[:10_000].replace("\x00", "")), url, relay_domains)


def _addresses(document: Document, url: str, relay_domains: Iterable[str]) -> tuple[SeenAddress, ...]:
    found = find_emails(document, relay_domains, allow_reserved_domains=_is_this_machine(url))
    return tuple(SeenAddress(canonical_email(one.address), one.kind, _around(document.text, one)) for one in found)


def _around(text: str, email: FoundEmail) -> str:
    written = email.text.strip()
    place = text.lower().find(written.lower()) if written else -1
    if place < 0:
        place, written = text.lower().find(email.address.lower()), email.address
    if place < 0:
        return clean_text(written or email.address, one_line=True)[: 2 * AROUND]
    start, end = max(0, place - AROUND), place + len(written) + AROUND
    snippet = clean_text(text[start:end], one_line=True)
    return f"{'…' if start else ''}{snippet}{'…' if end < len(text) else ''}"


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
