"""A small world of advertisers: their ads as pages, campaigns that meet them, and several workers who read them.

It runs on Firestore in memory and on the emulator alike. Pages go the whole way: HTML, extraction, triage, intake.
"""

from __future__ import annotations

import io
import json
import random
import tomllib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from leadgen.environment import read_environment
from leadgen.harvest.sources import Source, read_definition
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.model.documents import Batch, Counts, ProcessorRequest, Suppression
from leadgen.model.ids import suppression_id
from leadgen.model.status import BatchStatus, RequestStatus
from leadgen.pipeline.batches import process_batch
from leadgen.pipeline.context import Context
from leadgen.process.entries import SEGMENT_BYTES
from leadgen.process.index_log import IndexLog, LogMemory
from leadgen.store.client import Collections
from tests.support import Broker, FakeClock

HOST = "https://ads.test"
CITIES = {"austin": "America/Chicago", "dallas": "America/Chicago"}


@dataclass(frozen=True)
class Ad:
    """What one post shows.

    Args:
        phones: as they are written.
        emails: as they are written.
        business: in structured data, or "".
        picture: number of a picture, or None.
        quality: of the picture's JPEG; another one is another file.
        side: the picture's width.
        captcha: whether a contact page is behind a CAPTCHA.
        price: as it is written, or "".
    """

    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    business: str = ""
    picture: int | None = None
    quality: int = 90
    side: int = 640
    captcha: bool = False
    price: str = ""

    def page(self, number: int) -> str:
        """The post as a page."""
        lines = [f"<p>Call {phone} for a quote.</p>" for phone in self.phones]
        lines += [f'<p>Mail <a href="mailto:{email}">{email}</a></p>' for email in self.emails]
        data = {"@context": "https://schema.org", "@type": "LocalBusiness", "name": self.business}
        block = f'<script type="application/ld+json">{json.dumps(data)}</script>' if self.business else ""
        reply = f'<a class="reply" href="/reply/{number}">reply</a>' if self.captcha else ""
        image = f'<figure class="gallery"><img src="/image/{number}.jpg"></figure>' if self.picture is not None else ""
        text = "<p>Fences and gates, honest work.</p>"
        price = f'<p class="price">{self.price}</p>' if self.price else ""
        return f"""<html><head>{block}</head><body><h1 id="post-title">Fences</h1>
            <section id="posting-body">{text}{"".join(lines)}</section>{price}{image}{reply}</body></html>"""

    def image(self) -> bytes:
        """Its picture as a file."""
        assert self.picture is not None
        return _jpeg(self.picture, self.quality, self.side)


@lru_cache(maxsize=256)
def _jpeg(number: int, quality: int, side: int) -> bytes:
    from PIL import Image, ImageDraw

    rng = random.Random(number)
    patches = Image.new("RGB", (7, 5))
    patches.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(35)])
    image = patches.resize((640, 480), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, size = rng.randrange(640), rng.randrange(480), rng.randrange(30, 160)
        draw.ellipse((x, y, x + size, y + size), fill=(rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    buffer = io.BytesIO()
    image.resize((side, side * 3 // 4)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def source() -> Source:
    """The site's definition."""
    cities = "".join(f'[cities.{key}]\nlisting_url = "/{key}"\ntimezone = "{zone}"\n' for key, zone in CITIES.items())
    text = f"""
        [source]
        id = "ads"
        name = "Ads"
        base_url = "{HOST}"
        concurrency = 4
        delay_seconds = 0.0
        region = "US"
        [policy]
        acknowledged_by = "a test"
        acknowledged_on = 2026-03-01
        may_email = true
        {cities}
        [listing]
        post_link = "a.post"
        [post]
        title = "h1#post-title"
        body = "section#posting-body"
        images = "figure.gallery img"
        contact_link = "a.reply"
        contact_gate = "captcha"
        [post.fields]
        price = {{ selector = "p.price" }}
    """
    lines = "\n".join(line.strip() for line in text.splitlines())
    return read_definition("ads.toml", tomllib.loads(lines))


class World:
    """Campaigns and workers around one database.

    Args:
        db: Firestore, of memory or the emulator.
        segment_bytes: when the identity log goes on in a new segment.
    """

    def __init__(self, db: Any, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.db, self.clock, self.broker = db, FakeClock(), Broker()
        self.source = source()
        self.ads: list[Ad] = []
        self.segment_bytes = segment_bytes
        self.fetched: list[str] = []
        self.env = replace(read_environment(), local_hosts=frozenset())
        self._batches: dict[str, int] = {}

    def worker(self) -> Context:
        """A worker of its own, a second later: nothing but the database is shared with the others."""
        self.clock.advance(1)
        return Context(
            self.db,
            self.env,
            clock=self.clock,
            publisher=self.broker,
            sources=(self.source,),
            open_reader=self._reader,
            enricher=lambda: Enricher(Governor(self.db, owner="test"), (), self.clock),
            identities=IndexLog(self.db, LogMemory(), self.segment_bytes),
        )

    @asynccontextmanager
    async def _reader(self, source: Source) -> AsyncIterator[Any]:
        async def get(url: str, **options: Any) -> Any:
            self.fetched.append(url)
            number = int(url.rsplit("/", 1)[1])
            return SimpleNamespace(text=self.ads[number].page(number), final_url=url)

        async def get_bytes(url: str, **options: Any) -> bytes:
            self.fetched.append(url)
            return self.ads[int(url.rsplit("/", 1)[1].split(".")[0])].image()

        yield SimpleNamespace(get=get, get_bytes=get_bytes)

    def campaign(self, request_id: str, city: str = "austin", template: int = 1) -> str:
        """Start a campaign."""
        request = ProcessorRequest(
            template_id=template,
            city=city,
            number_of_leads_to_process=1000,
            request_timestamp=self.clock.now(),
            status=RequestStatus.PROCESSING,
            source_id="ads",
        )
        Collections(self.db).requests.document(request_id).create(request.to_firestore())
        return request_id

    def harvest(self, request_id: str, ads: Iterable[Ad]) -> int:
        """Posts are found: a batch of them, and its number."""
        first = len(self.ads)
        self.ads += ads
        urls = [f"{HOST}/post/{number}" for number in range(first, len(self.ads))]
        number = self._batches.get(request_id, 0)
        self._batches[request_id] = number + 1
        rooms = Collections(self.db)
        batch = Batch(urls=urls, status=BatchStatus.PUBLISHED, published_at=self.clock.now())
        rooms.batches(request_id).document(str(number)).create(batch.to_firestore())
        ref = rooms.requests.document(request_id)
        request = self.request(request_id)
        ref.update(
            {"inFlight": request.in_flight + len(urls), "counts.harvested": request.counts.harvested + len(urls)}
        )
        return number

    def meet(self, request_id: str, *ads: Ad, worker: Context | None = None) -> list[str]:
        """Posts are found and processed; their outcomes, in order."""
        number = self.harvest(request_id, ads)
        self.clock.advance(1)
        process_batch(worker or self.worker(), request_id, number)
        return self.outcomes(request_id, number)

    def outcomes(self, request_id: str, number: int) -> list[str]:
        """Outcomes of a batch, in the order of its posts."""
        from leadgen.model.ids import post_id

        data = Collections(self.db).batches(request_id).document(str(number)).get().to_dict() or {}
        batch = Batch.from_firestore(data)
        return [batch.outcomes.get(post_id(url), "") for url in batch.urls]

    def suppress(self, kind: str, value: str) -> None:
        """Somebody asked not to be written to."""
        entry = Suppression(kind=kind, value=value, reason="asked", created_by="t", created_at=self.clock.now())
        ref = Collections(self.db).suppressions.document(suppression_id(kind, value))
        if not ref.get().exists:
            ref.create(entry.to_firestore())

    def request(self, request_id: str) -> ProcessorRequest:
        """A campaign as it stands."""
        data = Collections(self.db).requests.document(request_id).get().to_dict() or {}
        return ProcessorRequest.from_firestore(data)

    def counts(self, request_id: str) -> Counts:
        """A campaign's counts, after a look at its two sums."""
        request = self.request(request_id)
        c = request.counts
        assert c.harvested == c.found + c.duplicates + c.suppressed + c.no_contact + c.dead + request.in_flight, c
        assert c.found == c.waiting + c.queued + c.review + c.phone_only + c.unresolved, c
        assert min(c.model_dump().values()) >= 0, c
        return c

    def all(self, collection: str) -> dict[str, dict[str, Any]]:
        """Documents of a collection, by id."""
        return {s.id: s.to_dict() or {} for s in self.db.collection(collection).stream()}

    def contact(self, **fields: Any) -> tuple[str, dict[str, Any]]:
        """The one contact with these fields, and its id."""
        found = [(i, c) for i, c in self.all("contacts").items() if all(c.get(k) == v for k, v in fields.items())]
        assert len(found) == 1, found
        return found[0]
