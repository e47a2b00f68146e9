"""Days, times and ends of schedules as people type them; shared by the form and the command line."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from console.format import plain

if TYPE_CHECKING:
    from leadgen.model.recurrence import Recurrence

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = {
    "daily": range(7),
    "every day": range(7),
    "everyday": range(7),
    "weekdays": range(5),
    "weekends": range(5, 7),
}
_NAME = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*")


def parse_days(text: str) -> list[int]:
    """Days of the week, 0 = Monday: ``mon-fri``, ``mon,wed,fri``, ``sat-mon``, ``weekdays``, ``daily``.

    Raises:
        ValueError: what is allowed instead, in words.
    """
    wanted = " ".join(text.lower().replace("–", "-").split())
    if wanted in _GROUPS:
        return list(_GROUPS[wanted])
    days: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", wanted.replace(" - ", "-"))):
        first, dash, last = part.partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    if not days:
        raise ValueError("such as mon-fri, mon,thu or daily")
    return sorted(days)


def _day(text: str) -> int:
    found = _NAME.fullmatch(text)
    if found is None:
        raise ValueError(f"{plain(text, 20) or 'nothing'!r} is no day; such as mon-fri, mon,thu or daily")
    return _DAYS.index(found.group(1))


def parse_time(text: str) -> str:
    """A time of day as HH:MM; ``9:30`` is taken as well.

    Raises:
        ValueError: what is allowed instead, in words.
    """
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text.strip(), re.ASCII)
    try:
        return time(int(found.group(1)), int(found.group(2))).isoformat("minutes") if found else _wrong_time()
    except ValueError:
        return _wrong_time()


def _wrong_time() -> str:
    raise ValueError("HH:MM, such as 09:00")


def parse_at(text: str) -> str:
    """A local date and time, typed as ``2026-12-01 09:00``, as ``2026-12-01T09:00``.

    Raises:
        ValueError: what is allowed instead, in words.
    """
    day, _, clock = text.strip().replace("T", " ").partition(" ")
    try:
        return f"{_date(day)}T{parse_time(clock)}"
    except ValueError:
        raise ValueError("such as 2026-12-01 09:00") from None


def parse_end(text: str) -> tuple[str, int | None]:
    """When a recurring schedule ends: a last day, or a number of runs; both empty for never.

    Args:
        text: ``2026-12-31``, ``10 runs``, or ``never``.

    Raises:
        ValueError: what is allowed instead, in words.
    """
    wanted = text.strip().lower()
    if wanted in {"", "never"}:
        return "", None
    runs = re.fullmatch(r"([1-9]\d{0,3})\s*(?:runs?|times|x)", wanted, re.ASCII)
    if runs:
        return "", int(runs.group(1))
    try:
        return _date(wanted), None
    except ValueError:
        raise ValueError("never, 2026-12-31 or 10 runs") from None


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError
    return date.fromisoformat(text).isoformat()


def is_zone(name: str) -> bool:
    """Whether a timezone is known by that name."""
    from zoneinfo import available_timezones

    return name in available_timezones()


def recurrence(when: dict[str, Any], timezone: str) -> Recurrence:
    """The request's ``when`` as the model knows it, to tell the next run before anything is sent."""
    from leadgen.model.recurrence import Recurrence

    return Recurrence(**{**when, "timezone": when.get("timezone") or timezone})


def day_and_time(moment: datetime, now: datetime) -> str:
    """A moment to come, as short as it can be told: the time if it is today, the day of the week within one, the date.

    Args:
        moment: in the timezone it is to be told in.
        now: the present moment in any timezone.
    """
    today = now.astimezone(moment.tzinfo).date()
    ahead = (moment.date() - today).days
    if ahead == 0:
        return f"{moment:%H:%M}"
    if 0 < ahead < 7:
        return f"{moment:%a %H:%M}"
    return f"{moment:%b} {moment.day}" if moment.year == today.year else f"{moment:%b %Y}"


def until(moment: datetime, now: datetime) -> str:
    """How long it is to a moment, in one unit; one that has come reads as ``now``."""
    left = int((moment - now).total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if left >= size:
            return f"in {left // size}{unit}"
    return "in 1m" if left > 0 else "now"
