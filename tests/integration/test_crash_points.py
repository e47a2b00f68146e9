"""A campaign whose worker dies, or whose calls fail, at each step of its I/O in turn ends as an undisturbed one.

Harvest, batch, sweep and the shared pace of the host run as in the cloud: each message is a worker of its own, which
remembers nothing, against the real store and a real server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import DeadlineExceeded
from google.cloud import firestore

from leadgen.environment import read_environment
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.hosts.robots import FirestoreRobots
from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import FirestoreHosts, Seen, unknown_host
from leadgen.harvest.sources import Source, load_sources
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.model.documents import ProcessorRequest
from leadgen.model.status import RequestStatus
from leadgen.pipeline.batches import process_batch
from leadgen.pipeline.context import Context
from leadgen.pipeline.harvesting import harvest
from leadgen.pipeline.sweep import sweep
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC
from local.classifieds import app as site
from local.classifieds.source import source_toml
from local.serving import running
from tests.crashes import Fate, end_states
from tests.databases import Databases
from tests.support import START, Broker, FakeClock

REQUEST = "c" * 32
POSTS = 2


async def _no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def _at_once(action: Callable[[], Any]) -> Any:
    return action()


@pytest.fixture(scope="module")
def site_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = site.Settings(data_dir=tmp_path_factory.mktemp("site"), posts_per_city=POSTS, sleep=_no_wait)
    with running(site.build_app(settings)) as url:
        yield url


class _TimedHosts(FirestoreHosts):
    """The store's clock goes with the test's, so that every run takes the same steps."""

    def __init__(self, db: firestore.Client, clock: FakeClock) -> None:
        super().__init__(db)
        self._clock = clock

    def read(self, host: str) -> Seen:
        seen, now = super().read(host), self._clock.now()
        return replace(seen, value=seen.value if seen.version else unknown_host(host, now), read_time=now)


class World:
    """A campaign in a database of its own."""

    def __init__(
        self, db: firestore.Client, sources: tuple[Source, ...], fate: Fate, *, requests_per_second: float = 2.0
    ) -> None:
        self.requests_per_second = requests_per_second
        self.db, self.sources, self.fate = db, sources, fate
        self.clock, self.broker = FakeClock(), Broker()
        self.env = replace(read_environment(), local_hosts=frozenset({urlsplit(sources[0].base_url).netloc}))

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def _reader(self, source: Source) -> AbstractAsyncContextManager[Any]:
        pace = SharedPace(
            _TimedHosts(self.db, self.clock),
            ticks=lambda: self.clock.now().timestamp(),
            sleep=self._sleep,
            call=_at_once,
            background=lambda tell: tell(),
        )
        return Fetcher(
            clock=self.clock,
            user_agent="Leadgen/0.1 (test)",
            local_hosts=self.env.local_hosts,
            requests_per_second=self.requests_per_second,
            concurrency=1,
            memory=HostMemory(pace=pace, robots_answers=FirestoreRobots(self.db)),
            sleep=self._sleep,
        )

    def worker(self) -> Context:
        return Context(
            self.db,
            self.env,
            clock=self.clock,
            publisher=self.fate.publisher(self.broker),
            sources=self.sources,
            open_reader=self.fate.reader(self._reader),
            enricher=lambda: Enricher(Governor(self.db, owner="test"), (), self.clock),
        )

    def live(self) -> dict[str, Any]:
        """The campaign's life, and what is left of it."""
        with self.fate.over(self.db):
            self._start()
            self.fate.survive(lambda: harvest(self.worker(), REQUEST))
            for _ in range(12):
                while self.broker.queue:
                    topic, message = self.broker.queue.popleft()
                    # A message whose worker failed comes again; one whose worker died may not.
                    if not self.fate.survive(lambda t=topic, m=message: self._handle(t, m)) and self.fate.error:
                        self.broker.queue.append((topic, message))
                with self.fate.asleep():
                    if self._is_over():
                        return self.left()
                self.clock.advance(300)
                self.fate.survive(lambda: sweep(self.worker()))
        pytest.fail(f"{self.fate}: the campaign did not end: {self._request()}")

    def _start(self) -> None:
        request = ProcessorRequest(
            template_id=1,
            city="austin",
            number_of_leads_to_process=50,
            request_timestamp=self.clock.now(),
            status=RequestStatus.PENDING,
            source_id="demo",
        )
        with self.fate.asleep():
            Collections(self.db).requests.document(REQUEST).create(request.to_firestore())

    def _handle(self, topic: str, message: dict[str, Any]) -> None:
        if topic == HARVEST_TOPIC:
            harvest(self.worker(), message["requestId"])
        else:
            process_batch(self.worker(), message["requestId"], message["batch"])

    def _request(self) -> ProcessorRequest:
        return ProcessorRequest.from_firestore(Collections(self.db).requests.document(REQUEST).get().to_dict() or {})

    def _is_over(self) -> bool:
        return self._request().status not in (RequestStatus.PENDING, RequestStatus.PROCESSING)

    def left(self) -> dict[str, Any]:
        """What the campaign leaves behind, without times and names of workers."""
        request = self._request()
        batches = [one.to_dict() for one in Collections(self.db).batches(REQUEST).stream()]
        contacts = [one.to_dict() for one in Collections(self.db).contacts.stream()]
        pages = [one.to_dict() for one in self.db.collection_group("pages").stream()]
        return {
            "request": request.model_dump(include={"status", "end_reason", "message", "counts", "in_flight"}),
            "lease": request.lease_owner,
            "posts": sorted(one.id for one in Collections(self.db).posts.stream()),
            "batches": sorted((one["status"], sorted(one["urls"]), sorted(one["outcomes"].items())) for one in batches),
            "contacts": sorted((one["sourceUrl"], one["status"], one["phone"], one["email"]) for one in contacts),
            "emails": sorted(one.id for one in Collections(self.db).emails.stream()),
            "pages": sorted((one["url"], one["marks"], one["nextUrl"]) for one in pages),
        }


@pytest.fixture
def sources(site_url: str, tmp_path: Path) -> tuple[Source, ...]:
    (tmp_path / "demo.toml").write_text(source_toml(site_url, START.date()), encoding="utf-8")
    return load_sources(tmp_path)


@pytest.fixture
def campaign(databases: Databases, sources: tuple[Source, ...]) -> Callable[[Fate, int], dict[str, Any]]:
    def run(fate: Fate, number: int) -> dict[str, Any]:
        with databases.one() as db:
            return World(db, sources, fate).live()

    run(Fate(), 0)  # some posts of the site fail the first time they are asked for, and never again
    return run


def test_a_worker_killed_at_any_step_leaves_what_an_undisturbed_one_leaves(
    campaign: Callable[[Fate, int], dict[str, Any]],
) -> None:
    (first, undisturbed), *others = end_states(campaign)
    assert undisturbed["request"]["status"] is RequestStatus.COMPLETED
    assert undisturbed["request"]["counts"]["harvested"] == len(undisturbed["posts"]) > 0
    kinds = Counter(step.partition(" ")[2].partition(" ")[0] for step in first.trace)
    assert kinds.keys() >= {"commit", "batch_get_documents", "get", "publish"}, "every kind of I/O is among the steps"
    assert any("hosts/" in step for step in first.trace), "the shared pace as well"
    for fate, state in others:
        assert fate.has_struck, "until it is struck, a run takes the steps of the undisturbed one"
        assert state == undisturbed, str(fate)


def test_a_change_that_fails_before_or_after_it_took_effect_changes_nothing_in_the_end(
    campaign: Callable[[Fate, int], dict[str, Any]],
) -> None:
    changes = {"commit", "publish"}
    (_, undisturbed), *others = end_states(
        campaign, lambda: DeadlineExceeded("too slow"), at=lambda step: step.split()[1] in changes
    )
    assert len(others) >= 16
    for fate, state in others:
        assert state == undisturbed, str(fate)


def test_posts_that_the_pace_of_the_host_leaves_no_room_for_are_read_later_and_none_is_given_up(
    firestore_db: firestore.Client, sources: tuple[Source, ...]
) -> None:
    left = World(firestore_db, sources, Fate(), requests_per_second=1 / 40).live()
    counts = left["request"]["counts"]
    assert left["request"]["status"] is RequestStatus.COMPLETED
    assert (counts["harvested"], counts["dead"]) == (len(left["posts"]), 0)
