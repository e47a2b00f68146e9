"""A table for very many rows: they are looked up as they come into sight, and painted lines are kept.

It is a `LiveTable` whose rows come from a source. Nothing it does costs more for a hundred thousand rows than for a
hundred: it asks for the rows on screen only, and for the place of a key when the order has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from widgets.table import Column, LiveTable, Row

_KEPT_LINES = 400


class Source(Protocol):
    """Where rows come from. It is asked in the thread of the screen, so it must be quick."""

    def __len__(self) -> int:
        """How many rows there are."""
        ...

    def row(self, index: int) -> Row:
        """The row at a place."""
        ...

    def place_of(self, key: str) -> int | None:
        """Where a row stands; `None` if it is not there."""
        ...


class _Rows(Sequence[Row]):
    """A source as the table reads it."""

    def __init__(self, source: Source | None) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source) if self.source is not None else 0

    def __getitem__(self, index: Any) -> Any:
        assert self.source is not None
        return self.source.row(index)


class BigTable(LiveTable):
    """Very many rows with a cursor.

    Args:
        columns: what each row has.
        id: the widget's id.
    """

    BINDINGS = [
        Binding("shift+down", "extend(1)", "Mark downwards", show=False),
        Binding("shift+up", "extend(-1)", "Mark upwards", show=False),
    ]

    class Extended(Message):
        """The cursor was moved with Shift: the rows from one place to another are meant."""

        def __init__(self, table: BigTable, first: int, last: int) -> None:
            super().__init__()
            self.table = table
            self.first = first
            self.last = last

    class HeadingClicked(Message):
        """A heading was clicked."""

        def __init__(self, table: BigTable, column: int) -> None:
            super().__init__()
            self.table = table
            self.column = column

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(columns, headings=True, id=id)
        self._rows: Any = _Rows(None)
        self._seen: dict[int, Row] = {}
        """What was painted last, by place."""
        self._lines: OrderedDict[tuple[Any, ...], Strip] = OrderedDict()

    # -- content

    def put(self, source: Source) -> None:
        """Show another source; the cursor stays on its row and the first row in sight where it was, if they are there.

        Args:
            source: the rows.
        """
        key, top_key = self.cursor_key, self._top_key()
        self._rows = _Rows(source)
        self._seen.clear()
        self._place_cursor(key)
        self.virtual_size = Size(0, len(self._rows) + self._headings)
        self._keep_top(top_key)
        self.refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns."""
        self.columns = tuple(columns)
        self._lines.clear()
        self._seen.clear()
        self.refresh()

    def look_again(self, now: float) -> None:
        """Compare the rows in sight with what was painted, and paint those that differ.

        Args:
            now: monotonic seconds; rows whose version differs are marked as changed from then on.
        """
        for index in self.in_sight:
            before = self._seen.get(index)
            if before is None:
                continue
            row = self._rows[index]
            if row != before:
                if row.key == before.key and row.version != before.version:
                    self._changed[row.key] = now
                self._refresh_row(index)

    def settle(self, now: float) -> None:
        """Take the mark off rows that changed a while ago."""
        from widgets.table import MARK_S

        done = {key for key, at in self._changed.items() if now - at >= MARK_S}
        for key in done:
            del self._changed[key]
        for index in self.in_sight if done else ():
            row = self._seen.get(index)
            if row is not None and row.key in done:
                self._refresh_row(index)

    @property
    def in_sight(self) -> range:
        """The places on screen."""
        top = int(self.scroll_offset.y)
        return range(top, min(len(self._rows), top + self._page))

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self.cursor].key if 0 <= self.cursor < len(self._rows) else None

    def _place_cursor(self, key: str | None) -> None:
        source = self._rows.source
        index = source.place_of(key) if source is not None and key else None
        self.cursor = max(0, min(self.cursor, len(self._rows) - 1)) if index is None else index

    def _top_key(self) -> str | None:
        top = int(self.scroll_offset.y)
        return self._rows[top].key if 0 < top < len(self._rows) else None

    def _keep_top(self, key: str | None) -> None:
        index = self._rows.source.place_of(key) if key else None
        if index is not None and index != self.scroll_offset.y:
            self.scroll_to(y=index, animate=False, immediate=True)

    # -- keys and mouse

    def action_extend(self, step: int) -> None:
        """Move the cursor by a row and say which rows it went over."""
        before = self.cursor
        self.action_move(step)
        if len(self._rows):
            self.post_message(self.Extended(self, min(before, self.cursor), max(before, self.cursor)))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked, or tell which heading was."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self._headings:
            super().on_click(event)
            return
        for number in range(len(self.columns)):
            start, width = self.span_of(number)
            if start <= offset.x < start + width:
                self.post_message(self.HeadingClicked(self, number))

    # -- painting

    def notify_style_update(self) -> None:
        """Repaint in the new theme's colours."""
        self._lines.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line of the table."""
        index = y - self._headings + int(self.scroll_offset.y)
        if not len(self._rows) or y < self._headings or not 0 <= index < len(self._rows):
            return super().render_line(y)
        row = self._rows[index]
        self._seen[index] = row
        if len(self._seen) > _KEPT_LINES:
            self._seen = {place: self._seen[place] for place in self.in_sight if place in self._seen}
        at_cursor = index == self.cursor and self.has_focus
        # A version alone is not enough: marks, and ages told anew, change what a row says.
        known = (row, *self.look(), at_cursor, row.key in self._changed)
        strip = self._lines.get(known)
        if strip is None:
            strip = self._lines[known] = super().render_line(y)
            if len(self._lines) > _KEPT_LINES:
                self._lines.popitem(last=False)
        return strip
