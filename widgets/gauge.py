"""A gauge: how much of a limit is used, as a bar and in figures."""

from __future__ import annotations

from widgets.spans import Spans, bar

NEARLY = 0.75
"""From this share on, a gauge asks for attention."""


def gauge(label: str, used: int, limit: int, cells: int = 8) -> Spans:
    """A labelled bar with ``used/limit`` beside it.

    Args:
        label: what is measured.
        used: how much is used; may exceed the limit.
        limit: the limit, above 0.
        cells: length of the bar.
    """
    share = used / limit if limit > 0 else 1.0
    tone = "warn" if share >= NEARLY else "accent"
    return ((f"{label} ", "muted"), *bar(share, cells, tone), (f" {used:,}", ""), (f"/{limit:,}", "muted"))
