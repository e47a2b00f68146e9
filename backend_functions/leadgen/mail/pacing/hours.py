"""Whether it is working time where a lead lives: the hours and days of the configuration, and public holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadgen.mail.pacing.holidays import holiday
from leadgen.mail.pacing.moments import LOOK_AGAIN, Wait
from leadgen.model.config import Settings, WorkingHours

_DAYS_AHEAD = 40
"""No country has more holidays in a row; a week with one working day and holidays on it can take long."""


def known_zone(timezone: str) -> ZoneInfo | None:
    """The timezone of that IANA name; `None` if there is none."""
    try:
        return ZoneInfo(timezone) if timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def lead_wait(settings: Settings, timezone: str, now: datetime) -> Wait | None:
    """Whether this lead's place on earth must wait.

    Args:
        settings: the configuration.
        timezone: the lead's IANA timezone; must exist.
        now: the present moment.
    """
    if settings.active_timezones and timezone not in settings.active_timezones:
        return Wait(now + LOOK_AGAIN, f"{timezone} is not among the active timezones", is_open=True)
    hours, zone, skip = settings.working_hours, ZoneInfo(timezone), settings.skip_holidays
    if in_window(now, hours, zone, skip_holidays=skip):
        return None
    start = next_window_start(now, hours, zone, skip_holidays=skip)
    if start is None:
        return Wait(now + LOOK_AGAIN, "no working day is configured", is_open=True)
    return Wait(start, _reason(now, start, hours, zone, skip))


def _reason(now: datetime, start: datetime, hours: WorkingHours, zone: ZoneInfo, skip_holidays: bool) -> str:
    today, opening = now.astimezone(zone), start.astimezone(zone)
    later = "" if opening.date() == today.date() else f", next on {opening:%A %d %B}"
    name = holiday(today.date(), zone.key) if skip_holidays else ""
    if name and today.weekday() in hours.days:
        return f"public holiday in {zone.key} ({name}){later}"
    return f"outside {hours.start}–{hours.end} in {zone.key}{later}"


def in_window(now: datetime, hours: WorkingHours, zone: ZoneInfo, *, skip_holidays: bool = False) -> bool:
    """Whether it is working time there: from `start` up to, not including, `end`, by the wall clock of the place.

    Args:
        now: the present moment.
        hours: times of day and days of the week.
        zone: the place.
        skip_holidays: whether the place's public holidays are no working days.
    """
    window = _window(now.astimezone(zone).date(), hours, zone, skip_holidays)
    return window is not None and window[0] <= now < window[1]


def next_window_start(
    now: datetime, hours: WorkingHours, zone: ZoneInfo, *, skip_holidays: bool = False
) -> datetime | None:
    """The earliest moment, now or later, that lies in working time there (UTC); `None` if there is none in sight."""
    today = now.astimezone(zone).date()
    for offset in range(_DAYS_AHEAD if hours.days else 0):
        window = _window(today + timedelta(days=offset), hours, zone, skip_holidays)
        if window is not None and now < window[1]:
            return max(window[0], now)
    return None


def _window(day: date, hours: WorkingHours, zone: ZoneInfo, skip_holidays: bool) -> tuple[datetime, datetime] | None:
    if day.weekday() not in hours.days or (skip_holidays and holiday(day, zone.key)):
        return None
    start, end = _moment(day, hours.start, zone), _moment(day, hours.end, zone)
    return (start, end) if start < end else None


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The moment at which the clock there first shows this time or a later one.

    A time that the spring change skips becomes the moment of the change; one that autumn repeats is its first.
    """
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    wall = datetime.combine(day, time.fromisoformat(clock))
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # Skipped: fold=1 reads the wall time with the later offset, which lands before the change by as much as the
    # wall time lies beyond it; the change itself is the first moment of the later offset.
    return _change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two (UTC) at which the offset changes, by halving down to the second."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
