"""The words for statuses and outcomes, the same on every screen."""

from __future__ import annotations

from typing import Any

from console.format import number
from widgets.spans import Spans, bar

REQUEST_TONES = {
    "PENDING": ("pending", "muted"),
    "PROCESSING": ("processing", "accent"),
    "COMPLETED": ("completed", "good"),
    "CANCELLED": ("cancelled", "muted"),
    "FAILED": ("failed", "bad"),
}
EMAIL_TONES = {
    "QUEUED": ("queued", "accent"),
    "HELD": ("held", "muted"),
    "DRAFTING": ("drafting", "accent"),
    "SENDING": ("sending", "accent"),
    "UNKNOWN": ("unknown", "warn"),
    "PARKED": ("parked", "warn"),
    "SENT": ("sent", "good"),
    "CANCELLED": ("cancelled", "muted"),
    "SUPPRESSED": ("suppressed", "muted"),
    "ERROR_NO_EMAIL": ("no email", "bad"),
    "ERROR_API_FAILURE": ("failed", "bad"),
}
END_REASONS = {
    "TARGET_MET": "the target was met",
    "LISTINGS_EXHAUSTED": "the listings are exhausted",
    "CANCELLED": "it was cancelled",
    "SOURCE_FAILED": "the source failed",
}
OUTCOMES = (
    ("queued", "queued for mail"),
    ("review", "in review"),
    ("phone_only", "phone only"),
    ("waiting", "waiting for the model"),
    ("duplicates", "duplicates"),
    ("suppressed", "suppressed"),
    ("no_contact", "without contact"),
    ("dead", "dead links"),
)
"""Counts of a campaign by what became of a post, each with its words."""

_PROCESSED = tuple(name for name, _ in OUTCOMES)


def processed(counts: Any) -> int:
    """Posts that have an outcome. A review lead whose address was found has moved from ``review`` to ``queued``."""
    return sum(getattr(counts, name) for name in _PROCESSED)


def progress(request: Any, cells: int) -> Spans:
    """A bar while a campaign runs, else the word for its status."""
    word, tone = REQUEST_TONES.get(str(request.status), (str(request.status).lower(), ""))
    if word != "processing":
        return ((word, tone),)
    return bar(request.counts.found / max(1, request.number_of_leads_to_process), cells)


def found_of(request: Any) -> Spans:
    """New leads found, and how many were asked for."""
    return ((number(request.counts.found), ""), (f"/{number(request.number_of_leads_to_process)}", "muted"))
