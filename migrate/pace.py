"""How fast documents are written: a limit, and the ramp that Firestore asks for.

A collection that was quiet should begin with 500 writes a second and grow by half every five minutes, so that the
service can split it (https://firebase.google.com/docs/firestore/best-practices#ramping_up_traffic).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

RAMP_START = 500.0
RAMP_FACTOR = 1.5
RAMP_STEP_S = 300.0


@dataclass
class Pace:
    """Holds writers back.

    Args:
        limit: documents a second at most; 0 for no limit.
        ramp: whether to begin slowly, as above.
        now: seconds of a clock that never goes back.
        sleep: waits that many seconds.
    """

    limit: float = 0.0
    ramp: bool = False
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _began: float | None = field(default=None, init=False)
    _free_at: float = field(default=0.0, init=False)

    def rate(self) -> float:
        """Documents a second at the moment; 0 for no limit."""
        if not self.ramp:
            return self.limit
        past = self.now() - self._began if self._began is not None else 0.0
        ramped = RAMP_START * RAMP_FACTOR ** min(int(past // RAMP_STEP_S), 40)
        return min(ramped, self.limit) if self.limit else ramped

    def take(self, documents: int) -> None:
        """Wait until so many documents may be written."""
        now = self.now()
        if self._began is None:
            self._began = now
        rate = self.rate()
        if not rate:
            return
        begin = max(now, self._free_at)
        self._free_at = begin + documents / rate
        if begin > now:
            self.sleep(begin - now)
