"""What a listing page says: the posts on it, and where the next page is. HTML, feeds and sitemaps alike."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from leadgen.harvest.cursor import Cursor, read_cursor
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.feeds import read_feed
from leadgen.harvest.page import NO_VALIDATORS, Page, Validators
from leadgen.harvest.paging import counted_on, start_of
from leadgen.harvest.sitemap import read_sitemap
from leadgen.harvest.sources import FeedRules, ListingRules, NextLink, Offset, PageNumber, SitemapRules, Source
from leadgen.model.bounds import bounded
from leadgen.model.ids import canonical_url
from leadgen.model.patterns import bounded_pattern

MOST_POSTS = 1000
"""Posts taken of one page. A longer HTML page is trying something; feeds and sitemaps are read in such parts."""
_LONGEST_URL = 2000
_FROM_ROOT = re.compile(r"/(?!/)[A-Za-z0-9_.~!$&'()*+,=:@%/-]*(?:\?[A-Za-z0-9_.~!$&'()*+,=:@%/-]+)?")
_MOST_LINKS = 50_000
_PATTERN_SECONDS = 2.0
"""CPU time the pattern of a source may take on one page; what is left of the page then counts as no post."""
_DEEPEST_INDEX = 3
_SHOWN_HOSTS = 3


@dataclass(frozen=True)
class Listing:
    """The links of one listing page.

    Args:
        post_urls: canonical absolute URLs of the posts, in the page's order, each once.
        next_url: where to go on: a URL, whose fragment may hold notes of ours (see `cursor`); empty at the end.
        foreign: hosts of links that looked like posts, but lead to another site.
        unfit: links that do not fit the pattern of a post's address.
        validators: what the site named this version of the page by.
        not_modified: the page still is what it was when it was read with the validators given; nothing else is known.
    """

    post_urls: tuple[str, ...]
    next_url: str
    foreign: tuple[str, ...] = ()
    unfit: int = 0
    validators: Validators = NO_VALIDATORS
    not_modified: bool = False

    @property
    def remark(self) -> str:
        """Why links were left out, for the author of the definition; empty if none were."""
        reasons = []
        if self.foreign:
            hosts = ", ".join(self.foreign[:_SHOWN_HOSTS])
            reasons.append(f"links lead to {hosts}: add to source.hosts what belongs to the site")
        if self.unfit:
            reasons.append(f"{self.unfit} links do not fit listing.post_pattern")
        return "; ".join(reasons)


def parse_listing(page: Page, source: Source) -> Listing:
    """Read a listing page as its source says.

    Links that are no http(s) URLs, that lead to the page itself or to another site (see `Source.owns`) are left out.

    Args:
        page: the page; its `url` is the cursor it was fetched by.
        source: the site.

    Raises:
        FetchError: a feed or a sitemap is expected, and the page is none; not worth trying again.
    """
    cursor = read_cursor(page.url)
    match source.listing:
        case SitemapRules() as rules:
            return _read_sitemap(page, cursor, source, rules)
        case FeedRules() as rules:
            return _read_feed(page, cursor, source, rules)
        case rules:
            return _read_html(page, cursor, source, rules)


def _read_html(page: Page, cursor: Cursor, source: Source, rules: ListingRules) -> Listing:
    text = bounded(page.text)
    tree = LexborHTMLParser(page.utf8 if text is page.text else text)
    links = _Links(page, source, _base_url(tree, page))
    posts = links.posts((_href(node) for node in tree.css(rules.post_link or "a[href]")), rules.post_pattern)
    turning = rules.turning
    following = ""
    if isinstance(turning, NextLink):
        following = links.first(_href(node) for node in tree.css(turning.selector))
    elif isinstance(turning, PageNumber | Offset):
        following = counted_on(cursor, turning, source, posts[:MOST_POSTS])
    return links.listing(posts[:MOST_POSTS], following)


def _read_feed(page: Page, cursor: Cursor, source: Source, rules: FeedRules) -> Listing:
    content, content_type = page.content, page.headers.get("content-type", "")
    if source.charset:
        content, content_type = page.text.encode("utf-8", "replace"), "application/xml; charset=utf-8"
    feed = read_feed(content, content_type, page.final_url)
    if feed is None:
        raise FetchError(FetchKind.BAD_CONTENT, page.final_url, "this is no RSS or Atom feed")
    links = _Links(page, source, page.final_url)
    posts = links.posts(feed.links, rules.post_pattern)
    part = posts[cursor.start : cursor.start + MOST_POSTS]
    if len(posts) > cursor.start + MOST_POSTS:
        return links.listing(part, start_of(cursor, cursor.start + MOST_POSTS))
    turning = rules.turning
    following = ""
    if isinstance(turning, NextLink):
        following = links.first([feed.next_link])
    elif isinstance(turning, PageNumber | Offset):
        following = counted_on(cursor, turning, source, part)
    return links.listing(part, following)


def _read_sitemap(page: Page, cursor: Cursor, source: Source, rules: SitemapRules) -> Listing:
    text = page.text if source.charset else ""
    sitemap = read_sitemap(page.content, page.headers.get("content-type", ""), text)
    if sitemap is None:
        if cursor.parents:
            return Listing((), way_back(cursor))  # one damaged sitemap does not cost the others of the index
        raise FetchError(FetchKind.BAD_CONTENT, page.final_url, "this is no sitemap")
    links = _Links(page, source, page.final_url)
    if sitemap.kind == "index":
        children = links.posts(sitemap.urls, rules.sitemap_pattern)
        return Listing((), _down(cursor, children), links.foreign, 0)
    posts = links.posts(sitemap.urls, rules.post_pattern)
    end = cursor.start + MOST_POSTS
    following = start_of(cursor, end) if len(posts) > end else way_back(cursor)
    return links.listing(posts[cursor.start : end], following)


def _down(cursor: Cursor, children: tuple[str, ...]) -> str:
    """The next sitemap of an index; behind the last one, the way back."""
    above = {address for _, address in cursor.parents}
    children = tuple(child for child in children if child not in above)
    place = 0
    if cursor.after:
        # Where the sitemap read last is gone from the index, its place tells how far we were.
        place = children.index(cursor.after) + 1 if cursor.after in children else cursor.at + 1
    if place >= len(children) or len(cursor.parents) >= _DEEPEST_INDEX:
        return way_back(cursor)
    return str(Cursor(children[place], parents=(*cursor.parents, (place, cursor.address))))


def way_back(cursor: Cursor) -> str:
    """The index a sitemap was found in, behind that sitemap; empty where it was found in none."""
    if not cursor.parents:
        return ""
    *above, (place, address) = cursor.parents
    return str(Cursor(address, after=cursor.address, at=place, parents=tuple(above)))


class _Links:
    """The usable links of a page."""

    def __init__(self, page: Page, source: Source, base: str) -> None:
        self._source = source
        self._base = base
        self._here = {absolute(page.url, page.url), absolute(page.final_url, page.final_url)}
        self._foreign: dict[str, None] = {}
        self._unfit = 0
        self._owned: dict[str, bool] = {}

    def _owns(self, url: str) -> bool:
        site = "/".join(url.split("/", 3)[:3])
        if site not in self._owned:
            self._owned[site] = self._source.owns(url)
        return self._owned[site]

    @property
    def foreign(self) -> tuple[str, ...]:
        return tuple(self._foreign)

    def posts(self, hrefs: Iterable[str], pattern: str) -> tuple[str, ...]:
        """Links of the site that fit the pattern, in order, each once."""
        fits = bounded_pattern(pattern).search if pattern else None
        spent, found = 0.0, dict[str, None]()
        for _, href in zip(range(_MOST_LINKS), hrefs, strict=False):
            url = absolute(self._base, href)
            if not url or url in self._here or url in found:
                continue
            if fits is not None:
                begun = time.thread_time()
                fit = spent < _PATTERN_SECONDS and fits(url) is not None
                spent += time.thread_time() - begun
                if not fit:
                    self._unfit += 1
                    continue
            if not self._owns(url):
                self._foreign[urlsplit(url).netloc] = None
                continue
            found[url] = None
        return tuple(found)

    def first(self, hrefs: Iterable[str]) -> str:
        """The first link that leads on, on this site; empty if there is none."""
        urls = (absolute(self._base, href) for href in hrefs)
        return next((url for url in urls if url and url not in self._here and self._owns(url)), "")

    def listing(self, posts: tuple[str, ...], following: str) -> Listing:
        return Listing(posts, following, self.foreign, self._unfit)


def _href(node: LexborNode) -> str:
    """Where an element leads: a link itself, or what holds one."""
    href = node.attributes.get("href")
    if href is None and node.tag != "a" and (inner := node.css_first("a[href]")) is not None:
        href = inner.attributes.get("href")
    return href or ""


def _base_url(tree: LexborHTMLParser, page: Page) -> str:
    """Where relative links start: the page's `<base>` if it has one (HTML §4.2.3), else its own address."""
    element = tree.css_first("base[href]")
    declared = absolute(page.final_url, element.attributes.get("href") or "") if element is not None else ""
    return declared or page.final_url


def absolute(base: str, href: str) -> str:
    """The canonical URL a link points to; empty if it is none that could be fetched."""
    # Most links are plain paths from the root, and joining those takes no parsing.
    if _FROM_ROOT.fullmatch(href) and "/." not in href:
        path = base.find("/", len("https://"))
        if origin := _origin(base[:path] if path > 0 else base):
            return origin + href if len(origin) + len(href) <= _LONGEST_URL else ""
    return _joined(base, href)


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    return _joined(base, "/").removesuffix("/")


def _joined(base: str, href: str) -> str:
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
