"""Fetching and reading listing pages, also from synchronous code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from leadgen.harvest.cursor import read_cursor
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.listing import Listing, parse_listing, way_back
from leadgen.harvest.page import Page, Validators
from leadgen.harvest.sources import ListingRules, SitemapRules, Source

_MOST_STEPS = 4
"""Indexes of sitemaps that are passed on the way to posts, in one reading."""
_KEPT_PAGES = 2
"""Pages kept while sitemaps are read: the index, and the sitemap that is read in parts."""


class PageFetcher(Protocol):
    """Whatever fetches pages; `Fetcher` in production."""

    async def get(self, url: str, *, charset: str = "", feed: bool = False) -> Page:
        """Fetch a page, or raise `FetchError`. One that knows conditional requests takes `validators`, too."""
        ...


FetcherFactory = Callable[[Source], AbstractAsyncContextManager[PageFetcher]]


class ListingWalk:
    """Reads the listing of a source page by page, wherever it is told to go on.

    Args:
        fetcher: fetches the pages.
        source: the site.
    """

    def __init__(self, fetcher: PageFetcher, source: Source) -> None:
        self._fetcher = fetcher
        self._source = source
        self._kept: dict[str, Page] = {}

    async def read(self, url: str, validators: Validators | None = None) -> Listing:
        """The listing at a cursor: the address a city's listing begins at, or the `next_url` of the page before.

        A sitemap's index is passed through to the first sitemap with posts; one that does not exist is passed over.
        Where pages are counted, a page that does not exist is the end of the listing.

        Args:
            url: the cursor.
            validators: of the version known already; if the site says that it is still current, the listing that comes
                is `not_modified`. Not used for sitemaps, where one cursor may lead past several documents.

        Raises:
            FetchError: the page can't be had, or is no listing of the source's kind.
        """
        listing = await self._step(url, validators)
        for _ in range(_MOST_STEPS):
            if listing.post_urls or not listing.next_url or not isinstance(self._source.listing, SitemapRules):
                break
            listing = await self._step(listing.next_url)
        return listing

    async def _step(self, url: str, validators: Validators | None = None) -> Listing:
        cursor = read_cursor(url)
        try:
            page = await self._page(cursor.address, validators)
        except FetchError as error:
            if error.kind is FetchKind.GONE and (cursor.number is not None or cursor.parents):
                return Listing((), way_back(cursor))
            raise
        if page.not_modified:
            return Listing((), "", validators=page.validators, not_modified=True)
        return replace(parse_listing(page._replace(url=url), self._source), validators=page.validators)

    async def _page(self, address: str, validators: Validators | None = None) -> Page:
        if (kept := self._kept.pop(address, None)) is not None:
            self._kept[address] = kept  # the one used last is given up last
            return kept
        options: dict[str, str | bool | Validators] = {}
        if self._source.charset:
            options["charset"] = self._source.charset
        if not isinstance(self._source.listing, ListingRules):
            options["feed"] = True
        if validators is not None and not isinstance(self._source.listing, SitemapRules):
            options["validators"] = validators
        page = await self._fetcher.get(address, **options)  # type: ignore[arg-type]
        if isinstance(self._source.listing, SitemapRules):
            while len(self._kept) >= _KEPT_PAGES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[address] = page
        return page


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
        self._walk: ListingWalk | None = None
        self._page: tuple[str, Listing] | None = None
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

    def read(self, url: str, source: Source, validators: Validators | None = None) -> Listing:
        """The listing at a cursor.

        Args:
            url: the cursor.
            source: the site.
            validators: of the version known already; if it is still current, the listing is `not_modified`.

        Raises:
            FetchError: it can't be had.
        """
        if self._page is not None and self._page[0] == url:
            return self._page[1]
        if self._failure is not None and self._failure[0] == url:
            raise self._failure[1]
        try:
            listing = self._loop().run(self._get(url, source, validators))
        except FetchError as error:
            self._failure = (url, error)
            raise
        self._page = (url, listing)
        return listing

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner

    async def _get(self, url: str, source: Source, validators: Validators | None) -> Listing:
        if self._walk is None:
            context = self._factory(source)
            self._walk = ListingWalk(await context.__aenter__(), source)
            self._context = context
        return await self._walk.read(url, validators)

    async def _close(self, context: AbstractAsyncContextManager[PageFetcher]) -> None:
        await context.__aexit__(None, None, None)
