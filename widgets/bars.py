"""Bar charts in text: small multiples under one time axis, told apart by their titles and not by colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from widgets.spans import Spans, clip, fit
from widgets.text import content

_EIGHTHS = "▁▂▃▄▅▆▇█"
AXIS = 8
"""Cells at the left for the scale."""


@dataclass(frozen=True)
class Series:
    """One row of bars.

    Args:
        title: what they count.
        values: one for each label of the chart; `None` where nothing is known.
        shown: writes a value.
        tone: their colour's role.
        note: what is to be said beside the title.
    """

    title: str
    values: tuple[float | None, ...]
    shown: Callable[[float], str]
    tone: str = "accent"
    note: str = ""

    @property
    def top(self) -> float:
        """The highest value."""
        return max((value for value in self.values if value is not None), default=0.0)


@dataclass(frozen=True)
class Chart:
    """Series over the same labels.

    Args:
        name: names the chart in files.
        title: what it shows.
        labels: of each place on the time axis, oldest first.
        series: the rows of bars, from the top.
        said: where the figures come from, and what they leave out.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    said: str = ""


def _column(value: float | None, top: float, height: int) -> str:
    """A bar from its foot up, a character for each line; whatever is above nothing shows at least a sliver."""
    if value is None:
        return "?" + " " * (height - 1)
    if value <= 0 or top <= 0:
        return "·" + " " * (height - 1)
    eighths = max(1, round(value / top * height * 8))
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest - 1] if rest else "")).ljust(height)


def _steps(count: int, cells: int) -> tuple[int, int]:
    """The width of a bar, and the gap after it."""
    each = max(1, cells // max(1, count))
    gap = 1 if each > 1 else 0
    return min(each - gap, 6), gap


def rows(series: Series, cells: int, height: int) -> list[Spans]:
    """A title and that many lines of bars.

    Args:
        series: what to draw; if there are more values than cells, the latest are drawn.
        cells: the width of all of it.
        height: lines of bars.
    """
    room = max(4, cells - AXIS)
    values = series.values[-room:]
    width, gap = _steps(len(values), room)
    columns = [_column(value, series.top, height) for value in values]
    title: Spans = ((series.title, "strong"), (f"  {series.note}" if series.note else "", "muted"))
    lines = [fit(title, cells)]
    for level in reversed(range(height)):
        scale = series.shown(series.top) if level == height - 1 else ("0" if level == 0 and height > 1 else "")
        bars: list[tuple[str, str]] = []
        for column in columns:
            sign = column[level]
            bars.append(((sign if sign in "·?" else sign * width).ljust(width + gap), _tone(sign, series.tone)))
        lines.append(fit((*fit(((scale, "muted"),), AXIS - 2, right=True), (" │", "quiet"), *bars), cells))
    return lines


def _tone(sign: str, tone: str) -> str:
    return "quiet" if sign == "·" else "warn" if sign == "?" else tone


def axis(labels: Sequence[str], cells: int) -> Spans:
    """The time axis: as many labels as there is room for, each at its own bar."""
    room = max(4, cells - AXIS)
    shown = list(labels[-room:])
    width, gap = _steps(len(shown), room)
    line = [" "] * room
    free = 0
    for number, label in enumerate(shown):
        start = number * (width + gap)
        if label and start >= free and start + len(label) <= room:
            line[start : start + len(label)] = label
            free = start + len(label) + 1
    return ((" " * AXIS, ""), ("".join(line), "muted"))


def drawn(chart: Chart, cells: int, lines: int) -> list[Spans]:
    """The whole chart in that many cells and at most so many lines."""
    extra = 1 if chart.said else 0
    each = max(2, (lines - 1 - extra) // max(1, len(chart.series)))
    out = [line for one in chart.series for line in rows(one, cells, each - 1)]
    out.append(axis(chart.labels, cells))
    if chart.said:
        out.append(fit(((clip(chart.said, cells), "muted"),), cells))
    return out


class BarChart(Widget):
    """A chart that fills its place.

    Args:
        id: the widget's id.
    """

    DEFAULT_CSS = "BarChart { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._chart: Chart | None = None
        self._notice: Spans = ()

    @property
    def chart(self) -> Chart | None:
        """What is shown."""
        return self._chart

    def show(self, chart: Chart | None, notice: Spans = ()) -> None:
        """Show a chart, or a sentence in its place."""
        self._chart, self._notice = chart, notice
        self.refresh()

    def render(self) -> Content:
        """The chart."""
        if self._chart is None:
            return content(self._notice)
        lines = drawn(self._chart, self.size.width, self.size.height)
        return Content("\n").join([content(line) for line in lines])
