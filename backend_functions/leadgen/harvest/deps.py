"""What the harvest works with; all of it is handed in."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadgen.harvest.plan import Limits
from leadgen.harvest.reading import FetcherFactory
from leadgen.harvest.sources import Source
from leadgen.store.clock import Clock
from leadgen.store.messages import Publisher

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@dataclass(frozen=True)
class HarvestDeps:
    """What the harvest works with.

    Args:
        db: the Firestore client.
        sources: the loaded source definitions.
        fetcher_factory: makes the fetcher for a source.
        publisher: carries hints.
        clock: the present moment.
        owner: name of this worker's leases; no other worker has it.
        rng: source of chance.
        sleep: waits, in seconds.
        limits: bounds of a campaign's harvest.
        lease_s: how long a worker may be silent before another takes over, in seconds; longer than one listing page
            may take with all its retries.
        budget_s: no new page or batch is begun after this long, in seconds; the rest is handed to a new run.
        grace_s: a batch nobody took for this long counts as lost, in seconds.
    """

    db: Client
    sources: tuple[Source, ...]
    fetcher_factory: FetcherFactory
    publisher: Publisher
    clock: Clock
    owner: str
    rng: random.Random = field(default_factory=random.Random)
    sleep: Callable[[float], None] = time.sleep
    limits: Limits = field(default_factory=Limits)
    lease_s: float = 180.0
    budget_s: float = 240.0
    grace_s: float = 120.0
