"""What integration tests share: a clock that moves when told, and a broker that delivers when told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Chicago."""


@dataclass
class FakeClock:
    """A clock that moves only when told."""

    moment: datetime = START

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class Broker:
    """Keeps published messages until they are delivered; can deliver each twice, or in another order."""

    queue: deque[tuple[str, dict[str, Any]]] = field(default_factory=deque)
    published: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Take a message."""
        self.queue.append((topic, message))
        self.published.append((topic, message))

    def deliver(self, handlers: dict[str, Callable[[dict[str, Any]], None]], *, copies: int = 1) -> int:
        """Deliver until nothing is left. Returns how many messages there were."""
        delivered = 0
        while self.queue:
            topic, message = self.queue.popleft()
            for _ in range(copies):
                handlers[topic](message)
            delivered += 1
            assert delivered < 2000, "messages never cease"
        return delivered
