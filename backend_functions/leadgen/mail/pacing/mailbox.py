"""When a mailbox may send its next mail, whoever gets it: pauses, caps, the provider's limit, a new mailbox's ramp."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from leadgen.mail.pacing.moments import DAY, LOOK_AGAIN, MINUTE, Wait, ceil_second, latest, rolling_wait
from leadgen.model.config import Settings


@dataclass(frozen=True)
class Pace:
    """What a mailbox remembers of its sending, and what was decided about it.

    Args:
        sent: when mails left, oldest first; at least those of the last 24 hours.
        since_pause: mails since the last longer pause.
        chance: random number in [0, 1), drawn when the last mail left; places the next one between the bounds.
        blocked_until: the provider's word (Retry-After), if any.
        blocked_reason: why.
        in_flight: mails that may have left a moment ago without our knowing; they count as if they had.
        daily_cap: this mailbox's own cap; `None` for the configuration's.
        ramp_start: the first day of a new mailbox's ramp; `None` for none.
        paused: why a person, or the program, paused this mailbox; empty if nobody did.
    """

    sent: tuple[datetime, ...] = ()
    since_pause: int = 0
    chance: float = 0.0
    blocked_until: datetime | None = None
    blocked_reason: str = ""
    in_flight: int = 0
    daily_cap: int | None = None
    ramp_start: date | None = None
    paused: str = ""


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
    return Pace(
        sent=tuple(sorted((*kept, left))),
        since_pause=1 if paused else pace.since_pause + 1,
        chance=chance,
        in_flight=pace.in_flight,
        daily_cap=pace.daily_cap,
        ramp_start=pace.ramp_start,
        paused=pace.paused,
    )


def ramp_cap(settings: Settings, start: date, day: date) -> int:
    """What the ramp allows a new mailbox in 24 hours: `rampFirstDay` mails on its first day, and with each day
    `rampDailyGrowth` times as many, rounded down (20, 26, 33, 43, 57, 74, 96, 125, 163, 212 … by default).

    Args:
        settings: the configuration.
        start: the first day of the ramp.
        day: today (UTC). Before the first day the first day's number holds.
    """
    days = min(max((day - start).days, 0), 365)
    return int(min(settings.ramp_first_day * settings.ramp_daily_growth**days, 1e9))


def cap_of(settings: Settings, pace: Pace, now: datetime) -> tuple[int, str, bool]:
    """How many mails this mailbox may send in 24 hours, what to call that cap, and whether the ramp sets it."""
    cap = settings.daily_cap if pace.daily_cap is None else pace.daily_cap
    if pace.ramp_start is not None:
        today = now.astimezone(UTC).date()
        ramped = ramp_cap(settings, pace.ramp_start, today)
        if ramped < cap:
            number = max((today - pace.ramp_start).days, 0) + 1
            return ramped, f"a new mailbox sends {ramped} in 24 hours on day {number} of its ramp", True
    return cap, f"daily cap of {cap} in 24 hours", False


def mailbox_wait(settings: Settings, pace: Pace, now: datetime, per_minute: int = 0) -> Wait | None:
    """Whether the mailbox must wait before its next mail, whoever gets it.

    Args:
        settings: the configuration as it is now; a change takes effect at once.
        pace: the mailbox's memory.
        now: the present moment.
        per_minute: the provider's limit of messages in any 60 seconds; 0 for none.
    """
    if settings.sending_paused:
        return Wait(now + LOOK_AGAIN, "sending is paused in the configuration", is_open=True)
    if pace.paused:
        return Wait(now + LOOK_AGAIN, pace.paused, is_open=True)
    if pace.blocked_until is not None and pace.blocked_until > now:
        return Wait(pace.blocked_until, pace.blocked_reason or "the provider asked to wait")
    sent = (*pace.sent, *(now,) * pace.in_flight)
    cap = _cap_wait(settings, pace, sent, now)
    minute = rolling_wait(sent, per_minute, MINUTE, now)
    pause = interval_end(settings, pace)
    return latest(
        cap,
        Wait(minute, f"the provider takes {per_minute} a minute", is_pace=True) if minute is not None else None,
        Wait(pause, _interval_reason(settings, pace), is_pace=True) if pause is not None and pause > now else None,
    )


def _cap_wait(settings: Settings, pace: Pace, sent: tuple[datetime, ...], now: datetime) -> Wait | None:
    cap, name, ramped = cap_of(settings, pace, now)
    if cap == 0:
        return Wait(now + LOOK_AGAIN, "the daily cap is 0", is_open=True)
    until = rolling_wait(sent, cap, DAY, now)
    if until is None:
        return None
    return Wait(min(until, _next_midnight(now)) if ramped else until, name)


def _next_midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def total_wait(settings: Settings, paces: list[Pace], now: datetime) -> Wait | None:
    """Whether all mailboxes must wait because together they have sent `dailyCapTotal` mails in 24 hours.

    Args:
        settings: the configuration.
        paces: of all mailboxes, also of those that can't send at present.
        now: the present moment.
    """
    cap = settings.daily_cap_total
    if not cap:
        return None
    in_flight = sum(pace.in_flight for pace in paces)
    sent = sorted(moment for pace in paces for moment in pace.sent) + [now] * in_flight
    until = rolling_wait(sent, cap, DAY, now)
    return Wait(until, f"cap of {cap} in 24 hours for all mailboxes") if until is not None else None


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
