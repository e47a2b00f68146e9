"""One feed's watch, what is known of it, and how long to wait before it is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from console.live.feed import Feed
from console.live.health import FeedHealth, FeedState
from console.live.link import Newest

BACKOFF_MAX_S = 30.0
FIRST_ANSWER_S = 15.0
"""A watch that has not delivered by then is started anew."""
START_GRACE_S = 1.0
"""A watch that was just started may not be active yet."""


def backoff(tries: int, rng: random.Random) -> float:
    """Seconds before attempt number `tries` + 1: 1, 2, 4 … up to 30, with up to a quarter less by chance."""
    return min(2.0 ** min(tries, 10), BACKOFF_MAX_S) * rng.uniform(0.75, 1.0)


@dataclass
class Listener:
    """One feed's watch and what is known of it."""

    feed: Feed
    watch: Any = None
    serial: int = 0
    started_at: float = 0.0
    loaded: bool = False
    """Whether this watch, and not just one before it, has delivered."""
    arrived_at: float = 0.0
    behind_since: float | None = None
    versions: dict[str, Any] = field(default_factory=dict)
    retry_at: float | None = None
    tries: int = 0
    health: FeedHealth = field(default_factory=FeedHealth)

    def confirm(self, moment: float) -> None:
        """The server confirmed this feed as of a moment."""
        known = self.health.confirmed_at
        self.health = FeedHealth(FeedState.LIVE, moment if known is None else max(known, moment))

    def holds(self, newest: Newest) -> bool:
        """Whether the listener has delivered that version of the feed's first document, or a later one."""
        if not newest.id:
            return not self.versions
        return newest.id in self.versions and bool(self.versions[newest.id] >= newest.updated)
