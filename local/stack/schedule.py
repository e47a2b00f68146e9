"""When a scheduled function is due, in the two notations Firebase takes.

App Engine's "every 5 minutes" (https://cloud.google.com/appengine/docs/flexible/scheduling-jobs-with-cron-yaml) and
five-field crontab (https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_EVERY = re.compile(r"every\s+(?:(\d+)\s+)?(minute|min|hour|day)s?(?:\s+synchronized)?", re.IGNORECASE)
_MINUTES = {"minute": 1, "min": 1, "hour": 60, "day": 1440}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True)
class Every:
    """Due each so many minutes, counted from the start."""

    minutes: int

    def is_due(self, elapsed_minutes: int, moment: datetime) -> bool:
        """Whether it is due in this minute; `elapsed_minutes` counts from 1."""
        del moment
        return elapsed_minutes % self.minutes == 0


@dataclass(frozen=True)
class Cron:
    """Due in the minutes whose fields match."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    zone: ZoneInfo

    def is_due(self, elapsed_minutes: int, moment: datetime) -> bool:
        """Whether it is due in the minute that contains `moment` (aware)."""
        del elapsed_minutes
        local = moment.astimezone(self.zone)
        if local.minute not in self.minutes or local.hour not in self.hours or local.month not in self.months:
            return False
        by_day, by_weekday = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        # crontab(5): with both day fields restricted, either is enough.
        return (by_day or by_weekday) if self.either_day else (by_day and by_weekday)


def parse(text: str, timezone: str = "UTC") -> Every | Cron:
    """Read a schedule.

    Args:
        text: "every 5 minutes", "*/5 * * * *", …
        timezone: IANA name, for crontab.

    Raises:
        ValueError: neither notation.
    """
    every = _EVERY.fullmatch(text.strip())
    if every:
        return Every(max(1, int(every.group(1) or 1)) * _MINUTES[every.group(2).lower()])
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is neither “every N minutes” nor a crontab of five fields")
    minutes, hours, days, months, weekdays = (_field(part, index) for index, part in enumerate(fields))
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
        zone=ZoneInfo(timezone),
    )


def _field(text: str, index: int) -> frozenset[int]:
    lowest, highest = _RANGES[index]
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = lowest, highest
        else:
            start, dash, end = span.partition("-")
            first = _number(start, index)
            last = _number(end, index) if dash else (highest if step else first)
        width = int(step) if step else 1
        if not (lowest <= first <= last <= highest) or width < 1:
            raise ValueError(f"{text!r} is out of range in a schedule")
        values.update(range(first, last + 1, width))
    return frozenset(values)


def _number(text: str, index: int) -> int:
    names = _MONTHS if index == 3 else _DAYS if index == 4 else ()
    if text.lower() in names:
        return names.index(text.lower()) + (1 if index == 3 else 0)
    return int(text)
