"""The product's own fetcher, with what a trial knows: no configuration, and a memory of this process alone."""

from __future__ import annotations

import math

from leadgen.harvest.fetch import Fetcher, HostMemory
from leadgen.harvest.sources import Source
from leadgen.harvest.transport import FetchLimits
from leadgen.model.config import Settings
from leadgen.store.clock import SystemClock
from leadgen.trial.places import Places

PRODUCT = "Leadgen/0.1"


def source_fetcher(source: Source, places: Places) -> Fetcher:
    """A fetcher at the pace of a source's definition. Nobody pays for its time, so it waits for its turn."""
    turn_s = 60.0 + source.delay_seconds * source.concurrency * 4
    usual = Settings().harvest_requests_per_second
    return Fetcher(
        clock=SystemClock(),
        user_agent=f"{PRODUCT} (operated by {source.policy.acknowledged_by.strip() or 'operator'})",
        local_hosts=places.local_hosts,
        requests_per_second=math.inf if places.is_local(source.base_url) else usual,
        delay_seconds=source.delay_seconds,
        concurrency=source.concurrency,
        memory=HostMemory(),
        limits=FetchLimits(pace_wait_s=turn_s, overall_s=3 * turn_s),
    )


def page_fetcher(places: Places, memory: HostMemory) -> Fetcher:
    """A fetcher for pages named by hand."""
    return Fetcher(
        clock=SystemClock(),
        user_agent=f"{PRODUCT} (operated by operator)",
        local_hosts=places.local_hosts,
        memory=memory,
    )
