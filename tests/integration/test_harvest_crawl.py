"""A campaign's harvest on the real store: whole, in competition, interrupted at every step, and told things twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import Client, DocumentReference, Query, WriteBatch

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.deps import HarvestDeps
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher, Page
from leadgen.harvest.plan import Limits
from leadgen.harvest.sources import City, ListingRules, Policy, PostRules, Source
from leadgen.harvest.sweep import republish_lost_batches, sweep_requests
from leadgen.model.documents import Activity, Batch, Post, ProcessorRequest
from leadgen.model.ids import digest, post_id
from leadgen.model.status import BatchStatus, EndReason, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from leadgen.store.records import Commit, Raced, change, need, read, to_record
from local.serving import running
from tests.counting import Meter, counted

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIMITS = Limits(batch_size=3, batches_in_flight=2, attempts=3)


class Killed(BaseException):
    """The worker dies here; no handler runs, as when the machine is taken away."""


class Time:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def _source(base_url: str, **changes: Any) -> Source:
    settings: dict[str, Any] = {
        "id": "demo",
        "name": "Demo",
        "base_url": base_url,
        "delay_seconds": 0.0,
        "max_pages": 20,
        "policy": Policy(acknowledged_by="Jane Doe", acknowledged_on=START.date()),
        "listing": ListingRules(post_link="li a", next_link="a.next"),
        "post": PostRules(title="h1", body="p"),
        "cities": (City("austin", "Austin, TX", f"{base_url}/austin", "America/Chicago"),),
    }
    return Source(**settings | changes)


def _html(posts: list[str], following: str = "") -> str:
    items = "".join(f'<li><a href="{post}">x</a></li>' for post in posts)
    return f"<ul>{items}</ul>" + (f'<a class=next href="{following}">next</a>' if following else "")


@dataclass
class World:
    """A site in memory, a database, the messages under way, and a stand-in for the Processor's end of the deal."""

    db: Client
    time: Time = field(default_factory=Time)
    base_url: str = "https://demo.example"
    pages: dict[str, str | FetchError] = field(default_factory=dict)
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    source: Source | None = None
    leads: Callable[[str], bool] = lambda _: True
    """Whether a post is a new lead."""
    tick: Callable[[], None] = lambda: None
    """Called before and after each step of I/O."""

    def listing(self, *sizes: int) -> list[str]:
        """Publish listing pages of so many posts; gives the URLs of all posts."""
        urls: list[str] = []
        for page, size in enumerate(sizes):
            posts = [f"{self.base_url}/p/{page}-{number}" for number in range(size)]
            following = f"/austin?page={page + 1}" if page + 1 < len(sizes) else ""
            self.pages[f"{self.base_url}/austin" + (f"?page={page}" if page else "")] = _html(posts, following)
            urls += posts
        return urls

    # the fetcher and the publisher of the harvest

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def get(self, url: str) -> Page:
        self.tick()
        self.fetched.append(url)
        answer = self.pages.get(url, FetchError(FetchKind.GONE, url, "the site answered 404"))
        if isinstance(answer, FetchError):
            raise answer
        self.tick()
        return Page(url, url, 200, answer, answer.encode(), "text/html", {})

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        self.tick()
        self.messages.append((topic, message))
        self.tick()

    # the parts of the system

    def deps(self, owner: str = "one", **changes: Any) -> HarvestDeps:
        settings: dict[str, Any] = {
            "db": self.db,
            "sources": (self.source or _source(self.base_url),),
            "fetcher_factory": lambda _: self,
            "publisher": self,
            "clock": self.time,
            "owner": owner,
            "rng": random.Random(1),
            "sleep": lambda _: None,
            "limits": LIMITS,
        }
        return HarvestDeps(**settings | changes)

    def begin(self, request_id: str = "r1", target: int = 50) -> str:
        request = ProcessorRequest(
            template_id=1,
            city="Austin",
            number_of_leads_to_process=target,
            request_timestamp=self.time.now(),
            status=RequestStatus.PENDING,
        )
        Commit(self.db).create(Collections(self.db).requests.document(request_id), request).run()
        return request_id

    def request(self, request_id: str = "r1") -> ProcessorRequest:
        return need(Collections(self.db).requests.document(request_id), ProcessorRequest, "campaign").value

    def batches(self, request_id: str = "r1") -> dict[str, Batch]:
        found = Collections(self.db).batches(request_id).stream()
        return {one.id: to_record(one, Batch).value for one in found}

    def posts(self) -> dict[str, Post]:
        return {one.id: to_record(one, Post).value for one in Collections(self.db).posts.stream()}

    def process(self, request_id: str, number: int) -> None:
        """What the Processor does when it is through with a batch; a second time it does nothing."""
        rooms = Collections(self.db)
        record = read(rooms.batches(request_id).document(str(number)), Batch)
        if record is None or record.value.status is BatchStatus.DONE:
            return
        found = sum(1 for url in record.value.urls if self.leads(url))
        commit = Commit(self.db).change(record, {"status": "DONE"})
        amounts = {"inFlight": -len(record.value.urls), "counts.found": found, "counts.queued": found}
        try:
            commit.increase(rooms.requests.document(request_id), amounts).run()
        except Raced:
            return
        self.messages.append((HARVEST_TOPIC, {"requestId": request_id}))

    def deliver(self, topic: str, message: dict[str, Any], owner: str = "one") -> None:
        if topic == HARVEST_TOPIC:
            run_harvest(self.deps(owner), message["requestId"])
        else:
            self.process(message["requestId"], message["batch"])

    def drain(self) -> None:
        while self.messages:
            self.deliver(*self.messages.pop(0))

    def finish(self, request_id: str = "r1") -> ProcessorRequest:
        run_harvest(self.deps(), request_id)
        self.drain()
        return self.request(request_id)


@pytest.fixture
def world(firestore_db: Client) -> World:
    return World(firestore_db)


def _assert_consistent(world: World, request_id: str, urls: list[str]) -> None:
    """Each post claimed by this campaign is in exactly one batch, and the counters agree with the documents."""
    request, batches = world.request(request_id), world.batches(request_id)
    in_batches = [url for batch in batches.values() for url in batch.urls]
    mine = [post.url for post in world.posts().values() if post.request_id == request_id]
    assert Counter(in_batches) == Counter(mine) == Counter(urls)
    assert request.counts.harvested == len(urls)
    assert request.in_flight == sum(len(one.urls) for one in batches.values() if one.status is not BatchStatus.DONE)
    assert set(batches) == {str(number) for number in range(request.next_batch)}


# --- a campaign that goes well


def test_a_campaign_reads_all_listings_and_says_they_are_exhausted(world: World) -> None:
    urls = world.listing(5, 4, 2)
    world.begin()
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.COMPLETED, EndReason.LISTINGS_EXHAUSTED)
    assert request.message == "Found 11 of 50: the listings of Austin have no more posts."
    assert (request.source_id, request.pages_read, request.completed_at) == ("demo", 3, START)
    assert request.lease_owner == ""
    _assert_consistent(world, "r1", urls)


def test_a_campaign_stops_when_its_target_is_met(world: World) -> None:
    world.listing(20, 20)
    world.begin(target=7)
    world.leads = lambda url: not url.endswith(("1", "3"))
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.COMPLETED, EndReason.TARGET_MET)
    assert (request.message, request.counts.found) == ("Found 7 of 7 leads.", 7)
    assert request.counts.harvested < 12, "it takes no more posts than it may need"


def test_the_end_is_written_for_the_operator_to_read(world: World) -> None:
    world.listing(2)
    world.begin()
    world.finish()
    (entry,) = [to_record(one, Activity).value for one in Collections(world.db).activity.stream()]
    assert (entry.kind, entry.request_id, entry.expires_at) == ("campaign.completed", "r1", START + timedelta(days=30))
    assert "Found 2 of 50" in entry.text


def test_posts_another_campaign_had_are_counted_and_left_alone(world: World) -> None:
    urls = world.listing(6, 3)
    world.begin("r1", target=4)
    world.finish("r1")
    first = {post.url for post in world.posts().values()}
    world.begin("r2")
    request = world.finish("r2")
    assert request.counts.known == len(first) == 4
    _assert_consistent(world, "r2", [url for url in urls if url not in first])


def test_it_waits_for_the_processor_when_enough_is_in_flight(world: World) -> None:
    world.listing(20)
    world.begin()
    run_harvest(world.deps(), "r1")
    request = world.request()
    assert (request.in_flight, request.lease_owner, request.listing_done) == (6, "", False)
    assert world.fetched == ["https://demo.example/austin"], "several batches come from one reading of a page"
    assert world.messages == [(POSTS_TOPIC, {"requestId": "r1", "batch": number}) for number in (0, 1)]


def test_time_used_up_hands_the_rest_to_a_new_run(world: World) -> None:
    urls = world.listing(2, 2, 2)
    world.begin()

    def slow() -> None:
        world.time.sleep(40)

    world.tick = slow
    run_harvest(world.deps(budget_s=100, lease_s=1000), "r1")
    world.tick = lambda: None
    assert world.request().lease_owner == ""
    assert (HARVEST_TOPIC, {"requestId": "r1"}) in world.messages
    world.drain()
    _assert_consistent(world, "r1", urls)
    assert world.request().status is RequestStatus.COMPLETED


def test_a_site_is_crawled_over_real_http(firestore_db: Client) -> None:
    world = World(firestore_db)

    async def page(request: web.Request) -> web.Response:
        html = world.pages.get(f"{world.base_url}{request.path_qs}")
        return web.Response(text=str(html), content_type="text/html") if html else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    with running(app) as world.base_url:
        urls = world.listing(7, 5)
        hosts = frozenset({world.base_url.removeprefix("http://")})

        def factory(source: Source) -> Fetcher:
            return Fetcher(
                clock=world.time,
                user_agent="Leadgen/0.1 (+mailto:ops@example.com)",
                local_hosts=hosts,
                requests_per_second=1e6,
                delay_seconds=source.delay_seconds,
            )

        world.begin()
        for _ in range(20):
            run_harvest(world.deps(fetcher_factory=factory), "r1")
            for number in range(world.request().next_batch):
                world.process("r1", number)
        assert world.request().end_reason is EndReason.LISTINGS_EXHAUSTED
        _assert_consistent(world, "r1", urls)


# --- a campaign that comes again


@dataclass
class Listings:
    """Listing pages on a real server, with validators; remembers what it answered."""

    pages: dict[str, str] = field(default_factory=dict)
    answered: list[tuple[str, int]] = field(default_factory=list)
    changed: datetime = START - timedelta(days=1)
    names_versions: bool = True

    async def handle(self, request: web.Request) -> web.Response:
        text = self.pages.get(request.path_qs)
        response = web.Response(status=404) if text is None else web.Response(text=text, content_type="text/html")
        if text is not None and self.names_versions:
            etag = f'"{digest(text)}"'
            if request.headers.get("If-None-Match") == etag:
                response = web.Response(status=304)
            response.headers["ETag"] = etag
        if request.path != "/robots.txt":
            self.answered.append((request.path_qs, response.status))
        return response

    def put(self, *pages: list[str]) -> list[str]:
        """Publish pages of posts; gives the paths of all posts."""
        for number, posts in enumerate(pages):
            following = f"/austin?page={number + 1}" if number + 1 < len(pages) else ""
            self.pages["/austin" + (f"?page={number}" if number else "")] = _html(posts, following)
        return [post for page in pages for post in page]


@pytest.fixture
def listings(world: World) -> Iterator[Listings]:
    site, app = Listings(), web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    with running(app) as world.base_url:
        yield site


def _campaign(
    world: World, request_id: str, target: int = 50, limits: Limits = LIMITS
) -> tuple[ProcessorRequest, Meter]:
    """Run a campaign to its end over real HTTP, each message a worker of its own; what its harvest read and wrote."""

    def factory(source: Source) -> Fetcher:
        hosts = frozenset({world.base_url.removeprefix("http://")})
        return Fetcher(
            clock=world.time, user_agent="Leadgen/0.1", local_hosts=hosts, requests_per_second=1e6, concurrency=1
        )

    world.begin(request_id, target)
    with counted(world.db) as meter:
        with meter.stage("harvest"):
            run_harvest(world.deps("w", fetcher_factory=factory, limits=limits), request_id)
        while world.messages:
            topic, message = world.messages.pop(0)
            if topic == HARVEST_TOPIC:
                with meter.stage("harvest"):
                    run_harvest(world.deps("w", fetcher_factory=factory, limits=limits), request_id)
            else:
                world.process(request_id, message["batch"])
    return world.request(request_id), meter


def _links(page: int, *numbers: int) -> list[str]:
    return [f"/p/{page}-{number}" for number in numbers]


def test_pages_that_did_not_change_are_neither_sent_nor_looked_up_again(world: World, listings: Listings) -> None:
    listings.put(_links(0, *range(12)), _links(1, *range(9)))
    first, _ = _campaign(world, "r1")
    assert (first.counts.harvested, first.counts.known) == (21, 0)
    listings.answered.clear()
    second, meter = _campaign(world, "r2")
    assert listings.answered == [("/austin", 304), ("/austin?page=1", 304)]
    assert (second.counts.harvested, second.counts.known, second.pages_read) == (0, 21, 2)
    assert second.message == "Found 0 of 50: the listings of Austin have no more posts."
    assert meter.total.by_collection["read", "posts"] == 0
    assert meter.total.reads <= 10


def test_of_a_page_that_changed_only_what_is_new_is_looked_up(world: World, listings: Listings) -> None:
    listings.put(_links(0, *range(12)), _links(1, *range(9)))
    _campaign(world, "r1")
    listings.answered.clear()
    listings.put([*_links(2, 0, 1), *_links(0, *range(12))], _links(1, *range(9)))
    second, meter = _campaign(world, "r2")
    assert listings.answered == [("/austin", 200), ("/austin?page=1", 304)]
    assert (second.counts.harvested, second.counts.known) == (2, 21)
    assert meter.total.by_collection["read", "posts"] == 2
    third, _ = _campaign(world, "r3")
    assert (third.counts.harvested, third.counts.known) == (0, 23)
    assert [status for _, status in listings.answered[2:]] == [304, 304]


def test_a_page_of_which_posts_are_left_is_read_again_although_it_did_not_change(
    world: World, listings: Listings
) -> None:
    listings.put(_links(0, *range(12)), _links(1, *range(3)))
    first, _ = _campaign(world, "r1", target=5)
    assert first.counts.harvested == 5
    listings.answered.clear()
    second, _ = _campaign(world, "r2")
    assert listings.answered[0] == ("/austin", 200)
    assert (second.counts.harvested, second.counts.known) == (10, 5)


def test_a_page_read_by_other_rules_is_read_again(world: World, listings: Listings) -> None:
    listings.put(_links(0, *range(4)))
    world.source = _source(world.base_url, listing=ListingRules(post_link="li:first-child a", next_link="a.next"))
    first, _ = _campaign(world, "r1")
    assert first.counts.harvested == 1
    world.source = None
    second, _ = _campaign(world, "r2")
    assert (second.counts.harvested, second.counts.known) == (3, 1)


def test_a_site_that_names_no_versions_costs_reading_its_pages_and_no_look_ups(
    world: World, listings: Listings
) -> None:
    listings.names_versions = False
    listings.put(_links(0, *range(12)))
    _campaign(world, "r1")
    second, meter = _campaign(world, "r2")
    assert (second.counts.harvested, second.counts.known) == (0, 12)
    assert meter.total.by_collection["read", "posts"] == 0


def test_harvesting_a_url_costs_little_more_than_its_claim(world: World, listings: Listings) -> None:
    listings.put(*(_links(page, *range(25)) for page in range(3)))
    request, meter = _campaign(world, "r1", target=75, limits=Limits())
    assert request.counts.harvested == 75
    bill = meter.stages["harvest"]
    assert bill.writes / 75 <= 1.5
    assert bill.reads / 75 <= 0.5
    assert bill.by_collection["read", "posts"] == 0, "nothing is looked up where nothing is known"


# --- listings with a mind of their own


def test_listings_that_lead_in_a_circle_come_to_an_end(world: World) -> None:
    urls = world.listing(2, 2)
    world.pages[f"{world.base_url}/austin?page=1"] = _html(urls[2:], "/austin")
    world.begin()
    request = world.finish()
    assert request.end_reason is EndReason.LISTINGS_EXHAUSTED
    assert request.pages_read <= 4
    _assert_consistent(world, "r1", urls)


def test_no_more_pages_are_read_than_the_source_allows(world: World) -> None:
    world.listing(1, 1, 1, 1)
    world.source = _source(world.base_url, max_pages=2)
    world.begin()
    request = world.finish()
    assert request.pages_read == 2
    assert request.message == "Found 2 of 50: the limit of 2 listing pages (max_pages) was reached."


def test_posts_that_moved_to_the_next_page_are_not_taken_again(world: World) -> None:
    urls = world.listing(3, 3)
    world.pages[f"{world.base_url}/austin?page=1"] = _html([*urls[1:]], "")
    world.begin()
    request = world.finish()
    assert request.counts.known == 0
    _assert_consistent(world, "r1", urls)


def test_a_first_page_without_posts_points_at_the_selector(world: World) -> None:
    world.pages[f"{world.base_url}/austin"] = "<p>nothing</p>"
    world.begin()
    assert "check listing.post_link of demo" in world.finish().message


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
    _assert_consistent(world, "r1", urls[:3])


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
    _assert_consistent(world, "r1", urls)


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
    world.source = _source(world.base_url, **changes)
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
    _assert_consistent(world, "r1", urls)


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
    _assert_consistent(world, "r1", urls)


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
        _assert_consistent(world, campaign, mine)
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
    _assert_consistent(world, "r1", urls)


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
