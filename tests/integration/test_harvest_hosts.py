"""The pace of hosts and their robots.txt, shared through the real store and kept towards a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp import web
from google.cloud.firestore import Client

from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.hosts.robots import FirestoreRobots
from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import FirestoreHosts
from leadgen.harvest.pace import NoSlotSoon
from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host
from leadgen.model.ids import host_id
from leadgen.store.clock import SystemClock
from leadgen.store.records import Raced
from local.serving import running
from tests.counting import counted

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


async def test_workers_share_a_host_and_its_robots_txt_at_a_fraction_of_a_read_per_page(
    firestore_db: Client, site: tuple[Site, str]
) -> None:
    one, url = site
    interval = 0.05

    async def work(worker: int) -> None:
        await asyncio.sleep(worker * 0.3)
        async with _fetcher(firestore_db, url, interval) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{url}/{worker}/{page}") for page in range(12)))

    with counted(firestore_db) as meter:
        await asyncio.gather(*(work(worker) for worker in range(3)))
    pages = one.pages()
    assert len(pages) == 36
    # A request reaches the server a little after it began, so the distances seen there vary by what the way takes.
    assert pages[-1] - pages[0] >= 34 * interval
    assert sum(later - earlier for earlier, later in pairwise(pages)) / 35 >= interval * 0.97
    assert [path for _, path in one.asked].count("/robots.txt") == 1
    bill = meter.total
    assert bill.by_collection["write", "hosts"] <= 0.2 * 36
    assert bill.by_collection["read", "hosts"] <= 0.3 * 36
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
