"""A scrollable list of wrapped lines, newest first."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from widgets.spans import Spans
from widgets.text import content

LEAST_TEXT = 12
"""Cells beside the heads below which they take no column of their own."""


class LineList(VerticalScroll, can_focus=True):
    """Lines of toned text that wrap; each has a short head (a time) that stands free at the left.

    Where that would leave too little room, a text begins behind its head and goes on below it.

    Args:
        id: the widget's id.
    """

    DEFAULT_CSS = "LineList { height: 1fr; } LineList > Static { height: auto; }"
    BINDINGS = [Binding("j", "scroll_down", show=False), Binding("k", "scroll_up", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: tuple[tuple[str, Spans], ...] | None = None
        self._body = Static()

    def compose(self) -> ComposeResult:
        """The text."""
        yield self._body

    @property
    def lines(self) -> tuple[tuple[str, Spans], ...]:
        """What is shown."""
        return self._lines or ()

    def show(self, lines: tuple[tuple[str, Spans], ...], empty: str = "") -> None:
        """Show lines of (head, text), or a sentence when there are none. The scroll position stays."""
        if not lines:
            self._lines = None
            self._body.update(content(((empty, "muted"),)))
            return
        if lines == self._lines:
            return
        self._lines = lines
        self._render_lines()

    def on_resize(self) -> None:
        """Wrap anew."""
        if self._lines:
            self._render_lines()

    def _render_lines(self) -> None:
        head = max((len(h) for h, _ in self.lines), default=0) + 1
        room = self._body.content_size.width
        out: list[Content] = []
        if room - head < LEAST_TEXT:
            out = [content(((f"{when} " if when else "", "muted"), *pieces)) for when, pieces in self.lines]
            self._body.update(Content("\n").join(out))
            return
        for when, pieces in self.lines:
            for number, part in enumerate(content(pieces).wrap(room - head)):
                out.append(content(((f"{when if number == 0 else '':<{head}}", "muted"),)) + part)
        self._body.update(Content("\n").join(out))
