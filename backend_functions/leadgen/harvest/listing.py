"""What a listing page says: the posts on it, and where the next page is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from leadgen.harvest.fetch import Page
from leadgen.harvest.sources import Source
from leadgen.model.ids import canonical_url

_LONGEST_URL = 2000
_MOST_POSTS = 1000
"""No listing has more; a page that does is trying something."""


@dataclass(frozen=True)
class Listing:
    """The links of one listing page.

    Args:
        post_urls: canonical absolute URLs of the posts, in the page's order, each once.
        next_url: canonical absolute URL of the next page; empty if there is none.
    """

    post_urls: tuple[str, ...]
    next_url: str


def parse_listing(page: Page, source: Source) -> Listing:
    """Read a listing page by its source's selectors. Links that are no http(s) URLs are left out."""
    tree = LexborHTMLParser(page.text)
    base = _base_url(tree, page)
    here = {_absolute(page.url, page.url), _absolute(page.final_url, page.final_url)}
    posts = dict.fromkeys(url for link in tree.css(source.listing.post_link) if (url := _link(base, link)))
    next_links = (url for link in tree.css(source.listing.next_link) if (url := _link(base, link)))
    return Listing(
        post_urls=tuple(url for url in posts if url not in here)[:_MOST_POSTS],
        next_url=next((url for url in next_links if url not in here), ""),
    )


def _base_url(tree: LexborHTMLParser, page: Page) -> str:
    """Where relative links start: the page's `<base>` if it has one (HTML §4.2.3), else its own address."""
    element = tree.css_first("base[href]")
    declared = _link(page.final_url, element) if element is not None else ""
    return declared or page.final_url


def _link(base: str, link: LexborNode) -> str:
    return _absolute(base, link.attributes.get("href") or "")


def _absolute(base: str, href: str) -> str:
    """The canonical URL a link points to; empty if it is none that could be fetched."""
    if not href.strip():
        return ""
    try:
        url = urljoin(base, href.strip())
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            return ""
        url = canonical_url(url)
    except ValueError:
        return ""
    return url if len(url) <= _LONGEST_URL else ""
