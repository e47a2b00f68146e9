"""The pace of hosts and their robots.txt, shared through the real store and kept towards a real server."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from google.cloud.firestore import Client

from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.hosts.robots import FirestoreRobots
from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import FirestoreHosts, Seen, unknown_host
from leadgen.harvest.pace import NoSlotSoon
from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host
from leadgen.model.ids import host_id
from leadgen.store.clock import SystemClock
from leadgen.store.records import Raced
from local.serving import running
from tests import virtual_time
from tests.counting import counted
from tests.support import START

CLOCK = SystemClock()


class Site:
    """Remembers when it was asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((time.monotonic(), request.path))
        if request.path == "/robots.txt":
            return web.Response(text="User-agent: *\nDisallow: /private/\n")
        return web.Response(text="<p>hello</p>", content_type="text/html")

    def pages(self) -> list[float]:
        return sorted(when for when, path in self.asked if path != "/robots.txt")


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    one, app = Site(), web.Application()
    app.router.add_get("/{path:.*}", one.handle)
    with running(app) as url:
        yield one, url


def _fetcher(db: Client, url: str, interval_s: float) -> Fetcher:
    """A worker's fetcher, with a memory of its own as in a process of its own."""
    return Fetcher(
        clock=CLOCK,
        user_agent="Leadgen/0.1 (test)",
        local_hosts=frozenset({url.removeprefix("http://")}),
        requests_per_second=1 / interval_s,
        concurrency=4,
        memory=HostMemory(pace=SharedPace(FirestoreHosts(db)), robots_answers=FirestoreRobots(db)),
    )


class HostsByLoop:
    """The hosts' documents in Firestore, read at moments of the event loop's time instead of the server's."""

    def __init__(self, db: Client) -> None:
        self._hosts = FirestoreHosts(db)

    def read(self, host: str) -> Seen:
        seen, now = self._hosts.read(host), _loop_now()
        value = seen.value if seen.version is not None else unknown_host(host, now)
        return Seen(value, now, seen.version)

    def swap(self, seen: Seen, value: Host) -> None:
        self._hosts.swap(seen, value)


def _loop_now() -> datetime:
    return START + timedelta(seconds=asyncio.get_running_loop().time())


async def _slow_call(action: Callable[[], Any]) -> Any:
    await asyncio.sleep(0.01)
    answer = action()
    await asyncio.sleep(0.01)
    return answer


async def _pages_at_shared_pace(pace: SharedPace, pages: int, interval: float, begun: list[float]) -> None:
    """A worker's requests, four under way at a time; when each began is noted."""
    places = asyncio.Semaphore(4)

    async def page() -> None:
        async with places:
            await pace.reserve("example.com:443", interval, _loop_now(), 30)
            begun.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.02)
            pace.report("example.com:443", Outcome(200, 0.02, _loop_now()))

    await asyncio.gather(*(page() for _ in range(pages)))


def test_workers_share_a_host_at_a_fraction_of_a_read_per_page(firestore_db: Client) -> None:
    interval = 0.05
    begun: list[float] = []

    async def work(worker: int) -> None:
        await asyncio.sleep(worker * 0.3)
        ticks = asyncio.get_running_loop().time
        pace = SharedPace(
            HostsByLoop(firestore_db),
            ticks=ticks,
            call=_slow_call,
            background=lambda tell: tell(),
            rng=random.Random(worker),
        )
        await _pages_at_shared_pace(pace, 12, interval, begun)

    async def all_workers() -> None:
        await asyncio.gather(*(work(worker) for worker in range(3)))

    with counted(firestore_db) as meter:
        virtual_time.run(all_workers())
    assert len(begun) == 36
    assert min(later - earlier for earlier, later in pairwise(sorted(begun))) >= interval
    bill = meter.total
    assert bill.by_collection["write", "hosts"] <= 0.2 * 36
    assert bill.by_collection["read", "hosts"] <= 0.3 * 36


async def test_workers_ask_a_site_for_its_robots_txt_once_and_for_pages_at_one_pace(
    firestore_db: Client, site: tuple[Site, str]
) -> None:
    one, url = site
    interval = 0.05

    async def work(worker: int, pages: range) -> None:
        async with _fetcher(firestore_db, url, interval) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{url}/{worker}/{page}") for page in pages))

    with counted(firestore_db) as meter:
        await work(0, range(1))
        await asyncio.gather(*(work(worker, range(12)) for worker in (1, 2)))
    pages = one.pages()
    assert len(pages) == 25
    (robots_asked,) = [when for when, path in one.asked if path == "/robots.txt"]
    # A request reaches the server as late as it likes after it began, and all later ones with it; but never earlier.
    for number, when in enumerate(pages):
        assert when - robots_asked >= number * interval * 0.99
    bill = meter.total
    assert (bill.by_collection["write", "robots"], bill.by_collection["read", "robots"]) == (1, 3)


async def test_a_host_that_asked_one_worker_for_quiet_is_left_alone_by_another(firestore_db: Client) -> None:
    host, now = "example.com:443", CLOCK.now()
    one, other = (SharedPace(FirestoreHosts(firestore_db), background=lambda tell: tell()) for _ in range(2))
    await one.reserve(host, 0.01, now, 30)
    one.report(host, Outcome(429, 0.1, now, now + timedelta(seconds=90)))
    with pytest.raises(NoSlotSoon) as later:
        await other.reserve(host, 0.01, now, 30)
    assert timedelta(seconds=85) < later.value.at - now < timedelta(seconds=95)
    stored = firestore_db.collection("hosts").document(host_id(host)).get().to_dict()
    assert stored["pauseS"] == 0.5


def test_a_host_is_only_changed_as_it_was_seen(firestore_db: Client) -> None:
    hosts = FirestoreHosts(firestore_db)
    unknown = hosts.read("a.example:80")
    assert unknown.value.owner == ""
    value = unknown.value.model_copy(update={"owner": "one"})
    hosts.swap(unknown, value)
    with pytest.raises(Raced):
        hosts.swap(unknown, value.model_copy(update={"owner": "two"}))
    seen, stale = hosts.read("a.example:80"), hosts.read("a.example:80")
    assert isinstance(seen.value, Host)
    hosts.swap(seen, value.model_copy(update={"owner": "three"}))
    with pytest.raises(Raced):
        hosts.swap(stale, value)
    assert hosts.read("a.example:80").value.owner == "three"
    assert seen.read_time >= unknown.read_time
