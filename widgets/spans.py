"""Text with a tone: how widgets and screens speak of colour without naming one.

A tone is a role ("muted", "good"); the theme decides its colour. Every meaning is carried by a word or a shape as well.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

Spans = tuple[tuple[str, str], ...]
"""Pieces of text, each with its tone; an empty tone is ordinary text."""

TONES = ("muted", "good", "warn", "bad", "accent", "strong", "quiet")

THEME_STYLES = {
    "": "$foreground",
    "muted": "$text-muted",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "accent": "$text-accent",
    "strong": "bold $foreground",
    "quiet": "$line",
}
"""Tones as Textual styles, for widgets that render content."""


def spans(text: str, tone: str = "") -> Spans:
    """One piece of text."""
    return ((text, tone),)


def width(pieces: Spans) -> int:
    """How many cells the pieces take."""
    return sum(cell_len(text) for text, _ in pieces)


def clip(text: str, cells: int) -> str:
    """Text in at most that many cells; what is cut ends in an ellipsis."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + "…" if cells > 1 else "…"[:cells]


def fit(pieces: Spans, cells: int, *, right: bool = False) -> Spans:
    """The pieces in exactly that many cells: padded, or cut with an ellipsis.

    Args:
        pieces: what to fit.
        cells: the width.
        right: pad at the left, so that the text stands at the right.
    """
    room = cells
    out: list[tuple[str, str]] = []
    for text, tone in pieces:
        if room <= 0:
            break
        shown = clip(text, room)
        out.append((shown, tone))
        room -= cell_len(shown)
        if shown != text:
            break
    if room > 0:
        pad = (" " * room, "")
        out = [pad, *out] if right else [*out, pad]
    return tuple(out)


def bar(fraction: float, cells: int, tone: str = "accent") -> Spans:
    """A bar of that many cells; the filled part is thick, the rest thin, so it reads without colour."""
    fraction = min(1.0, max(0.0, fraction))
    filled = round(fraction * cells)
    if fraction > 0:
        filled = max(1, filled)
    if fraction < 1:
        filled = min(filled, cells - 1)
    return (("━" * filled, tone), ("─" * (cells - filled), "quiet"))


_LEVELS = "▁▂▃▄▅▆▇█"


def sparkline(values: tuple[int, ...], cells: int, tone: str = "accent") -> Spans:
    """The last values as little bars, scaled to the highest; nothing is the lowest bar, dimmed."""
    shown = values[-cells:]
    top = max(shown, default=0)
    out: list[tuple[str, str]] = [("▁" * (cells - len(shown)), "quiet")] if len(shown) < cells else []
    for value in shown:
        if value <= 0:
            out.append((_LEVELS[0], "quiet"))
        else:
            out.append((_LEVELS[max(1, round(value / top * (len(_LEVELS) - 1)))], tone))
    return tuple(out)
