"""Moments of sending, and the rule of rolling windows."""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(hours=24)
MINUTE = timedelta(seconds=60)
LOOK_AGAIN = timedelta(hours=6)
"""After how long a wait without a known end (paused, timezone not active, cap of 0) is looked at again. A change of the
configuration ends it at once, so this only makes up for what nobody noticed."""


@dataclass(frozen=True)
class Wait:
    """Not yet.

    Args:
        until: when to ask again; nothing changes before, unless the configuration does.
        reason: for the operator, such as "outside 09:00–17:00 in America/Chicago".
        is_pace: whether the mail only waits for the pause between two mails, which passes by itself in minutes.
        is_open: whether only a person ends it; then nobody knows when, and `until` merely says when to look again.
    """

    until: datetime
    reason: str
    is_pace: bool = False
    is_open: bool = False


def rolling_wait(sent: Sequence[datetime], limit: int, window: timedelta, now: datetime) -> datetime | None:
    """When one more may leave so that no window of this length, wherever it begins, holds more than the limit.

    Args:
        sent: earlier moments, oldest first.
        limit: how many a window may hold; 0 for no limit.
        window: its length; half-open, so a moment exactly one window later is free.
        now: the present moment.
    """
    if not limit or len(sent) < limit:
        return None
    recent = len(sent) - bisect_right(sent, now - window)
    return sent[-limit] + window if recent >= limit else None


def latest(*waits: Wait | None) -> Wait | None:
    """The wait that ends last; `None` if there is none. One without a known end comes after all that have one; of equal
    ones the first."""
    there = (wait for wait in waits if wait is not None)
    return max(there, key=lambda wait: (wait.is_open, wait.until), default=None)


def ceil_second(moment: datetime) -> datetime:
    """The moment, or the next full second."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)


def pack(moments: Sequence[datetime]) -> bytes:
    """Moments of full seconds as four bytes each, so that a day of 10,000 mails is 40 kB and not an indexed array."""
    return struct.pack(f">{len(moments)}I", *(int(moment.timestamp()) for moment in moments))


def unpack(packed: bytes) -> tuple[datetime, ...]:
    """What `pack` packed."""
    whole = packed[: len(packed) // 4 * 4]
    return tuple(datetime.fromtimestamp(seconds, UTC) for (seconds,) in struct.iter_unpack(">I", whole))
