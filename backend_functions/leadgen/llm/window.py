"""The arithmetic of the Governor: an exact sliding log of grants, without I/O or clocks.

At most N calls may begin in any window of length W. The log keeps for each grant the interval in which its call can
begin: from `opens`, which the grant names, to `shuts`, by when it has arrived at the provider or never will. A grant
that opens at X is given only while fewer than N grants of the log shut after X - W. Then the promise holds: in any
window, take the call that was granted last, and its X. Every other call of the window began later than X - W, so its
grant shuts later than that, was in the log, and was counted. A grant may open a little in the future (the horizon), so
that nobody has to be there at the very moment in which an old one falls out of the window.

Tokens per minute are kept in the same way, with the tokens of a call as its weight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from leadgen.model.grants import GrantEntry

MOST_ENTRIES = 400
"""A longer log is shortened by joining neighbours, which makes it stricter, never laxer."""

GREATEST_LIMIT = 6000
"""The greatest limit that can be set."""


@dataclass(frozen=True)
class Pace:
    """The lengths the Governor works with, in seconds.

    Args:
        window_s: W, the rolling window.
        use_within_s: how long after a grant opens its call may still arrive at the provider.
        travel_s: the part of it that is kept for the way there.
        horizon_s: how far ahead of its opening a grant may be given.
        patience_s: how long a campaign's place in the queue is kept after the time it was told to come back; longer
            than the minute between two runs of the sweep, which brings waiting leads back.

    Raises:
        ValueError: the lengths do not fit together.
    """

    window_s: float = 60.0
    use_within_s: float = 2.0
    travel_s: float = 0.5
    horizon_s: float = 1.0
    patience_s: float = 65.0

    def __post_init__(self) -> None:
        if not (0 < self.travel_s < self.use_within_s and 0 <= self.horizon_s < self.window_s):
            raise ValueError("a pace needs 0 < travel_s < use_within_s and 0 <= horizon_s < window_s")

    @property
    def window_ms(self) -> int:
        """W in milliseconds."""
        return round(self.window_s * 1000)

    @property
    def use_within_ms(self) -> int:
        """How long after its opening a grant's call may arrive, in milliseconds."""
        return round(self.use_within_s * 1000)

    @property
    def grain_ms(self) -> int:
        """Grants that open no further apart than this are written down as one entry, in milliseconds."""
        return self.window_ms // 240

    @property
    def horizon_ms(self) -> int:
        """How far ahead grants are given, in milliseconds."""
        return round(self.horizon_s * 1000)


@dataclass(frozen=True)
class Cap:
    """What may begin in any window.

    Args:
        calls: how many calls.
        tokens: how many tokens they may use together; 0 for no bound.
    """

    calls: int
    tokens: int = 0


Entry = GrantEntry
Log = tuple[Entry, ...]


def current(log: Iterable[Entry], now_ms: int, pace: Pace) -> Log:
    """The entries that still count for what begins at a moment or later, in the order in which they open."""
    return tuple(sorted((e for e in log if e.shuts + pace.window_ms > now_ms), key=lambda e: e.opens))


def unknown(now_ms: int, pace: Pace) -> Log:
    """The log where nobody knows what was granted before a moment: more than any limit, until all that may have been
    granted counts no longer."""
    opens = now_ms + pace.horizon_ms
    return (Entry(opens, opens + pace.use_within_ms, GREATEST_LIMIT),)


def used(log: Iterable[Entry], provider: str | None = None) -> int:
    """How many grants the entries hold; of one provider, or of all."""
    return sum(entry.n for entry in log if provider is None or entry.provider == provider)


class _Room:
    """What is left under one cap, going forward in time.

    Args:
        cap: the bound.
        log: the entries that count against it.
        pace: the lengths.
    """

    def __init__(self, cap: Cap, log: Iterable[Entry], pace: Pace) -> None:
        self._cap = cap
        self._counts_ms = pace.use_within_ms + pace.window_ms
        self._leaving = deque(sorted((e.shuts + pace.window_ms, e.n, e.tokens) for e in log))
        self._calls = sum(n for _, n, _ in self._leaving)
        self._tokens = sum(tokens for _, _, tokens in self._leaving)
        self._reached = 0

    def opening(self, tokens: int) -> int | None:
        """The earliest moment for one more call; `None` if there is none while the cap is what it is."""
        while not self._fits(tokens):
            if not self._leaving:
                return None
            self._reached, n, spent = self._leaving.popleft()
            self._calls -= n
            self._tokens -= spent
        return self._reached

    def take(self, tokens: int, opens: int) -> None:
        """Count one more call. It leaves last: whatever opened before it shuts before it."""
        self._leaving.append((opens + self._counts_ms, 1, tokens))
        self._calls += 1
        self._tokens += tokens

    def _fits(self, tokens: int) -> bool:
        return self._calls < self._cap.calls and (not self._cap.tokens or self._tokens + tokens <= self._cap.tokens)


def openings(
    log: Sequence[Entry], total: Cap, provider: str, own: Cap | None, tokens: int, now_ms: int, pace: Pace
) -> Iterator[int]:
    """When further calls may begin, one after the other, in milliseconds since the epoch. Without end, or empty where
    the caps let no such call through at all.

    Args:
        log: the entries that count (see `current`).
        total: the cap on all providers together.
        provider: who is to be called.
        own: the cap on this provider alone, or `None`.
        tokens: what each call may use at most.
        now_ms: the moment.
        pace: the lengths.
    """
    rooms = [_Room(total, log, pace)]
    if own is not None:
        rooms.append(_Room(own, (e for e in log if e.provider == provider), pace))
    moment = now_ms
    while True:
        for room in rooms:
            opening = room.opening(tokens)
            if opening is None:
                return
            moment = max(moment, opening)
        for room in rooms:
            room.take(tokens, moment)
        yield moment


def compact(log: Sequence[Entry], most: int = MOST_ENTRIES) -> Log:
    """The log with at most `most` entries. Joined entries open with the later and shut with the later of the two, so
    that they count no shorter than before; whose they were is forgotten."""
    kept = tuple(log)
    while len(kept) > most:
        joined = _halved(kept)
        if len(joined) == len(kept):
            break
        kept = joined
    return kept


def _halved(log: Log) -> Log:
    halved: list[Entry] = []
    for provider in sorted({entry.provider for entry in log}):
        own = [entry for entry in log if entry.provider == provider]
        halved += [_joined(own[i], own[i + 1]) if i + 1 < len(own) else own[i] for i in range(0, len(own), 2)]
    return tuple(sorted(halved, key=lambda e: e.opens))


def _joined(first: Entry, second: Entry) -> Entry:
    return replace(
        first,
        opens=max(first.opens, second.opens),
        shuts=max(first.shuts, second.shuts),
        n=first.n + second.n,
        tokens=first.tokens + second.tokens,
        campaign=first.campaign if first.campaign == second.campaign else "",
        owner="",
    )
