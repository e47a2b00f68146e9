"""Whether a mail must leave the last free place of a cap to one that has waited much longer.

A place of a rolling cap becomes free 24 hours after it was taken, so at the same time of day. Where there is always
more mail than places, those whose working hours do not fall into such times would never leave. So a mail that has
waited for `PATIENCE` is not overtaken any more: one place is kept for it as soon as its working hours begin within a
day, and it goes first when they have begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.mail.pacing.hours import known_zone, next_window_start
from leadgen.mail.pacing.mailbox import Pace, cap_of
from leadgen.mail.pacing.moments import DAY, Wait
from leadgen.model.config import Settings

PATIENCE = timedelta(days=3)
_NOBODY = 1_000_000


@dataclass(frozen=True)
class Waiting:
    """A mail that waits.

    Args:
        since: when it was queued.
        timezone: of the lead.
    """

    since: datetime
    timezone: str


def has_precedence(settings: Settings, other: Waiting, mine: Waiting, now: datetime) -> Wait | bool:
    """Whether another mail goes before one that may leave now.

    Args:
        settings: the configuration.
        other: a mail that waits.
        mine: the mail that may leave.
        now: the present moment.

    Returns:
        `True` if the other one is to go at once, `False` if it does not matter; otherwise until when a place is kept
        for it.
    """
    zone, active = known_zone(other.timezone), settings.active_timezones
    if other.since >= mine.since or now - other.since < PATIENCE or zone is None:
        return False
    if active and other.timezone not in active:
        return False
    opening = next_window_start(now, settings.working_hours, zone, skip_holidays=settings.skip_holidays)
    if opening is None or opening - now > DAY:
        return False
    if opening <= now:
        return True
    days = (now - other.since).days
    return Wait(opening, f"the next place is kept for a mail to {other.timezone} that has waited {days} days")


def free_places(settings: Settings, paces: Sequence[Pace], others: Sequence[Pace], now: datetime) -> int:
    """How many more mails the caps allow at this moment.

    Args:
        settings: the configuration.
        paces: of the mailboxes that may send.
        others: of those that can't at present; they count for the cap of all.
        now: the present moment.
    """
    free = sum(max(cap_of(settings, pace, now)[0] - _used(pace, now), 0) for pace in paces)
    whole = settings.daily_cap_total or _NOBODY
    return min(free, max(whole - sum(_used(pace, now) for pace in (*paces, *others)), 0))


def next_place(paces: Sequence[Pace], now: datetime) -> datetime:
    """When the next place becomes free."""
    return min((moment for pace in paces for moment in pace.sent if moment > now - DAY), default=now) + DAY


def _used(pace: Pace, now: datetime) -> int:
    return sum(moment > now - DAY for moment in pace.sent) + pace.in_flight
