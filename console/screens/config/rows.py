"""The configuration as rows."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from console.format import ago, plain, when
from console.screens.config.draft import Draft, days_text, written
from console.screens.config.entries import Entry, entries, fraction, number
from widgets.sliders import track
from widgets.spans import Spans
from widgets.table import Column, Row

BAR = 16
BAR_COLUMN = 1
COLUMNS = (Column("", 24), Column("", BAR, from_width=60), Column("", 0), Column("", 3, right=True))
HISTORY_COLUMNS = (Column("", 4, right=True), Column("", 0), Column("", 5, right=True))


def rows(draft: Draft, problems: dict[str, str]) -> list[Row]:
    """Every setting, under the headings of its groups."""
    out: list[Row] = []
    group = ""
    for e in entries():
        if e.group != group:
            group = e.group
            out.append(Row(f"group {group}", (((group, "strong"),), (), (), ())))
        out.append(_row(e, draft, problems.get(e.path, "")))
    return out


def _row(e: Entry, draft: Draft, problem: str) -> Row:
    value, saved, changed = draft.value(e.path), draft.saved.get(e.path), draft.is_changed(e.path)
    track_of: Spans = ()
    if e.is_number and value is not None:
        track_of = track(fraction(e, value), fraction(e, saved or 0), BAR, changed=changed)
    said: Spans = shown(e, value, "warn" if changed else "")
    if changed:
        said = (*said, ("  was ", "muted"), *shown(e, saved, "muted")[:1])
    sign = ("!", "bad") if problem else ("⇄", "warn") if e.path in draft.overtaken else ("*" if changed else "", "warn")
    return Row(e.path, (((f"  {e.title}", ""),), track_of, said, (sign,)))


def shown(e: Entry, value: Any, tone: str = "") -> Spans:
    """A value with its unit."""
    if value is None:
        return (("not known", "muted"),)
    if e.is_number:
        if not value and e.at_zero:
            return ((number(value), tone), (f" {e.at_zero}", "muted"))
        if e.unit == "$":
            return ((f"${number(value)}", tone),)
        return ((number(value), tone), (f" {e.unit}" if e.unit else "", "muted"))
    if e.is_days:
        return ((days_text(value) or "none", tone),)
    if not value and e.kind == "list":
        return ((e.at_zero or "none", "muted"),)
    text = plain(written(e, value), 200)
    return ((text, tone),) if text else (("empty", "muted"),)


def detail(e: Entry, draft: Draft, problem: str) -> tuple[tuple[str, Spans], ...]:
    """What there is to say about a setting."""
    lines: list[tuple[str, Spans]] = [("", ((e.title, "strong"), (f"  {e.path}", "muted")))]
    if e.path in draft.overtaken:
        # First, because a small terminal shows the first lines only.
        lines.append(("beware", (("Somebody saved another value since you changed yours.", "warn"),)))
    if e.help:
        lines.append(("", ((e.help, ""),)))
    lines.append(("allowed", ((e.bounds, ""),)))
    lines.append(("saved", shown(e, draft.saved.get(e.path))))
    if draft.is_changed(e.path):
        lines.append(("unsaved", shown(e, draft.value(e.path), "warn")))
    if problem:
        lines.append(("problem", ((problem, "bad"),)))
    return tuple(lines)


def history_rows(history: list[dict[str, Any]], now: datetime, zone: tzinfo | None) -> list[Row]:
    """Earlier configurations, the latest first."""
    out = []
    for entry in history:
        at = entry.get("updatedAt")
        at = at if isinstance(at, datetime) else None
        who = plain(str(entry.get("updatedBy") or "as it came"), 60)
        cells: tuple[Spans, ...] = (
            ((str(entry.get("revision", 0)), "accent"),),
            ((who, ""), (f"  {when(at, now, zone)}" if at else "", "muted")),
            ((ago(at, now) if at else "", "muted"),),
        )
        out.append(Row(str(entry.get("revision", 0)), cells))
    return out
