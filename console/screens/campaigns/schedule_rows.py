"""From schedules to the rows and details of their pane: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from console.format import number, plain, short_zone, when
from console.live.feed import Doc
from console.screens.campaigns.entry import NOW, WhenEntry
from console.screens.wording import REQUEST_TONES
from console.when import day_and_time, recurrence, until
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (
    Column("city", 0),
    Column("repeats", 24, from_width=60),
    Column("next", 9, right=True),
    Column("last", 11, right=True),
)
_PLACES = {"ACTIVE": 0, "PAUSED": 1, "ENDED": 2}


def ordered(docs: tuple[Doc, ...]) -> list[Doc]:
    """The next to run first, then the paused ones, then those that have ended, the last one first."""

    def place(doc: Doc) -> tuple[int, float]:
        schedule = doc.value
        moment = schedule.next_run_at
        return _PLACES.get(str(schedule.status), 3), (moment or schedule.updated_at).timestamp() * (1 if moment else -1)

    return sorted(docs, key=place)


def row(doc: Doc, campaigns: Mapping[str, Any], now: datetime, zone: tzinfo | None) -> Row:
    """A schedule in the list.

    Args:
        doc: the schedule.
        campaigns: the campaigns in the console's window, by id.
        now: the present moment.
        zone: the timezone times are shown in.
    """
    schedule = doc.value
    cells: tuple[Spans, ...] = (
        ((plain(schedule.city, 60), ""),),
        ((_repeats(schedule, now), "muted"),),
        _next(schedule, now, zone),
        _last(schedule, campaigns),
    )
    return Row(doc.id, cells, doc.updated)


def _repeats(schedule: Any, now: datetime) -> str:
    from leadgen.model.recurrence import days_text

    rule = schedule.recurrence
    what = "once" if rule.is_once else f"{days_text(rule.days)} {plain(rule.time, 5)}"
    return f"{what} {short_zone(rule.timezone, now)}"


def _next(schedule: Any, now: datetime, zone: tzinfo | None) -> Spans:
    status = str(schedule.status)
    if status == "PAUSED":
        return (("paused", "warn"),)
    if status != "ACTIVE" or schedule.next_run_at is None:
        return (("ended", "muted"),)
    return ((day_and_time(schedule.next_run_at.astimezone(zone), now), "accent"),)


def _last(schedule: Any, campaigns: Mapping[str, Any]) -> Spans:
    outcome = str(schedule.outcome or "")
    if outcome == "FAILED":
        return (("not started", "bad"),)
    if outcome == "SKIPPED":
        return (("left out", "warn"),)
    if schedule.last_run is None:
        return (("–", "muted"),)
    status, found, target = _known(schedule.last_run, campaigns)
    if status in {"PENDING", "PROCESSING"}:
        return ((f"{number(found)}/{number(target)} …", "accent"),)
    return ((f"{number(found)} lead{'' if found == 1 else 's'}", "good" if found else "muted"),)


def _known(run: Any, campaigns: Mapping[str, Any]) -> tuple[str, int, int]:
    """Status, leads found and target of a campaign: from the campaign itself if it is in the window."""
    campaign = campaigns.get(run.request_id)
    if campaign is None:
        return str(run.status), run.found, run.target
    return str(campaign.status), campaign.counts.found, campaign.number_of_leads_to_process


def detail(
    schedule: Any, campaigns: Mapping[str, Any], now: datetime, zone: tzinfo | None
) -> tuple[tuple[str, Spans], ...]:
    """All about one schedule: a head and a text each."""
    from leadgen.model.recurrence import recurrence_text

    rule = schedule.recurrence
    most = f", {number(schedule.max_runs)} runs" if schedule.max_runs else ""
    who = plain(schedule.updated_by, 80)
    lines: list[tuple[str, Spans]] = [
        ("next", _next_in_full(schedule, now, zone)),
        ("repeats", ((f"{plain(recurrence_text(rule), 80)}{most}", ""), (f", {plain(rule.timezone, 40)}", "muted"))),
        ("last", _last_in_full(schedule, campaigns, now, zone)),
        ("asked", ((f"{number(schedule.number_of_leads_to_process)} leads, template {schedule.template_id}", ""),
                   (f", by {who}" if who else "", "muted"))),
        ("so far", ((_so_far(schedule), ""),)),
    ]  # fmt: skip
    if schedule.note:
        lines.insert(1, ("says", ((plain(schedule.note, 600), _NOTE_TONES.get(str(schedule.outcome), "muted")),)))
    return tuple(lines)


_NOTE_TONES = {"FAILED": "bad", "SKIPPED": "warn"}


def _next_in_full(schedule: Any, now: datetime, zone: tzinfo | None) -> Spans:
    moment = schedule.next_run_at
    if moment is None:
        return _next(schedule, now, zone)
    here = moment.astimezone(zone)
    there = moment.astimezone(ZoneInfo(schedule.recurrence.timezone))
    shown = f"{here:%a %b} {here.day} {here:%H:%M}"
    elsewhere = f", {there:%H:%M} there" if there.utcoffset() != here.utcoffset() else ""
    return ((shown, "accent"), (f"{elsewhere}, {until(moment, now)}", "muted"))


def _last_in_full(schedule: Any, campaigns: Mapping[str, Any], now: datetime, zone: tzinfo | None) -> Spans:
    run = schedule.last_run
    if run is None:
        return (("no campaign yet", "muted"),)
    status, found, target = _known(run, campaigns)
    word, tone = REQUEST_TONES.get(status, (status.lower(), ""))
    return (
        (f"{when(run.started_at, now, zone)}: ", ""),
        (f"{number(found)} of {number(target)} leads", "strong"),
        (f", {word}", tone),
    )


def _so_far(schedule: Any) -> str:
    counts = (
        (schedule.runs, "started"),
        (schedule.skipped, "left out, the one before was running"),
        (schedule.failed, "not started"),
        (schedule.missed, "missed"),
    )
    return " · ".join(f"{number(count)} {words}" for count, words in counts if count) or "nothing"


def next_of(entry: WhenEntry, timezone: str, now: datetime) -> Spans:
    """When what is typed would run next; nothing while it can't be told.

    Args:
        entry: what is typed.
        timezone: the city's, for an entry that names none; may be empty.
        now: the present moment.
    """
    from leadgen.model.recurrence import next_run

    if entry.kind == NOW or entry.problems() or not (entry.zone.strip() or timezone):
        return ()
    rule = recurrence(entry.fields()["when"], timezone)
    moment = next_run(rule, now)
    if moment is None:
        return (("that time has passed", "warn"),)
    there = moment.astimezone(ZoneInfo(rule.timezone))
    return ((f"→ {there:%a %b} {there.day} {there:%H:%M}", "good"), (f", {until(moment, now)}", "muted"))
