"""The runs of `leadgen migrate`, over whichever screen asked for them. Nothing can be changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.live.session import BackendError
from console.screens.migrations.runs import MOST, Run, read_runs
from console.screens.migrations.wording import headline, lines
from widgets.lines import LineList
from widgets.spans import Spans
from widgets.text import Line

if TYPE_CHECKING:
    from console.app import LeadgenApp

_NONE = "Nothing was moved from the earlier program. On the command line: leadgen migrate --help"


class MigrationsScreen(ModalScreen[None]):
    """One run at a time, the latest first; read when it opens and when the operator asks."""

    AUTO_FOCUS = "#migrations-lines"
    BINDINGS = [
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        Binding("l", "read", "Read again", show=False),
        Binding("left,h", "step(-1)", "Later run", show=False),
        Binding("right", "step(1)", "Earlier run", show=False),
    ]
    DEFAULT_CSS = """
    MigrationsScreen { align: center middle; background: $background 60%; }
    #migrations {
        width: 94%; height: 92%; padding: 0 2; background: $surface;
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    #migrations-head, #migrations-foot { width: 100%; }
    #migrations-lines { height: 1fr; margin: 1 0; background: $surface; }
    """
    app: LeadgenApp

    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[Run, ...] | None = None
        self._chosen = 0
        self._reading = False

    def compose(self) -> ComposeResult:
        """A head, the text and the keys."""
        with Vertical(id="migrations") as box:
            box.border_title = "Migrations"
            box.border_subtitle = "Esc closes"
            yield Line(id="migrations-head")
            yield LineList(id="migrations-lines")
            yield Line(id="migrations-foot")

    def on_mount(self) -> None:
        """Read at once: that is what the operator came for."""
        self.action_read()

    def action_read(self) -> None:
        """Read the runs, unless that is under way."""
        if self._reading:
            return
        self._reading = True
        self._show()
        self.app.work(read_runs, self._arrived, self._failed, name="reading the migrations")

    def _arrived(self, runs: tuple[Run, ...]) -> None:
        self._reading, self._runs = False, runs
        self._chosen = min(self._chosen, max(0, len(runs) - 1))
        self._show()

    def _failed(self, error: BackendError) -> None:
        self._reading = False
        self.app.tell_error(error)
        self._show(f"{error.title}. {error}")

    def action_step(self, step: int) -> None:
        """Show the next run, or the one before."""
        if self._runs:
            self._chosen = (self._chosen + step) % len(self._runs)
            self.query_one(LineList).scroll_home(animate=False)
            self._show()

    def _show(self, trouble: str = "") -> None:
        if not self.is_mounted:
            return
        view, body = self.app.view(), self.query_one(LineList)
        if self._runs:
            run = self._runs[self._chosen]
            self.query_one("#migrations-head", Line).show(headline(run, view.now))
            body.show(lines(run, view.now, view.zone))
        else:
            self.query_one("#migrations-head", Line).show((("Data of the earlier program", "muted"),))
            body.show((), trouble or ("reading …" if self._runs is None else _NONE))
        self.query_one("#migrations-foot", Line).show(self._foot())

    def _foot(self) -> Spans:
        keys: list[tuple[str, str]] = [("l", "accent"), (" read again", "muted")]
        if self._runs and len(self._runs) > 1:
            of = f"{self._chosen + 1} of {len(self._runs)}{' latest' if len(self._runs) == MOST else ''}"
            keys += [("  ← →", "accent"), (f" other runs ({of})", "muted")]
        if self._reading:
            keys.insert(0, ("reading …  ", "muted"))
        return tuple(keys)
