"""A campaign's harvest on the real store when something is wrong."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.sources import Policy
from leadgen.harvest.sweep import sweep_requests
from leadgen.model.status import EndReason, RequestStatus
from leadgen.store.client import Collections
from tests.crawl_world import START, World, assert_consistent, source_of


@pytest.fixture
def world(firestore_db: Client) -> World:
    return World(firestore_db)


# --- when something is wrong


def test_a_first_page_that_is_gone_fails_the_campaign_and_says_what_to_do(world: World) -> None:
    world.begin()
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.FAILED, EndReason.SOURCE_FAILED)
    assert "404" in request.message
    assert "Check the source definition" in request.message
    assert world.messages == []


def test_a_later_page_that_is_forbidden_ends_the_listings(world: World) -> None:
    urls = world.listing(3, 3)
    forbidden = FetchError(FetchKind.FORBIDDEN_BY_ROBOTS, "https://demo.example/austin?page=1", "robots.txt forbids it")
    world.pages[f"{world.base_url}/austin?page=1"] = forbidden
    world.begin()
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.COMPLETED, EndReason.LISTINGS_EXHAUSTED)
    assert request.message.startswith("Found 3 of 50: ")
    assert "robots.txt forbids it" in request.message
    assert_consistent(world, "r1", urls[:3])


def test_a_page_in_trouble_is_tried_again_when_due(world: World) -> None:
    urls = world.listing(2)
    address = f"{world.base_url}/austin"
    page = world.pages[address]
    world.pages[address] = FetchError(FetchKind.SERVER_ERROR, address, "the site answered 503")
    world.begin()
    run_harvest(world.deps(), "r1")
    request = world.request()
    assert (request.attempts, request.lease_owner) == (1, "")
    assert "attempt 1 of 3" in request.message
    assert request.next_attempt_at is not None
    assert request.next_attempt_at > START

    world.pages[address] = page
    assert sweep_requests(world.deps()) == 0, "it is not due yet"
    run_harvest(world.deps(), "r1")
    assert world.fetched == [address]
    world.time.moment = request.next_attempt_at
    assert sweep_requests(world.deps()) == 1
    world.drain()
    request = world.request()
    assert (request.status, request.attempts, request.next_attempt_at) == (RequestStatus.COMPLETED, 0, None)
    assert_consistent(world, "r1", urls)


def test_a_page_that_stays_in_trouble_fails_the_campaign(world: World) -> None:
    address = f"{world.base_url}/austin"
    world.pages[address] = FetchError(FetchKind.SERVER_ERROR, address, "the site answered 503")
    world.begin()
    for _ in range(5):
        run_harvest(world.deps(), "r1")
        world.time.sleep(7200)
    request = world.request()
    assert (request.status, request.end_reason) == (RequestStatus.FAILED, EndReason.SOURCE_FAILED)
    assert len(world.fetched) == 3
    assert "attempt 3 of 3" in request.message


def test_the_time_a_site_names_is_kept_and_pacing_is_no_failure(world: World) -> None:
    address, later = f"{world.base_url}/austin", START + timedelta(hours=3)
    world.begin()
    world.pages[address] = FetchError(FetchKind.PACED, address, "too soon", retry_at=START + timedelta(seconds=90))
    run_harvest(world.deps(), "r1")
    assert (world.request().attempts, world.request().next_attempt_at) == (0, START + timedelta(seconds=90))
    world.time.sleep(90)
    world.pages[address] = FetchError(FetchKind.THROTTLED, address, "the site answered 429", retry_at=later)
    run_harvest(world.deps(), "r1")
    assert (world.request().attempts, world.request().next_attempt_at) == (1, later)


@pytest.mark.parametrize("changes", [{"policy": Policy()}, {"cities": ()}])
def test_a_source_that_may_not_be_harvested_is_never_asked(world: World, changes: dict[str, Any]) -> None:
    world.listing(3)
    world.source = source_of(world.base_url, **changes)
    world.begin()
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.FAILED, EndReason.SOURCE_FAILED)
    assert world.fetched == []
    assert world.posts() == {}


def test_a_hint_about_nothing_is_left_aside(world: World) -> None:
    run_harvest(world.deps(), "no-such-campaign")


def test_a_cancelled_campaign_claims_nothing_more(world: World) -> None:
    world.listing(20)
    world.begin()
    ref = Collections(world.db).requests.document("r1")
    ticks = Counter[str]()

    def cancel_on_publish() -> None:
        if world.messages and not ticks["done"]:
            ticks["done"] += 1
            ref.update({"status": "CANCELLED"})

    world.tick = cancel_on_publish
    run_harvest(world.deps(), "r1")
    assert (world.request().status, world.request().counts.harvested) == (RequestStatus.CANCELLED, 3)
    assert sweep_requests(world.deps()) == 0


def test_an_error_gives_the_lease_back(world: World) -> None:
    world.listing(3)
    world.begin()

    def fail() -> None:
        raise RuntimeError("broker down")

    world.tick = lambda: fail() if world.fetched else None
    with pytest.raises(RuntimeError, match="broker down"):
        run_harvest(world.deps(), "r1")
    assert (world.request().status, world.request().lease_owner) == (RequestStatus.PROCESSING, "")
