"""Figures over hours and days as bars, over whichever screen asked for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from console.actions import bindings
from console.format import clock_time
from console.live.session import BackendError, Session
from console.screens.asking import AskScreen
from console.screens.looking import LookingScreen
from console.stats.figures import Stats, charts
from widgets.bars import BarChart, Chart
from widgets.spans import Spans
from widgets.text import Line


def read(session: Session, now: Any, zone: Any) -> Stats:
    """Read the figures over a connection of its own; blocks."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.live import link
    from console.stats.reading import read_stats

    db = session.firestore()
    try:
        return read_stats(db, now, zone=zone)
    except (GoogleAPICallError, RetryError) as error:
        raise BackendError("The figures could not be read", link.explain(error, "the figures").message) from None
    finally:
        link.dispose(db, [])


class PlotsScreen(LookingScreen[Stats]):
    """One chart at a time; the others by their number or with the arrows."""

    NAME = "plots"
    CSS_PATH = "screen.tcss"
    LOOK = "Reading the figures"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        *bindings("plots"),
        *(Binding(str(n), f"choose({n - 1})", "Show this chart.", show=False) for n in range(1, 5)),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._stats: Stats | None = None
        self._charts: tuple[Chart, ...] = ()
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Titles, the chart, and what the look cost."""
        with Vertical(id="plots") as box:
            box.border_title = "Plots"
            box.border_subtitle = "Esc closes"
            yield Line(id="plots-titles")
            yield BarChart(id="plots-chart")
            yield Line(id="plots-foot")

    def look(self) -> Callable[[Session], Stats]:
        """Reads the figures up to now."""
        view = self.app.view()
        return lambda session: read(session, view.now, view.zone)

    def take(self, found: Stats) -> None:
        """Keep the figures."""
        self._stats, self._charts = found, charts(found)

    def told_elsewhere(self) -> bool:
        """Where earlier figures stay, the place where they stand can't tell it."""
        return bool(self._charts)

    def action_choose(self, number: int) -> None:
        """Show that chart."""
        if number < len(self._charts):
            self._chosen = number
            self.show_all()

    def action_step(self, step: int) -> None:
        """Show the next chart, or the one before."""
        if self._charts:
            self._chosen = (self._chosen + step) % len(self._charts)
            self.show_all()

    def action_export(self) -> None:
        """Write all charts into a file, after asking for its name."""
        if self._stats is None:
            self.app.tell("Nothing to export yet", "The figures have not been read.", severity="warning")
            return
        hint = "All charts. A name that ends in .png is drawn by the installed browser."
        self.app.push_screen(AskScreen("Export the charts", "leadgen-plots.svg", hint, _wrong_name), self._export)

    def _export(self, name: str | None) -> None:
        stats = self._stats
        if not name or stats is None:
            return
        path = Path(name).expanduser()

        def write(_: Session) -> str:
            from console.stats.export import export

            return export(stats, path, self.app.view().zone)

        self.app.work(write, lambda said: self.app.tell("Exported", said), name="The export")

    def show_all(self, error: BackendError | None = None) -> None:
        """The chosen chart, or why there is none."""
        if not self.is_mounted:
            return
        self.query_one("#plots-titles", Line).show(self._titles())
        if self._charts:
            self.query_one(BarChart).show(self._charts[self._chosen])
        else:
            said: Spans = ((f"{error.title}. {error}", "bad"),) if error else (("reading …", "muted"),)
            self.query_one(BarChart).show(None, said)
        self.query_one("#plots-foot", Line).show(self._foot())

    def _titles(self) -> Spans:
        out: list[tuple[str, str]] = []
        for number, chart in enumerate(self._charts):
            here = number == self._chosen
            out.append((f" {number + 1}", "muted" if here else "accent"))
            out.append((f" {chart.title} ", "strong" if here else "muted"))
        return tuple(out) or (("Figures over hours and days", "muted"),)

    def _foot(self) -> Spans:
        keys: Spans = (("l", "accent"), (" read again  ", "muted"), ("x", "accent"), (" export", "muted"))
        if self.is_looking:
            return (("reading …  ", "muted"), *keys)
        if self._stats is None:
            return keys
        at = clock_time(self._stats.now, self.app.view().zone, seconds=True)
        return ((f"As of {at} · {self._stats.reads} reads   ", "muted"), *keys)


def _wrong_name(name: str) -> str:
    return "" if name.lower().endswith((".svg", ".png")) else "A name that ends in .svg or .png."
