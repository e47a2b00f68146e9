"""The fetcher against real servers: robots.txt, pace, and how much is asked at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiohttp import web

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.politeness import LocalPace, Outcome
from leadgen.harvest.transport import FetchLimits
from local.serving import running
from tests.harvest_site import MANY, START, Site, Time, failure_of, fetcher_of, site_running


@pytest.fixture
def site() -> Iterator[Site]:
    with site_running(Site()) as one:
        one.on("/", text="<p>hello</p>", content_type="text/html")
        yield one


@pytest.fixture
def time() -> Time:
    return Time()


# --- manners


async def test_every_request_is_reported_to_whoever_keeps_the_pace(site: Site, time: Time) -> None:
    class Heard(LocalPace):
        def __init__(self) -> None:
            super().__init__()
            self.outcomes: list[tuple[str, Outcome]] = []

        def report(self, host: str, outcome: Outcome) -> None:
            self.outcomes.append((host, outcome))
            super().report(host, outcome)

    def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    heard = Heard()
    site.on("/busy", status=503, headers={"Retry-After": "3600"})
    site.on("/moved", status=302, headers={"Location": "/"})
    site.answers["/drop"] = drop
    async with fetcher_of(site, time, memory=HostMemory(pace=heard)) as fetcher:
        await fetcher.get(site.url + "/moved")
        for path in ("/gone", "/drop", "/busy"):
            with pytest.raises(FetchError):
                await fetcher.get(site.url + path)
    assert {host for host, _ in heard.outcomes} == {site.host}
    assert [one.status for _, one in heard.outcomes] == [302, 200, 404, 0, 0, 0, 503]
    assert [one.is_trouble for _, one in heard.outcomes] == [False] * 3 + [True] * 4
    assert heard.outcomes[-1][1].retry_at == time.moment + timedelta(hours=1)
    assert all(one.seconds >= 0 for _, one in heard.outcomes)


async def test_robots_txt_is_obeyed_by_name_and_asked_once(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /\n\nUser-agent: leadgen\nDisallow: /private\n")
    site.on("/private/a", text="x", content_type="text/html")
    async with fetcher_of(site, time) as fetcher:
        await fetcher.get(site.url + "/")
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/private/a")
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.FORBIDDEN_BY_ROBOTS, False)
    assert site.asked == ["/robots.txt", "/"]


async def test_a_huge_robots_txt_is_read_to_the_limit_and_obeyed(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /private\n" + "# filler\n" * 100_000)
    assert (await failure_of(site, time, "/private")).kind is FetchKind.FORBIDDEN_BY_ROBOTS


async def test_a_redirect_of_robots_txt_to_the_inside_is_not_followed(site: Site, time: Time) -> None:
    site.on("/robots.txt", status=302, headers={"Location": "http://10.0.0.1/robots.txt"})
    assert (await failure_of(site, time, "/")).kind is FetchKind.ROBOTS_UNAVAILABLE


async def test_a_redirect_into_a_forbidden_part_is_not_followed(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /private\n")
    site.on("/out", status=302, headers={"Location": "/private"})
    assert (await failure_of(site, time, "/out")).kind is FetchKind.FORBIDDEN_BY_ROBOTS


async def test_pictures_are_covered_by_robots_txt(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /*.png$\n")
    async with fetcher_of(site, time) as fetcher:
        with pytest.raises(FetchError, match=r"robots\.txt"):
            await fetcher.get_bytes(site.url + "/a.png")


async def test_requests_are_spread_by_the_slowest_of_the_rules(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nCrawl-delay: 3\n")
    async with fetcher_of(site, time, requests_per_second=1.0, delay_seconds=2.0) as fetcher:
        for _ in range(3):
            await fetcher.get(site.url + "/")
    assert time.naps == [3, 3]


@pytest.mark.parametrize(("options", "gap"), [({"requests_per_second": 0.5}, 2.0), ({"delay_seconds": 5.0}, 5.0)])
async def test_setting_and_source_set_the_pace(site: Site, time: Time, options: dict[str, float], gap: float) -> None:
    async with fetcher_of(site, time, **options) as fetcher:
        for _ in range(2):
            await fetcher.get(site.url + "/")
    assert time.naps == [gap]


async def test_an_absurd_crawl_delay_is_handed_back_not_slept(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nCrawl-delay: 1e300\n")
    async with fetcher_of(site, time) as fetcher:
        await fetcher.get(site.url + "/")
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/")
    assert caught.value.kind is FetchKind.PACED
    assert caught.value.retry_at == START + timedelta(days=1)


async def test_the_pace_is_shared_by_all_fetchers_of_a_process(site: Site, time: Time) -> None:
    memory = HostMemory()
    for _ in range(2):
        async with fetcher_of(site, time, memory=memory, delay_seconds=4.0) as fetcher:
            await fetcher.get(site.url + "/")
    assert time.naps == [4]
    assert site.asked.count("/robots.txt") == 1


async def test_no_more_requests_run_at_a_time_than_allowed(time: Time) -> None:
    busy, most = 0, 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1
        return web.Response(text="x", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{n}", count)
    with running(app) as url:
        async with Fetcher(
            clock=time,
            sleep=time.sleep,
            user_agent="x",
            requests_per_second=MANY,
            concurrency=2,
            local_hosts=frozenset({url.removeprefix("http://")}),
        ) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{url}/{n}") for n in range(8)))
    assert most == 2


async def test_whoever_would_wait_too_long_for_a_place_is_told_when_to_come_back(time: Time) -> None:
    arrived, done = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def slow(request: web.Request) -> web.StreamResponse:
        loop.call_soon_threadsafe(arrived.set)
        while not done.is_set():
            await asyncio.sleep(0.01)
        return web.Response(text="x", content_type="text/html")

    app = web.Application()
    app.router.add_get("/slow", slow)
    with running(app) as url:
        crowded = Site()
        crowded.url = url
        async with fetcher_of(crowded, time, concurrency=1, limits=FetchLimits(pace_wait_s=0.05)) as fetcher:
            first = asyncio.create_task(fetcher.get(url + "/slow"))
            await arrived.wait()
            with pytest.raises(FetchError) as caught:
                await fetcher.get(url + "/other")
            done.set()
            assert (await first).status == 200
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.PACED, True)
    assert caught.value.retry_at is not None
