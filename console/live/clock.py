"""Time, injected, so that ages and retries can be tested without waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two kinds of time: one to show, one to measure with."""

    def now(self) -> datetime:
        """The present moment in UTC, for comparison with the documents' timestamps."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; every age and deadline is measured in these."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()
