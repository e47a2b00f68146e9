"""The contacts' screen: what can be done to contacts."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from textual import on

from console.actions import bindings
from console.contacts import acting, export, history
from console.contacts.acting import Done, Entry
from console.contacts.copy import Reader
from console.format import number, plain
from console.live.session import BackendError, Session
from console.screens.asking import AskScreen
from console.screens.confirm import ConfirmScreen
from console.screens.contacts import columns
from console.screens.contacts.choosing import ColumnsScreen, SortScreen
from console.screens.contacts.list_screen import ListScreen
from widgets.table import LiveTable

MOST_AT_ONCE = 200
"""Contacts that are suppressed in one go; more than that is the work of `leadgen suppress import`."""
MOST_COPIED = 1000
_ENDED = frozenset({"MERGED"})
_Doc = Mapping[str, Any]


class ContactsScreen(ListScreen):
    """Tens of thousands of contacts, and all that is known of each."""

    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("contacts")]

    def __init__(self) -> None:
        super().__init__()
        self._undoable: tuple[Entry, ...] = ()
        self._busy = ""

    # -- what is meant

    def _targets(self) -> list[tuple[str, _Doc]]:
        """The marked contacts, or the one under the cursor."""
        keys = sorted(self._marked) if self._marked else [key for key in (self._key,) if key]
        return [(key, document) for key in keys if (document := self._document(key)) is not None]

    def _is_free(self) -> bool:
        if self._busy:
            self.app.tell("One moment", f"{self._busy} is still under way.", severity="warning")
        return not self._busy

    # -- looking

    def action_history(self) -> None:
        """Read what else is known of the contact."""
        key = self._key
        document = self._document(key) if key else None
        if not key or document is None:
            return

        def read(found: Any) -> None:
            self._histories[key] = found
            self._show_person()

        self.app.work(lambda session: history.read(session, key, document), read, name="the contact's history")

    @on(LiveTable.Selected)
    def _opened(self) -> None:
        self.action_history()

    def action_sort(self) -> None:
        """Choose what to sort by."""

        def taken(field: str | None) -> None:
            if field:
                self._sort_by(field)

        self.app.push_screen(SortScreen(columns.all_fields(self._shown), self._question.order), taken)

    def action_columns(self) -> None:
        """Choose columns."""
        self.app.push_screen(ColumnsScreen(self._shown, self._use_columns))

    def action_check(self) -> None:
        """Compare the local copy with Firestore by counting."""
        if self._keeper is not None:
            self._keeper.ask("check")

    def action_again(self) -> None:
        """Forget the local copy and read everything again, after a question."""
        keeper = self._keeper
        if keeper is None or keeper.copy is None:
            return
        count = keeper.progress.here

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                keeper.ask("again")

        cost = f"The local copy is forgotten, and {number(count)} contacts are read again: as many document reads."
        self.app.push_screen(ConfirmScreen("Read all again", cost, "Read all again"), answered)

    # -- taking along

    def action_copy(self) -> None:
        """Copy addresses; a number where there is no address."""
        targets = self._targets()[:MOST_COPIED]
        texts = [plain(doc.get("email") or doc.get("phone") or "", 320) for _, doc in targets]
        texts = [text for text in texts if text]
        if not texts:
            self.app.tell("Nothing to copy", "There is neither an address nor a number.", severity="warning")
            return
        self.app.copy_to_clipboard("\n".join(texts))
        self.app.tell("Copied", texts[0] if len(texts) == 1 else f"{len(texts)} addresses, one a line.")

    def action_open(self) -> None:
        """Open the post in the browser."""
        document = self._document(self._key) if self._key else None
        url = str((document or {}).get("sourceUrl") or "")
        if not url.startswith(("http://", "https://")):
            self.app.tell("Nothing to open", "This contact names no post on the web.", severity="warning")
            return

        def opened(is_open: bool) -> None:
            self.app.tell("Opened in the browser" if is_open else "No browser was found; the address", url)

        self.app.work(lambda _: webbrowser.open(url), opened, name="the browser")

    def action_export(self) -> None:
        """Write the marked, or all that the filter shows, into a CSV file."""
        listing, keeper = self._listing, self._keeper
        if listing is None or keeper is None or keeper.copy is None or not self._is_free():
            return
        marked = sorted(self._marked)
        count = len(marked) or len(listing)
        if not count:
            self.app.tell("Nothing to export", "The list is empty.", severity="warning")
            return
        copy = keeper.copy
        ids = marked or listing.ids(0, len(listing) - 1)

        def take(text: str | None) -> None:
            if text is not None:
                self._write(copy.reader(), ids, _path(text))

        what = "marked contacts" if marked else "contacts that are shown" if self._question.text else "contacts"
        name = f"contacts-{self._today():%Y-%m-%d}.csv"
        hint = f"{number(count)} {what}, as CSV for a spreadsheet. A file that is there is not overwritten."
        self.app.push_screen(AskScreen("Export to", name, hint, _refused_path), take)

    def _today(self) -> date:
        assert self._view is not None
        return self._view.now.astimezone(self._view.zone).date()

    def _write(self, reader: Reader, ids: Sequence[str], path: Path) -> None:
        self._busy = "The export"

        def tell(done: int) -> None:
            self._busy = f"The export ({number(done)} of {number(len(ids))})"

        def write(_session: Session) -> int:
            try:
                return export.write(path, export.contacts(reader, ids, tell))
            finally:
                reader.close()

        def written(count: int) -> None:
            self._busy = ""
            self.app.tell("Exported", f"{number(count)} contacts to {path}")

        def failed(error: BackendError) -> None:
            self._busy = ""
            self.app.tell_error(error)

        self.app.work(write, written, failed, name="the export")

    # -- suppressing

    def action_suppress(self) -> None:
        """Never write to the contact again; with several marked, after a question."""
        targets = self._targets()
        wanted = acting.entries(document for _, document in targets)
        if not wanted or not self._is_free():
            if targets and not wanted:
                self.app.tell("Nothing to suppress", "There is neither an address nor a number.", severity="warning")
            return
        if len(targets) > MOST_AT_ONCE:
            text = (
                f"{number(len(targets))} are marked; {MOST_AT_ONCE} at once. For more: e, then leadgen suppress import."
            )
            self.app.tell("Too many", text, severity="warning")
            return
        if len(targets) == 1:
            self._suppress(wanted)
            return

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._suppress(wanted)

        question = (
            f"{len(targets)} contacts will never be written to again: {len(wanted)} addresses and numbers. u undoes it."
        )
        self.app.push_screen(ConfirmScreen("Suppress", question, "Suppress"), answered)

    def _suppress(self, wanted: Sequence[Entry]) -> None:
        self._busy = "The suppression"

        def done(result: Done) -> None:
            self._busy = ""
            self._undoable = result.changed
            self._forget_histories()
            parts = [
                f"{', '.join(e.value for e in result.changed[:4])} will never be written to" if result.changed else ""
            ]
            parts += [f"{result.known} stood on the list before" if result.known else "", *result.refused[:2]]
            text = "; ".join(part for part in parts if part)
            undo = " u undoes it." if result.changed else ""
            self.app.tell("Suppressed", f"{text}.{undo}", severity="warning" if result.refused else "information")

        self.app.work(lambda session: acting.suppress(session, wanted), done, self._failed, name="the suppression")

    def action_undo(self) -> None:
        """Take off the list what was put there last."""
        wanted = self._undoable
        if not wanted:
            self.app.tell(
                "Nothing to undo", "Nothing was suppressed here since the console opened.", severity="warning"
            )
            return
        if not self._is_free():
            return
        self._busy, self._undoable = "Undoing", ()

        def done(result: Done) -> None:
            self._busy = ""
            self._forget_histories()
            if result.refused:
                self._undoable = tuple(one for one in wanted if one not in result.changed)
                self.app.tell("Not undone", result.refused[0], severity="error")
            else:
                values = ", ".join(one.value for one in result.changed[:4])
                self.app.tell("Undone", f"{values} may be written to again.")

        self.app.work(lambda session: acting.unsuppress(session, wanted), done, self._failed, name="undoing")

    def _failed(self, error: BackendError) -> None:
        self._busy = ""
        self.app.tell_error(error)

    def _forget_histories(self) -> None:
        self._histories.clear()
        self._show_person()

    # -- merging

    def action_merge(self) -> None:
        """Say that the two marked are one person."""
        targets = self._targets()
        if len(self._marked) != 2 or len(targets) != 2:
            self.app.tell("Mark two", "Mark the two contacts that are one person with Space, then press m.")
            return
        (one, first), (other, second) = targets
        if {str(first.get("status")), str(second.get("status"))} & _ENDED:
            self.app.tell("Not these", "One of them is merged already; p parts it again.", severity="warning")
            return
        question = (
            f"{_who(first)} and {_who(second)} are one person. One of them stands for both, and nobody is written to "
            "twice. p parts them again."
        )
        self._ask_merge("Merge", question, "Merge", "mergeContacts", {"contactId": one, "otherId": other})

    def action_unmerge(self) -> None:
        """Undo the merge of the contact."""
        key = self._key
        document = self._document(key) if key else None
        if key is None or document is None:
            return
        if str(document.get("status")) in _ENDED:
            self._ask_part(key, document)
        elif document.get("merges"):

            def read(found: Any) -> None:
                self._histories[key] = found
                self._show_person()
                last = next((one for one in found["merges"] if not one.get("undoneAt")), None)
                if last is not None:
                    self._ask_part(str(last.get("mergedId")), {"name": str(last.get("mergedId"))})

            self.app.work(lambda session: history.read(session, key, document), read, name="the contact's merges")
        else:
            self.app.tell("Not merged", "This contact stands for itself alone.")

    def _ask_part(self, merged: str, document: _Doc) -> None:
        question = f"{_who(document)} will be a contact of its own again, and not merged again unasked."
        self._ask_merge("Part again", question, "Part", "unmergeContact", {"contactId": merged})

    def _ask_merge(self, title: str, question: str, yes: str, endpoint: str, body: dict[str, Any]) -> None:
        def done(answer: Any) -> None:
            self._marked.clear()
            self._marks_changed()
            self._forget_histories()
            self.app.tell("Done", str(answer.get("message", "")) if isinstance(answer, dict) else "")

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.app.ask(endpoint, body, done)

        self.app.push_screen(ConfirmScreen(title, question, yes), answered)

    # -- leads of one's own

    def action_import(self) -> None:
        """Import leads of one's own."""
        from console.screens.contacts.importing import ImportScreen

        self.app.push_screen(ImportScreen())


def _path(text: str) -> Path:
    return Path(os.path.expandvars(text.strip())).expanduser().absolute()


def _refused_path(text: str) -> str:
    """What is wrong with a path to write to; "" if it will do."""
    if not text.strip():
        return "A file must be named."
    path = _path(text)
    if path.exists():
        return f"{path} is there already; another name, please."
    return "" if path.parent.is_dir() else f"There is no folder {path.parent}."


def _who(document: _Doc) -> str:
    name = document.get("businessName") or document.get("name") or document.get("email") or document.get("phone")
    return plain(name or "a contact without a name", 80)
