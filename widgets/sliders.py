"""A list of values that are set with the arrow keys or by a click on a bar."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from widgets.spans import Spans
from widgets.table import Column, LiveTable

COARSE = 10
"""Steps of a move with shift."""


def track(fraction: float, saved: float, cells: int, *, changed: bool) -> Spans:
    """A bar with a handle; where the value was changed, the saved one shows as a mark.

    Args:
        fraction: where the value stands, 0–1.
        saved: where the saved one stands, 0–1.
        cells: length of the bar.
        changed: whether they differ, even where they share a cell.
    """
    last = cells - 1
    handle, mark = round(min(1.0, max(0.0, fraction)) * last), round(min(1.0, max(0.0, saved)) * last)
    tone = "warn" if changed else "accent"
    signs = [("━", tone) if n < handle else ("─", "quiet") for n in range(cells)]
    if changed and mark != handle:
        signs[mark] = ("┃", "muted")
    signs[handle] = ("●", tone)
    return tuple(signs)


class SliderTable(LiveTable):
    """A `LiveTable` one column of which holds bars.

    Args:
        columns: what each row has.
        bars: number of the column with the bars.
        id: the widget's id.
    """

    BINDINGS = [
        Binding("left", "step(-1)", "Less", show=False),
        Binding("right", "step(1)", "More", show=False),
        Binding("shift+left", f"step(-{COARSE})", "Much less", show=False),
        Binding("shift+right", f"step({COARSE})", "Much more", show=False),
    ]

    class Stepped(Message):
        """The value under the cursor is to change by steps."""

        def __init__(self, key: str, steps: int) -> None:
            super().__init__()
            self.key = key
            self.steps = steps

    class Placed(Message):
        """A bar was clicked."""

        def __init__(self, key: str, fraction: float) -> None:
            super().__init__()
            self.key = key
            self.fraction = fraction

    def __init__(self, columns: Sequence[Column], *, bars: int, id: str | None = None) -> None:  # noqa: A002
        super().__init__(columns, id=id)
        self._bars = bars

    def action_step(self, steps: int) -> None:
        """Ask for a change by steps."""
        if self.cursor_key is not None:
            self.post_message(self.Stepped(self.cursor_key, steps))

    def on_click(self, event: events.Click) -> None:
        """A click on a bar sets the value; the cursor goes there anyway."""
        super().on_click(event)
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y + self.scroll_offset.y < len(self.rows):
            return
        start, cells = self.span_of(self._bars)
        if cells > 1 and start <= offset.x < start + cells:
            key = self.rows[offset.y + self.scroll_offset.y].key
            self.post_message(self.Placed(key, (offset.x - start) / (cells - 1)))
