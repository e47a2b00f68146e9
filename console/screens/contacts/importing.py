"""Leads of one's own: a file or what is pasted, its columns and rows looked over, then sent one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from console.leads import mapping, sending, tables
from console.leads.checking import Checked, check
from console.live.session import BackendError, Session
from console.screens import FIELDS
from console.screens.contacts import import_rows
from console.screens.contacts.import_rows import State
from leadgen.model.errors import LeadgenError
from widgets.pane import Pane
from widgets.table import LiveTable
from widgets.text import Line

if TYPE_CHECKING:
    from console.base import ConsoleApp

pause: Callable[[float], None] = time.sleep


class PathField(Input):
    """A field for a path that notices when a whole table is pasted into it."""

    class Pasted(Message):
        """Several lines were pasted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def _on_paste(self, event: events.Paste) -> None:
        if "\n" in event.text.strip() or "\r" in event.text.strip():
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(event.text))


class ImportScreen(ModalScreen[None]):
    """From a file to leads."""

    app: ConsoleApp
    CSS_PATH = [FIELDS, "importing.tcss"]
    AUTO_FOCUS = "#import-path"
    BINDINGS = [
        Binding("escape", "leave", show=False),
        Binding("ctrl+s", "send", show=False, priority=True),
        Binding("left", "field(-1)", show=False),
        Binding("right", "field(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self._table: tables.Table | None = None
        self._mapped: mapping.Mapped = ()
        self._checked: Checked | None = None
        self._import: sending.Import | None = None
        self._state = State()

    def compose(self) -> ComposeResult:
        """Where from, which column is what, and the rows."""
        with Vertical(id="import") as box:
            box.border_title = "Import leads"
            with Horizontal(classes="field"):
                yield Line((("File", "muted"),), classes="label")
                yield PathField(id="import-path", compact=True, placeholder="~/leads.csv, or paste the rows here")
                yield Line((("  Template", "muted"),), classes="label")
                yield Input(id="import-template", compact=True, restrict=r"\d{0,6}", placeholder="no mail")
            yield Pane("Columns", LiveTable(import_rows.COLUMNS, id="import-columns"), id="import-columns-pane")
            yield Pane("Rows", LiveTable(import_rows.ROWS, headings=True, id="import-rows"), id="import-rows-pane")
            yield Line(id="import-said")
            yield Line(id="import-keys")

    def on_mount(self) -> None:
        """Nothing is read yet."""
        self.query_one("#import-columns", LiveTable).notice((("Enter reads the file.", "muted"),))
        self.query_one("#import-rows", LiveTable).notice((("The rows as they will be sent.", "muted"),))
        self.set_interval(0.25, self._show_progress)
        self._show()

    # -- reading

    @on(Input.Submitted, "#import-path")
    def _read_file(self, event: Input.Submitted) -> None:
        if not event.value.strip() or self._is_sending:
            return
        path = Path(os.path.expandvars(event.value.strip().strip("'\""))).expanduser().absolute()
        self._path = path
        self.app.work(lambda _: _told(lambda: tables.read_file(path)), self._was_read, self._unread, name="the file")

    @on(PathField.Pasted)
    def _take_pasted(self, event: PathField.Pasted) -> None:
        if not self._is_sending:
            self._path = None
            text = event.text.replace("\r\n", "\n").replace("\r", "\n")
            self.app.work(
                lambda _: _told(lambda: tables.read_text(text)), self._was_read, self._unread, name="the text"
            )

    def _was_read(self, table: tables.Table) -> None:
        self._table, self._import = table, None
        self._state = State()
        self._map(mapping.guess(table))
        self.query_one("#import-columns").focus()

    def _unread(self, error: BackendError) -> None:
        self._table = self._checked = self._import = None
        self._state = State(problem=" ".join(part for part in (error.detail, error.hint) if part))
        self._show()

    def _map(self, mapped: mapping.Mapped) -> None:
        table = self._table
        if table is None:
            return
        self._mapped = mapped

        def checked(found: Checked) -> None:
            if self._mapped == mapped and self._table is table:
                self._checked = found
                self._show()

        self.app.work(lambda _: check(table, mapped), checked, name="the check of the rows")

    def action_field(self, step: int) -> None:
        """Take the next field for the column, or the one before."""
        columns = self.query_one("#import-columns", LiveTable)
        if self._table is None or self._is_sending or not columns.has_focus or columns.cursor_key is None:
            return
        number = int(columns.cursor_key)
        names = ["", *mapping.FIELDS]
        wanted = list(self._mapped)
        wanted[number] = names[(names.index(wanted[number]) + step) % len(names)]
        # The column that was changed keeps the field; another one that had it is left aside.
        rest = ["" if n != number and field == wanted[number] else field for n, field in enumerate(wanted)]
        self._map(tuple(rest))
        self._show()

    # -- sending

    @property
    def _is_sending(self) -> bool:
        return self._state.sending

    @property
    def _template(self) -> int | None:
        text = self.query_one("#import-template", Input).value.strip()
        return int(text) if text and int(text) > 0 else None

    def action_send(self) -> None:
        """Send the rows that are good; what was not sent yet, if it was stopped before."""
        if self._is_sending or self._checked is None or not self._checked.leads:
            return
        if not self.app.covers("operator"):
            self._state = replace(self._state, problem="This takes the role operator. Ask an administrator.")
            self._show()
            return
        before = self._import
        if before is None or before.leads is not self._checked.leads or before.template != self._template:
            self._import = sending.Import(self._checked.leads, self._template, pause)
        elif not before.left:
            return
        work = self._import
        assert work is not None
        work.stopped = False
        self._state = replace(self._state, sending=True, problem="")

        def send(session: Session) -> str:
            work.run(session)
            return self._keep_rejects(work)

        self.app.work(send, self._sent, self._not_sent, name="the import")
        self._show()

    def _keep_rejects(self, work: sending.Import) -> str:
        """Write the rows that were not taken beside the file, once all were tried; where they are."""
        table, checked = self._table, self._checked
        if table is None or checked is None or self._path is None or work.left:
            return ""
        rejects = sending.refused(checked, work)
        if not rejects:
            return ""
        path = sending.rejects_path(self._path)
        sending.write_rejects(path, table, rejects)
        return str(path)

    def _sent(self, rejects: str) -> None:
        self._state = replace(self._state, sending=False, rejects=rejects)
        self._show()

    def _not_sent(self, error: BackendError) -> None:
        told = " ".join(part for part in (error.title + ".", error.detail, error.hint) if part)
        self._state = replace(self._state, sending=False, problem=told)
        self._show()

    def action_leave(self) -> None:
        """Stop what is being sent; if nothing is, leave."""
        if self._is_sending and self._import is not None:
            self._import.stop()
        else:
            self.dismiss(None)

    # -- showing

    def _show_progress(self) -> None:
        if self._is_sending:
            self._show()

    def _show(self) -> None:
        if not self.query("#import-keys"):
            return
        if self._table is not None:
            rows = import_rows.columns(self._table, self._mapped)
            self.query_one("#import-columns", LiveTable).show(rows, 0)
        else:
            self.query_one("#import-columns", LiveTable).show((), 0)
        self.query_one("#import-rows", LiveTable).show(import_rows.rows(self._checked, self._import), 0)
        title = import_rows.title(self._checked, self._import)
        self.query_one("#import-rows-pane", Pane).label(title, import_rows.more(self._checked))
        self.query_one("#import-said", Line).show(import_rows.said(self._state, self._checked, self._import))
        self.query_one("#import-keys", Line).show(import_rows.keys(self._is_sending))


def _told(task: Callable[[], tables.Table]) -> tables.Table:
    try:
        return task()
    except LeadgenError as error:
        raise BackendError(error.title, error.detail, error.hint) from None
