"""A circuit breaker: a provider that fails again and again is left alone for a while, then tried with one call.

Pure: the state goes in, the state comes out. Each process keeps its own, so that it costs no write; a provider that is
down is noticed by each within a few calls.
"""

from __future__ import annotations

from dataclasses import dataclass

OPENS_AFTER = 5
"""Failures in a row."""
FIRST_REST_S = 30.0
LONGEST_REST_S = 600.0


@dataclass(frozen=True)
class Circuit:
    """What is known of one provider. Moments are monotonic seconds.

    Args:
        failures: how many calls failed since one went well.
        rests: how often it has been opened since one went well.
        until: when it may be tried again; `None` while it is closed, that is, in use.
        trying: whether one call is on its way to find out.
    """

    failures: int = 0
    rests: int = 0
    until: float | None = None
    trying: bool = False

    def allows(self, now: float) -> int | None:
        """How many calls may begin: any number (`None`) while it is closed, one when its rest is over, else none."""
        if self.until is None:
            return None
        return 1 if now >= self.until and not self.trying else 0

    def tried(self) -> Circuit:
        """A call has been let through to find out."""
        return self if self.until is None else Circuit(self.failures, self.rests, self.until, trying=True)

    def not_tried(self) -> Circuit:
        """That call did not begin, or told nothing."""
        return Circuit(self.failures, self.rests, self.until)

    def succeeded(self) -> Circuit:
        """A call went well."""
        return Circuit()

    def failed(self, now: float) -> Circuit:
        """A call failed. Calls that were under way when it opened don't prolong its rest."""
        failures = self.failures + 1
        if self.until is not None and not self.trying:
            return Circuit(failures, self.rests, self.until)
        if failures < OPENS_AFTER:
            return Circuit(failures, self.rests)
        rest = min(FIRST_REST_S * 2 ** min(self.rests, 10), LONGEST_REST_S)
        return Circuit(failures, self.rests + 1, now + rest)
