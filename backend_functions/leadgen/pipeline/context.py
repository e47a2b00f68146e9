"""What the stages work with: built from the environment in production, by hand in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from leadgen.environment import Environment, read_environment
from leadgen.harvest.sources import City, Source, load_sources, require_acknowledged, source_for_city
from leadgen.store.client import Collections, firestore_client
from leadgen.store.clock import Clock, SystemClock, new_owner
from leadgen.store.messages import Publisher, PubSubPublisher

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from leadgen.harvest.fetch import Page
    from leadgen.llm.enrich import Enricher


class PageReader(Protocol):
    """Reads pages and pictures politely."""

    async def get(self, url: str) -> Page:
        """A page; raises `FetchError`."""
        ...

    async def get_bytes(self, url: str) -> bytes:
        """A picture; raises `FetchError`."""
        ...


OpenReader = Callable[[Source], AbstractAsyncContextManager[PageReader]]


class Context:
    """The parts a stage needs. Anything not given is made from the environment when it is first used.

    Args:
        db: Firestore.
        env: addresses and secrets.
        clock: the clock.
        publisher: carries hints.
        sources: source definitions.
        open_reader: opens a polite reader for a source.
        enricher: makes an enricher.
    """

    def __init__(
        self,
        db: Client,
        env: Environment,
        *,
        clock: Clock | None = None,
        publisher: Publisher | None = None,
        sources: tuple[Source, ...] | None = None,
        open_reader: OpenReader | None = None,
        enricher: Callable[[], Enricher] | None = None,
    ) -> None:
        self.db = db
        self.env = env
        self.names = Collections(db)
        self.clock = clock or SystemClock()
        self.publisher = publisher or PubSubPublisher(env.project)
        self.owner = new_owner()
        self._sources = sources
        self._open_reader = open_reader
        self._enricher = enricher

    @classmethod
    def from_environment(cls) -> Context:
        """The context of a deployed function."""
        return cls(firestore_client(), read_environment())

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The source definitions; raises `InvalidInput` when one is not valid."""
        return load_sources(self.env.sources) if self._sources is None else self._sources

    def source_for(self, city: str) -> tuple[Source, City]:
        """The source and city to harvest; raises where there is none or its policy is not acknowledged."""
        source, found = source_for_city(self.sources, city)
        require_acknowledged(source)
        return source, found

    def source(self, source_id: str) -> Source | None:
        """The source of that id, if it (still) exists."""
        return next((source for source in self.sources if source.id == source_id), None)

    def relay_domains(self, source_id: str) -> tuple[str, ...]:
        """Domains of a source's own mail relay."""
        source = self.source(source_id)
        return tuple(source.policy.relay_domains) if source else ()

    def may_email(self, source_id: str) -> bool:
        """Whether a lead of this source may be written to. Leads handed in by the operator have no source."""
        if not source_id:
            return True
        source = self.source(source_id)
        return source is not None and source.is_acknowledged and source.policy.may_email

    def cities(self) -> Iterator[tuple[Source, City, bool]]:
        """Every source's cities, and whether the source's policy is acknowledged."""
        for source in self.sources:
            for city in source.cities:
                yield source, city, source.is_acknowledged

    def open_reader(self, source: Source) -> AbstractAsyncContextManager[PageReader]:
        """A polite reader for the pages of a source."""
        if self._open_reader is not None:
            return self._open_reader(source)
        from leadgen.pipeline.wiring import open_reader

        return open_reader(self.db, self.env, self.clock, source)

    def enricher(self) -> Enricher:
        """The enricher, with the model if one is configured."""
        if self._enricher is not None:
            return self._enricher()
        from leadgen.pipeline.wiring import build_enricher

        return build_enricher(self.db, self.env, self.clock, self.owner)
