"""A campaign's harvest on the real store: whole, come again, and with listings that mislead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from google.cloud.firestore import Client

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.fetch import Fetcher
from leadgen.harvest.plan import Limits
from leadgen.harvest.sources import ListingRules, Source
from leadgen.model.documents import Activity, ProcessorRequest
from leadgen.model.ids import digest
from leadgen.model.status import EndReason, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from leadgen.store.records import to_record
from local.serving import running
from tests.counting import Meter, counted
from tests.crawl_world import LIMITS, START, World, assert_consistent, listing_html, source_of


@pytest.fixture
def world(firestore_db: Client) -> World:
    return World(firestore_db)


# --- a campaign that goes well


def test_a_campaign_reads_all_listings_and_says_they_are_exhausted(world: World) -> None:
    urls = world.listing(5, 4, 2)
    world.begin()
    request = world.finish()
    assert (request.status, request.end_reason) == (RequestStatus.COMPLETED, EndReason.LISTINGS_EXHAUSTED)
    assert request.message == "Found 11 of 50: the listings of Austin have no more posts."
    assert (request.source_id, request.pages_read, request.completed_at) == ("demo", 3, START)
    assert request.lease_owner == ""
    assert_consistent(world, "r1", urls)


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
    assert_consistent(world, "r2", [url for url in urls if url not in first])


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
    assert_consistent(world, "r1", urls)
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
        assert_consistent(world, "r1", urls)


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
            self.pages["/austin" + (f"?page={number}" if number else "")] = listing_html(posts, following)
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
    world.source = source_of(world.base_url, listing=ListingRules(post_link="li:first-child a", next_link="a.next"))
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
    world.pages[f"{world.base_url}/austin?page=1"] = listing_html(urls[2:], "/austin")
    world.begin()
    request = world.finish()
    assert request.end_reason is EndReason.LISTINGS_EXHAUSTED
    assert request.pages_read <= 4
    assert_consistent(world, "r1", urls)


def test_no_more_pages_are_read_than_the_source_allows(world: World) -> None:
    world.listing(1, 1, 1, 1)
    world.source = source_of(world.base_url, max_pages=2)
    world.begin()
    request = world.finish()
    assert request.pages_read == 2
    assert request.message == "Found 2 of 50: the limit of 2 listing pages (max_pages) was reached."


def test_posts_that_moved_to_the_next_page_are_not_taken_again(world: World) -> None:
    urls = world.listing(3, 3)
    world.pages[f"{world.base_url}/austin?page=1"] = listing_html([*urls[1:]], "")
    world.begin()
    request = world.finish()
    assert request.counts.known == 0
    assert_consistent(world, "r1", urls)


def test_a_first_page_without_posts_points_at_the_selector(world: World) -> None:
    world.pages[f"{world.base_url}/austin"] = "<p>nothing</p>"
    world.begin()
    assert "check listing.post_link of demo" in world.finish().message
