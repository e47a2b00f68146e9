"""Where the threads of one instance ask for calls to one provider: whoever gets the turn asks for all in line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from leadgen.llm.book import Slot

GATHER_S = 0.12
"""How long whoever comes first waits for others who are likely to come: a request to the Governor costs a write,
however many calls it is for."""
SHORT_S = 5.0
"""A pause no longer than this is nothing anybody need be told of in the Governor's document."""


@dataclass(frozen=True)
class Grants:
    """What the Governor gives.

    Args:
        slots: the calls that may begin, in the order in which they may.
        retry_at: when to ask for the rest; `None` if all that was wanted was granted.
        reason: why not all was granted, for a person to read.
        held: whether it is this provider that asked everyone to wait: another one may be free.
    """

    slots: tuple[Slot, ...]
    retry_at: datetime | None
    reason: str = ""
    held: bool = False


@dataclass
class Place:
    """One thread's wish, until it is answered."""

    calls: Mapping[str, int]
    tokens: int
    micros: int | None
    slots: list[Slot] = field(default_factory=list)
    answer: Grants | None = None

    def missing(self, campaign: str) -> int:
        """How many calls of a campaign it still wants."""
        return self.calls.get(campaign, 0) - sum(1 for slot in self.slots if slot.campaign == campaign)


@dataclass(frozen=True)
class Closed:
    """There is nothing to be had before a moment.

    Args:
        answer: what everybody is told who asks before.
        opens: the moment, by the monotonic clock.
        tokens: it holds for calls that may use so many or more; smaller ones may find room.
        campaigns: those of which the document knows that they wait. Others ask, and so get a place in the queue;
            `None` if the pause is too short for that to matter.
    """

    answer: Grants
    opens: float
    tokens: int = 0
    campaigns: frozenset[str] | None = None

    def covers(self, place: Place) -> bool:
        """Whether the answer is that to a wish."""
        return place.tokens >= self.tokens and (self.campaigns is None or place.calls.keys() <= self.campaigns)


class Desk:
    """Thread-safe.

    Args:
        monotonic: this machine's monotonic clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.turn = threading.Lock()
        """Held by the thread that asks the Governor for all in line."""
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._line: list[Place] = []
        self._returning = 0
        self._last = 0
        self._asked_at = float("-inf")
        self._closed: Closed | None = None

    def enter(self, place: Place) -> Grants | None:
        """Stand in line, or be answered at once where the desk is closed."""
        with self._changed:
            refusal = self._refusal(place)
            if refusal is not None:
                return refusal
            self._line.append(place)
            self._changed.notify_all()
            return None

    def gather(self) -> list[Place]:
        """Everybody in line for whom to ask; nobody, if the last answer was one for all of them. Needs the turn.

        Where others are likely to come, a moment is waited for them: as many as were told to come back now or as asked
        together the last time, and anybody at all if that was only just now.
        """
        with self._changed:
            for place in self._line:
                place.answer = self._refusal(place)
            self._line = [place for place in self._line if place.answer is None]
            if not self._line:
                return []
            likely = max(self._returning, self._last)
            if time.monotonic() - self._asked_at < GATHER_S:
                likely = max(likely, 2)
            if likely > 1:
                self._changed.wait_for(lambda: len(self._line) >= likely, GATHER_S)
            line, self._line, self._returning = self._line, [], 0
            self._last, self._asked_at = len(line), time.monotonic()
            return line

    def answered(self, line: Sequence[Place], closed: Closed | None) -> None:
        """Those in line have their answers; for the others the desk is closed, or open."""
        with self._changed:
            self._returning += sum(place.answer is not None and place.answer.retry_at is not None for place in line)
            self._closed = closed

    def _refusal(self, place: Place) -> Grants | None:
        closed = self._closed
        if closed is None or self._monotonic() >= closed.opens or not closed.covers(place):
            return None
        self._returning += 1
        return closed.answer


def deal(line: Sequence[Place], slots: Sequence[Slot], short: Grants) -> None:
    """Give slots to those in line, in their order.

    Args:
        line: who wants what; at least as many calls of each campaign as there are slots for it.
        slots: in the order in which they open.
        short: what those are told who don't get all they want.
    """
    for slot in slots:
        next(place for place in line if place.missing(slot.campaign) > 0).slots.append(slot)
    for place in line:
        if len(place.slots) < sum(place.calls.values()):
            place.answer = replace(short, slots=tuple(place.slots))
        else:
            place.answer = Grants(tuple(place.slots), None)
