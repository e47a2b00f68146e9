"""A site, campaigns that harvest it, and workers that may be killed, around one store."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.deps import HarvestDeps
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Page
from leadgen.harvest.plan import Limits
from leadgen.harvest.sources import City, ListingRules, Policy, PostRules, Source
from leadgen.model.documents import Batch, Post, ProcessorRequest
from leadgen.model.status import BatchStatus, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.messages import HARVEST_TOPIC
from leadgen.store.records import Commit, Raced, need, read, to_record

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


def source_of(base_url: str, **changes: Any) -> Source:
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


def listing_html(posts: list[str], following: str = "") -> str:
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
            self.pages[f"{self.base_url}/austin" + (f"?page={page}" if page else "")] = listing_html(posts, following)
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
            "sources": (self.source or source_of(self.base_url),),
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


def assert_consistent(world: World, request_id: str, urls: list[str]) -> None:
    """Each post claimed by this campaign is in exactly one batch, and the counters agree with the documents."""
    request, batches = world.request(request_id), world.batches(request_id)
    in_batches = [url for batch in batches.values() for url in batch.urls]
    mine = [post.url for post in world.posts().values() if post.request_id == request_id]
    assert Counter(in_batches) == Counter(mine) == Counter(urls)
    assert request.counts.harvested == len(urls)
    assert request.in_flight == sum(len(one.urls) for one in batches.values() if one.status is not BatchStatus.DONE)
    assert set(batches) == {str(number) for number in range(request.next_batch)}
