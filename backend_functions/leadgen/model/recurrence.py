"""When a schedule runs: once at a local date and time, or on days of the week at a local time. Pure: no I/O, no clock.

Clocks are set forward and back. A local time that is skipped runs at the first moment after the gap; one that comes
twice runs the first time. Moments are compared in UTC only: arithmetic on local times is wrong across a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from leadgen.model.documents import Document

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_COUNTED = 10_000
"""Runs counted at most when some were missed: 27 years of daily ones."""


class Recurrence(Document):
    """When a schedule runs; either `at`, or `days` and `time`.

    Args:
        timezone: IANA name of the zone that all local times are in.
        at: local date and time of the only run, such as ``2026-12-01T09:00``; empty for a recurring schedule.
        days: days of the week, 0 = Monday … 6 = Sunday.
        time: local time of day as HH:MM.
        until: local date of the last day on which it may run; empty for no end.
    """

    timezone: str
    at: str = ""
    days: list[int] = []
    time: str = ""
    until: str = ""

    @property
    def is_once(self) -> bool:
        """Whether it runs a single time."""
        return bool(self.at)


def moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a zone's clocks first show a local time or, where it is skipped, a later one.

    Args:
        local: date and time without a zone.
        zone: the zone.
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    # In a gap, fold=0 reckons with the offset before the change and fold=1 with the one after it (PEP 495): the change
    # lies between the two moments they give.
    old = local.replace(tzinfo=zone, fold=0).utcoffset()
    before, after = local.replace(tzinfo=zone, fold=1).astimezone(UTC), moment
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def next_run(recurrence: Recurrence, after: datetime) -> datetime | None:
    """The first run after a moment, in UTC; `None` if there is none.

    Args:
        recurrence: when it runs.
        after: an aware moment; a run at exactly this moment is not meant.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: this machine does not know the timezone.
    """
    return next(_runs(recurrence, after), None)


def runs_between(recurrence: Recurrence, after: datetime, until: datetime) -> int:
    """How many runs lie after one moment and not after another; `MOST_COUNTED` at most."""
    found = 0
    for _ in takewhile(lambda moment: moment <= until, _runs(recurrence, after)):
        found += 1
        if found == MOST_COUNTED:
            break
    return found


def _runs(recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(recurrence.timezone)
    last = after
    # The local times of earlier days have been shown by now, or were skipped.
    for local in _local_times(recurrence, after.astimezone(zone).date()):
        moment = moment_of(local, zone)
        # Two local times may mean one moment: that of a skipped day, and the next day's midnight.
        if moment > last:
            last = moment
            yield moment


def _local_times(recurrence: Recurrence, first: date) -> Iterator[datetime]:
    if recurrence.is_once:
        yield datetime.fromisoformat(recurrence.at)
        return
    at, days = time.fromisoformat(recurrence.time), frozenset(recurrence.days)
    last = date.fromisoformat(recurrence.until) if recurrence.until else date.max
    day = first
    while days and day <= last:
        if day.weekday() in days:
            yield datetime.combine(day, at)
        if day == date.max:
            return
        day += timedelta(days=1)


def days_text(days: list[int]) -> str:
    """Days of the week as people write them: ``every day``, ``Mon–Fri``, ``Mon, Wed, Fri``."""
    known = sorted({day for day in days if 0 <= day <= 6})
    if len(known) == 7:
        return "every day"
    if len(known) > 2 and known == list(range(known[0], known[-1] + 1)):
        return f"{DAY_NAMES[known[0]]}–{DAY_NAMES[known[-1]]}"
    return ", ".join(DAY_NAMES[day] for day in known)


def recurrence_text(recurrence: Recurrence) -> str:
    """When it runs, in words, without the timezone."""
    if recurrence.is_once:
        return f"once, {recurrence.at.replace('T', ' ')}"
    until = f" until {recurrence.until}" if recurrence.until else ""
    return f"{days_text(recurrence.days)} {recurrence.time}{until}"
