"""The arithmetic of the Governor: an exact sliding log of grants, without I/O or clocks.

At most N calls may begin in any window of W. A grant is dated with the server's clock when the log is read, and its
call may begin at any moment until D later. Two calls that begin within one W can therefore have been granted up to
W + D apart, so an entry counts for W + D: with W alone, a call that began late would share a window with calls granted
after its entry had been forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The lengths the Governor works with, in seconds.

    Args:
        window_s: W, the rolling window that holds at most the limit.
        use_within_s: D, how long after its read a grant's call may still reach the provider.
        travel_s: the part of D kept for the way to the provider; a call starts no later than `use_within_s - travel_s`.

    Raises:
        ValueError: the lengths do not fit together.
    """

    window_s: float = 60.0
    use_within_s: float = 5.0
    travel_s: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.travel_s < self.use_within_s or self.window_s <= 0:
            raise ValueError("a pace needs window_s > 0 and 0 < travel_s < use_within_s")

    @property
    def keep_ms(self) -> int:
        """How long an entry counts: W + D, in milliseconds."""
        return round((self.window_s + self.use_within_s) * 1000)

    @property
    def grain_ms(self) -> int:
        """Entries closer together than this become one, so that the log stays short whatever the limit."""
        return max(1, round(self.window_s * 1000) // 240)

    @property
    def start_within_s(self) -> float:
        """How long after the read a call may start on our side."""
        return self.use_within_s - self.travel_s


@dataclass(frozen=True)
class Entry:
    """Some grants that were given together.

    Args:
        at: when, by the server's clock, in milliseconds since the epoch.
        n: how many.
        owner: who asked last; lets a writer find out whether a write it heard nothing of took place.
    """

    at: int
    n: int
    owner: str = ""


Log = tuple[Entry, ...]


def current(log: Sequence[Entry], now_ms: int, pace: Pace) -> Log:
    """The entries that still count at a moment, oldest first."""
    return tuple(sorted((e for e in log if e.at + pace.keep_ms > now_ms), key=lambda e: e.at))


def used(log: Sequence[Entry]) -> int:
    """How many grants the entries hold."""
    return sum(entry.n for entry in log)


def free(log: Sequence[Entry], limit: int, now_ms: int, pace: Pace) -> int:
    """How many grants may be given at a moment."""
    return max(0, limit - used(current(log, now_ms, pace)))


def next_free_ms(log: Sequence[Entry], limit: int, now_ms: int, pace: Pace) -> int | None:
    """When at least one grant can be given, in milliseconds since the epoch; `None` while the limit is 0."""
    if limit <= 0:
        return None
    counting = current(log, now_ms, pace)
    left = used(counting)
    if left < limit:
        return now_ms
    for entry in counting:
        left -= entry.n
        if left < limit:
            return entry.at + pace.keep_ms
    raise AssertionError("an empty log is always below a positive limit")


def add(log: Sequence[Entry], n: int, owner: str, now_ms: int, pace: Pace) -> Log:
    """The log with `n` more grants given at a moment.

    The date is rounded up to the grain, never down, and never before the newest entry: an entry may count a little
    longer than it must, never shorter, even if the clock steps back.
    """
    kept = current(log, now_ms, pace)
    grain = pace.grain_ms
    at = max(-(-now_ms // grain) * grain, kept[-1].at if kept else 0)
    if kept and kept[-1].at == at:
        return (*kept[:-1], Entry(at, kept[-1].n + n, owner))
    return (*kept, Entry(at, n, owner))
