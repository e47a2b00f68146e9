"""What the stages work with: built from the environment in production, by hand in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from leadgen.environment import Environment, read_environment
from leadgen.harvest.sources import City, Source, load_sources, require_acknowledged, source_for_city
from leadgen.model.errors import InvalidInput
from leadgen.store.client import Collections, firestore_client
from leadgen.store.clock import Clock, SystemClock, new_owner
from leadgen.store.messages import Publisher, PubSubPublisher

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from leadgen.harvest.fetch import Page
    from leadgen.llm.enrich import Enricher
    from leadgen.pipeline.websites import Websites
    from leadgen.process.index_log import IndexLog


class PageReader(Protocol):
    """Reads pages and pictures politely."""

    async def get(self, url: str, *, charset: str = "", feed: bool = False) -> Page:
        """A page, a feed or a sitemap; raises `FetchError`."""
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
        websites: scores the websites of new leads. Where a reader is given by hand and this is not, nobody looks.
        identities: the identity log.
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
        websites: Websites | None = None,
        identities: IndexLog | None = None,
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
        self._websites = websites
        self._identities = identities

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

        return build_enricher(self.db, self.env, self.clock)

    @cached_property
    def identities(self) -> IndexLog:
        """Who has which phone, email, picture and post."""
        if self._identities is not None:
            return self._identities
        from leadgen.process.index_log import shared_log

        return shared_log(self.db)

    @property
    def websites(self) -> Websites:
        """Scores the websites of new leads."""
        if self._websites is None:
            self._websites = self._default_websites()
        return self._websites

    def _default_websites(self) -> Websites:
        if self._open_reader is not None:
            from leadgen.pipeline.websites import Websites

            return Websites(None, self.clock)
        from leadgen.pipeline.wiring import build_websites

        try:
            return build_websites(self.env, self.clock, self.sources)
        except InvalidInput:  # a definition that is not valid must not cost a lead that was handed in
            return build_websites(self.env, self.clock, ())
