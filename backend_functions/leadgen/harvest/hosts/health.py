"""How a host copes, judged by its answers, and the pause that follows. Pure: no I/O, no clock.

The rate of requests adapts as TCP's does (additive increase, multiplicative decrease, RFC 5681 §3.1): trouble halves
it at once, each good answer adds a little. It only ever adds a pause to what the rules ask for: no host is asked
faster than its source, its Crawl-delay and the configuration allow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host

LONGEST_PAUSE_S = 60.0
SHORTEST_PAUSE_S = 0.5
"""The first pause after trouble, at least: halving a rate of fifty a second would tell the host nothing."""
RATE_STEP = 0.02
"""Share of the rate that the rules allow which each good answer gives back: some fifty undo any trouble."""
SICK_ERROR_RATE = 0.25
"""About three failures in a row: some pages of any site fail, and that is no reason to slow down for the others."""
SLOW_FACTOR, SLOW_FROM_S = 3.0, 1.0
"""An answer this many times slower than usual, and slower than this at all, says that the host is under load."""
HOLD_AFTER, FIRST_HOLD_S, LONGEST_HOLD_S = 5, 30.0, 600.0
_SHORTEST_INTERVAL_S = 0.01
_ERROR_WEIGHT, _LATENCY_WEIGHT, _USUAL_WEIGHT = 0.1, 0.3, 0.02


@dataclass(frozen=True, slots=True)
class Health:
    """How a host copes.

    Args:
        pause_s: pause between two requests that its answers ask for, in seconds; 0 if they ask for none.
        latency_s: how long an answer takes now, smoothed; 0 before the first.
        usual_s: how long one takes when all is well: falls quickly, rises slowly.
        error_rate: share of requests that met trouble, smoothed.
        troubles: requests in a row that met trouble.
    """

    pause_s: float = 0.0
    latency_s: float = 0.0
    usual_s: float = 0.0
    error_rate: float = 0.0
    troubles: int = 0

    def after(self, outcome: Outcome, interval_s: float) -> Health:
        """How it copes, one more answer considered.

        Args:
            outcome: the answer.
            interval_s: pause between two requests that the rules ask for, in seconds.
        """
        if outcome.is_trouble:
            error_rate = self.error_rate + _ERROR_WEIGHT * (1 - self.error_rate)
            sick = replace(self, error_rate=error_rate, troubles=self.troubles + 1)
            # 429 says in words that we ask too much; anything else is an accident until it repeats.
            return sick._slower(interval_s) if outcome.status == 429 or error_rate > SICK_ERROR_RATE else sick
        well = self._with_latency(outcome.seconds)
        well = replace(well, error_rate=self.error_rate * (1 - _ERROR_WEIGHT), troubles=0)
        if well.latency_s > max(SLOW_FROM_S, SLOW_FACTOR * well.usual_s):
            # One request at a time is what a slow host bears: no pause for slowness is longer than its answer takes.
            longest = max(well.latency_s, well.pause_s)
            slower = well._slower(interval_s)
            return replace(slower, pause_s=min(slower.pause_s, longest))
        return well._faster(interval_s)

    def hold_s(self) -> float:
        """How long to leave the host alone after several troubles in a row, in seconds; 0 if there is no need."""
        if self.troubles < HOLD_AFTER:
            return 0.0
        return min(FIRST_HOLD_S * 2.0 ** min(self.troubles - HOLD_AFTER, 10), LONGEST_HOLD_S)

    def _with_latency(self, seconds: float) -> Health:
        if self.latency_s == 0.0:
            return replace(self, latency_s=seconds, usual_s=seconds)
        latency = self.latency_s + _LATENCY_WEIGHT * (seconds - self.latency_s)
        weight = _LATENCY_WEIGHT if seconds < self.usual_s else _USUAL_WEIGHT
        return replace(self, latency_s=latency, usual_s=self.usual_s + weight * (seconds - self.usual_s))

    def _slower(self, interval_s: float) -> Health:
        pause = max(2 * max(self.pause_s, interval_s), SHORTEST_PAUSE_S)
        return replace(self, pause_s=min(pause, LONGEST_PAUSE_S))

    def _faster(self, interval_s: float) -> Health:
        if self.pause_s == 0.0:
            return self
        pause = 1 / (1 / self.pause_s + RATE_STEP / max(interval_s, _SHORTEST_INTERVAL_S))
        return replace(self, pause_s=pause if pause > max(interval_s, SHORTEST_PAUSE_S / 2) else 0.0)


def health_of(host: Host) -> Health:
    """How a host copes, by its document."""
    return Health(host.pause_s, host.latency_s, host.usual_s, host.error_rate, host.troubles)
