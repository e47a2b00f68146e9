"""What was counted, and the charts made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from console.format import about
from console.live.governor import Used
from widgets.bars import Chart, Series

FUNNEL = ("harvested", "found", "queued", "sent")
"""The steps that are shown, as a campaign's counts name them."""
_NOTHING = Used(0, 0, 0.0)


@dataclass(frozen=True)
class Slice:
    """Mails that left in a stretch of time.

    Args:
        start: its beginning.
        sent: how many.
    """

    start: datetime
    sent: int


@dataclass(frozen=True)
class Stats:
    """Everything the charts show.

    Args:
        now: the moment they were read.
        hours: the last 24 hours, one by one, oldest first.
        week: the last 7 days in slices of 6 hours, oldest first.
        days: the operator's days shown, oldest first.
        model_days: the days of UTC shown, oldest first; model use is accounted by these.
        funnel: counts of the campaigns that were started on each day, by the names of `FUNNEL`.
        model: what model calls used on each day with calls.
        reads: document reads it took, as they are billed.
        cut: whether there were more campaigns than are read, so that the earliest days are not complete.
    """

    now: datetime
    hours: tuple[Slice, ...]
    week: tuple[Slice, ...]
    days: tuple[date, ...]
    model_days: tuple[date, ...] = ()
    funnel: dict[date, dict[str, int]] = field(default_factory=dict)
    model: dict[date, Used] = field(default_factory=dict)
    reads: int = 0
    cut: bool = False

    def facts(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "at": self.now,
            "sendsByHour": [{"start": one.start, "sent": one.sent} for one in self.hours],
            "sendsBySixHours": [{"start": one.start, "sent": one.sent} for one in self.week],
            "funnelByDay": [{"day": day.isoformat(), **self._steps(day)} for day in self.days],
            "modelByDay": [{"day": day.isoformat(), **self._used(day)} for day in self.model_days],
            "campaignsComplete": not self.cut,
            "documentReads": self.reads,
        }

    def _steps(self, day: date) -> dict[str, int]:
        counts = self.funnel.get(day, {})
        return {step: counts.get(step, 0) for step in FUNNEL}

    def _used(self, day: date) -> dict[str, Any]:
        used = self.model.get(day, _NOTHING)
        return {
            "calls": used.calls,
            "tokens": used.tokens,
            "dollars": round(used.dollars, 6),
            "unpricedCalls": used.unpriced,
        }


def hours_back(now: datetime, count: int, size: int, zone: tzinfo | None) -> list[datetime]:
    """Beginnings of the last slices, the last of which holds the present moment.

    Args:
        now: the present moment.
        count: how many slices.
        size: hours in each.
        zone: whose hours they are; `None` for the machine's.
    """
    local = now.astimezone(zone)
    hour = local.replace(minute=0, second=0, microsecond=0)
    last = hour - timedelta(hours=hour.hour % size) if size > 1 else hour
    # Stepped in UTC, so that each slice is as long as any other, whatever the clocks do in between.
    stamp = last.timestamp()
    return [datetime.fromtimestamp(stamp - step * size * 3600, local.tzinfo) for step in reversed(range(count))]


def days_back(now: datetime, count: int, zone: tzinfo | None) -> tuple[date, ...]:
    """The last days, oldest first; the last is today."""
    today = now.astimezone(zone).date()
    return tuple(today - timedelta(days=step) for step in reversed(range(count)))


def per_slice(moments: Sequence[float], starts: Sequence[datetime], size: int) -> tuple[Slice, ...]:
    """How many moments (seconds since the epoch) fall into each slice."""
    return tuple(
        Slice(start, sum(1 for m in moments if start.timestamp() <= m < start.timestamp() + size * 3600))
        for start in starts
    )


def _count(value: float) -> str:
    return about(round(value))


def _dollars(value: float) -> str:
    return f"${value:.4f}"[:7] if 0 < value < 1 else f"${value:,.0f}" if value >= 100 else f"${value:.2f}"


def _total(values: Sequence[float]) -> str:
    return f"{round(sum(values)):,} in all"


def charts(stats: Stats) -> tuple[Chart, ...]:
    """The charts, in the order in which they are offered."""
    hours, week, days = stats.hours, stats.week, stats.days
    last, slices = tuple(float(h.sent) for h in hours), tuple(float(w.sent) for w in week)
    named = tuple(f"{day:%b} {day.day}" for day in days)
    named_utc = tuple(f"{day:%b} {day.day}" for day in stats.model_days)
    steps = {step: tuple(float(stats.funnel.get(day, {}).get(step, 0)) for day in days) for step in FUNNEL}
    used = [stats.model.get(day, _NOTHING) for day in stats.model_days]
    calls = tuple(float(one.calls) for one in used)
    costs = tuple(None if one.calls and one.unpriced == one.calls else one.dollars for one in used)
    unpriced = sum(one.unpriced for one in used)
    cut = " Earlier campaigns are not counted." if stats.cut else ""
    money = f"{_dollars(sum(cost or 0 for cost in costs))} in all"
    return (
        Chart(
            "hours",
            "Last 24 hours",
            tuple(f"{h.start:%H}" for h in hours),
            (Series("Mails sent per hour", last, _count, "accent", _total(last)),),
            "From the mailboxes' own logs of the last 24 hours.",
        ),
        Chart(
            "week",
            "Last 7 days",
            tuple(f"{w.start:%a}" if w.start.hour < 6 else "" for w in week),
            (Series("Mails sent in each 6 hours", slices, _count, "accent", _total(slices)),),
            "Counted over the email queue.",
        ),
        Chart(
            "funnel",
            f"Funnel, {len(days)} days",
            named,
            tuple(Series(step, steps[step], _count, "accent", _total(steps[step])) for step in FUNNEL),
            f"By the day a campaign was started: what has come of it since.{cut}",
        ),
        Chart(
            "model",
            f"Model, {len(days)} days",
            named_utc,
            (
                Series("Model calls", calls, _count, "accent", _total(calls)),
                Series("Dollars", costs, _dollars, "accent", money + (f" + {unpriced} unpriced" if unpriced else "")),
            ),
            "Days are those of UTC. A ? is a day whose calls have no known price." if unpriced else "Days are UTC's.",
        ),
    )
