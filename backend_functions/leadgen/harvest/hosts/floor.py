"""Who may ask a host when. Pure: no I/O, no clock.

A host has one floor, and the workers take turns on it. A turn is a block of time, [begins, ends) by Firestore's clock,
that one compare-and-set on the host's document gives to one worker.

**The promise.** Over all workers, whatever crashes: two requests to a host never begin nearer to each other than the
pause in force. It holds because

1. blocks never overlap: each begins where the document says that the last one ends, and the set is conditional;
2. a worker begins no request after `ends` minus its pause, and keeps its pause within the block;
3. a worker whose pause is longer than that of the block before begins later by the difference.

A worker knows Firestore's clock from the read that its turn was decided by: it was `read_time` at some moment between
sending and receiving. It takes the later of these two moments where it must not begin too early, and the earlier one
where it must not begin too late, so the uncertainty shortens its turn and never the pause. What is left is the drift
of its own clock until the turn is over, which `DRIFT` bounds. A crash, a lost answer or a worker that is late burns
slots; nobody is given them a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.model.documents import Host

DRIFT = 0.001
"""A machine's clock gains or loses no more than this share of the time; NTP bounds it by 500 ppm."""
LONGEST_BLOCK_S = 10.0
FEWEST_SLOTS = 5
"""A turn lasts no longer than `LONGEST_BLOCK_S`, or this many requests if the host is slower than that."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker wants of a host.

    Args:
        owner: the worker.
        interval_s: pause between the beginnings of two requests, in seconds.
        slots: requests to be made.
        slack_s: how late the worker may be and still use its last slot, in seconds.
        latest: it wants no turn that begins later.
        extends: end of its own last turn; the new one follows without a gap if nobody came between.
    """

    owner: str
    interval_s: float
    slots: int
    slack_s: float
    latest: datetime
    extends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A turn.

    Args:
        begins: no request of it may begin earlier.
        ends: the next turn may begin.
        interval_s: the pause it was taken for, in seconds.
    """

    begins: datetime
    ends: datetime
    interval_s: float


class TooFar(Exception):
    """The next turn begins later than the worker wants to wait.

    Args:
        at: when it begins.
    """

    def __init__(self, at: datetime) -> None:
        super().__init__(f"the next turn is at {at.isoformat()}")
        self.at = at


def most_slots(interval_s: float) -> int:
    """Requests in one turn, at most."""
    if interval_s <= 0:
        return 1_000_000
    return max(FEWEST_SLOTS, int(LONGEST_BLOCK_S / interval_s))


def next_block(host: Host, wish: Wish, now: datetime) -> Block:
    """The next turn there is.

    Args:
        host: the host's document.
        wish: what is wanted; its `interval_s` already includes the pause that the host's health asks for.
        now: when the document was read, by Firestore's clock.

    Raises:
        TooFar: it begins later than is wanted.
    """
    free = host.next_free_at
    is_own = host.owner == wish.owner and wish.extends == free
    if host.owner and not is_own:
        free += timedelta(seconds=max(0.0, wish.interval_s - host.interval_s))
    begins = max(free, now, host.hold_until or now)
    if begins > wish.latest:
        raise TooFar(begins)
    # A turn that goes on without a gap has its slack already.
    slack = 0.0 if is_own and begins == free else wish.slack_s
    length = min(wish.slots, most_slots(wish.interval_s)) * wish.interval_s + slack
    return Block(begins, begins + timedelta(seconds=length), wish.interval_s)
