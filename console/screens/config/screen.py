"""The configuration's screen."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.actions import bindings
from console.live import feeds
from console.live.session import BackendError, Session
from console.screens.asking import AskScreen
from console.screens.config import rows
from console.screens.config.draft import Draft, flat, read, written
from console.screens.config.entries import Entry, at_fraction, entries, stepped
from console.screens.config.history import earlier
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.sliders import SliderTable
from widgets.spans import Spans
from widgets.table import LiveTable


class ConfigScreen(LiveScreen):
    """Sliders and fields over what is saved, with what was before."""

    NAME = "config"
    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("config")]

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._draft: Draft | None = None
        self._problems: dict[str, str] = {}
        self._saving = False
        self._history: list[dict[str, Any]] = []
        self._history_of: int | None = None
        """The revision the history was read at."""

    def parts(self) -> ComposeResult:
        """The panes."""
        with Container(id="config"):
            settings = SliderTable(rows.COLUMNS, bars=rows.BAR_COLUMN, id="settings")
            yield Pane("Configuration", settings, id="settings-pane")
            with Vertical(id="config-right"):
                yield Pane("Setting", LineList(id="setting"), id="setting-pane")
                yield Pane("History", LiveTable(rows.HISTORY_COLUMNS, id="history"), id="history-pane")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one("#settings").focus()

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        if feeds.SETTINGS in changed or self._draft is None or reword:
            self._take_over(view)
        self.query_one("#settings", SliderTable).settle(view.clock)

    def _take_over(self, view: View) -> None:
        settings = view.settings
        if settings is None:
            said = view.problem(feeds.SETTINGS) or "loading …"
            self.query_one("#settings", SliderTable).notice(((said, "muted"),))
            return
        values = flat(settings.model_dump(by_alias=True, mode="json"))
        if self._draft is None:
            self._draft = Draft(values, settings.revision)
        else:
            self._draft.rebase(values, settings.revision)
        self._show_draft()
        if self._history_of != settings.revision:
            self._read_history(settings.revision)

    def _show_draft(self) -> None:
        draft, view = self._draft, self._view
        if draft is None or view is None:
            return
        self._problems = draft.problems() if draft.changes else {}
        self.query_one("#settings", SliderTable).show(rows.rows(draft, self._problems), view.clock)
        pane = self.query_one("#settings-pane", Pane)
        pane.label("Configuration", self._footing(draft))
        self._show_setting()
        self._show_earlier(view)

    def _footing(self, draft: Draft) -> Spans:
        saved = f"revision {draft.revision}"
        by = self._view.settings.updated_by if self._view is not None and self._view.settings is not None else ""
        told = ((f"{saved}, {by}" if by else saved, "muted"),)
        if not self.app.covers("admin"):
            return (("read-only: for administrators · ", "muted"), *told)
        if not draft.changes:
            return told
        wrong = len(self._problems)
        problem: Spans = ((f" · {wrong} not allowed", "bad"),) if wrong else ()
        return (*told, (f" · {len(draft.changes)} unsaved", "warn"), *problem)

    @property
    def _chosen(self) -> Entry | None:
        key = self.query_one("#settings", SliderTable).cursor_key
        return next((e for e in entries() if e.path == key), None)

    @property
    def _hint(self) -> str:
        how = " · ← → change it · Enter types a value" if self.app.covers("admin") else ""
        return f"↑ ↓ choose a setting{how}"

    def _show_setting(self) -> None:
        e, draft = self._chosen, self._draft
        lines = rows.detail(e, draft, self._problems.get(e.path, "")) if e is not None and draft is not None else ()
        self.query_one("#setting", LineList).show(lines, self._hint)

    @on(LiveTable.Highlighted)
    def _another(self) -> None:
        self._show_setting()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where there is room for one of them only, the history shows while it has the focus."""
        self.set_class(event.widget.id == "history", "-history")

    # -- changing

    def _put(self, path: str, value: Any) -> None:
        if self._draft is None:
            return
        if not self.app.covers("admin"):
            self.app.tell("The configuration is read-only for you", "It takes the role admin.", severity="warning")
            return
        self._draft.put(path, value)
        self._show_draft()

    @on(SliderTable.Stepped)
    def _stepped(self, message: SliderTable.Stepped) -> None:
        e, draft = self._chosen, self._draft
        if e is None or draft is None:
            return
        value = draft.value(e.path)
        if e.is_number:
            self._put(e.path, stepped(e, float(value or 0), message.steps))
        else:
            self._turn(e, value, message.steps)

    @on(SliderTable.Placed)
    def _placed(self, message: SliderTable.Placed) -> None:
        e = next((e for e in entries() if e.path == message.key), None)
        if e is not None and e.is_number:
            self._put(e.path, at_fraction(e, message.fraction))

    def _turn(self, e: Entry, value: Any, steps: int) -> None:
        if e.kind == "switch":
            self._put(e.path, not value)
        elif e.kind == "choice":
            at = e.choices.index(value) if value in e.choices else 0
            self._put(e.path, e.choices[(at + (1 if steps > 0 else -1)) % len(e.choices)])

    @on(LiveTable.Selected)
    def _selected(self, message: LiveTable.Selected) -> None:
        if message.table.id == "history":
            self._restore(message.key)
        else:
            self._edit()

    def _edit(self) -> None:
        e, draft = self._chosen, self._draft
        if e is None or draft is None:
            return
        if e.kind in {"switch", "choice"}:
            self._turn(e, draft.value(e.path), 1)
            return

        def take(text: str | None) -> None:
            if text is not None:
                self._put(e.path, read(e, text))

        said = " ".join(part for part in (e.help, f"Allowed: {e.bounds}.") if part)
        self.app.push_screen(AskScreen(e.title, written(e, draft.value(e.path)), said, self._checker(e)), take)

    def _checker(self, e: Entry) -> Any:
        def check(text: str) -> str:
            assert self._draft is not None
            try:
                value = read(e, text)
            except ValueError as error:
                return str(error)
            tried = Draft(self._draft.saved, self._draft.revision, {**self._draft.changes, e.path: value})
            return tried.problems().get(e.path, "")

        return check

    def action_undo(self) -> None:
        """Put the chosen setting back."""
        if self._draft is not None and self._chosen is not None:
            self._draft.revert(self._chosen.path)
            self._show_draft()

    def action_undo_all(self) -> None:
        """Put everything back."""
        if self._draft is not None:
            self._draft.revert_all()
            self._show_draft()

    # -- saving

    def action_save(self) -> None:
        """Save all changes in one call, if nobody saved others meanwhile."""
        draft = self._draft
        if draft is None or self._saving:
            return
        if not draft.changes:
            self.app.tell("Nothing to save", "Nothing differs from what is saved.")
            return
        if self._problems:
            path, allowed = next(iter(self._problems.items()))
            self.app.tell("Not saved", f"{_title(path)} {allowed}.", severity="error")
            return
        self._saving = True
        self.app.ask("updateConfig", draft.body(), self._saved, self._not_saved, revision=draft.revision)

    def _saved(self, answer: Any) -> None:
        self._saving = False
        if self._draft is not None and isinstance(answer, dict):
            self._draft.rebase(flat(answer), int(answer.get("revision", self._draft.revision)))
            self._show_draft()
            self.app.tell("Saved", f"Revision {self._draft.revision} is in force.")

    def _not_saved(self, error: BackendError) -> None:
        self._saving = False
        # The listener brings what was saved meanwhile; what contradicts it is marked, and a second save overrides it.
        self.app.tell_error(error)
        self._problems = {str(f.get("field")): str(f.get("allowed")) for f in error.fields if isinstance(f, dict)}
        if self._problems and self._draft is not None and self._view is not None:
            shown = rows.rows(self._draft, self._problems)
            self.query_one("#settings", SliderTable).show(shown, self._view.clock)
            self._show_setting()

    # -- history

    def action_history(self) -> None:
        """Go to the earlier configurations."""
        self.set_class(True, "-history")
        self.query_one("#history").focus()

    def _read_history(self, revision: int) -> None:
        self._history_of = revision

        def read_it(session: Session) -> list[dict[str, Any]]:
            return earlier(session)

        def failed(error: BackendError) -> None:
            self._history_of = None
            self.query_one("#history", LiveTable).notice(((error.title, "bad"),))

        if self.app.session is None:
            self._history_of = None
            return
        self.app.work(read_it, self._show_history, failed, name="history of the configuration")

    def _show_history(self, found: list[dict[str, Any]]) -> None:
        self._history = found
        table = self.query_one("#history", LiveTable)
        table.notice((("It was never changed.", "muted"),))
        if self._view is not None:
            self._show_earlier(self._view)

    def _show_earlier(self, view: View) -> None:
        self.query_one("#history", LiveTable).show(rows.history_rows(self._history, view.now, view.zone), view.clock)
        can_restore = bool(self._history) and self.app.covers("admin")
        how: Spans = (("Enter takes one over, unsaved", "muted"),) if can_restore else ()
        self.query_one("#history-pane", Pane).label("History", how)

    def _restore(self, revision: str) -> None:
        found = next((h for h in self._history if str(h.get("revision", 0)) == revision), None)
        if found is None or self._draft is None:
            return
        for path, value in flat(found).items():
            if value is not None:
                self._put(path, value)
        self.query_one("#settings").focus()
        self.app.tell("Taken over, not saved", f"Revision {revision} stands in the list. Ctrl+S saves it.")


def _title(path: str) -> str:
    return next((e.title for e in entries() if e.path == path), path)
