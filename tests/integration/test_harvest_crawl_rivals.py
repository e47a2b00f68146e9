"""A campaign's harvest on the real store: in competition, told things twice, killed at every step."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import Client, DocumentReference, Query, WriteBatch

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.sweep import republish_lost_batches, sweep_requests
from leadgen.model.documents import Batch, Post
from leadgen.model.ids import post_id
from leadgen.model.status import EndReason, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from leadgen.store.records import Commit, change, need
from tests.crawl_world import START, Killed, World, assert_consistent


@pytest.fixture
def world(firestore_db: Client) -> World:
    return World(firestore_db)


# --- competition, repetition, loss


def test_a_campaign_another_worker_holds_is_left_alone_until_the_lease_ends(world: World) -> None:
    world.listing(3)
    world.begin()
    until = START + timedelta(seconds=180)
    Collections(world.db).requests.document("r1").update(
        {"status": "PROCESSING", "leaseOwner": "two", "leaseUntil": until}
    )
    assert sweep_requests(world.deps()) == 0
    run_harvest(world.deps("one"), "r1")
    assert world.fetched == []
    world.time.moment = until
    assert sweep_requests(world.deps()) == 1
    world.drain()
    assert world.request().status is RequestStatus.COMPLETED


def test_a_batch_that_ends_while_the_lease_is_given_back_is_not_overlooked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = world.listing(12)
    world.begin()
    real, commits = WriteBatch.commit, Counter[str]()

    def commit(batch: WriteBatch, *args: Any, **options: Any) -> Any:
        commits["all"] += 1
        if commits["all"] == 3:  # after the lease and a batch: the last batch for now, which gives the lease back
            monkeypatch.setattr(WriteBatch, "commit", real)
            world.process("r1", 0)
        return real(batch, *args, **options)

    monkeypatch.setattr(WriteBatch, "commit", commit)
    run_harvest(world.deps(), "r1")
    assert world.request().counts.harvested == 9, "it decided again instead of going to sleep"
    world.drain()
    assert_consistent(world, "r1", urls)


def test_a_commit_that_applied_and_was_reported_lost_is_published(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = world.listing(5)
    world.begin()
    real, commits = WriteBatch.commit, Counter[str]()

    def commit(batch: WriteBatch, *args: Any, **options: Any) -> Any:
        commits["all"] += 1
        result = real(batch, *args, **options)
        if commits["all"] == 2:  # the first batch
            raise FailedPrecondition("the client sent it again and was told no")
        return result

    monkeypatch.setattr(WriteBatch, "commit", commit)
    run_harvest(world.deps(), "r1")
    sent = [message["batch"] for topic, message in world.messages if topic == POSTS_TOPIC]
    assert sent == [0, 1]
    world.drain()
    assert_consistent(world, "r1", urls)


def test_workers_and_campaigns_in_competition_share_the_posts_without_overlap(world: World) -> None:
    urls = world.listing(9, 9, 9)
    campaigns = [world.begin(f"r{number}") for number in range(3)]

    def work(worker: int) -> None:
        chance = random.Random(worker)
        for _ in range(12):
            campaign = chance.choice(campaigns)
            run_harvest(world.deps(f"worker-{worker}"), campaign)
            for number in range(world.request(campaign).next_batch):
                world.process(campaign, number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    world.messages = [(HARVEST_TOPIC, {"requestId": campaign}) for campaign in campaigns]
    world.drain()
    claimed = Counter[str]()
    for campaign in campaigns:
        request = world.request(campaign)
        assert (request.status, request.in_flight) == (RequestStatus.COMPLETED, 0)
        mine = [url for batch in world.batches(campaign).values() for url in batch.urls]
        assert_consistent(world, campaign, mine)
        claimed.update(mine)
    assert claimed == Counter(urls)


@pytest.mark.parametrize("seed", range(3))
def test_messages_that_come_twice_and_out_of_order_change_nothing(world: World, seed: int) -> None:
    urls = world.listing(8, 7)
    world.begin()
    chance, seen = random.Random(seed), [(HARVEST_TOPIC, {"requestId": "r1"})]
    world.messages = list(seen)
    while world.messages:
        message = world.messages.pop(chance.randrange(len(world.messages)))
        seen.append(message)
        world.deliver(*message)
        world.deliver(*chance.choice(seen))
    assert world.request().counts.found == 15
    assert world.request().status is RequestStatus.COMPLETED
    before = world.request()
    for message in seen:
        world.deliver(*message)
    assert world.request() == before
    assert_consistent(world, "r1", urls)


def test_a_batch_nobody_took_is_published_again_and_counted(world: World) -> None:
    world.listing(3)
    world.begin()
    run_harvest(world.deps(), "r1")
    world.messages.clear()
    assert republish_lost_batches(world.deps(), "r1") == 0, "it may still be on its way"
    world.time.sleep(120)
    assert republish_lost_batches(world.deps(), "r1") == 1
    assert world.messages == [(POSTS_TOPIC, {"requestId": "r1", "batch": 0})]
    assert world.batches()["0"].attempts == 1
    assert republish_lost_batches(world.deps(), "r1") == 0, "it has just been sent again"


def test_a_batch_is_left_to_the_worker_that_holds_it(world: World) -> None:
    world.listing(3)
    world.begin()
    run_harvest(world.deps(), "r1")
    ref = Collections(world.db).batches("r1").document("0")
    change(need(ref, Batch, "batch"), {"leaseOwner": "p", "leaseUntil": START + timedelta(seconds=500)})
    world.time.sleep(499)
    assert sweep_requests(world.deps()) == 0
    world.time.sleep(1)
    assert sweep_requests(world.deps()) == 1


def test_a_document_that_can_not_be_read_does_not_stop_the_sweep(world: World) -> None:
    world.listing(3)
    Collections(world.db).requests.document("bad").set({"status": "PENDING", "requestTimestamp": START})
    world.begin()
    assert sweep_requests(world.deps()) == 1


# --- killed at every step


@contextmanager
def _ticking(monkeypatch: pytest.MonkeyPatch, tick: Callable[[], None]) -> Iterator[None]:
    """Call `tick` before and after each call to the store."""

    def around(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            tick()
            result = real(*args, **options)
            tick()
            return result

        return call

    with monkeypatch.context() as patch:
        for kind, name in ((DocumentReference, "get"), (WriteBatch, "commit"), (Client, "get_all"), (Query, "stream")):
            patch.setattr(kind, name, around(getattr(kind, name)))
        yield


def _outcome(world: World, request_id: str) -> dict[str, Any]:
    request = world.request(request_id)
    return request.model_dump(include={"status", "end_reason", "message", "counts", "in_flight", "pages_read"})


def _campaign_killed_at(world: World, monkeypatch: pytest.MonkeyPatch, step: int, name: str) -> bool:
    """Run a campaign whose harvest or sweep dies at its n-th step and is taken up by sweeps; whether it died."""
    steps = Counter[str]()

    def tick() -> None:
        steps["taken"] += 1
        if steps["taken"] == step:
            raise Killed

    def survive(action: Callable[[], object]) -> None:
        try:
            with _ticking(monkeypatch, tick):
                action()
        except Killed:
            steps["deaths"] += 1

    world.base_url, world.messages = f"https://{name}.example", []
    urls = world.listing(4, 3)
    known = urls[1]
    other = Post(url=known, request_id="other", batch=0, claimed_at=START)
    Commit(world.db).create(Collections(world.db).posts.document(post_id(known)), other).run()
    world.begin(name)
    world.tick = tick
    for life in range(8):
        survive(lambda owner=f"sweep-{life}": sweep_requests(world.deps(owner)))  # type: ignore[misc]
        while world.messages:
            topic, message = world.messages.pop(0)
            if topic == POSTS_TOPIC:
                world.process(message["requestId"], message["batch"])
            else:
                survive(lambda owner=f"worker-{life}": run_harvest(world.deps(owner), name))  # type: ignore[misc]
        if world.request(name).status is RequestStatus.COMPLETED:
            break
        world.time.sleep(200)
    world.tick = lambda: None
    in_batches = [url for batch in world.batches(name).values() for url in batch.urls]
    assert Counter(in_batches) == Counter(url for url in urls if url != known), f"step {step}"
    assert _outcome(world, name) == {
        "status": RequestStatus.COMPLETED,
        "end_reason": EndReason.LISTINGS_EXHAUSTED,
        "message": "Found 6 of 50: the listings of Austin have no more posts.",
        "counts": {**dict.fromkeys(world.request(name).counts.model_dump(), 0)}
        | {"harvested": 6, "known": 1, "found": 6, "queued": 6},
        "in_flight": 0,
        "pages_read": 2,
    }, f"step {step}"
    return steps["deaths"] > 0


def test_a_harvest_killed_at_any_step_and_resumed_ends_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    step = 1
    while _campaign_killed_at(world, monkeypatch, step, f"killed-{step}"):
        step += 1
    assert step > 40, "the campaign has this many steps at least, or the test has lost its grip on them"
