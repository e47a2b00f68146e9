"""From campaigns to the rows and details of their screen: pure functions."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from console.format import ago, number, plain, when
from console.live.feed import Doc
from console.screens.wording import END_REASONS, REQUEST_TONES, found_of, progress
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (
    Column("started", 6, from_width=46),
    Column("city", 0),
    Column("tmpl", 3, from_width=26),
    Column("progress", 10),
    Column("leads", 8, right=True, from_width=30),
    Column("sent", 10, right=True, from_width=60),
    Column("ago", 4, right=True, from_width=60),
)


def row(doc: Doc, now: datetime, zone: tzinfo | None) -> Row:
    """A campaign in the list."""
    request = doc.value
    cells: tuple[Spans, ...] = (
        ((when(request.request_timestamp, now, zone), "muted"),),
        ((plain(request.city, 60), ""),),
        ((f"t{request.template_id}", "muted"),),
        progress(request, 10),
        found_of(request),
        ((f"{number(request.counts.sent)} sent", "good" if request.counts.sent else "muted"),),
        ((ago(request.request_timestamp, now), "muted"),),
    )
    return Row(doc.id, cells, doc.updated)


def _listed(pairs: tuple[tuple[int, str], ...]) -> str:
    return " · ".join(f"{number(count)} {words}" for count, words in pairs if count)


def _status(request: Any) -> str:
    word = REQUEST_TONES.get(str(request.status), (str(request.status).lower(), ""))[0]
    if request.end_reason is not None:
        return f"{word}, because {END_REASONS.get(str(request.end_reason), str(request.end_reason).lower())}"
    if word == "processing":
        return f"{word} · {number(request.pages_read)} listing pages read · {number(request.in_flight)} posts under way"
    return word


def detail(request: Any, now: datetime, zone: tzinfo | None) -> tuple[tuple[str, Spans], ...]:
    """All about one campaign: a head and a text each."""
    counts = request.counts
    new = _listed(
        (
            (counts.queued, "queued for mail"),
            (counts.review, "in review"),
            (counts.phone_only, "phone only"),
            (counts.waiting, "waiting for the model"),
        )
    )
    left_out = _listed(
        (
            (counts.duplicates, "duplicates"),
            (counts.suppressed, "suppressed"),
            (counts.no_contact, "without contact"),
            (counts.dead, "dead links"),
            (counts.known, "links known before"),
        )
    )
    tone = REQUEST_TONES.get(str(request.status), ("", ""))[1]
    who = plain(request.requested_by, 80)
    lines: list[tuple[str, Spans]] = [
        ("status", ((_status(request), tone),)),
        ("asked", ((f"{when(request.request_timestamp, now, zone)}, template {request.template_id}", ""),
                   (f", by {who}" if who else "", "muted"), (", on schedule" if request.schedule_id else "", "muted"))),
        ("found", ((f"{number(counts.found)} new leads", "strong"), (f": {new}" if new else "", ""))),
        ("left out", ((left_out or "nothing", "" if left_out else "muted"),)),
        ("mail", ((f"{number(counts.sent)} sent", "good" if counts.sent else "muted"),
                  (f" · {number(counts.failed)} failed" if counts.failed else "", "bad"))),
    ]  # fmt: skip
    if request.message:
        lines.append(("says", ((plain(request.message, 600), "warn"),)))
    return tuple(lines)
