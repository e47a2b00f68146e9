"""Builds the parts that talk to the outside: the polite reader and the enricher. Heavy, so imported when first used."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from leadgen.environment import Environment
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.hosts.memory import shared_memory
from leadgen.harvest.robots import RobotsCache
from leadgen.harvest.sources import Source
from leadgen.llm.cache import Answers
from leadgen.llm.checking import check_models
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.llm.providers import Provider, providers_of
from leadgen.model.modeltest import ModelTested
from leadgen.pipeline.website_reader import HomePageReader
from leadgen.pipeline.websites import WebsiteMemory, Websites
from leadgen.settings import read_settings
from leadgen.store.clock import Clock, new_owner

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PRODUCT = "Leadgen/0.1"

_WEBSITE_ROBOTS = RobotsCache()
"""robots.txt of the websites this process has looked at."""

_WEBSITES = WebsiteMemory()
"""The websites this process has looked at lately."""


def open_reader(db: Client, env: Environment, clock: Clock, source: Source) -> Fetcher:
    """A polite reader for a source, at the pace of its definition and of the configuration, whichever is slower."""
    settings = read_settings(db)
    contact = source.policy.acknowledged_by.strip() or "operator"
    return Fetcher(
        clock=clock,
        user_agent=f"{PRODUCT} (operated by {contact})",
        local_hosts=env.local_hosts,
        requests_per_second=settings.harvest_requests_per_second,
        delay_seconds=source.delay_seconds,
        concurrency=source.concurrency,
        memory=_host_memory(db, env.local_hosts),
    )


@lru_cache(maxsize=4)
def _host_memory(db: Client, local_hosts: frozenset[str]) -> HostMemory:
    """What this process knows about hosts: robots.txt, and when they may be asked next; shared with all others."""
    return shared_memory(db, local_hosts)


def build_enricher(db: Client, env: Environment, clock: Clock) -> Enricher:
    """The enricher: with the model of the environment, or by rules where none is configured."""
    return Enricher(_governor(db), _providers(env), clock, answers=Answers(db, clock))


def try_models(db: Client, env: Environment) -> list[ModelTested]:
    """One call to each configured model, under the Governor; none where no model is configured."""
    return check_models(_governor(db), _providers(env))


@lru_cache(maxsize=4)
def _governor(db: Client) -> Governor:
    """The Governor of this process: what its threads want at the same moment is asked for together."""
    return Governor(db, owner=new_owner())


@lru_cache(maxsize=4)
def _providers(env: Environment) -> tuple[Provider, ...]:
    """The providers, with what this process knows of their being in use."""
    return providers_of(env)


def build_websites(env: Environment, clock: Clock, sources: Iterable[Source]) -> Websites:
    """What scores the websites of new leads; a source's own site may keep pages of many businesses."""
    known = list(sources)
    shared_hosts = {urlsplit(source.base_url).netloc for source in known}
    names = (source.policy.acknowledged_by.strip() for source in known if source.is_acknowledged)
    user_agent = f"{PRODUCT} (operated by {next(names, 'operator')})"

    def open_reader() -> HomePageReader:
        return HomePageReader(clock, user_agent, env.local_hosts, _WEBSITE_ROBOTS)

    return Websites(open_reader, clock, shared_hosts=shared_hosts, memory=_WEBSITES)
