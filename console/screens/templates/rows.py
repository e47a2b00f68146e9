"""Templates, previews and findings as rows and lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.format import plain
from console.screens.templates.draft import Desk, Draft
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (Column("", 3, right=True), Column("", 0), Column("", 4, right=True))


def rows(desk: Desk) -> list[Row]:
    """All templates."""
    out = []
    for number in desk.numbers():
        draft = desk.current(number)
        assert draft is not None
        unsaved = number in desk.written
        tone = "muted" if draft.archived else ""
        name: Spans = ((plain(draft.name, 80) or "without a name", tone),)
        if draft.archived:
            # Before the name: what is cut is its end.
            name = (("archived · ", "muted"), *name)
        mark = "⇄" if desk.is_behind(number) else "*" if unsaved else ""
        version: Spans = ((mark, "warn"), (f"v{draft.version}" if draft.version else "new", "muted"))
        out.append(Row(str(number), (((str(number), "accent"),), name, version)))
    return out


def preview(answer: Mapping[str, Any] | None, wait: str) -> tuple[tuple[str, Spans], ...]:
    """The mail a lead would get, as text."""
    if answer is None:
        return (("", ((wait, "muted"),)),)
    lines: list[tuple[str, Spans]] = []
    if answer.get("refusal"):
        lines.append(("!", ((plain(answer["refusal"], 300), "warn"),)))
    if answer.get("to") or answer.get("toName"):
        to = f"{plain(answer.get('toName', ''), 80)} <{plain(answer.get('to', ''), 120)}>".strip()
        lines.append(("", (("to ", "muted"), (to, ""))))
    if answer.get("subject"):
        lines.append(("", ((plain(answer["subject"], 300), "strong"),)))
    if answer.get("variation"):
        lines.append(("", ((f"variation {plain(answer['variation'], 60)}", "muted"),)))
    lines.append(("", (("", ""),)))
    lines += [("", ((plain(line, 500), ""),)) for line in str(answer.get("text", "")).splitlines()[:400]]
    return tuple(lines)


def findings(answer: Mapping[str, Any] | None, draft: Draft, behind: bool) -> tuple[tuple[str, Spans], ...]:
    """What a check found, errors first."""
    lines: list[tuple[str, Spans]] = []
    if behind:
        lines.append(("⇄", (("Somebody saved another version since; u shows it and drops yours.", "warn"),)))
    lines += [("✗", ((f"{name} {text}", "bad"),)) for name, text in draft.problems().items()]
    found = list((answer or {}).get("findings") or [])
    for one in sorted(found, key=lambda f: f.get("level") != "error"):
        error = one.get("level") == "error"
        place = f" ({one.get('part')}, line {one.get('line')})" if one.get("line") else f" ({one.get('part')})"
        said: Spans = ((plain(one.get("text", ""), 300), "bad" if error else "warn"), (place, "muted"))
        lines.append(("✗" if error else "!", said))
    return tuple(lines)


def variables(answer: Mapping[str, Any] | None) -> tuple[tuple[str, Spans], ...]:
    """The variables there are, with what they say for the lead of the preview."""
    lines: list[tuple[str, Spans]] = []
    for one in (answer or {}).get("variables") or []:
        value = plain(one.get("value", ""), 100)
        lines.append((plain(one.get("name", ""), 30), ((value or "empty", "" if value else "muted"),)))
    return tuple(lines)
