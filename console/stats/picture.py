"""The charts as an SVG: plain shapes and text, so that any program can open it and scale it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from widgets.bars import Chart, Series

WIDTH = 960
_LEFT, _RIGHT, _BAR_AREA, _HEAD = 84, 24, 96, 30
_INK, _MUTED, _LINE, _BAR, _PAPER = "#1f2933", "#5d6b78", "#b9c3cc", "#1f6f86", "#ffffff"
_FONT = "font-family='Segoe UI, Helvetica, Arial, sans-serif'"


def to_svg(charts: Sequence[Chart], title: str) -> str:
    """All charts below one another.

    Args:
        charts: what to draw.
        title: what stands above them.
    """
    parts: list[str] = []
    y = 56
    for chart in charts:
        drawn, y = _chart(chart, y)
        parts += drawn
    height = y + 8
    head = _text(_LEFT - 60, 34, title, size=20, weight="600")
    return "\n".join(
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' "
            f"viewBox='0 0 {WIDTH} {height}' role='img' {_FONT}>",
            f"<title>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height}' fill='{_PAPER}'/>",
            head,
            *parts,
            "</svg>",
            "",
        )
    )


def _text(x: float, y: float, text: str, *, size: int = 12, fill: str = _INK, anchor: str = "start",
          weight: str = "400") -> str:  # fmt: skip
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{fill}' text-anchor='{anchor}' "
        f"font-weight='{weight}'>{escape(text)}</text>"
    )


def _chart(chart: Chart, y: int) -> tuple[list[str], int]:
    out = [_text(_LEFT - 60, y + 18, chart.title, size=15, weight="600")]
    y += _HEAD
    for series in chart.series:
        out += _series(chart, series, y)
        y += _BAR_AREA + _HEAD
    out += _labels(chart.labels, y + 2)
    if chart.said:
        out.append(_text(_LEFT, y + 24, chart.said, fill=_MUTED, size=11))
    return out, y + 48


def _step(count: int) -> float:
    return (WIDTH - _LEFT - _RIGHT) / max(1, count)


def _series(chart: Chart, series: Series, y: int) -> list[str]:
    step, foot = _step(len(series.values)), y + _HEAD - 6 + _BAR_AREA - 14
    tall = _BAR_AREA - 14
    out = [
        _text(_LEFT, y + 14, series.title, weight="600"),
        _text(WIDTH - _RIGHT, y + 14, series.note, fill=_MUTED, anchor="end"),
        _text(_LEFT - 8, foot - tall + 10, series.shown(series.top), fill=_MUTED, anchor="end", size=11),
        _text(_LEFT - 8, foot, "0", fill=_MUTED, anchor="end", size=11),
        f"<line x1='{_LEFT}' y1='{foot}' x2='{WIDTH - _RIGHT}' y2='{foot}' stroke='{_LINE}'/>",
    ]
    for number, value in enumerate(series.values):
        x = _LEFT + number * step
        label = chart.labels[number] if number < len(chart.labels) else ""
        if value is None:
            out.append(_text(x + step / 2, foot - 4, "?", fill=_MUTED, anchor="middle"))
        elif value > 0:
            height = max(1.0, value / series.top * tall)
            out.append(
                f"<rect x='{x + step * 0.1:.1f}' y='{foot - height:.1f}' width='{step * 0.8:.1f}' "
                f"height='{height:.1f}' fill='{_BAR}'><title>{escape(f'{label} {series.shown(value)}'.strip())}"
                "</title></rect>"
            )
    return out


def _labels(labels: Sequence[str], y: int) -> list[str]:
    step, out, free = _step(len(labels)), [], 0.0
    for number, label in enumerate(labels):
        x = _LEFT + number * step
        if label and x >= free:
            out.append(_text(x + step * 0.1, y, label, fill=_MUTED, size=11))
            free = x + 7 * len(label) + 8
    return out
