"""Leads in review as rows, and what the operator has done as lines."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.format import ago, phone, plain
from console.live.feed import Doc
from console.screens.review.outbox import Sent, State
from console.screens.review.turns import holder, name_of
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (
    Column("", 1),
    Column("phone", 12),
    Column("business", 0),
    Column("city", 8, from_width=60),
    Column("age", 3, right=True),
    Column("tries", 3, right=True),
    Column("with", 11),
)


def row(doc: Doc, now: datetime, *, in_hand: bool, left: float, me: str, done: bool = False, foretold: str = "") -> Row:
    """A lead in the list.

    Args:
        doc: the lead.
        now: the present moment.
        in_hand: whether the operator works on it.
        left: seconds that their claim still holds; less than none if it is lost.
        me: the operator.
        done: whether it was dealt with, which the feed does not show yet.
        foretold: what is known of its page before it is opened.
    """
    lead = doc.value
    tone = "muted" if done else ""
    cells: tuple[Spans, ...] = (
        (("▸" if in_hand else "✓" if done else "", "accent"),),
        ((phone(lead.phone) or "no phone", tone if lead.phone else "muted"),),
        ((name_of(doc), "strong" if in_hand else tone),),
        ((plain(lead.city, 40), "muted"),),
        ((ago(lead.created_at, now), "muted"),),
        ((f"{lead.attempts} ✗" if lead.attempts else "", "warn"),),
        _who(doc, now, in_hand=in_hand, left=left, me=me, done=done, foretold=foretold),
    )
    return Row(doc.id, cells, doc.updated)


def _who(doc: Doc, now: datetime, *, in_hand: bool, left: float, me: str, done: bool, foretold: str) -> Spans:
    if in_hand and left < 0:
        return (("lost", "bad"),)
    if in_hand:
        return (("you ", "accent"), (countdown(left), "accent"))
    if done:
        return (("reported", "muted"),)
    name = holder(doc, now)
    if name:
        until = (doc.value.review.lease_until - now).total_seconds()
        return ((short_name(name, me), "warn"), (f" {countdown(until)}", "muted"))
    return ((f"page {foretold}", "warn"),) if foretold else ()


def short_name(name: str, me: str) -> str:
    """An operator in a few letters; the person themselves, in another window, is told as such."""
    if name == me:
        return "you ⧉"
    return plain(name.partition("@")[0], 40)[:6]


def countdown(seconds: float) -> str:
    """Minutes and seconds."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


_SIGNS = {State.WAITING: ("…", "warn"), State.SENDING: ("…", "muted"), State.REFUSED: ("✗", "bad")}


def yours(operator: Mapping[str, Any] | None, calls: Sequence[Sent], clock: float) -> tuple[tuple[str, Spans], ...]:
    """What the operator has done: counts, then their last reports, the latest first.

    Args:
        operator: their document, if it is known.
        calls: what was sent.
        clock: monotonic seconds.
    """
    lines: list[tuple[str, Spans]] = []
    if operator is not None:
        seconds = operator.get("recentSeconds") or []
        counts = [f"{operator.get('solved', 0)} solved", f"{operator.get('failed', 0)} failed"]
        if operator.get("undone"):
            counts.append(f"{operator['undone']} taken back")
        if seconds:
            counts.append(f"median {statistics.median(seconds):.0f} s")
        lines.append(("Σ", ((" · ".join(counts), ""),)))
    for call in reversed(calls):
        if call.is_report or call.endpoint == "undoCaptcha" or (call.is_open and call.tries):
            lines.append(_call(call, clock))
    return tuple(lines)


def _call(call: Sent, clock: float) -> tuple[str, Spans]:
    sign, tone = _SIGNS.get(call.state, ("✓", "good"))
    what = {"undoCaptcha": "taken back", "releaseCaptcha": "given back"}.get(
        call.endpoint, plain(call.address, 80) or "no address"
    )
    name: Spans = ((plain(call.name, 60), "muted" if call.undone else ""), (f" {what}", "muted"))
    if call.state is State.REFUSED:
        return sign, (*name, (f" refused: {plain(call.said, 200)}", tone))
    if call.is_open and call.tries:
        wait = max(0.0, call.retry_at - clock)
        again = f"again in {wait:.0f} s" if wait >= 0.5 else "trying"
        return sign, (*name, (f" not delivered, {again}", "warn"))
    if call.is_open:
        return sign, (*name, (" on its way", "muted"))
    if call.undone:
        return "↶", (*name, (" taken back", "muted"))
    return sign, (*name, (f" {call.said}", tone)) if call.is_report else name
