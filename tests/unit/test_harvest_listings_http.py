"""Each kind of listing over real HTTP: the demo site's feed, sitemap and numbered pages, and a site of our own."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiohttp import web

from leadgen.harvest.fetch import Fetcher
from leadgen.harvest.reading import ListingReader, ListingWalk
from leadgen.harvest.sources import Source, advise, read_definition
from local.classifieds.app import Settings, build_app
from local.classifieds.source import source_toml
from local.classifieds.truth import truth
from local.serving import running


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)


@asynccontextmanager
async def _fetcher(base_url: str) -> AsyncIterator[Fetcher]:
    hosts = frozenset({base_url.removeprefix("http://")})
    async with Fetcher(clock=Clock(), user_agent="Leadgen/0.1", local_hosts=hosts, requests_per_second=1e6) as fetcher:
        yield fetcher


async def _walk(source: Source) -> list[str]:
    found: list[str] = []
    url = source.cities[0].listing_url
    async with _fetcher(source.base_url) as fetcher:
        walk = ListingWalk(fetcher, source)
        for _ in range(30):
            listing = await walk.read(url)
            found += listing.post_urls
            url = listing.next_url
            if not url:
                return [post.removeprefix(source.base_url) for post in found]
    raise AssertionError("the listing does not end")


def _source(base_url: str, listing_url: str, listing: dict[str, Any], **site: Any) -> Source:
    content = {
        "source": {"id": "d", "name": "D", "base_url": base_url, **site},
        "cities": {"austin": {"listing_url": listing_url, "timezone": "UTC"}},
        "listing": listing,
        "post": {"body": "p"},
    }
    return read_definition("d.toml", content)


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    with running(build_app(Settings(posts_per_city=45))) as url:
        yield url


def _posts(fits: Callable[[Any], bool] = lambda _: True) -> list[str]:
    return [post.path for post in truth(city="austin", posts_per_city=45).posts if fits(post)]


async def test_the_demo_site_s_own_definition(demo: str) -> None:
    source = read_definition("demo.toml", tomllib.loads(source_toml(demo, date(2026, 3, 2))))
    austin = replace(source, cities=tuple(city for city in source.cities if city.key == "austin"))
    assert await _walk(austin) == _posts()
    assert advise(source, date(2026, 3, 2)) == ()


async def test_numbered_pages_of_the_demo_site(demo: str) -> None:
    paging = {"kind": "page", "parameter": "page"}
    listing = {"post_link": "li.result a.post-link", "paging": paging}
    assert await _walk(_source(demo, "/austin/services", listing)) == _posts()


async def test_the_feed_of_the_demo_site(demo: str) -> None:
    found = await _walk(_source(demo, "/austin/services.rss", {"kind": "rss"}))
    assert found == _posts(lambda post: post.fetch != "forbidden")[:25]


async def test_the_sitemap_of_the_demo_site(demo: str) -> None:
    rules = {"kind": "sitemap", "post_pattern": r"/austin/services/\d+\.html$"}
    found = await _walk(_source(demo, "/sitemap.xml", rules))
    assert found == _posts(lambda post: post.fetch in ("ok", "slow", "flaky"))


def _app() -> web.Application:
    """A site with an offset, a compressed sitemap of an odd type, and pages that name a wrong charset."""

    async def search(request: web.Request) -> web.Response:
        start = int(request.query.get("s", "0"))
        links = "".join(f"<a href='/p/{number}'>x</a>" for number in range(start, min(start + 20, 50)))
        return web.Response(text=links, content_type="text/html")

    async def sitemap(request: web.Request) -> web.Response:
        urls = "".join(f"<url><loc>{request.url.origin()}/p/{number}</loc></url>" for number in range(3))
        body = gzip.compress(f"<urlset>{urls}</urlset>".encode())
        return web.Response(body=body, content_type="application/x-gzip")

    async def index(request: web.Request) -> web.Response:
        text = f"<sitemapindex><sitemap><loc>{request.url.origin()}/s.xml.gz</loc></sitemap></sitemapindex>"
        return web.Response(text=text, content_type="application/octet-stream")

    async def cyrillic(_: web.Request) -> web.Response:
        return web.Response(
            body="<a href='/p/ж'>x</a>".encode("koi8-r"), headers={"Content-Type": "text/html; charset=utf-8"}
        )

    app = web.Application()
    app.router.add_get("/search", search)
    app.router.add_get("/s.xml.gz", sitemap)
    app.router.add_get("/index.xml", index)
    app.router.add_get("/cyrillic", cyrillic)
    return app


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    with running(_app()) as url:
        yield url


async def test_offsets(other: str) -> None:
    listing = {"post_link": "a", "paging": {"kind": "offset", "parameter": "s", "step": 20}}
    assert await _walk(_source(other, "/search", listing)) == [f"/p/{number}" for number in range(50)]


async def test_a_compressed_sitemap_behind_an_index(other: str) -> None:
    assert await _walk(_source(other, "/index.xml", {"kind": "sitemap"})) == ["/p/0", "/p/1", "/p/2"]


async def test_the_charset_of_the_definition_overrules_the_site(other: str) -> None:
    source = _source(other, "/cyrillic", {"post_link": "a"}, charset="koi8-r")
    assert await _walk(source) == ["/p/ж"]


def test_a_campaign_s_reader_goes_on_by_the_cursor(other: str) -> None:
    rules = {"post_link": "a", "paging": {"kind": "offset", "parameter": "s", "step": 20}}
    source = _source(other, "/search", rules)
    url, sizes = source.cities[0].listing_url, []
    while url:
        with ListingReader(lambda _: _fetcher(other)) as reader:  # each page by another worker
            listing = reader.read(url, source)
        sizes.append(len(listing.post_urls))
        url = listing.next_url
    assert sizes == [20, 20, 10, 0]
