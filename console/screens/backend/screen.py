"""The backend's screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.actions import bindings
from console.backend.state import BackendState
from console.live.session import BackendError, Session
from console.screens.backend import rows
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.table import LiveTable

LOOK_EVERY_S = 30.0


class BackendScreen(LiveScreen):
    """What is deployed, whether it answers, what is wrong and what to type."""

    NAME = "backend"
    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("backend")]

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._state: BackendState | None = None
        self._looked_at: float | None = None
        self._looking = False

    def parts(self) -> ComposeResult:
        """The panes."""
        with Container(id="backend"):
            with Vertical(id="backend-left"):
                yield Pane("Functions", LiveTable(rows.COLUMNS, id="functions"), id="functions-pane")
                yield Pane("Log", LineList(id="log"), id="log-pane")
            with Vertical(id="backend-right"):
                yield Pane("What to do", LineList(id="advice"), id="advice-pane")
                yield Pane("Connection", LineList(id="connection"), id="connection-pane")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one("#functions").focus()

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        due = self._looked_at is None or view.clock - self._looked_at >= LOOK_EVERY_S
        if due and not self._looking and self.app.session is not None and view.paused_at is None:
            self.action_look()
        self.query_one("#connection", LineList).show(rows.connection(view, self._state))
        self.query_one("#advice", LineList).show(rows.what_to_do(view, self._state))
        if reword:
            self._show_functions()

    def action_look(self) -> None:
        """Ask how it is doing."""
        if self._looking or self._view is None:
            return
        self._looking, self._looked_at = True, self._view.clock

        def ask(session: Session) -> BackendState:
            return session.look()

        self.app.work(ask, self._seen, self._not_seen, name="look at the backend")

    def _seen(self, state: BackendState) -> None:
        self._looking = False
        self._state = state
        self._show_functions()

    def _not_seen(self, error: BackendError) -> None:
        self._looking = False
        self._state = BackendState(problem=f"{error.title}. {error.detail}".strip(), hint=error.hint)
        self._show_functions()

    def _show_functions(self) -> None:
        state, view = self._state, self._view
        table = self.query_one("#functions", LiveTable)
        if view is None or state is None:
            table.notice((("asking …", "muted"),))
            return
        table.notice(((f"{state.problem} {state.hint}".strip() or "There are none.", "muted"),))
        table.show([rows.row(function, view.now) for function in state.functions], view.clock)
        active = sum(f.state == "ACTIVE" for f in state.functions)
        expected = sum(f.state != "UNEXPECTED" for f in state.functions)
        self.query_one("#functions-pane", Pane).label(f"Functions {active}/{expected}" if expected else "Functions")
        empty = f"Read it with: {state.log_hint}" if state.log_hint else "Nothing was logged."
        self.query_one("#log", LineList).show(rows.log(state), empty)

    def action_copy(self) -> None:
        """Copy the chosen function's address."""
        key = self.query_one("#functions", LiveTable).cursor_key
        found = next((f for f in self._state.functions if f.name == key), None) if self._state is not None else None
        if found is None or not found.url:
            self.app.tell("Nothing to copy", "This function has no address: an event or a schedule starts it.")
            return
        self.app.copy_to_clipboard(found.url)
        self.app.tell("Copied", found.url)
