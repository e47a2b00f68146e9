"""What can be done here: the actions of the focused screen, from the registry."""

from __future__ import annotations

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


def help_line(action: Action, keymap: Keymap) -> Spans:
    """A key, what it does, and who may do it if not everybody."""
    who = f" ({action.role}s)" if action.role != "viewer" else ""
    return (*fit(((keymap.text(action), "accent"),), 14), (action.help, ""), (who, "muted"))


class HelpScreen(ModalScreen[None]):
    """The actions of a screen.

    Args:
        screen_name: the screen that asks.
        keymap: the keys as the operator has changed them.
    """

    BINDINGS = [Binding("escape,question_mark,q", "dismiss", "Close", show=False)]

    def __init__(self, screen_name: str, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap
        self._scopes = (screen_name, "table", "everywhere")

    def compose(self) -> ComposeResult:
        """The actions by scope, the screen's own first."""
        with Vertical(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "Esc closes"
            with VerticalScroll():
                for scope in self._scopes:
                    actions = [a for a in of_scope(scope) if a.key_text]
                    if actions:
                        yield Line(((_TITLES[scope], "strong"),), classes="help-title")
                        yield from (Line(help_line(action, self._keymap)) for action in actions)
