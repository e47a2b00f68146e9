"""Dialogs: what to sort by, and which columns to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.contacts.fields import field_named
from console.contacts.listing import Order
from console.screens.contacts import columns
from console.screens.contacts.columns import Shown
from widgets.spans import Spans
from widgets.table import Column, LiveTable, Row

_COLUMNS = (Column("", 1), Column("", 10), Column("", 0), Column("", 5, right=True))


def _row(name: str, sign: str, note: str, tone: str = "") -> Row:
    field = field_named(name)
    told = field.help if field is not None else ""
    cells: tuple[Spans, ...] = (((sign, "accent"),), ((name, tone),), ((told, "muted"),), ((note, "muted"),))
    return Row(name, cells)


class SortScreen(ModalScreen[str | None]):
    """What to sort by; gives back the field.

    Args:
        fields: the fields, those shown first.
        order: the present order.
    """

    CSS_PATH = "choosing.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS = [Binding("escape,s,q", "dismiss(None)", show=False)]

    def __init__(self, fields: Sequence[str], order: Order) -> None:
        super().__init__()
        self._fields, self._order = fields, order

    def compose(self) -> ComposeResult:
        """The fields."""
        with Vertical(classes="choices-box") as box:
            box.border_title = "Sort by"
            box.border_subtitle = "Enter takes it, the present one turns round · Esc closes"
            yield LiveTable(_COLUMNS, id="choices")

    def on_mount(self) -> None:
        """Begin at the present one."""
        sign = "↓" if self._order.descending else "↑"
        table = self.query_one(LiveTable)
        table.show([_row(name, sign if name == self._order.field else "", "") for name in self._fields], 0)
        if self._order.field in self._fields:
            table.action_move(list(self._fields).index(self._order.field))

    @on(LiveTable.Selected)
    def _taken(self, event: LiveTable.Selected) -> None:
        self.dismiss(event.key)


class ColumnsScreen(ModalScreen[None]):
    """Which columns, in which order and how wide; each change is shown behind it at once.

    Args:
        shown: the present columns.
        use: takes the new ones.
    """

    CSS_PATH = "choosing.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS = [
        Binding("escape,c,q,enter", "dismiss(None)", show=False, priority=True),
        Binding("space", "show_or_not", show=False),
        Binding("left", "widen(-1)", show=False),
        Binding("right", "widen(1)", show=False),
        Binding("shift+up,K", "order(-1)", show=False),
        Binding("shift+down,J", "order(1)", show=False),
        Binding("d", "usual", show=False),
    ]

    def __init__(self, shown: tuple[Shown, ...], use: Callable[[tuple[Shown, ...]], None]) -> None:
        super().__init__()
        self._shown, self._use = shown, use

    def compose(self) -> ComposeResult:
        """The fields."""
        with Vertical(classes="choices-box") as box:
            box.border_title = "Columns"
            box.border_subtitle = "Space shows · ← → width · Shift+↑ ↓ order · d usual · Esc"
            yield LiveTable(_COLUMNS, id="choices")

    def on_mount(self) -> None:
        """Show them."""
        self._show()

    def _show(self) -> None:
        widths = {one.field: one.width for one in self._shown}
        rows = [
            _row(name, "✓" if name in widths else "", str(widths.get(name, "")), "" if name in widths else "muted")
            for name in columns.all_fields(self._shown)
        ]
        self.query_one(LiveTable).show(rows, 0)

    def _changed(self, shown: tuple[Shown, ...]) -> None:
        if shown != self._shown:
            self._shown = shown
            self._show()
            self._use(shown)

    @property
    def _field(self) -> str:
        return self.query_one(LiveTable).cursor_key or ""

    def action_show_or_not(self) -> None:
        """Show the column, or leave it out."""
        self._changed(columns.with_shown(self._shown, self._field))

    def action_widen(self, step: int) -> None:
        """Make it wider or narrower."""
        self._changed(columns.widened(self._shown, self._field, step))

    def action_order(self, step: int) -> None:
        """Move it."""
        self._changed(columns.moved(self._shown, self._field, step))

    def action_usual(self) -> None:
        """Take the usual columns."""
        self._changed(columns.read(()))
