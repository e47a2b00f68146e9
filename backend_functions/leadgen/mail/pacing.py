"""When the next mail may leave. Pure: the present moment and chance are arguments.

The rules, in the order in which they are asked: sending paused, the provider told us to wait, the daily cap (any
rolling 24 hours), the provider's own limit (any rolling minute), the pause between mails; and for the single mail the
recipient's timezone and working hours. The first that says wait gives the time and the reason.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadgen.model.config import Settings, WorkingHours

DAY = timedelta(hours=24)
MINUTE = timedelta(seconds=60)
LOOK_AGAIN = timedelta(minutes=15)
"""After how long a wait without a known end (paused, timezone not active, cap of 0) is looked at again."""


@dataclass(frozen=True)
class Wait:
    """Not yet.

    Args:
        until: when to ask again; nothing changes before, unless the configuration does.
        reason: for the operator, such as "outside 09:00–17:00 in America/Chicago".
    """

    until: datetime
    reason: str


@dataclass(frozen=True)
class Pace:
    """What a mailbox remembers of its sending.

    Args:
        sent: when mails left, oldest first; at least those of the last 24 hours.
        since_pause: mails since the last longer pause.
        chance: random number in [0, 1), drawn when the last mail left; places the next one between the bounds.
        blocked_until: the provider's word (Retry-After), if any.
        blocked_reason: why.
        in_flight: mails that may have left a moment ago without our knowing; they count as if they had.
    """

    sent: tuple[datetime, ...] = ()
    since_pause: int = 0
    chance: float = 0.0
    blocked_until: datetime | None = None
    blocked_reason: str = ""
    in_flight: int = 0


def after_sending(pace: Pace, settings: Settings, now: datetime, chance: float) -> Pace:
    """The pace once one more mail has left.

    Args:
        pace: before.
        settings: the configuration; `pauseAfter` says when the count starts anew.
        now: when it left; rounded up to the full second, so that no window is ever judged too short.
        chance: a new random number in [0, 1).
    """
    left = ceil_second(now)
    kept = tuple(moment for moment in pace.sent if moment > left - DAY)
    paused = bool(settings.pause_after) and pace.since_pause >= settings.pause_after
    return Pace(sent=tuple(sorted((*kept, left))), since_pause=1 if paused else pace.since_pause + 1, chance=chance)


def mailbox_wait(settings: Settings, pace: Pace, now: datetime, per_minute: int = 0) -> Wait | None:
    """Whether the mailbox must wait before its next mail, whoever gets it.

    Args:
        settings: the configuration as it is now; a change takes effect at once.
        pace: the mailbox's memory.
        now: the present moment.
        per_minute: the provider's limit of messages in any 60 seconds; 0 for none.
    """
    if settings.sending_paused:
        return Wait(now + LOOK_AGAIN, "sending is paused in the configuration")
    if pace.blocked_until is not None and pace.blocked_until > now:
        return Wait(pace.blocked_until, pace.blocked_reason or "the provider asked to wait")
    cap = settings.daily_cap
    if cap == 0:
        return Wait(now + LOOK_AGAIN, "the daily cap is 0")
    at_once = (now,) * pace.in_flight
    sent = (*pace.sent, *at_once)
    waits = [
        (rolling_wait(sent, cap, DAY, now), f"daily cap of {cap} in 24 hours"),
        (rolling_wait(sent, per_minute, MINUTE, now), f"the provider takes {per_minute} a minute"),
        (interval_end(settings, pace), _interval_reason(settings, pace)),
    ]
    until, reason = max(((moment, reason) for moment, reason in waits if moment), default=(None, ""))
    return Wait(until, reason) if until is not None and until > now else None


def rolling_wait(sent: Sequence[datetime], limit: int, window: timedelta, now: datetime) -> datetime | None:
    """When one more may leave so that no window of this length, wherever it begins, holds more than the limit.

    Args:
        sent: earlier moments, oldest first.
        limit: how many a window may hold; 0 for no limit.
        window: its length; half-open, so a moment exactly one window later is free.
        now: the present moment.
    """
    recent = [moment for moment in sent if moment > now - window]
    if not limit or len(recent) < limit:
        return None
    return recent[-limit] + window


def interval_end(settings: Settings, pace: Pace) -> datetime | None:
    """When the random pause after the last mail is over; `None` if there was none in the last 24 hours."""
    if not pace.sent:
        return None
    bounds = settings.send_interval_seconds
    seconds = bounds.min + pace.chance * (bounds.max - bounds.min)
    if settings.pause_after and pace.since_pause >= settings.pause_after:
        seconds = max(seconds, settings.pause_seconds)
    return pace.sent[-1] + timedelta(seconds=seconds)


def _interval_reason(settings: Settings, pace: Pace) -> str:
    if settings.pause_after and pace.since_pause >= settings.pause_after:
        return f"pause after {settings.pause_after} mails"
    return "interval between two mails"


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
        return Wait(now + LOOK_AGAIN, f"{timezone} is not among the active timezones")
    hours, zone = settings.working_hours, ZoneInfo(timezone)
    if in_window(now, hours, zone):
        return None
    start = next_window_start(now, hours, zone)
    if start is None:
        return Wait(now + LOOK_AGAIN, "no working day is configured")
    return Wait(start, f"outside {hours.start}–{hours.end} in {timezone}{_days_note(hours, start, zone, now)}")


def _days_note(hours: WorkingHours, start: datetime, zone: ZoneInfo, now: datetime) -> str:
    local = start.astimezone(zone)
    return "" if local.date() == now.astimezone(zone).date() else f", next on {local:%A %d %B}"


def in_window(now: datetime, hours: WorkingHours, zone: ZoneInfo) -> bool:
    """Whether it is working time there: from `start` up to, not including, `end`, by the wall clock of the place."""
    window = _window(now.astimezone(zone).date(), hours, zone)
    return window is not None and window[0] <= now < window[1]


def next_window_start(now: datetime, hours: WorkingHours, zone: ZoneInfo) -> datetime | None:
    """The earliest moment, now or later, that lies in working time there (UTC); `None` if there are no days."""
    today = now.astimezone(zone).date()
    for offset in range(8):
        window = _window(today + timedelta(days=offset), hours, zone)
        if window is not None and now < window[1]:
            return max(window[0], now)
    return None


def _window(day: date, hours: WorkingHours, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    if day.weekday() not in hours.days:
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
