"""A table for live data: rows are told apart by key, and only lines that changed are painted.

A DataTable repaints all its visible rows for one changed cell and can't put a new row first. This one draws lines on
demand (Textual's line API), so a change costs its own line, order is free, and column widths are fixed by the screen,
never by the data. The cursor stays on its row's key and the scroll position on the first visible row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.spans import TONES, Spans, fit
from widgets.spans import width as cells_of

MARK_S = 1.2
"""How long a changed row is marked, in seconds."""


class Column(NamedTuple):
    """A column.

    Args:
        title: heading; shown if the table shows headings.
        width: cells; 0 takes what the others leave (one column only).
        right: whether its content stands at the right.
        from_width: leave the column out while the table is narrower than this.
    """

    title: str
    width: int
    right: bool = False
    from_width: int = 0


class Row(NamedTuple):
    """A row.

    Args:
        key: what tells it apart, whatever its place.
        cells: the toned text of each column, in the order of the columns.
        version: what its content goes by: a row is marked as changed when this differs, not when its age is told anew.
    """

    key: str
    cells: tuple[Spans, ...]
    version: object = None


class LiveTable(ScrollView, can_focus=True):
    """Rows with a cursor.

    Args:
        columns: what each row has.
        headings: whether to show the columns' titles.
        id: the widget's id.
    """

    COMPONENT_CLASSES = {
        "live-table--heading",
        "live-table--cursor",
        "live-table--changed",
        *(f"live-table--{tone}" for tone in TONES),
    }
    BINDINGS = [
        Binding("down,j", "move(1)", "Next row", show=False),
        Binding("up,k", "move(-1)", "Previous row", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "edge(0)", "First row", show=False),
        Binding("end,G", "edge(1)", "Last row", show=False),
        Binding("enter", "select", "Open row", show=False),
    ]
    DEFAULT_CSS = "LiveTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    cursor: reactive[int] = reactive(0, repaint=False)

    class Highlighted(Message):
        """The cursor was moved to another row."""

        def __init__(self, table: LiveTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Selected(Message):
        """Enter was pressed on a row."""

        def __init__(self, table: LiveTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    def __init__(self, columns: Sequence[Column], *, headings: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = tuple(columns)
        self._headings = headings
        self._rows: tuple[Row, ...] = ()
        self._changed: dict[str, float] = {}
        self._notice: Spans = ()
        self._fresh = True
        self._look: tuple[int, Style] | None = None

    # -- content

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self.cursor].key if self.cursor < len(self._rows) else None

    def notice(self, pieces: Spans) -> None:
        """What to say while there are no rows."""
        if pieces != self._notice:
            self._notice = pieces
            if not self._rows:
                self.refresh()

    def show(self, rows: Sequence[Row], now: float) -> None:
        """Show rows in place of those before; focus, cursor row and scroll position stay where the operator left them.

        Args:
            rows: all of them, in order.
            now: monotonic seconds; rows that are new or changed are marked from then on for `MARK_S`.
        """
        old, new = self._rows, tuple(rows)
        if new == old:
            return
        differing = self._mark(old, new, now)
        key, top_key = self.cursor_key, self._top_key()
        self._rows = new
        same_keys = len(old) == len(new) and all(a.key == b.key for a, b in zip(old, new, strict=True))
        if same_keys:
            for index in differing:
                self._refresh_row(index)
            return
        self._place_cursor(key)
        self.virtual_size = Size(0, len(new) + self._headings)
        self._keep_top(top_key)
        self.refresh()

    def settle(self, now: float) -> None:
        """Take the mark off rows that changed longer than `MARK_S` ago."""
        done = [key for key, at in self._changed.items() if now - at >= MARK_S]
        for key in done:
            del self._changed[key]
        if done:
            gone = set(done)
            for index, row in enumerate(self._rows):
                if row.key in gone:
                    self._refresh_row(index)

    def _mark(self, old: tuple[Row, ...], new: tuple[Row, ...], now: float) -> list[int]:
        before = {row.key: row for row in old}
        differing = [i for i, row in enumerate(new) if before.get(row.key) != row]
        if self._fresh:
            # The first content is not a change.
            self._fresh = False
        else:
            for row in (new[i] for i in differing):
                known = before.get(row.key)
                if known is None or known.version != row.version:
                    self._changed[row.key] = now
        kept = {row.key for row in new}
        self._changed = {key: at for key, at in self._changed.items() if key in kept}
        return differing

    def _place_cursor(self, key: str | None) -> None:
        index = next((i for i, row in enumerate(self._rows) if row.key == key), None)
        if index is None:
            index = max(0, min(self.cursor, len(self._rows) - 1))
        self.cursor = index

    def _top_key(self) -> str | None:
        top = self.scroll_offset.y
        return self._rows[top].key if 0 < top < len(self._rows) else None

    def _keep_top(self, key: str | None) -> None:
        if key is None:
            return
        index = next((i for i, row in enumerate(self._rows) if row.key == key), None)
        if index is not None and index != self.scroll_offset.y:
            self.scroll_to(y=index, animate=False, immediate=True)

    # -- keys and mouse

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - self._headings)

    def _go(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        if not self._rows or index == self.cursor:
            return
        before, self.cursor = self.cursor, index
        self._refresh_row(before)
        self._refresh_row(index)
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif index >= top + self._page:
            self.scroll_to(y=index - self._page + 1, animate=False)
        self.post_message(self.Highlighted(self, self._rows[index].key))

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._go(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by pages."""
        self._go(self.cursor + step * self._page)

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first row (0) or the last (1)."""
        self._go((len(self._rows) - 1) * end)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.cursor_key is not None:
            self.post_message(self.Selected(self, self.cursor_key))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self._headings:
            self._go(offset.y - self._headings + self.scroll_offset.y)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Hide the cursor."""
        self._refresh_row(self.cursor)

    # -- painting

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + self._headings
        if self._headings <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def notify_style_update(self) -> None:
        """Repaint in the new theme's colours."""
        super().notify_style_update()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the table; what they have in common is worked out once."""
        self._look = self.look()
        try:
            return super().render_lines(crop)
        finally:
            self._look = None

    def look(self) -> tuple[int, Style]:
        """Width and style of every line."""
        return self._look or (self.scrollable_content_region.width, self.rich_style)

    def render_line(self, y: int) -> Strip:
        """One line of the table."""
        width, base = self.look()
        if not self._rows:
            return self._notice_line(y, width, base)
        if self._headings and y == 0:
            style = base + self.get_component_rich_style("live-table--heading", partial=True)
            cells = tuple(((c.title, ""),) for c in self.columns)
            return self._strip(cells, width, style, lambda _: style)
        index = y - self._headings + self.scroll_offset.y
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        if row.key in self._changed:
            base += self.get_component_rich_style("live-table--changed", partial=True)
        if index == self.cursor and self.has_focus:
            base += self.get_component_rich_style("live-table--cursor", partial=True)
        return self._strip(row.cells, width, base, lambda tone: self._tone(base, tone))

    def _tone(self, base: Style, tone: str) -> Style:
        if not tone:
            return base
        return base + self.get_component_rich_style(f"live-table--{tone}", partial=True)

    def _notice_line(self, y: int, width: int, base: Style) -> Strip:
        lines = _wrap("".join(text for text, _ in self._notice), max(8, width - 4))
        top = max(0, (self.size.height - len(lines)) // 2)
        if not top <= y < top + len(lines):
            return Strip.blank(width, base)
        tone = self._notice[0][1] if self._notice else ""
        return Strip([Segment(lines[y - top].center(width), self._tone(base, tone))], width)

    def span_of(self, number: int) -> tuple[int, int]:
        """Where a column begins and how many cells it takes; (0, 0) if the table is too narrow to show it."""
        width = self.scrollable_content_region.width
        shown = [c for c in self.columns if width >= c.from_width]
        rest = max(0, width - sum(c.width for c in shown) - max(0, len(shown) - 1))
        start = 0
        for column in shown:
            if column is self.columns[number]:
                return start, column.width or rest
            start += (column.width or rest) + 1
        return 0, 0

    def _strip(self, cells: Sequence[Spans], width: int, base: Style, style: Callable[[str], Style]) -> Strip:
        shown = [(c, cell) for c, cell in zip(self.columns, cells, strict=True) if width >= c.from_width]
        rest = max(0, width - sum(column.width for column, _ in shown) - max(0, len(shown) - 1))
        segments: list[Segment] = []
        number = 0
        while number < len(shown):
            column, cell = shown[number]
            if number:
                segments.append(Segment(" ", base))
            room = column.width or rest
            number += 1
            # What is too long for its column runs on over empty cells behind it.
            while number < len(shown) and _is_empty(shown[number][1]) and not column.right and cells_of(cell) > room:
                room += 1 + (shown[number][0].width or rest)
                number += 1
            segments.extend(Segment(text, style(tone)) for text, tone in fit(cell, room, right=column.right))
        return Strip(segments).adjust_cell_length(width, base)


def _is_empty(cell: Spans) -> bool:
    return not any(text for text, _ in cell)


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = joined
    return lines
