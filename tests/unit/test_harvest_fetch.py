"""The fetcher against real servers on the loopback interface: guarded and bounded."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher
from leadgen.harvest.transport import FetchLimits
from local.serving import running
from tests.harvest_site import Site, Time, failure_of, fetcher_of, site_running


@pytest.fixture
def site() -> Iterator[Site]:
    with site_running(Site()) as one:
        one.on("/", text="<p>hello</p>", content_type="text/html")
        yield one


@pytest.fixture
def time() -> Time:
    return Time()


async def test_a_page_comes_with_all_that_is_known_of_it(site: Site, time: Time) -> None:
    async with fetcher_of(site, time) as fetcher:
        page = await fetcher.get(site.url + "/#top")
    assert (page.status, page.text, page.content, page.content_type) == (
        200,
        "<p>hello</p>",
        b"<p>hello</p>",
        "text/html",
    )
    assert (page.url, page.final_url) == (site.url + "/#top", site.url + "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_every_request_says_who_asks_and_carries_no_cookie(site: Site, time: Time) -> None:
    site.on("/", text="x", content_type="text/html", headers={"Set-Cookie": "a=b"})
    async with fetcher_of(site, time) as fetcher:
        await fetcher.get(site.url)
        await fetcher.get(site.url)
    assert {one["User-Agent"] for one in site.headers} == {"Leadgen/0.1 (+mailto:ops@example.com)"}
    assert not [one for one in site.headers if "Cookie" in one]


# --- where it may go


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest/", "http://127.0.0.1:1/", "http://2130706433/", "file:///etc/passwd"]
)
async def test_addresses_inside_are_refused_without_a_request(site: Site, time: Time, address: str) -> None:
    error = await failure_of(site, time, address)
    assert error.kind is FetchKind.BLOCKED_ADDRESS
    assert not error.retryable


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "file:///etc/passwd", "http://u:p@h.example/"]
)
async def test_a_redirect_inside_is_refused(site: Site, time: Time, target: str) -> None:
    site.on("/out", status=302, headers={"Location": target})
    assert (await failure_of(site, time, "/out")).kind is FetchKind.BLOCKED_ADDRESS


async def test_a_redirect_to_another_local_server_is_refused(site: Site, time: Time) -> None:
    with site_running(Site()) as secret:
        secret.on("/", text="secret", content_type="text/html")
        site.on("/out", status=307, headers={"Location": secret.url + "/"})
        assert (await failure_of(site, time, "/out")).kind is FetchKind.BLOCKED_ADDRESS
        assert secret.asked == []


async def test_a_public_name_that_resolves_inside_is_refused(site: Site, time: Time) -> None:
    class Names(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            inside = ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)
            return [inside]

        async def close(self) -> None:
            pass

    port = site.host.partition(":")[2]
    error = await failure_of(site, time, f"http://innocent.example:{port}/", resolver=Names())
    assert error.kind is FetchKind.BLOCKED_ADDRESS
    assert site.asked == []


async def test_redirects_are_followed_and_the_last_address_is_told(site: Site, time: Time) -> None:
    site.on("/a", status=301, headers={"Location": "/b?x=1"})
    site.on("/b", status=303, headers={"Location": "/"})
    async with fetcher_of(site, time) as fetcher:
        page = await fetcher.get(site.url + "/a")
    assert (page.url, page.final_url) == (site.url + "/a", site.url + "/")


async def test_redirects_that_never_end_are_given_up(site: Site, time: Time) -> None:
    site.on("/loop", status=302, headers={"Location": "/loop"})
    error = await failure_of(site, time, "/loop")
    assert error.kind is FetchKind.TOO_MANY_REDIRECTS
    assert len(site.pages()) == 6


@pytest.mark.parametrize("headers", [{}, {"Location": "http://[bad"}])
async def test_a_redirect_to_nowhere_is_an_error(site: Site, time: Time, headers: dict[str, str]) -> None:
    site.on("/odd", status=302, headers=headers)
    assert (await failure_of(site, time, "/odd")).kind in (FetchKind.BAD_CONTENT, FetchKind.TOO_MANY_REDIRECTS)


# --- how much it takes


async def test_a_page_over_the_limit_is_refused(site: Site, time: Time) -> None:
    site.on("/big", body=b"x" * 3000, content_type="text/html")
    limits = FetchLimits(text_bytes=2000)
    assert (await failure_of(site, time, "/big", limits=limits)).kind is FetchKind.TOO_LARGE


async def test_a_gzip_bomb_is_refused(site: Site, time: Time) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    site.on("/bomb", body=bomb, content_type="text/html", headers={"Content-Encoding": "gzip"})
    error = await failure_of(site, time, "/bomb")
    assert error.kind is FetchKind.TOO_LARGE
    assert len(site.pages()) == 1


async def test_compressed_pages_are_read(site: Site, time: Time) -> None:
    packed = gzip.compress("Grüße".encode("cp1252"))
    site.on("/gz", body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})
    async with fetcher_of(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/gz")).text == "Grüße"


async def test_pictures_have_a_limit_of_their_own_and_must_be_pictures(site: Site, time: Time) -> None:
    site.on("/a.png", body=b"\x89PNG" + b"x" * 3000, content_type="image/png")
    async with fetcher_of(site, time, limits=FetchLimits(text_bytes=10, image_bytes=5000)) as fetcher:
        assert len(await fetcher.get_bytes(site.url + "/a.png")) == 3004
        with pytest.raises(FetchError) as caught:
            await fetcher.get_bytes(site.url + "/")
    assert caught.value.kind is FetchKind.BAD_CONTENT


async def test_a_page_must_be_text(site: Site, time: Time) -> None:
    site.on("/zip", body=b"PK", content_type="application/zip")
    error = await failure_of(site, time, "/zip")
    assert (error.kind, error.retryable) == (FetchKind.BAD_CONTENT, False)


async def test_a_body_that_trickles_is_cut_off_in_time(time: Time) -> None:
    done = asyncio.Event()

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while not done.is_set():
            try:
                await response.write(b".")
            except ConnectionError:
                break
            await asyncio.sleep(0.01)
        return response

    app = web.Application()
    app.router.add_get("/slow", trickle)
    with running(app) as url:
        slow = Site()
        slow.url = url
        limits = FetchLimits(exchange_s=0.15, read_s=0.1, overall_s=5)
        error = await failure_of(slow, time, "/slow", limits=limits)
        done.set()
    assert (error.kind, error.retryable) == (FetchKind.TIMEOUT, True)
    assert len(time.naps) == 2


async def test_a_call_ends_in_time_whatever_happens_in_it(site: Site, time: Time) -> None:
    async def forever(_: float) -> None:
        await asyncio.Event().wait()

    site.on("/busy", status=503)
    fetcher = Fetcher(
        clock=time, user_agent="x", sleep=forever, local_hosts=frozenset({site.host}), limits=FetchLimits(overall_s=0.2)
    )
    async with fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/busy")
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.TIMEOUT, True)
