"""What can be done here: the actions of the focused screen, from the registry."""

from __future__ import annotations

import textwrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from console.actions import SCREENS, Action, of_scope
from console.actions.keymap import Keymap
from widgets.spans import Spans, fit
from widgets.text import Line

_TITLES = {"everywhere": "Everywhere", "table": "In lists"}
_TITLES.update({entry.name: f"On {entry.title}" for entry in SCREENS})


KEY_CELLS = 14
FRAME_CELLS = 8
"""What frame, padding and scrollbar take of the width."""
MOST_CELLS = 86


def help_lines(action: Action, keymap: Keymap, cells: int) -> list[Spans]:
    """A key, what it does, and who may do it if not everybody; what does not fit goes on below, behind the key's place.

    Args:
        action: the action.
        keymap: the keys as the operator has changed them.
        cells: how much room there is.
    """
    who = f" ({action.role}s)" if action.role != "viewer" else ""
    lines = textwrap.wrap(f"{action.help}{who}", max(10, cells - KEY_CELLS), break_on_hyphens=False) or [""]
    keys = [keymap.text(action), *[""] * (len(lines) - 1)]
    return [(*fit(((key, "accent"),), KEY_CELLS), (line, "")) for key, line in zip(keys, lines, strict=True)]


class HelpScreen(ModalScreen[None]):
    """The actions of a screen.

    Args:
        screen_name: the screen that asks.
        keymap: the keys as the operator has changed them.
    """

    CSS_PATH = "help.tcss"
    BINDINGS = [Binding("escape,question_mark,q", "dismiss", "Close", show=False)]

    def __init__(self, screen_name: str, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap
        self._wrapped_at = 0
        self._scopes = (screen_name, "table", "everywhere")

    @property
    def _cells(self) -> int:
        return min(MOST_CELLS, self.app.size.width * 94 // 100) - FRAME_CELLS

    def on_resize(self) -> None:
        """Wrap anew."""
        if self._cells != self._wrapped_at:
            self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """The actions by scope, the screen's own first."""
        cells = self._wrapped_at = self._cells
        with Vertical(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "Esc closes"
            with VerticalScroll():
                for scope in self._scopes:
                    actions = [a for a in of_scope(scope) if a.key_text]
                    if actions:
                        yield Line(((_TITLES[scope], "strong"),), classes="help-title")
                        for action in actions:
                            yield from (Line(line) for line in help_lines(action, self._keymap, cells))
