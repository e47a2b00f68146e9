"""Sitemaps and indexes of them as listings."""

from __future__ import annotations

import gzip
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.listing import MOST_POSTS, Listing, parse_listing
from leadgen.harvest.page import Page
from leadgen.harvest.reading import ListingWalk
from leadgen.harvest.sitemap import LARGEST, read_sitemap
from leadgen.harvest.sources import PostRules, SitemapRules, Source

ROOT = "https://demo.example"
URL = f"{ROOT}/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def _source(**rules: str) -> Source:
    listing = SitemapRules(**rules)  # type: ignore[arg-type]
    return Source(id="d", name="D", base_url=ROOT, listing=listing, post=PostRules(body="p"), cities=())


def _urlset(*urls: str, dates: dict[str, str] | None = None) -> str:
    changed = {url: f"<lastmod>{date}</lastmod>" for url, date in (dates or {}).items()}
    entries = "".join(f"<url><loc>{url}</loc>{changed.get(url, '')}</url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NS}>{entries}</urlset>'


def _index(*urls: str) -> str:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?><sitemapindex {NS}>{entries}</sitemapindex>'


def _read(content: str | bytes, url: str = URL, source: Source | None = None) -> Listing:
    data = content.encode() if isinstance(content, str) else content
    return parse_listing(Page(url, url.partition("#")[0], 200, "", data, "text/xml", {}), source or _source())


def test_a_sitemap_gives_the_posts_that_fit() -> None:
    listing = _read(_urlset(f"{ROOT}/d/1.html", f"{ROOT}/about"), source=_source(post_pattern=r"/d/\d+\.html$"))
    assert (listing.post_urls, listing.next_url, listing.unfit) == ((f"{ROOT}/d/1.html",), "", 1)


def test_what_changed_last_comes_first() -> None:
    dates = {f"{ROOT}/1": "2024-01-05", f"{ROOT}/3": "2024-02-01T00:00:00+09:00", f"{ROOT}/2": "2024-01-31T16:00:00Z"}
    urls = [f"{ROOT}/undated", *dates, f"{ROOT}/odd"]
    listing = _read(_urlset(*urls, dates=dates | {f"{ROOT}/odd": "last week"}))
    assert [url.rsplit("/", 1)[1] for url in listing.post_urls] == ["2", "3", "1", "undated", "odd"]


@pytest.mark.parametrize(
    "content",
    [
        f"<urlset><url><loc>{ROOT}/1</loc></url></urlset>",
        f"<urlset><urlset><url><loc>{ROOT}/1</loc></url></urlset></urlset>",
        f'<s:urlset xmlns:s="x"><s:url><s:loc>{ROOT}/1</s:loc></s:url></s:urlset>',
        f"<urlset {NS}><url><loc>\n <![CDATA[{ROOT}/1]]> </loc></url></urlset>",
        f"<URLSET><URL><LOC>{ROOT}/1</LOC></URL></URLSET>",
        f"\ufeff \n<?xml version='1.0' encoding='iso-8859-1'?><urlset><url><loc>{ROOT}/1</loc></url></urlset>",
        f"<urlset><url><image:image><image:loc>{ROOT}/i.jpg</image:loc></image:image><loc>{ROOT}/1</loc></url></urlset>",
        f"<urlset><url><loc>{ROOT}/1</loc></url><url><loc>{ROOT}/2</l",
        f"<urlset><url><loc>{ROOT}/1</loc></url></wrong>",
        f"{ROOT}/1\nnot an address\n\n",
        f"{ROOT}/1\r\n",
    ],
)
def test_the_forms_people_write_sitemaps_in(content: str) -> None:
    assert _read(content).post_urls == (f"{ROOT}/1",)


def test_ampersands_are_read_escaped_or_not() -> None:
    assert _read(_urlset(f"{ROOT}/?a=1&b=2&copy=3")).post_urls == (f"{ROOT}/?a=1&b=2&copy=3",)
    assert _read(_urlset(f"{ROOT}/?a=1&amp;b=2&#38;c=3")).post_urls == (f"{ROOT}/?a=1&b=2&c=3",)


def test_a_compressed_sitemap_is_read_and_a_cut_one_as_far_as_it_goes() -> None:
    chance = random.Random(7)
    urls = [f"{ROOT}/{chance.randbytes(8).hex()}" for _ in range(500)]
    packed = gzip.compress(_urlset(*urls).encode())
    assert _read(packed).post_urls == tuple(urls)
    assert 0 < len(_read(packed[: len(packed) // 2]).post_urls) < 500


def test_a_bomb_is_read_within_bounds() -> None:
    bomb = gzip.compress(_urlset(f"{ROOT}/1").encode().removesuffix(b"</urlset>") + b" " * (3 * LARGEST))
    assert len(bomb) < 100_000
    assert _read(bomb).post_urls == (f"{ROOT}/1",)


def test_entities_are_not_expanded() -> None:
    lol = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE u [<!ENTITY a0 "lol">{lol}]><urlset><url><loc>{ROOT}/&a11;</loc></url></urlset>'
    with pytest.raises(FetchError, match="no sitemap"):
        _read(text)


@pytest.mark.parametrize("content", ["", "<html><body>Sign in</body></html>", "{}", b"\x1f\x8b\x00", "<urlset"])
def test_what_is_no_sitemap_is_said_to_be_none(content: str | bytes) -> None:
    with pytest.raises(FetchError, match="no sitemap") as caught:
        _read(content)
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.BAD_CONTENT, False)


def test_a_long_sitemap_is_read_in_parts() -> None:
    content = _urlset(*(f"{ROOT}/{number}" for number in range(2 * MOST_POSTS + 3)))
    sizes, url = [], URL
    while url:
        listing = _read(content, url)
        sizes.append(len(listing.post_urls))
        url = listing.next_url
    assert sizes == [MOST_POSTS, MOST_POSTS, 3]


class Site:
    def __init__(self, **pages: str | bytes) -> None:
        self.pages = {f"{ROOT}/{name}.xml": content for name, content in pages.items()}
        self.asked: list[str] = []

    async def get(self, url: str, **options: Any) -> Page:
        assert options == {"feed": True}
        self.asked.append(url.removeprefix(f"{ROOT}/"))
        content = self.pages.get(url)
        if content is None:
            raise FetchError(FetchKind.GONE, url, "the site answered 404")
        return Page(url, url, 200, "", content.encode() if isinstance(content, str) else content, "text/xml", {})


async def _all(site: Site, source: Source | None = None, *, killed: bool = False) -> list[str]:
    """All posts in order; where it is killed between two pages, nothing but the cursor is left."""
    found: list[str] = []
    url, walk = URL, ListingWalk(site, source or _source())
    for _ in range(40):
        walk = ListingWalk(site, source or _source()) if killed else walk
        listing = await walk.read(url)
        found += [post.removeprefix(f"{ROOT}/") for post in listing.post_urls]
        url = listing.next_url
        if not url:
            return found
    raise AssertionError(f"the sitemaps do not end: {site.asked}")


def _three() -> Site:
    return Site(
        sitemap=_index(f"{ROOT}/a.xml", f"{ROOT}/b.xml", "https://other.example/x.xml", f"{ROOT}/c.xml"),
        a=_urlset(f"{ROOT}/1", f"{ROOT}/2"),
        b=gzip.compress(_urlset(f"{ROOT}/3").encode()),
        c=_urlset(f"{ROOT}/4"),
    )


@pytest.mark.parametrize("killed", [False, True])
async def test_all_sitemaps_of_an_index_are_read_once(killed: bool) -> None:
    site = _three()
    assert await _all(site, killed=killed) == ["1", "2", "3", "4"]
    if not killed:
        assert site.asked == ["sitemap.xml", "a.xml", "b.xml", "c.xml"], "the index is asked for once"


async def test_a_pattern_chooses_sitemaps() -> None:
    site = _three()
    assert await _all(site, _source(sitemap_pattern="/[bc]\\.xml$")) == ["3", "4"]
    assert "a.xml" not in site.asked


@pytest.mark.parametrize("broken", [None, "<html>maintenance</html>"])
async def test_one_sitemap_in_trouble_does_not_cost_the_others(broken: str | None) -> None:
    site = _three()
    del site.pages[f"{ROOT}/a.xml"]
    if broken:
        site.pages[f"{ROOT}/a.xml"] = broken
    assert await _all(site) == ["3", "4"]


async def test_indexes_within_indexes_are_read_and_circles_left() -> None:
    inner = _index(f"{ROOT}/a.xml", URL, f"{ROOT}/inner.xml", f"{ROOT}/b.xml")
    site = Site(
        sitemap=_index(f"{ROOT}/inner.xml", f"{ROOT}/b.xml"),
        inner=inner,
        a=_urlset(f"{ROOT}/1"),
        b=_urlset(f"{ROOT}/2"),
    )
    assert await _all(site, killed=True) == ["1", "2", "2"], "b stands in both indexes"


async def test_a_sitemap_that_left_the_index_meanwhile_does_not_begin_it_anew() -> None:
    site = _three()
    first = await ListingWalk(site, _source()).read(URL)
    second = await ListingWalk(site, _source()).read(first.next_url)
    site.pages[URL] = _index(f"{ROOT}/a.xml", f"{ROOT}/c.xml", f"{ROOT}/d.xml")
    third = await ListingWalk(site, _source()).read(second.next_url)
    assert third.post_urls == () or not set(third.post_urls) & {f"{ROOT}/1", f"{ROOT}/2"}


XML = st.lists(
    st.sampled_from(
        ["<urlset>", "</urlset>", "<sitemapindex>", "<url>", "</url>", "<sitemap>", "<loc>", "</loc>", "<lastmod>", "9",
         "</lastmod>", f"{ROOT}/1", "http://[", "<![CDATA[", "]]>", "<!--", "&", "&#0;", "<!DOCTYPE x [<!ENTITY a 'b'>",
         "]>", "\ud800", "\x00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "<?xml version='1.0'?>"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(derandomize=True, max_examples=150)
@given(st.one_of(st.binary(max_size=300), XML.map(lambda text: text.encode("utf-8", "surrogatepass"))), st.booleans())
def test_no_sitemap_raises_anything_else(content: bytes, packed: bool) -> None:
    try:
        listing = _read(gzip.compress(content) if packed else content)
    except FetchError:
        return
    assert all(url.startswith(f"{ROOT}/") for url in listing.post_urls)


@pytest.mark.parametrize("piece", ["<url>", "<loc>", "&", "<!--", "<![CDATA[", "<url><loc>x</loc></url>", "<a b='"])
def test_hostile_sitemaps_end(piece: str) -> None:
    sitemap = read_sitemap(f"<urlset><url><loc>{ROOT}/1</loc></url>{piece * (2_000_000 // len(piece))}".encode())
    assert sitemap is not None
    assert sitemap.urls[0] == f"{ROOT}/1"
