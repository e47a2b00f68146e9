"""A campaign from the listings to the queue, on the emulator and the demo site: every lead ends where it belongs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.cloud import firestore

from console.cli.demo.checking import check, read_facts
from leadgen.environment import read_environment
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.sources import Source, load_sources
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.model.documents import ProcessorRequest, Suppression
from leadgen.model.ids import suppression_id
from leadgen.model.status import RequestStatus
from leadgen.pipeline.batches import process_batch
from leadgen.pipeline.context import Context
from leadgen.pipeline.harvesting import harvest
from leadgen.pipeline.sweep import sweep
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from local.classifieds import app as site
from local.classifieds.source import source_toml
from local.classifieds.truth import truth
from local.serving import running
from tests.counting import counted
from tests.support import START, Broker, FakeClock

POSTS = 60
REQUEST = "a" * 32


async def _no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture(scope="module")
def site_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = site.Settings(data_dir=tmp_path_factory.mktemp("site"), posts_per_city=POSTS, sleep=_no_wait)
    with running(site.build_app(settings)) as url:
        yield url


class World:
    """One campaign with everything around it; each call of a handler is a worker of its own, as in the cloud."""

    def __init__(self, db: firestore.Client, url: str, folder: Path, truth_of: dict[str, Any]) -> None:
        self.db, self.clock, self.broker = db, FakeClock(), Broker()
        (folder / "demo.toml").write_text(source_toml(url, START.date()), encoding="utf-8")
        self.sources = load_sources(folder)
        self.env = replace(read_environment(), local_hosts=frozenset({urlsplit(url).netloc}))
        self.memory = HostMemory()
        self.truth = truth_of
        self.handlers = {
            HARVEST_TOPIC: lambda m: harvest(self.context(), m["requestId"]),
            POSTS_TOPIC: lambda m: process_batch(self.context(), m["requestId"], m["batch"]),
        }

    def context(self) -> Context:
        return Context(
            self.db,
            self.env,
            clock=self.clock,
            publisher=self.broker,
            sources=self.sources,
            open_reader=self._reader,
            enricher=lambda: Enricher(Governor(self.db, owner="test"), (), self.clock),
        )

    def _reader(self, source: Source) -> AbstractAsyncContextManager[Any]:
        return Fetcher(
            clock=self.clock,
            user_agent="Leadgen/0.1 (test)",
            local_hosts=self.env.local_hosts,
            requests_per_second=1000.0,
            concurrency=source.concurrency,
            memory=self.memory,
            sleep=_no_wait,
        )

    def start(self, leads: int, request_id: str = REQUEST, city: str = "austin") -> None:
        request = ProcessorRequest(
            template_id=1,
            city=city,
            number_of_leads_to_process=leads,
            request_timestamp=self.clock.now(),
            status=RequestStatus.PENDING,
            source_id="demo",
        )
        Collections(self.db).requests.document(request_id).create(request.to_firestore())

    def suppress(self, address: str) -> None:
        entry = Suppression(kind="email", value=address, reason="asked", created_by="t", created_at=self.clock.now())
        Collections(self.db).suppressions.document(suppression_id("email", address)).create(entry.to_firestore())

    def finish(self, request_id: str = REQUEST, *, copies: int = 1, rounds: int = 12) -> ProcessorRequest:
        """Deliver, let a minute pass, sweep; until the campaign has ended."""
        for _ in range(rounds):
            self.broker.deliver(self.handlers, copies=copies)
            request = self.request(request_id)
            if request.status not in (RequestStatus.PENDING, RequestStatus.PROCESSING):
                return request
            self.clock.advance(60)
            sweep(self.context())
        pytest.fail(f"the campaign did not end: {self.request(request_id)}")

    def request(self, request_id: str = REQUEST) -> ProcessorRequest:
        return ProcessorRequest.from_firestore(Collections(self.db).requests.document(request_id).get().to_dict() or {})

    def verdict(self, request_id: str = REQUEST) -> list[str]:
        """Faults of triage; no mail leaves here, so what the mailbox says is left out."""
        facts = read_facts(self.db, request_id)
        facts.emails.clear()
        return check(facts, self.truth, []).faults

    def documents(self, collection: str) -> dict[str, dict[str, Any]]:
        return {s.id: s.to_dict() or {} for s in self.db.collection(collection).stream()}


@pytest.fixture
def world(firestore_db: firestore.Client, site_url: str, tmp_path: Path) -> World:
    return World(firestore_db, site_url, tmp_path, truth(city="austin", posts_per_city=POSTS).as_json())


def check_sums(request: ProcessorRequest) -> None:
    """The two sums that always hold, see `Counts`."""
    c = request.counts
    assert c.harvested == c.found + c.duplicates + c.suppressed + c.no_contact + c.dead + request.in_flight
    assert c.found == c.waiting + c.queued + c.review + c.phone_only + c.unresolved


def test_a_campaign_finds_its_leads_and_each_is_where_the_site_says(world: World) -> None:
    for address in world.truth["suppressions"]:
        world.suppress(address)
    world.start(25)
    harvest(world.context(), REQUEST)
    request = world.finish()
    assert request.status is RequestStatus.COMPLETED
    assert request.end_reason == "TARGET_MET"
    assert request.counts.found == 25
    assert world.verdict() == []
    check_sums(request)
    assert len(world.documents("emailQueue")) == request.counts.queued
    assert len(world.documents("posts")) == request.counts.harvested


def test_exhausted_listings_end_the_campaign_and_it_says_so_at_few_reads_and_writes(world: World) -> None:
    """Per lead found, with everything the campaign cost: duplicates, dead links, batches, sweeps."""
    world.start(1000)
    with counted(world.db) as meter:
        harvest(world.context(), REQUEST)
        request = world.finish()
    assert meter.total.writes <= 4 * request.counts.found, meter.total
    assert meter.total.reads <= 4 * request.counts.found, meter.total
    assert request.end_reason == "LISTINGS_EXHAUSTED"
    assert str(request.counts.found) in request.message
    assert "1000" in request.message
    world.truth["suppressions"] = []
    assert world.verdict() == []
    check_sums(request)


def test_every_message_delivered_twice_changes_nothing(world: World) -> None:
    world.start(20)
    harvest(world.context(), REQUEST)
    harvest(world.context(), REQUEST)
    request = world.finish(copies=2)
    world.truth["suppressions"] = []
    assert request.counts.found == 20
    assert world.verdict() == []
    check_sums(request)


def test_further_campaigns_meet_known_people_again_in_the_same_city_and_in_another(world: World) -> None:
    world.start(1000)
    harvest(world.context(), REQUEST)
    world.finish()
    contacts = world.documents("contacts").keys()
    mails = world.documents("emailQueue").keys()
    world.start(10, "b" * 32)
    harvest(world.context(), "b" * 32)
    second = world.finish("b" * 32)
    assert second.counts.found == 0
    assert second.end_reason == "LISTINGS_EXHAUSTED"
    assert world.documents("contacts").keys() == contacts
    assert world.documents("emailQueue").keys() == mails
    dallas = truth(city="dallas", posts_per_city=POSTS)
    met = {post.advertiser for post in truth(city="austin", posts_per_city=POSTS).posts if post.is_fetchable}
    both = [post.path for post in dallas.posts if post.is_fetchable and post.advertiser in met]
    assert len(both) >= 2
    world.start(1000, "c" * 32, "dallas")
    harvest(world.context(), "c" * 32)
    third = world.finish("c" * 32)
    outcomes = read_facts(world.db, "c" * 32).outcomes
    assert {outcomes[path] for path in both} == {"DUPLICATE"}
    assert third.counts.cross_city == len(both)
    check_sums(third)


def test_all_messages_lost_are_made_up_for_by_the_sweep(world: World) -> None:
    world.start(10)
    world.broker.queue.clear()
    for _ in range(40):
        world.clock.advance(200)
        sweep(world.context())
        for topic, message in list(world.broker.queue)[:1]:
            world.handlers[topic](message)
        world.broker.queue.clear()
        if world.request().status is RequestStatus.COMPLETED:
            break
    assert world.request().counts.found == 10
    check_sums(world.request())


def test_posts_under_way_when_a_campaign_is_cancelled_are_still_read(world: World) -> None:
    """They are claimed, so no other campaign would ever read them."""
    world.start(30)
    harvest(world.context(), REQUEST)
    claimed = world.request().in_flight
    assert claimed > 0
    world.broker.queue.clear()
    Collections(world.db).requests.document(REQUEST).update({"status": str(RequestStatus.CANCELLED)})
    for _ in range(4):
        world.clock.advance(300)
        sweep(world.context())
        world.broker.deliver(world.handlers)
    request = world.request()
    assert request.status is RequestStatus.CANCELLED
    assert request.in_flight == 0
    assert request.counts.harvested == claimed
    check_sums(request)
