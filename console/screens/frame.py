"""What every screen has: the top line, a place for trouble, and the key bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from console.actions import SCREENS, Action, of_scope
from console.actions.keymap import Keymap
from console.format import clock_time, plain
from console.live.health import Freshness
from console.screens.topbar import WIDE_FROM, TopBar
from console.screens.view import View
from widgets.pane import Pane
from widgets.spans import Spans, width
from widgets.text import Line

if TYPE_CHECKING:
    from console.base import ConsoleApp

REWORD_EVERY_S = 5.0
"""How often ages ("2m") are told anew while nothing changes."""


def key_bar(current: str, keymap: Keymap, *, cells: int, typing: bool) -> Spans:
    """The screens by number, the present one standing out, and the keys that work here.

    Args:
        current: the screen shown.
        keymap: the keys as the operator has changed them.
        cells: how much room there is. When it is not enough, what can be done everywhere goes first, then the titles of
            the other screens, then the last of the screen's own keys.
        typing: whether a field has the focus: what is pressed goes into it, so only the way out is told.
    """
    if typing:
        keys = (
            (" Tab", "accent"),
            (" next field ", "muted"),
            (" Esc", "accent"),
            (" leave the field", "muted"),
        )
        full = _screens(current, titles=True, dim=True)
        return (*full, *keys) if width((*full, *keys)) <= cells else (*_screens(current, titles=False, dim=True), *keys)
    actions = [action for action in of_scope(current, "everywhere") if action.label]
    needed = _labelled([a for a in actions if a.scope == current or a.id == "help"], keymap)
    full = _screens(current, titles=True, dim=False)
    screens = full if width((*full, *needed)) <= cells else _screens(current, titles=False, dim=False)
    bar = (*screens, *_labelled(actions, keymap))
    while width(bar) > cells:
        # The last ones go first, but the way to the help stays: it lists what went.
        spare = next((a for a in reversed(actions) if a.id != "help"), None)
        if spare is None:
            break
        actions.remove(spare)
        bar = (*screens, *_labelled(actions, keymap))
    return bar


def _labelled(actions: list[Action], keymap: Keymap) -> Spans:
    return tuple(piece for a in actions for piece in ((f" {keymap.text(a)}", "accent"), (f" {a.label} ", "muted")))


def _screens(current: str, *, titles: bool, dim: bool) -> Spans:
    out: list[tuple[str, str]] = []
    for entry in SCREENS:
        here = entry.name == current
        out.append((f" {entry.key}", "muted" if dim else "accent"))
        if here or titles:
            space = "" if titles else " "
            out.append((f" {entry.title}{space}", "strong" if here else "muted"))
    return (*out, (" " if titles else "  ", ""))


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
    if state is Freshness.CONNECTING and view.health.message:
        return ((plain(view.health.message), "muted"),)
    if state is Freshness.STALE:
        return (("Not confirmed by Firestore for a while: may be out of date. r reconnects.", "warn"),)
    if state is Freshness.PAUSED:
        return (("The view is paused; data keeps arriving. v resumes.", "accent"),)
    return ()


class LiveScreen(Screen[None]):
    """Base of the screens.

    Subclasses set `NAME` to their mode, yield their parts in `parts()`, and show a view in `show_view()`.
    """

    NAME = ""
    app: ConsoleApp
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_FROM, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self._reworded = float("-inf")
        self._renewing = True
        self._is_new = True

    def compose(self) -> ComposeResult:
        """Top line, trouble, the screen's own parts, key bar."""
        self._wear_width()
        yield TopBar(id="top")
        yield Line(id="trouble")
        yield from self.parts()
        yield Line(id="keys")

    def _wear_width(self) -> None:
        """Take on the width's class at once: set after the first layout, all widgets would be styled again for it."""
        worn = max((least, name) for least, name in self.HORIZONTAL_BREAKPOINTS if least <= self.app.size.width)
        for least, name in self.HORIZONTAL_BREAKPOINTS:
            self.set_class((least, name) == worn, name)

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
            self._show_keys()
            self._show_trouble(trouble(view))
            self.show_view(view, changed, reword)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Catch up with what arrived while another screen was shown."""
        self._renewing = True
        if self._is_new:
            # What was just mounted has its styles.
            event.refresh_styles = self._is_new = False

    def _compositor_refresh(self) -> None:
        # While updates are held back the library would paint and throw the picture away.
        if self.app._batch_count:
            self.refresh()
        else:
            super()._compositor_refresh()

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Show a view.

        Args:
            view: everything known.
            changed: the feeds that changed.
            reword: whether to show everything anew, because ages moved on or the screen was away.
        """

    def retry_now(self) -> None:
        """The operator wants a new connection: what waits to be tried again is tried now."""

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """A field takes the keys for itself: the key bar says so."""
        self._show_keys()

    def _show_keys(self) -> None:
        # Asked this way because importing a text area costs time that the first paint would wait for.
        typing = self.focused is not None and self.focused.check_consume_key("a", "a")
        self.query_one("#keys", Line).show(key_bar(self.NAME, self.app.keys, cells=self.app.size.width, typing=typing))

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
