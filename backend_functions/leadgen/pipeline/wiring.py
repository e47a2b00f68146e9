"""Builds the parts that talk to the outside: the polite reader and the enricher. Heavy, so imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadgen.environment import Environment
from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.sources import Source
from leadgen.llm.client import model_client
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.settings import read_settings
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PRODUCT = "Leadgen/0.1"

_MEMORY = HostMemory()
"""What this process knows about hosts: robots.txt, and when they may be asked next."""


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
        memory=_MEMORY,
    )


def build_enricher(db: Client, env: Environment, clock: Clock, owner: str) -> Enricher:
    """The enricher: with the model of the environment, or by rules where none is configured."""
    return Enricher(Governor(db, owner=owner), model_client(env), clock)
