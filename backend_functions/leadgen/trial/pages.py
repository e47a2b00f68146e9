"""What the Processor finds in saved pages and at addresses, one record each, in the order they were named."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from types import TracebackType
from typing import Self

from leadgen.harvest.failures import FetchError
from leadgen.harvest.fetch import Fetcher, HostMemory, Page
from leadgen.trial.fetching import page_fetcher
from leadgen.trial.inputs import MAX_BYTES, Input, Text, Unreadable, expand, to_text
from leadgen.trial.places import Places
from leadgen.trial.records import Record, unread_page_record
from leadgen.trial.saved import read_many, read_one, text_record

_WORTH_A_POOL = 200
"""Files; for fewer, other processes take longer to begin than the work takes."""
_CHUNK = 16
_CHUNKS_AHEAD = 4
"""Per process: bounds what is read ahead of what is printed."""


def extract_all(names: Iterable[str], region: str, places: Places, jobs: int = 0) -> Iterator[Record]:
    """A record for each page, in order; what can't be read has an ``error``.

    Args:
        names: folders, files, http(s) addresses, "-" for standard input.
        region: ISO 3166 code of the country whose numbers may be written without a country code.
        places: which loopback hosts may be read.
        jobs: processes that read files; 0 for as many as are worth it.
    """
    inputs = expand(names)
    first = list(islice(inputs, _WORTH_A_POOL))
    workers = jobs or (min(os.cpu_count() or 1, 8) if len(first) == _WORTH_A_POOL else 1)
    with ExitStack() as stack:
        pool = stack.enter_context(_Pool(workers)) if workers > 1 else None
        web = stack.enter_context(_Web(places))
        for chunk in _chunks(first, inputs, pool, region):
            for one, record in chunk:
                yield record if record is not None else _read_here(one, region, web)


def _read_here(one: Input, region: str, web: _Web) -> Record:
    if one.kind == "unreadable":
        return unread_page_record(one.name, one.reason)
    if one.kind == "file":
        return read_one(one, region)
    try:
        if one.kind == "url":
            text, demo = web.read(one.name)
        else:
            text, demo = to_text(sys.stdin.buffer.read(MAX_BYTES)), False
        return text_record(one.name, text, region, demo=demo)
    except FetchError as error:
        return unread_page_record(one.name, error.reason)
    except (Unreadable, OSError) as error:
        return unread_page_record(one.name, str(error))
    except Exception as error:
        return unread_page_record(one.name, f"the page can't be read ({type(error).__name__})")


_Read = list[tuple[Input, Record | None]]


def _chunks(first: list[Input], rest: Iterator[Input], pool: _Pool | None, region: str) -> Iterator[_Read]:
    """Inputs with the records that the pool made of them; files without a pool, and all else, have none yet."""
    everything = (one for part in (first, rest) for one in part)
    if pool is None:
        for one in everything:
            yield [(one, None)]
        return
    waiting: list[tuple[list[Input], Future[list[Record]] | None]] = []
    while True:
        while len(waiting) < pool.room and (chunk := list(islice(everything, _CHUNK))):
            waiting.append((chunk, pool.submit(chunk, region)))
        if not waiting:
            return
        chunk, future = waiting.pop(0)
        yield _collected(chunk, future)


def _collected(chunk: list[Input], future: Future[list[Record]] | None) -> _Read:
    if future is None:
        return [(one, None) for one in chunk]
    try:
        records = iter(future.result())
    except BrokenProcessPool:
        # A page brought a process down. Read here what is left: it is one page at a time, and says which.
        return [(one, None) for one in chunk]
    return [(one, next(records) if one.kind == "file" else None) for one in chunk]


class _Pool:
    """Processes that read files; a context manager."""

    def __init__(self, workers: int) -> None:
        self.room = workers * _CHUNKS_AHEAD
        # Started afresh rather than forked: a fork of a process with threads may hang.
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts_to_parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def submit(self, chunk: list[Input], region: str) -> Future[list[Record]] | None:
        """Have the files of a chunk read; `None` where the pool is gone."""
        try:
            return self._executor.submit(read_many, [one for one in chunk if one.kind == "file"], region)
        except (BrokenProcessPool, RuntimeError):
            return None


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Web:
    """Reads addresses with one fetcher; a context manager. Nothing is opened before the first address."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._memory = HostMemory()
        self._runner: asyncio.Runner | None = None
        self._fetcher: Fetcher | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            with self._runner as runner:
                if self._fetcher is not None:
                    runner.run(self._fetcher.__aexit__(None, None, None))

    def read(self, url: str) -> tuple[Text, bool]:
        """A page, and whether it is one of this machine's; raises `FetchError`."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        page = self._runner.run(self._get(url))
        is_html = "html" in page.content_type or (page.content_type != "text/plain" and "<" in page.text[:2000])
        return Text(page.text, is_html, page.final_url), self._places.is_local(page.final_url)

    async def _get(self, url: str) -> Page:
        if self._fetcher is None:
            self._fetcher = await page_fetcher(self._places, self._memory).__aenter__()
        return await self._fetcher.get(url)
