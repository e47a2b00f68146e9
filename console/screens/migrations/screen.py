"""The runs of `leadgen migrate`, over whichever screen asked for them. Nothing can be changed here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from console.format import clock_time
from console.live.session import BackendError, Session
from console.screens.looking import LookingScreen
from console.screens.migrations.runs import MOST, Run, read_runs
from console.screens.migrations.wording import headline, lines
from widgets.lines import LineList
from widgets.spans import Spans
from widgets.text import Line

_NONE = "Nothing was moved from the earlier program. On the command line: leadgen migrate --help"


class MigrationsScreen(LookingScreen[tuple[Run, ...]]):
    """One run at a time, the latest first; read when it opens and when the operator asks."""

    CSS_PATH = "screen.tcss"
    LOOK = "reading the migrations"
    AUTO_FOCUS = "#migrations-lines"
    BINDINGS = [
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        Binding("l", "read", "Read again", show=False),
        Binding("left,h", "step(-1)", "Later run", show=False),
        Binding("right", "step(1)", "Earlier run", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[Run, ...] | None = None
        self._chosen = 0
        self._read_at: datetime | None = None

    def compose(self) -> ComposeResult:
        """A head, the text and the keys."""
        with Vertical(id="migrations") as box:
            box.border_title = "Migrations"
            box.border_subtitle = "Esc closes"
            yield Line(id="migrations-head")
            yield LineList(id="migrations-lines")
            yield Line(id="migrations-foot")

    def look(self) -> Callable[[Session], tuple[Run, ...]]:
        """Reads the runs."""
        return read_runs

    def take(self, found: tuple[Run, ...]) -> None:
        """Keep the runs; the chosen one may be gone."""
        self._runs, self._read_at = found, self.app.view().now
        self._chosen = min(self._chosen, max(0, len(found) - 1))

    def told_elsewhere(self) -> bool:
        """Always: the screen may show earlier runs."""
        return True

    def action_step(self, step: int) -> None:
        """Show the next run, or the one before."""
        if self._runs:
            self._chosen = (self._chosen + step) % len(self._runs)
            self.query_one(LineList).scroll_home(animate=False)
            self.show_all()

    def show_all(self, error: BackendError | None = None) -> None:
        """The chosen run, or why there is none."""
        if not self.is_mounted:
            return
        view, body = self.app.view(), self.query_one(LineList)
        if self._runs:
            run = self._runs[self._chosen]
            self.query_one("#migrations-head", Line).show(headline(run, view.now))
            body.show(lines(run, view.now, view.zone))
        else:
            self.query_one("#migrations-head", Line).show((("Data of the earlier program", "muted"),))
            trouble = f"{error.title}. {error}" if error else ""
            body.show((), trouble or ("reading …" if self._runs is None else _NONE))
        self.query_one("#migrations-foot", Line).show(self._foot())

    def _foot(self) -> Spans:
        keys: list[tuple[str, str]] = [("l", "accent"), (" read again", "muted")]
        if self._runs and len(self._runs) > 1:
            of = f"{self._chosen + 1} of {len(self._runs)}{' latest' if len(self._runs) == MOST else ''}"
            keys += [("  ← →", "accent"), (f" other runs ({of})", "muted")]
        if self.is_looking:
            keys.insert(0, ("reading …  ", "muted"))
        elif self._read_at is not None:
            at = clock_time(self._read_at, self.app.view().zone, seconds=True)
            keys.insert(0, (f"As of {at}   ", "muted"))
        return tuple(keys)
