"""A run in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from console.format import long_ago, number, plain, when
from console.screens.migrations.runs import Run, entries
from widgets.spans import Spans

_STATES = {
    "running": ("running", "accent"),
    "failed": ("stopped before its end", "bad"),
    "done": ("done, everything moved", "good"),
    "partly": ("done, something stayed behind", "warn"),
    "back": ("taken back", "muted"),
}
Row = tuple[str, Spans]
_LONGEST = 40


def headline(run: Run, now: datetime) -> Spans:
    """One line: what became of it."""
    text, tone = _STATES.get(run.state(now), (plain(run.state(now), 40), "muted"))
    return ((run.id[:16], "strong"), (f"  {text}", tone))


def lines(run: Run, now: datetime, zone: tzinfo | None) -> tuple[Row, ...]:
    """Everything about a run: how far it came, the mapping, the report."""
    return (*_times(run, now, zone), *_progress(run, now), *_read(run), *_written(run), *_mapping(run), *_remarks(run))


def _times(run: Run, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    for name, label in (("startedAt", "began"), ("finishedAt", "ended"), ("updatedAt", "last note")):
        moment = run.moment(name)
        if moment is not None and not (name == "updatedAt" and run.moment("finishedAt")):
            yield label, ((f"{when(moment, now, zone)}, {long_ago(moment, now)}", ""),)


def _progress(run: Run, now: datetime) -> Iterator[Row]:
    state = run.state(now)
    if run.written is not None:
        of = f" of {number(run.contacts)} rows" if run.contacts else ""
        yield "contacts", ((f"{number(run.written)} there{of}", "accent"),)
    if state == "failed":
        failure = plain(run.facts.get("failure", ""), 500) or "Nothing was heard of it for a while."
        yield "stopped", ((failure, "bad"),)
        yield "", (("Run the same command again: it goes on where it stopped.", "muted"),)


def _read(run: Run) -> Iterator[Row]:
    for one in entries(run.part("report").get("tables")):
        bad = [f"{_of(one, name)} {name}" for name in ("rejected", "damaged") if one.get(name)]
        pieces = [(f"{plain(one.get('kind', ''), 30)}: {_of(one, 'read')} rows", "")]
        if one.get("merged"):
            pieces.append((f", {_of(one, 'merged')} merged", "muted"))
        if bad:
            pieces.append((f", {', '.join(bad)}", "bad"))
        yield "read", tuple(pieces)
    file = plain(run.part("report").get("rejects_file", ""), 200)
    if file:
        yield "rejects", ((f"{file}  (correct it: leadgen migrate --rejects FILE)", "warn"),)


def _written(run: Run) -> Iterator[Row]:
    found = run.part("report").get("collections")
    for name, one in (found if isinstance(found, dict) else {}).items():
        if isinstance(one, dict):
            text = f"{plain(name, 30)}: {_of(one, 'written')} of {_of(one, 'documents')}"
            there: Spans = ((f", {_of(one, 'there_before')} there before", "warn"),) if one.get("there_before") else ()
            yield "written", ((text, ""), *there)
    for name, one in run.part("removed").items():
        if isinstance(one, dict):
            text = f"{plain(name, 30)}: {number(int(one.get('removed') or 0))}"
            yield (
                "removed",
                ((f"{text}, {number(int(one.get('touched') or 0))} stay because somebody changed them", ""),),
            )


def _of(one: dict[str, Any], name: str) -> str:
    return _count(one.get(name))


def _count(found: Any) -> str:
    return number(found) if isinstance(found, int) else "0"


def _mapping(run: Run) -> Iterator[Row]:
    plan = run.part("plan")
    for table in entries(plan.get("tables")):
        yield "", ()
        title = f"{plain(table.get('table', ''), 60)} → {plain(table.get('collection', ''), 60)}"
        yield "table", ((title, "strong"),)
        columns = table.get("columns")
        for field, column in sorted(columns.items()) if isinstance(columns, dict) else ():
            yield "", ((f"{plain(column, 60)} ", ""), ("→ ", "muted"), (plain(field, 60), "accent"))
        for name, label in (("kept", "kept as it is"), ("ignored", "left out"), ("missing", "no column for")):
            found = table.get(name)
            if isinstance(found, list) and found:
                text = ", ".join(plain(one, 60) for one in found[:_LONGEST])
                yield "", ((f"{label}: {text}", "muted"),)
    left = plan.get("leftOut")
    for name, reason in (left if isinstance(left, dict) else {}).items():
        yield "stays", ((f"{plain(name, 60)}: {plain(reason, 200)}", "muted"),)


def _remarks(run: Run) -> Iterator[Row]:
    for one in entries(run.part("report").get("tables")):
        for name, tone in (("attention", "warn"), ("assumptions", "muted")):
            found = one.get(name)
            for text, times in (found if isinstance(found, dict) else {}).items():
                yield name, ((f"{plain(one.get('kind', ''), 30)}: {plain(text, 300)} ({_count(times)})", tone),)
