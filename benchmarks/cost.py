"""What a lead costs in Firestore: documents read and written from a listing's URL to the triaged contact.

A campaign runs over the demo site, in this process and against the Firestore emulator, through the same functions that
are deployed: the Harvester claims posts and hands out batches, the Processor's instances (each with its own memory, as
in the cloud) read them through the fetcher and the pace shared in Firestore, and register contacts, queue mails, count.
Every call is counted where it leaves the client library, as Firestore bills it: missing documents cost a read, a query
at least one. Then a second campaign comes to the same listings, of which a few posts are new.

Beside it runs the obvious way on the same posts: query for the URL, insert it, count it; query for each phone, email
and picture and for each suppression, insert the contact and its mail, count again.

    python benchmarks/cost.py [--posts N] [--instances N] [--rate PER_SECOND]

Prints a table by stage and collection; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from google.cloud.firestore import Client, FieldFilter, Increment

from leadgen.environment import read_environment
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.hosts.robots import FirestoreRobots
from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import FirestoreHosts
from leadgen.harvest.sources import Source, load_sources
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.model.documents import ProcessorRequest
from leadgen.model.status import RequestStatus
from leadgen.pipeline.batches import process_batch
from leadgen.pipeline.context import Context
from leadgen.pipeline.harvesting import harvest
from leadgen.pipeline.reading import ReadPost, read_post
from leadgen.pipeline.sweep import sweep
from leadgen.process.index_log import IndexLog, LogMemory
from leadgen.store.client import Collections
from leadgen.store.clock import SystemClock
from leadgen.store.messages import HARVEST_TOPIC
from local.classifieds import app as site
from local.classifieds.source import source_toml
from local.serving import running
from local.stack.firestore_alone import firestore_emulator
from tests.counting import Bill, Meter, counted

if TYPE_CHECKING:
    from leadgen.process.identity import Marks

CITY = "austin"


@dataclass
class Broker:
    """Messages under way, delivered by the benchmark."""

    queue: deque[tuple[str, dict[str, Any]]] = field(default_factory=deque)

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Take a message."""
        self.queue.append((topic, message))


class Instance:
    """One instance of a function: what it remembers from event to event."""

    def __init__(self, db: Client) -> None:
        self.hosts = HostMemory(pace=SharedPace(FirestoreHosts(db)), robots_answers=FirestoreRobots(db))
        self.identities = IndexLog(db, LogMemory())


class Backend:
    """The deployed functions, in this process."""

    def __init__(self, db: Client, source: Source, instances: int, rate: float) -> None:
        self._db, self._source, self._rate = db, source, rate
        self._clock, self.broker = SystemClock(), Broker()
        self._env = replace(read_environment(), local_hosts=frozenset({urlsplit(source.base_url).netloc}))
        self._harvester = Instance(db)
        self._processors = [Instance(db) for _ in range(instances)]

    def run(self, request_id: str, meter: Meter, leads: int = 100_000) -> ProcessorRequest:
        """A campaign from its request to its end."""
        ref = Collections(self._db).requests.document(request_id)
        request = ProcessorRequest(
            template_id=1,
            city=CITY,
            number_of_leads_to_process=leads,
            request_timestamp=self._clock.now(),
            status=RequestStatus.PENDING,
            source_id=self._source.id,
        )
        ref.create(request.to_firestore())
        self._harvest(request_id, meter)
        while True:
            self._deliver(meter)
            request = ProcessorRequest.from_firestore(ref.get().to_dict() or {})
            if request.status not in (RequestStatus.PENDING, RequestStatus.PROCESSING):
                return request
            with meter.stage("sweep"):
                sweep(self._context(self._harvester))

    def _deliver(self, meter: Meter) -> None:
        turn = 0
        while self.broker.queue:
            topic, message = self.broker.queue.popleft()
            if topic == HARVEST_TOPIC:
                self._harvest(message["requestId"], meter)
                continue
            turn += 1
            with meter.stage("process"):
                instance = self._processors[turn % len(self._processors)]
                process_batch(self._context(instance), message["requestId"], message["batch"])

    def _harvest(self, request_id: str, meter: Meter) -> None:
        with meter.stage("harvest"):
            harvest(self._context(self._harvester), request_id)

    def _context(self, instance: Instance) -> Context:
        return Context(
            self._db,
            self._env,
            clock=self._clock,
            publisher=self.broker,
            sources=(self._source,),
            open_reader=lambda source: self.reader(source, instance.hosts),
            enricher=lambda: Enricher(Governor(self._db, owner="benchmark"), (), self._clock),
            identities=instance.identities,
        )

    def reader(self, source: Source, hosts: HostMemory) -> Fetcher:
        """A polite reader of the demo site."""
        return Fetcher(
            clock=self._clock,
            user_agent="Leadgen/0.1 (benchmark)",
            local_hosts=self._env.local_hosts,
            requests_per_second=self._rate,
            concurrency=source.concurrency,
            memory=hosts,
        )


class ObviousWay:
    """Queries before it inserts, and counts post by post; as most programs of this kind do.

    Args:
        db: Firestore.
    """

    def __init__(self, db: Client) -> None:
        self._db = db
        self._campaign = db.collection("obviousCampaigns").document("one")
        self._campaign.create({"harvested": 0, "processed": 0})

    def harvest(self, url: str) -> bool:
        """Take a URL unless it is known."""
        if self._known("obviousPosts", "url", url):
            return False
        self._db.collection("obviousPosts").add({"url": url, "status": "HARVESTED"})
        self._campaign.update({"harvested": Increment(1)})
        return True

    def process(self, marks: Marks, title: str) -> bool:
        """Register a post's author unless they are known; whether that made a lead."""
        pairs = marks.claims()
        if not pairs:
            return False
        if any(self._known("obviousContacts", kind, value) for kind, value in pairs):
            self._campaign.update({"processed": Increment(1)})
            return False
        values = [value for kind, value in pairs if kind != "image"]
        values += [value.rpartition("@")[2] for kind, value in pairs if kind == "email"]
        if any(self._known("obviousSuppressions", "value", value) for value in values):
            return False
        contact = dict(reversed(pairs)) | {"title": title}
        _, ref = self._db.collection("obviousContacts").add(contact)
        if "email" in contact:
            self._db.collection("obviousEmails").add({"contact": ref.id, "status": "QUEUED"})
        self._campaign.update({"processed": Increment(1)})
        return True

    def _known(self, collection: str, name: str, value: str) -> bool:
        query = self._db.collection(collection).where(filter=FieldFilter(name, "==", value)).limit(1)
        return bool(list(query.stream()))


@contextmanager
def demo_site(folder: Path, posts: int) -> Iterator[str]:
    """The demo site, serving at the address that is yielded."""
    settings = site.Settings(data_dir=folder / "site", posts_per_city=posts)
    with running(site.build_app(settings)) as url:
        yield url


def demo_source(folder: Path, url: str) -> Source:
    """The definition of the demo site."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / "demo.toml").write_text(source_toml(url, datetime.now(UTC).date()), encoding="utf-8")
    (source,) = load_sources(folder / "sources")
    return source


def obvious(db: Client, backend: Backend, source: Source, urls: list[str]) -> tuple[Bill, int]:
    """The obvious way on the same posts: its bill, and how many leads it made."""

    async def read_all() -> list[Any]:
        async with backend.reader(source, HostMemory()) as reader:
            return list(await asyncio.gather(*(read_post(reader, source, url, demo=True) for url in urls)))

    posts = {post.url: post for post in asyncio.run(read_all()) if isinstance(post, ReadPost)}
    with counted(db) as meter:
        way, leads = ObviousWay(db), 0
        for url in urls:
            if way.harvest(url) and url in posts:
                leads += way.process(posts[url].marks(), posts[url].post.title)
    return meter.total, leads


def show(title: str, meter: Meter, urls: int, leads: int) -> None:
    """A campaign's bill, by stage and collection."""
    print(f"\n{title}: {urls} URLs, {leads} leads")
    print(f"  {'stage':9} {'collection':16} {'reads':>7} {'writes':>7} {'reads/URL':>10} {'writes/URL':>11}")
    for stage, bill in sorted(meter.stages.items()):
        for name in sorted({collection for _, collection in bill.by_collection}):
            reads, writes = bill.by_collection["read", name], bill.by_collection["write", name]
            print(f"  {stage:9} {name:16} {reads:7} {writes:7} {reads / urls:10.2f} {writes / urls:11.2f}")
        rest = f"in {bill.calls} calls, {bill.refused} writes refused"
        reads, writes = bill.reads, bill.writes
        print(f"  {stage:9} {'all':16} {reads:7} {writes:7} {reads / urls:10.2f} {writes / urls:11.2f}   {rest}")


def measure(db: Client, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Run both ways."""
    with demo_site(folder, options.posts) as url:
        source = demo_source(folder, url)
        backend = Backend(db, source, options.instances, options.rate)
        with counted(db) as first:
            request = backend.run("a" * 32, first)
        urls, leads = request.counts.harvested, request.counts.found
        show("First campaign", first, urls, leads)
        with counted(db) as again:
            second = backend.run("b" * 32, again)
        known = second.counts.known + second.counts.harvested
        show("The same listings again", again, known, second.counts.found)
        claimed = [one.to_dict()["url"] for one in Collections(db).posts.stream()]
        bill, obvious_leads = obvious(db, backend, source, sorted(claimed))
        print(
            f"\nThe obvious way: {len(claimed)} URLs, {obvious_leads} leads, {bill.reads} reads, {bill.writes} writes"
        )
    total, harvester = first.total, first.stages["harvest"]
    return {
        "reads_per_lead": round(total.reads / leads, 2),
        "writes_per_lead": round(total.writes / leads, 2),
        "reads_per_url": round(total.reads / urls, 2),
        "writes_per_url": round(total.writes / urls, 2),
        "harvest_reads_per_url": round(harvester.reads / urls, 2),
        "harvest_writes_per_url": round(harvester.writes / urls, 2),
        "again_reads_per_known_url": round(again.total.reads / known, 3),
        "again_writes_per_known_url": round(again.total.writes / known, 3),
        "obvious_reads_per_lead": round(bill.reads / obvious_leads, 2),
        "obvious_writes_per_lead": round(bill.writes / obvious_leads, 2),
        "urls": urls,
        "leads": leads,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200, help="posts of the demo site's city")
    parser.add_argument("--instances", type=int, default=3, help="instances of the Processor that take turns")
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second to the site, at most")
    options = parser.parse_args()
    with firestore_emulator() as address, tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FIRESTORE_EMULATOR_HOST": address, "GOOGLE_CLOUD_PROJECT": "demo-cost"}
        db = Client(project="demo-cost")
        figures = measure(db, Path(folder), options)
        db.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
