"""The contacts' list and what is shown beside it: the copy, the filter, the order, the columns."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Input

from console.contacts import keeper as keeping
from console.contacts import records
from console.contacts.copy import Reader
from console.contacts.expression import BadFilter
from console.contacts.listing import Listing, Order, Question, find, order_of
from console.format import number
from console.live import feeds
from console.live.health import Freshness
from console.screens.contacts import columns, detail
from console.screens.contacts.rows import Source
from console.screens.contacts.wording import filter_line, notice, title
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.bigtable import BigTable
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.table import LiveTable
from widgets.text import Line

TYPING_S = 0.15
"""A filter is tried when nothing was typed for so long."""
FIND_EVERY_S = 1.0
"""While contacts change, what the filter finds is found anew at most so often …"""
FIND_SHARE = 8
"""… and never more than one part in so many of the time."""
WINDOW = 8
"""Contacts that the listener holds."""


class ListScreen(LiveScreen):
    """The list; what can be done to contacts is added by `ContactsScreen`."""

    NAME = "contacts"

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._keeper: keeping.Keeper | None = None
        self._reader: Reader | None = None
        self._reads: object = None
        """The copy that the reader reads; another one takes its place when the copy is made anew."""
        self._question = Question()
        self._listing: Listing | None = None
        self._shown: tuple[columns.Shown, ...] = columns.read(())
        self._marked: set[str] = set()
        self._histories: dict[str, Mapping[str, Any]] = {}
        self._finding: Reader | None = None
        self._wanted = 0
        self._found_at = float("-inf")
        self._took_s = 0.0
        self._typing: Timer | None = None
        self._told_note = ""
        self._showing = False

    def parts(self) -> ComposeResult:
        """The list with its filter, and the contact."""
        with Container(id="contacts"):
            with Container(id="contacts-left"):
                yield Input(
                    id="contacts-filter", compact=True, placeholder="status:sent city:austin -email:*@gmail.com"
                )
                yield Line(id="contacts-said")
                yield Pane("Contacts", BigTable(columns.as_columns(self._shown), id="people"), id="people-pane")
            yield Pane("Contact", LineList(id="person"), id="person-pane")

    def on_mount(self) -> None:
        """Begin in the list, as the operator has set it up."""
        settings = self.app.settings
        self._shown = columns.read(settings.names("columns", self.NAME))
        self._table.set_columns(columns.as_columns(self._shown))
        try:
            self._question = Question("", order_of(settings.text("sorting", self.NAME) or "-updated"))
        except ValueError:
            self._question = Question()
        self._say("")
        self.query_one("#contacts-filter").display = False
        self._table.focus()

    def on_unmount(self) -> None:
        """Let the copy go; it stays on disk."""
        if self._keeper is not None:
            self._keeper.stop()
        self._wanted += 1  # What a search under way finds, or why it ended, concerns nobody any more.
        for reader in (self._reader, self._finding):
            if reader is not None:
                reader.close()

    @property
    def _table(self) -> BigTable:
        return self.query_one("#people", BigTable)

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the list up to date."""
        first = self._view is None
        self._view = view
        self._keep(view)
        keeper = self._keeper
        if keeper is None or keeper.copy is None:
            self._show_title()
            return
        if feeds.CONTACTS in changed or first:
            self._offer(view)
        if self._reads is not keeper.copy:
            self._open_reader(keeper)
        elif self._listing is not None and keeper.copy.changes != self._listing.changes:
            self._renew(view, keeper.copy.changes)
        self._table.settle(view.clock)
        self._show_title()
        if keeper.note and keeper.note != self._told_note:
            self._told_note = keeper.note
            self.app.tell("The local copy", keeper.note)

    def _keep(self, view: View) -> None:
        if self._keeper is None and self.app.session is not None:
            self._keeper = keeping.open_keeper(self.app.session)

    def _offer(self, view: View) -> None:
        window = view.window(feeds.CONTACTS)
        if self._keeper is not None and window.loaded:
            self._keeper.offer([records.row(d.id, d.value, d.updated) for d in window.docs], WINDOW)

    def _open_reader(self, keeper: keeping.Keeper) -> None:
        assert keeper.copy is not None
        if self._reader is not None:
            self._reader.close()
        self._reader, self._reads = keeper.copy.reader(), keeper.copy
        self._histories.clear()
        self._find()

    def _renew(self, view: View, changes: int) -> None:
        """The copy has changed: show the rows in sight as they are now, and when it is time find anew."""
        if view.freshness[0] is Freshness.PAUSED:
            return
        assert self._listing is not None
        self._listing.renew()
        self._safely(lambda: self._table.look_again(view.clock))
        # An empty copy costs nothing to search, and the operator waits for the first contact.
        if not self._listing.total or view.clock - self._found_at >= max(FIND_EVERY_S, FIND_SHARE * self._took_s):
            self._find()

    def _show_title(self) -> None:
        view, keeper = self._view, self._keeper
        assert view is not None
        found = len(self._listing) if self._listing is not None else None
        text, said = title(
            found, self._listing.total if self._listing else 0, self._question, len(self._marked), keeper
        )
        self.query_one("#people-pane", Pane).label(text, said)
        self._table.notice(notice(self._question, self._listing, keeper, view))

    def _show_person(self) -> None:
        self._showing = False
        view, key = self._view, self._key
        document = self._document(key) if key else None
        pane, body = self.query_one("#person-pane", Pane), self.query_one("#person", LineList)
        if view is None or document is None or not key:
            some = self._listing is not None and len(self._listing)
            body.show((), "Choose a contact." if some else "")
            pane.label("Contact")
            return
        body.show(detail.lines(key, document, self._histories.get(key), view.now, view.zone))
        pane.label("Contact")

    @property
    def _key(self) -> str | None:
        found: list[str | None] = [None]
        self._safely(lambda: found.__setitem__(0, self._table.cursor_key))
        return found[0] or None

    def _document(self, key: str) -> Mapping[str, Any] | None:
        found: list[Mapping[str, Any] | None] = [None]
        if self._reader is not None:
            reader = self._reader
            self._safely(lambda: found.__setitem__(0, reader.document(key)))
        return found[0]

    def _safely(self, task: Callable[[], None]) -> None:
        """Read the copy; one that was deleted or damaged meanwhile becomes a message."""
        try:
            task()
        except sqlite3.Error as error:
            self.app.tell("The copy of the contacts can't be read", str(error), severity="error")
            if self._keeper is not None:
                self._keeper.ask("again")

    @on(LiveTable.Highlighted)
    def _another(self) -> None:
        # The cursor is painted first; a key that is held down pays for the last contact only.
        if not self._showing:
            self._showing = True
            self.call_after_refresh(self._show_person)

    # -- finding, off the screen's thread

    def _find(self) -> None:
        """Find what is asked for. A search under way is ended: only the latest question counts."""
        keeper, view = self._keeper, self._view
        if keeper is None or keeper.copy is None or view is None:
            return
        try:
            self._question.terms()
        except BadFilter as error:
            self._say_bad(error)
            return
        self._say("")
        self._wanted += 1
        wanted, question, copy = self._wanted, self._question, keeper.copy
        changes = copy.changes
        if self._finding is not None:
            self._finding.interrupt()
        reader = self._finding = copy.reader()
        self._found_at = view.clock

        def search(_session: Any) -> tuple[array[int], int, float]:
            import time

            began = time.monotonic()
            try:
                return *find(reader, question, view.now, view.zone), time.monotonic() - began
            except sqlite3.Error:
                if wanted == self._wanted:
                    raise
                return array("q"), 0, 0.0
            finally:
                reader.close()

        def found(answer: tuple[array[int], int, float]) -> None:
            if wanted == self._wanted and self._reader is not None and self.is_mounted:
                self._finding, self._took_s = None, answer[2]
                self._listing = Listing(self._reader, answer[0], answer[1], changes)
                self._safely(self._put)

        self.app.work(search, found, name="the search")

    def _put(self) -> None:
        view, listing = self._view, self._listing
        if view is None or listing is None:
            return
        with self.app.batch_update():
            self._table.put(Source(listing, self._shown, self._marked, view.now, view.zone))
            self._show_title()
            self._show_person()

    def _say_bad(self, error: BadFilter) -> None:
        self.query_one("#contacts-said", Line).show(filter_line(error))
        self.query_one("#contacts-said").display = True

    def _say(self, text: str) -> None:
        line = self.query_one("#contacts-said", Line)
        line.show(((text, "muted"),))
        line.display = bool(text)

    # -- the filter

    def action_filter(self) -> None:
        """Type a filter; what it finds is shown while it is typed."""
        field = self.query_one("#contacts-filter", Input)
        field.display = True
        self.set_focus(field)

    @on(Input.Changed, "#contacts-filter")
    def _typed(self, event: Input.Changed) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_S, self._ask_typed)

    @on(Input.Submitted, "#contacts-filter")
    def _entered(self) -> None:
        if self._ask_typed():
            self._leave_filter()

    def _ask_typed(self) -> bool:
        """Ask for what stands in the field; whether it can be read."""
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        text = self.query_one("#contacts-filter", Input).value.strip()
        try:
            Question(text).terms()
        except BadFilter as error:
            self._say_bad(error)
            return False
        self._say("")
        if text != self._question.text:
            self._question = Question(text, self._question.order)
            self._find()
        return True

    def _leave_filter(self) -> None:
        field = self.query_one("#contacts-filter", Input)
        field.display = bool(field.value.strip())
        self._table.focus()

    def _clear_filter(self) -> None:
        self.query_one("#contacts-filter", Input).value = ""
        self._ask_typed()
        self._leave_filter()

    # -- order and columns

    def _sort_by(self, field: str) -> None:
        now = self._question.order
        # The moments begin with the latest, the others with the lowest.
        first = field in {"updated", "created", "sent", "score"}
        descending = not now.descending if now.field == field else first
        self._question = Question(self._question.text, Order(field, descending))
        self.app.keep("sorting", self.NAME, self._question.order.text)
        self._find()

    @on(BigTable.HeadingClicked)
    def _heading(self, event: BigTable.HeadingClicked) -> None:
        if event.column:
            self._sort_by(self._shown[event.column - 1].field)

    def _use_columns(self, shown: tuple[columns.Shown, ...]) -> None:
        self._shown = shown
        self.app.keep("columns", self.NAME, [one.text for one in shown])
        self._table.set_columns(columns.as_columns(shown))
        self._safely(self._put)

    # -- marks

    def action_mark(self) -> None:
        """Mark the contact, or take its mark off, and go on."""
        key = self._key
        if key:
            self._marked ^= {key}
            self._last_mark = self._table.cursor
            self._table.action_move(1)
            self._marks_changed()

    _last_mark = 0

    def action_mark_range(self) -> None:
        """Mark all from the last mark to here."""
        self._mark_between(self._last_mark, self._table.cursor)

    @on(BigTable.Extended)
    def _extended(self, event: BigTable.Extended) -> None:
        self._mark_between(event.first, event.last)

    def _mark_between(self, first: int, last: int) -> None:
        if self._listing is not None:
            listing = self._listing
            self._safely(lambda: self._marked.update(listing.ids(min(first, last), max(first, last))))
            self._last_mark = self._table.cursor
            self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark all that the filter shows."""
        if self._listing is not None and len(self._listing):
            self._mark_between(0, len(self._listing) - 1)
            self.app.tell("Marked", f"{number(len(self._marked))} contacts. Esc takes the marks off.")

    def action_unmark(self) -> None:
        """Leave the filter's field; or take all marks off; or the filter."""
        if isinstance(self.focused, Input):
            self._leave_filter()
        elif self._marked:
            self._marked.clear()
            self._marks_changed()
        elif self._question.text or self.query_one("#contacts-filter").display:
            self._clear_filter()

    def _marks_changed(self) -> None:
        assert self._view is not None
        clock = self._view.clock
        self._safely(lambda: self._table.look_again(clock))
        self._show_title()

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, or take it back."""
        super().action_zoom()
        self.query_one("#contacts-left").display = not self.query_one("#person-pane").has_class("-zoomed")

    def on_resize(self, _: events.Resize) -> None:
        """The detail wraps anew."""
        if self._view is not None:
            self._show_person()
