"""A row of figures, each with a sparkline."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from widgets.spans import Spans, fit, sparkline
from widgets.text import content


class Figure(NamedTuple):
    """One figure.

    Args:
        label: what it counts.
        value: the count as text.
        bars: how it moved, oldest first.
        tone: tone of value and bars.
    """

    label: str
    value: str
    bars: tuple[int, ...] = ()
    tone: str = "accent"


class FigureStrip(Widget):
    """Figures side by side, in three lines: label, value, bars; in two where there is room for the bars at the side."""

    DEFAULT_CSS = "FigureStrip { height: auto; width: 1fr; }"
    BESIDE = 17
    """From this width of a figure on, its bars stand beside the value."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._figures: tuple[Figure, ...] = ()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """What is shown."""
        return self._figures

    def show(self, figures: tuple[Figure, ...]) -> None:
        """Show other figures; costs nothing if they are the same."""
        if figures != self._figures:
            resized = len(figures) != len(self._figures)
            self._figures = figures
            self.refresh(layout=resized)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Two lines or three."""
        return 2 if self._figure_width(width) >= self.BESIDE else 3

    def _figure_width(self, width: int) -> int:
        return width // max(1, len(self._figures) or 6)

    def render(self) -> Content:
        """The figures."""
        cells = self._figure_width(self.size.width)
        beside = cells >= self.BESIDE
        lines: list[list[Spans]] = [[], [], []]
        for figure in self._figures:
            lines[0].append(fit(((figure.label, "muted"),), cells))
            value: Spans = ((figure.value, "strong"),)
            if beside:
                room = min(len(figure.bars), cells - max(7, len(figure.value)) - 3)
                bars = sparkline(figure.bars, room, figure.tone)
                lines[1].append(fit((*fit(value, max(7, len(figure.value))), *bars), cells))
            else:
                lines[1].append(fit(value, cells))
                lines[2].append(fit(sparkline(figure.bars, min(len(figure.bars), cells - 2), figure.tone), cells))
        shown = [content(tuple(piece for cell in line for piece in cell)) for line in lines if line]
        return Content("\n").join(shown)
