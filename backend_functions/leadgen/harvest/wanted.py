"""What a fetch asks for: of what media types, how large at most, and newer than what."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from yarl import URL

from leadgen.harvest.page import Validators

_PAGE_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,text/plain;q=0.5,*/*;q=0.1"
_PAGE_MEDIA = (
    "text/",
    "application/xhtml+xml",
    "application/xml",
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/gzip",  # what a sitemap.xml.gz is sent as
    "application/x-gzip",
)
_FEED_ACCEPT = "application/rss+xml,application/atom+xml,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.1"
_FEED_MEDIA = (*_PAGE_MEDIA, "application/", "binary/octet-stream")
"""Servers call feeds and compressed sitemaps many things; what reads them says whether they are."""


class Wanted(NamedTuple):
    """What is asked for.

    Args:
        accept: the Accept header.
        media: what the media type of the answer begins with; an answer that names none passes.
        limit: largest body, in bytes.
        asked: the URL that was asked for first, before redirects.
        newer_than: validators of the version known already.
    """

    accept: str
    media: tuple[str, ...]
    limit: int
    asked: str = ""
    newer_than: Validators | None = None

    def conditions(self, url: URL) -> dict[str, str]:
        """The headers that ask that URL for a newer version only."""
        return self.newer_than.conditions(self.asked, url) if self.newer_than is not None else {}


def page(limit: int, asked: str, newer_than: Validators | None) -> Wanted:
    """A page: HTML, plain text, a feed or a sitemap."""
    if newer_than is None:
        return _any_page(limit)
    return Wanted(_PAGE_ACCEPT, _PAGE_MEDIA, limit, asked, newer_than)


@lru_cache(maxsize=16)
def _any_page(limit: int) -> Wanted:
    return Wanted(_PAGE_ACCEPT, _PAGE_MEDIA, limit)


def feed(limit: int, asked: str, newer_than: Validators | None) -> Wanted:
    """A feed or a sitemap, by whatever name it is sent."""
    return Wanted(_FEED_ACCEPT, _FEED_MEDIA, limit, asked, newer_than)


def picture(limit: int) -> Wanted:
    """A picture."""
    return Wanted("image/*", ("image/", "application/octet-stream"), limit)
