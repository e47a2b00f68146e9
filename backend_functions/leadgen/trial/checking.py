"""Runs a source definition against its live listing, and says of each post what would be found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from leadgen.harvest.failures import FetchError
from leadgen.harvest.fetch import Page
from leadgen.harvest.reading import ListingWalk, PageFetcher
from leadgen.harvest.sources import City, Source, require_acknowledged, source_for_city
from leadgen.harvest.sources.loading import read_source
from leadgen.model.errors import NotAllowed
from leadgen.pipeline.reading import UnreadPost, read_post
from leadgen.trial.duplicates import AuthorsMet
from leadgen.trial.fetching import source_fetcher
from leadgen.trial.places import Places
from leadgen.trial.records import post_record, unread_record
from leadgen.trial.selectors import missed_rules
from leadgen.trial.tally import Tally

Sink = Callable[[dict[str, Any]], bool]
"""Takes a post's record; False ends the run, because nobody listens any more."""

_ACKNOWLEDGE = (
    "Read the site's terms; if they allow it, write under [policy] in {file}: "
    'acknowledged_by = "your name", and acknowledged_on = 2026-01-31 with the day you read them.'
)


class SourceReader(PageFetcher, Protocol):
    """Reads a source's pages and pictures politely."""

    async def get_bytes(self, url: str) -> bytes:
        """A picture; raises `FetchError`."""
        ...


def open_definition(path: Path, city: str) -> tuple[Source, City]:
    """The source a file defines, and the city to look at: the one named, or the first.

    Raises:
        InvalidInput: the definition is not as it must be.
        NotFound: the source has no such city.
        NotAllowed: nobody acknowledged its policy, and looking at a site is reading it.
    """
    source = read_source(path)
    try:
        require_acknowledged(source)
    except NotAllowed as error:
        raise NotAllowed(error.detail, hint=_ACKNOWLEDGE.format(file=path.name)) from None
    return source_for_city([source], city or source.cities[0].key)


def run_check(
    source: Source, city: City, limit: int, places: Places, tally: Tally, sink: Sink, begun: Callable[[], None]
) -> None:
    """Read posts of a city's listing until there are enough, or no more. Ctrl+C ends it early and in order.

    Args:
        source: the site; its policy is acknowledged.
        city: whose listing.
        limit: posts, at most.
        places: which loopback hosts may be read.
        tally: is told what happens, as it happens.
        sink: takes each post's record as soon as it is there.
        begun: called once Ctrl+C is waited for. Before, while modules are imported, Python may lose one: it raises
            nothing out of a destructor or a weak reference's callback.
    """

    async def run() -> None:
        begun()
        await check(source, city, limit, places, tally, sink, source_fetcher(source, places))

    asyncio.run(run())


async def check(
    source: Source,
    city: City,
    limit: int,
    places: Places,
    tally: Tally,
    sink: Sink,
    fetcher: AbstractAsyncContextManager[SourceReader],
) -> None:
    """The same on a running event loop, with a fetcher of the caller's."""
    require_acknowledged(source)
    try:
        async with fetcher as reader:
            await _Run(source, city, limit, places, tally, sink, reader).run()
    except asyncio.CancelledError:
        tally.interrupted = True
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()


class _Run:
    """One run: a producer of links, and as many readers as the source allows at a time."""

    def __init__(
        self,
        source: Source,
        city: City,
        limit: int,
        places: Places,
        tally: Tally,
        sink: Sink,
        reader: SourceReader,
    ) -> None:
        self._source = source
        self._city = city
        self._limit = limit
        self._demo = places.is_local(source.base_url)
        self._tally = tally
        self._sink = sink
        self._reader = _Remembering(reader)
        self._walk = ListingWalk(reader, source)
        self._authors = AuthorsMet()
        self._links: asyncio.Queue[str | None] = asyncio.Queue(maxsize=source.concurrency)
        self._listened_to = True

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._source.concurrency):
                group.create_task(self._read_posts())
            async for url in self._post_urls():
                await self._links.put(url)
            for _ in range(self._source.concurrency):
                await self._links.put(None)

    async def _post_urls(self) -> AsyncIterator[str]:
        seen: set[str] = set()
        cursor = self._city.listing_url
        for number in range(self._source.max_pages):
            try:
                listing = await self._walk.read(cursor)
            except FetchError as error:
                self._tally.listing_failed(cursor, error.reason)
                return
            self._tally.page_read(number, len(listing.post_urls), listing.remark)
            for url in listing.post_urls:
                if url in seen:
                    continue
                if len(seen) >= self._limit or not self._listened_to:
                    return
                seen.add(url)
                yield url
            if not listing.next_url or len(seen) >= self._limit:
                return
            cursor = listing.next_url

    async def _read_posts(self) -> None:
        while (url := await self._links.get()) is not None:
            if self._listened_to:
                record = await self._record(url)
                self._tally.post_done(record)
                self._listened_to = self._sink(record) and self._listened_to

    async def _record(self, url: str) -> dict[str, Any]:
        result = await read_post(self._reader, self._source, url, demo=self._demo, city=self._city.key)
        html = self._reader.forget(url)
        if isinstance(result, UnreadPost):
            return unread_record(result)
        self._tally.rules_missed(missed_rules(self._source.post, html, result.post))
        return post_record(result, html, self._authors.meet(result.marks()))


class _Remembering:
    """A reader that keeps the text of pages until it is asked for."""

    def __init__(self, reader: SourceReader) -> None:
        self._reader = reader
        self._texts: dict[str, str] = {}

    async def get(self, url: str, *, charset: str = "", feed: bool = False) -> Page:
        page = await (self._reader.get(url, charset=charset) if charset else self._reader.get(url))
        self._texts[url] = page.text
        return page

    async def get_bytes(self, url: str) -> bytes:
        return await self._reader.get_bytes(url)

    def forget(self, url: str) -> str:
        return self._texts.pop(url, "")
