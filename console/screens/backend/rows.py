"""The backend's state as rows and lines."""

from __future__ import annotations

from datetime import datetime

from console.backend.state import MAX_SKEW_S, BackendState, FunctionState, advice
from console.format import long_ago, plain
from console.live.health import STALE_AFTER_S, FeedState, seconds
from console.screens.signing_in import sign_in
from console.screens.view import View
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (
    Column("function", 0),
    Column("started by", 9),
    Column("state", 11),
    Column("revision", 14, from_width=74),
    Column("deployed", 8, right=True, from_width=60),
)
_TONES = {"ACTIVE": "good", "FAILED": "bad", "MISSING": "bad", "DEPLOYING": "warn", "UNEXPECTED": "warn"}
_SIGNS = {"ACTIVE": "✓", "FAILED": "✗", "MISSING": "✗"}
SLOW_S = 2.0
SEEN_S = 2.0
"""Clocks less far apart than that agree: the backend tells whole seconds, and an answer takes a while."""


def row(function: FunctionState, now: datetime) -> Row:
    """A function in the list."""
    tone = _TONES.get(function.state, "warn")
    state = f"{_SIGNS.get(function.state, '?')} {function.state.lower()}"
    revision = function.revision.removeprefix(f"{function.name.lower()}-")
    cells: tuple[Spans, ...] = (
        ((plain(function.name, 60), ""),),
        ((function.kind, "muted"),),
        ((state, tone),),
        ((plain(revision, 40), "muted"),),
        ((long_ago(function.updated, now) if function.updated else "", "muted"),),
    )
    return Row(function.name, cells, (function.state, function.revision))


def connection(view: View, state: BackendState | None) -> tuple[tuple[str, Spans], ...]:
    """The connection: backend, clock, listeners with their age and the documents they hold, mailboxes."""
    lines: list[tuple[str, Spans]] = []
    if state is not None:
        lines.append(("backend", ((state.where, ""),)))
        lines.append(("answers", _answers(state)))
        if state.clock_skew_s is not None:
            lines.append(("clock", _clock(state.clock_skew_s)))
    if view.user is not None:
        lines.append(("signed in", ((plain(view.user.email, 80), ""), (f" {view.user.role or 'no role'}", "muted"))))
    lines += [("mailbox", _mailbox(box)) for box in view.mailboxes]
    lines += [(name, _feed(view, name)) for name in view.health.feeds]
    return tuple(lines)


def _answers(state: BackendState) -> Spans:
    if state.round_trip_s is None:
        return (("no", "bad"),)
    tone = "warn" if state.round_trip_s > SLOW_S else "bad" if state.refusal else "good"
    return ((f"in {state.round_trip_s * 1000:,.0f} ms", tone),)


def _clock(skew_s: float) -> Spans:
    if abs(skew_s) < SEEN_S:
        return (("in step", ""),)
    word = "ahead" if skew_s > 0 else "behind"
    return ((f"{abs(skew_s):,.0f} s {word}", "bad" if abs(skew_s) > MAX_SKEW_S else ""),)


def _mailbox(box: object) -> Spans:
    account, usable = plain(getattr(box, "account", ""), 60), bool(getattr(box, "is_usable", False))
    word = "signed in" if usable else str(getattr(box, "state", "")).lower().replace("_", " ")
    return ((account, ""), (f" {word}", "good" if usable else "warn"))


def _feed(view: View, name: str) -> Spans:
    health = view.health.feeds[name]
    if health.state is FeedState.LIVE and health.confirmed_at is not None:
        age, held = view.clock - health.confirmed_at, len(view.window(name).docs)
        word, tone = ("live", "good") if age <= STALE_AFTER_S else ("old", "warn")
        return ((f"{word} ", tone), (f"{seconds(age)} ago · {held:,}", "muted"))
    if health.state is FeedState.WAITING:
        return (("waiting for its first answer", "warn"),)
    return ((health.message or health.state.lower(), "bad"),)


def what_to_do(view: View, state: BackendState | None) -> tuple[tuple[str, Spans], ...]:
    """What is wrong, and what to type."""
    if state is None:
        return (("", (("asking …", "muted"),)),)
    said = [(("!", ((text, "warn"),))) for text in advice(state)]
    if view.health.message:
        said.insert(0, ("!", ((plain(view.health.message, 300), "bad"),)))
    said += [("!", ((f"{plain(m.account, 60)} must sign in again: {sign_in(m.provider)}", "warn"),))
             for m in view.mailboxes if not m.is_usable]  # fmt: skip
    return tuple(said) or (("✓", (("Nothing is wrong.", "good"),)),)


def log(state: BackendState | None) -> tuple[tuple[str, Spans], ...]:
    """The log's end, the newest line first."""
    if state is None:
        return ()
    return tuple(("", ((plain(line, 400), _tone(line)),)) for line in reversed(state.log))


def _tone(line: str) -> str:
    upper = line[:120].upper()
    if "ERROR" in upper or "EXCEPTION" in upper:
        return "bad"
    return "warn" if "WARN" in upper else "muted"
