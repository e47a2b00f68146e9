"""Reading listing pages from synchronous code, one page in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from leadgen.harvest.failures import FetchError
from leadgen.harvest.fetch import Page
from leadgen.harvest.listing import Listing, parse_listing
from leadgen.harvest.sources import Source


class PageFetcher(Protocol):
    """Whatever fetches pages; `Fetcher` in production."""

    async def get(self, url: str) -> Page:
        """Fetch a page, or raise `FetchError`."""
        ...


FetcherFactory = Callable[[Source], AbstractAsyncContextManager[PageFetcher]]


@dataclass
class OpenPage:
    """The listing page at the cursor.

    Args:
        url: its address.
        listing: its links.
        claimed_by: post id → campaign, of those known to be claimed; `None` when that must be looked up (again).
    """

    url: str
    listing: Listing
    claimed_by: dict[str, str] | None = field(default=None)


class ListingReader:
    """Fetches and parses listing pages on an event loop of its own; a context manager.

    The page read last stays in memory, and so does a failure: deciding again after a lost race asks the site nothing.

    Args:
        factory: makes the fetcher for a source.
    """

    def __init__(self, factory: FetcherFactory) -> None:
        self._factory = factory
        self._runner: asyncio.Runner | None = None
        self._context: AbstractAsyncContextManager[PageFetcher] | None = None
        self._fetcher: PageFetcher | None = None
        self._page: OpenPage | None = None
        self._failure: tuple[str, FetchError] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is None:
            return
        with self._runner as runner:
            if self._context is not None:
                runner.run(self._close(self._context))

    def read(self, url: str, source: Source) -> OpenPage:
        """The listing page of that address.

        Raises:
            FetchError: it can't be had.
        """
        if self._page is not None and self._page.url == url:
            return self._page
        if self._failure is not None and self._failure[0] == url:
            raise self._failure[1]
        try:
            page = self._loop().run(self._get(url, source))
        except FetchError as error:
            self._failure = (url, error)
            raise
        self._page = OpenPage(url, parse_listing(page, source))
        return self._page

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner

    async def _get(self, url: str, source: Source) -> Page:
        if self._fetcher is None:
            context = self._factory(source)
            self._fetcher = await context.__aenter__()
            self._context = context
        return await self._fetcher.get(url)

    async def _close(self, context: AbstractAsyncContextManager[PageFetcher]) -> None:
        await context.__aexit__(None, None, None)
