"""A question before something that can't be undone. Cancel has the focus, so that Enter alone changes nothing."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from widgets.text import Line


class ConfirmScreen(ModalScreen[bool]):
    """Asks; gives back whether the answer was yes.

    Args:
        title: what it is about.
        question: one or two sentences on what will happen.
        yes: the word on the button that does it.
    """

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = "#confirm-no"
    BINDINGS = [
        Binding("escape,q", "answer(False)", "Cancel", show=False),
        Binding("left,right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, title: str, question: str, yes: str) -> None:
        super().__init__()
        self._title, self._question, self._yes = title, question, yes

    def compose(self) -> ComposeResult:
        """The question and two buttons."""
        with Vertical(id="confirm") as box:
            box.border_title = self._title
            box.border_subtitle = "← → choose · Enter answers · Esc cancels"
            yield Line(((self._question, ""),), id="confirm-question")
            with Horizontal(id="confirm-buttons"):
                yield Button("Cancel", id="confirm-no", compact=True)
                yield Button(self._yes, id="confirm-yes", variant="error", compact=True)

    def action_answer(self, yes: bool) -> None:
        """Close with an answer."""
        self.dismiss(yes)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm-yes")
