"""The import's columns, rows and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.format import number, phone, plain
from console.leads.checking import Checked, Lead, Reject
from console.leads.mapping import FIELDS, Mapped
from console.leads.sending import Import, Result
from console.leads.tables import Table
from widgets.spans import Spans, bar
from widgets.table import Column, Row

COLUMNS = (Column("", 22), Column("", 20), Column("", 0), Column("", 34, from_width=96))
ROWS = (
    Column("line", 5, right=True),
    Column("business or name", 0),
    Column("phone", 12),
    Column("email", 24, from_width=84),
    Column("city", 10, from_width=100),
    Column("what becomes of it", 30),
)
MOST_ROWS = 500
"""Rows that are listed; those that can't be sent come first."""
_TONES = {"queued": "good", "kept": "good", "review": "warn", "phone only": "", "duplicate": "muted",
          "suppressed": "muted", "refused": "bad", "waiting for the model": "accent"}  # fmt: skip


@dataclass(frozen=True)
class State:
    """How the import stands.

    Args:
        sending: whether leads are being sent.
        problem: what went wrong; empty if nothing did.
        rejects: the file of rejects, once it is written.
    """

    sending: bool = False
    problem: str = ""
    rejects: str = ""


def columns(table: Table, mapped: Mapped) -> list[Row]:
    """The columns of the table, what each is taken for, and an example."""
    out = []
    for place, heading in enumerate(table.headings):
        field = mapped[place] if place < len(mapped) else ""
        example = next((line.cells[place] for line in table.lines if place < len(line.cells) and line.cells[place]), "")
        cells: tuple[Spans, ...] = (
            ((plain(heading, 60) or f"(column {place + 1})", ""),),
            ((f"→ {field}", "accent"),) if field else (("→ left aside", "muted"),),
            ((plain(example, 80), "muted"),),
            ((FIELDS.get(field, ""), "muted"),),
        )
        out.append(Row(str(place), cells))
    return out


def rows(checked: Checked | None, done: Import | None) -> list[Row]:
    """The rows: rejected ones first, each with what becomes, or became, of it."""
    if checked is None:
        return []
    results = {id(result.lead): result for result in done.results} if done else {}
    refused = {id(result.lead) for result in results.values() if result.outcome == "refused"}
    last = done.results[-1].lead if done and done.results else None
    order = sorted(
        checked.checks, key=lambda one: (not (isinstance(one, Reject) or id(one) in refused), one is not last)
    )
    return [_row(one, results.get(id(one))) for one in order[:MOST_ROWS]]


def _row(one: Lead | Reject, result: Result | None) -> Row:
    data = one.data if isinstance(one, Lead) else {}
    name = data.get("businessName") or data.get("name") or ""
    if isinstance(one, Reject):
        name = " · ".join(cell for cell in one.line.cells if cell)
        verdict: Spans = ((plain(one.reason, 120), "bad"),)
    elif result is None:
        verdict = (("ready", "muted"),)
    else:
        text = f"{result.outcome}: {result.reason}" if result.reason else result.outcome
        verdict = ((plain(text, 120), _TONES.get(result.outcome, "")),)
    cells: tuple[Spans, ...] = (
        ((str(one.line.number), "muted"),),
        ((plain(name, 120), ""),),
        ((phone(str(data.get("phone", ""))), ""),),
        ((plain(data.get("email", ""), 120), ""),),
        ((plain(data.get("city", ""), 60), "muted"),),
        verdict,
    )
    return Row(str(one.line.number), cells)


def title(checked: Checked | None, done: Import | None) -> str:
    """What the pane of the rows says."""
    if checked is None:
        return "Rows"
    left = done.left if done is not None and done.leads is checked.leads else len(checked.leads)
    text = f"Rows {number(left)} {'ready' if left == len(checked.leads) else 'left'}"
    return f"{text}, {number(len(checked.rejects))} rejected" if checked.rejects else text


def more(checked: Checked | None) -> Spans:
    """How many rows are not listed."""
    hidden = len(checked.checks) - MOST_ROWS if checked is not None else 0
    return ((f"{number(hidden)} more", "muted"),) if hidden > 0 else ()


def said(state: State, checked: Checked | None, done: Import | None) -> Spans:
    """How it goes, in a line."""
    if state.problem:
        return ((plain(state.problem, 400), "bad"),)
    if done is None:
        return _before(checked)
    count, total = len(done.results), len(done.leads)
    told = _counts(done)
    if state.sending:
        verb = "stopping …" if done.stopped else f"{number(count)} of {number(total)}"
        return (*bar(count / max(1, total), 20), (f" {verb}  {told}", ""))
    if done.broken:
        text = f"{plain(done.broken, 200)} {number(done.left)} are left; Ctrl+S sends them."
        return ((text, "bad"), (f" {told}", "muted"))
    if done.left:
        return ((f"Stopped. {number(done.left)} are left; Ctrl+S goes on. {told}", "warn"),)
    rejects: Sequence[tuple[str, str]] = ((f" Rejects: {plain(state.rejects, 200)}", "warn"),) if state.rejects else ()
    return ((f"Done: {told}.", "good"), *rejects)


def _before(checked: Checked | None) -> Spans:
    if checked is None:
        return (("Headings are needed: the first row names the columns.", "muted"),)
    if not checked.leads:
        return (
            ("No row can be sent: there must be a phone, an email or a contact page. Look at the columns.", "warn"),
        )
    return ((f"Ctrl+S sends {number(len(checked.leads))} leads; with a template each gets a mail.", "muted"),)


def _counts(done: Import) -> str:
    return ", ".join(f"{number(count)} {word}" for word, count in done.counts.most_common()) or "nothing sent yet"


def keys(is_sending: bool) -> Spans:
    """The keys that work here."""
    said = (("Enter", "read"), ("← →", "field"), ("Ctrl+S", "send"), ("Esc", "stop" if is_sending else "close"))
    return tuple(piece for key, text in said for piece in ((key, "accent"), (f" {text}   ", "muted")))
