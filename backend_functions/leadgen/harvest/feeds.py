"""RSS and Atom feeds as listings, read by feedparser.

feedparser takes a time that grows with the number of tags and entities, whatever the feed looks like; so a feed is cut
where it has more of them than the largest listing needs. What a feed declares in its head, such as entities that grow
when they are read, is left out.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from leadgen.harvest.charsets import decode_text

MOST_TAGS = 16_000
_MOST_ENTITIES = 100_000
_LARGEST = 4_000_000
_FIRST_ELEMENT = re.compile(rb"<[A-Za-z_]")
_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,300}\?>")
_ENTRY_END = re.compile(rb"</(?:[A-Za-z_][\w.-]{0,30}:)?(?:item|entry)\s{0,10}>")


@dataclass(frozen=True)
class Feed:
    """The links of a feed, made absolute.

    Args:
        links: of its entries, in its order.
        next_link: to its next page (RFC 5005, section 3); empty if there is none.
    """

    links: tuple[str, ...]
    next_link: str = ""


def read_feed(content: bytes, content_type: str, url: str) -> Feed | None:
    """Read a feed, a damaged one as far as it goes.

    Args:
        content: the feed as served.
        content_type: the header of that name, for its charset.
        url: its address, where its relative links start.

    Returns:
        the links; `None` if it is no feed.
    """
    import feedparser  # type: ignore[import-untyped]

    if b"\x00" in content[:8]:  # UTF-16 or -32: there is no telling tags in the bytes
        content, content_type = decode_text(content[:_LARGEST], content_type).encode(), "application/xml; charset=utf-8"
    headers = {"content-type": content_type, "content-location": url}
    try:
        # A file object: feedparser would take bytes or text for the name of a file to open.
        parsed: Any = feedparser.parse(
            io.BytesIO(_bounded(content)), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception:  # a parser of third-party input: whatever it stumbles over, this is no feed we can read
        return None
    if not parsed.get("version") and not parsed.entries:
        return None
    links = (_entry_link(entry) for entry in parsed.entries)
    return Feed(tuple(link for link in links if link), _next_link(parsed.feed))


def _bounded(content: bytes) -> bytes:
    content = _without_doctype(content[:_LARGEST])
    end = min(_place(content, b"<", MOST_TAGS), _place(content, b"&", _MOST_ENTITIES))
    if end == len(content):
        return content
    ends = list(_ENTRY_END.finditer(content, 0, end))
    return content[: ends[-1].end() if ends else end]


def _without_doctype(content: bytes) -> bytes:
    first = _FIRST_ELEMENT.search(content)
    head = content[: first.start()] if first else content
    if b"<!" not in head:
        return content
    declaration = _XML_DECLARATION.match(head)
    return (declaration[0] if declaration else b"") + content[len(head) :]


def _place(content: bytes, sign: bytes, number: int) -> int:
    """Where a sign stands for the n-th time; the end if it does not."""
    if content.count(sign) < number:
        return len(content)
    return next(found.start() for count, found in enumerate(re.finditer(sign, content), 1) if count == number)


def _entry_link(entry: Any) -> str:
    link = entry.get("link")
    if isinstance(link, str) and link.strip():
        return link
    for other in entry.get("links") or ():
        if other.get("rel") in ("alternate", None) and isinstance(other.get("href"), str):
            return str(other["href"])
    # RSS 2.0: a guid is the post's address unless it says that it is not (isPermaLink="false").
    guid = entry.get("id")
    if not isinstance(guid, str) or entry.get("guidislink") is False:
        return ""
    return guid if guid.startswith(("http://", "https://")) else ""


def _next_link(feed: Any) -> str:
    for link in feed.get("links") or ():
        if link.get("rel") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return ""
