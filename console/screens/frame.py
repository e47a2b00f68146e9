"""What every screen has: the top line, a place for trouble, and the key bar."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from console.actions import SCREENS, of_scope
from console.format import clock_time, plain
from console.live.health import Freshness
from console.screens.topbar import TopBar
from console.screens.view import View
from widgets.pane import Pane
from widgets.spans import Spans
from widgets.text import Line

REWORD_EVERY_S = 5.0
"""How often ages ("2m") are told anew while nothing changes."""


def key_bar(current: str) -> Spans:
    """The screens by number, the present one standing out, and the keys that work everywhere."""
    out: list[tuple[str, str]] = []
    for entry in SCREENS:
        here = entry.name == current
        out += [(f" {entry.key}", "accent"), (f" {entry.title} ", "strong" if here else "muted")]
    out.append(("   ", ""))
    for action in of_scope("everywhere", current):
        if action.label:
            out += [(f" {action.key_text}", "accent"), (f" {action.label} ", "muted")]
    return tuple(out)


def trouble(view: View) -> Spans:
    """A sentence on what is wrong with the data on screen; empty if nothing is."""
    state, _ = view.freshness
    if state in {Freshness.OFFLINE, Freshness.SIGNED_OUT, Freshness.DENIED}:
        known = view.health.confirmed_at
        since = ""
        if known is not None:
            moment = view.now.timestamp() - (view.clock - known)
            shown = clock_time(view.now.fromtimestamp(moment, view.now.tzinfo), view.zone, seconds=True)
            since = f" What you see was true at {shown}."
        retry = " Retrying by itself; r tries now." if state is Freshness.OFFLINE else ""
        return ((f"{plain(view.health.message)}{since}{retry}", "bad"),)
    if state is Freshness.STALE:
        return (("Not confirmed by Firestore for a while: may be out of date. r reconnects.", "warn"),)
    if state is Freshness.PAUSED:
        return (("The view is paused; data keeps arriving. p resumes.", "accent"),)
    return ()


class LiveScreen(Screen[None]):
    """Base of the screens.

    Subclasses set `NAME` to their mode, yield their parts in `parts()`, and show a view in `show_view()`.
    """

    NAME = ""
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self._reworded = float("-inf")
        self._renewing = True

    def compose(self) -> ComposeResult:
        """Top line, trouble, the screen's own parts, key bar."""
        yield TopBar(id="top")
        yield Line(id="trouble")
        yield from self.parts()
        yield Line(key_bar(self.NAME), id="keys")

    def parts(self) -> ComposeResult:
        """What is the screen's own."""
        yield from ()

    def show(self, view: View, changed: frozenset[str]) -> None:
        """Bring the screen up to date.

        Args:
            view: everything known.
            changed: the feeds that changed since the last call.
        """
        if not self.is_mounted or not self.query("#keys"):
            # Not composed yet, or being taken down.
            return
        reword = self._renewing or view.clock - self._reworded >= REWORD_EVERY_S
        if reword:
            self._reworded = view.clock
            self._renewing = False
        with self.app.batch_update():
            self.query_one(TopBar).show(view)
            self._show_trouble(trouble(view))
            self.show_view(view, changed, reword)

    def on_screen_resume(self) -> None:
        """Catch up with what arrived while another screen was shown."""
        self._renewing = True

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Show a view.

        Args:
            view: everything known.
            changed: the feeds that changed.
            reword: whether to show everything anew, because ages moved on or the screen was away.
        """

    def _show_trouble(self, pieces: Spans) -> None:
        line = self.query_one("#trouble", Line)
        line.show(pieces)
        line.display = bool(pieces)

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, or take it back."""
        zoomed = list(self.query(".pane.-zoomed"))
        for pane in zoomed:
            pane.remove_class("-zoomed")
        focused = self.focused
        pane_of_focus = next((n for n in focused.ancestors if isinstance(n, Pane)), None) if focused else None
        on = not zoomed and pane_of_focus is not None
        if on and pane_of_focus is not None:
            pane_of_focus.add_class("-zoomed")
        elif not zoomed:
            self.notify("Press Tab to choose a pane first.", timeout=3)
        self.set_class(on, "-zoom")
