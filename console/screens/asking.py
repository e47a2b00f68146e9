"""Asks for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from widgets.text import Line


class AskScreen(ModalScreen[str | None]):
    """Asks; gives back the text, or `None` if the person thought better of it.

    Args:
        title: what it is about.
        text: what stands in the field at first.
        hint: what is allowed.
        check: says what is wrong with a text, or "" if it will do.
    """

    CSS_PATH = "asking.tcss"
    AUTO_FOCUS = "#ask-text"
    BINDINGS = [Binding("escape", "dismiss(None)", "Cancel", show=False)]

    def __init__(self, title: str, text: str, hint: str, check: Callable[[str], str] = lambda _: "") -> None:
        super().__init__()
        self._title, self._text, self._hint, self._check = title, text, hint, check

    def compose(self) -> ComposeResult:
        """A field and what is allowed."""
        with Vertical(id="ask") as box:
            box.border_title = self._title
            box.border_subtitle = "Enter takes it · Esc changes nothing"
            yield Input(self._text, id="ask-text", compact=True)
            yield Line(((self._hint, "muted"),), id="ask-said")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._say(self._check(event.value) if event.value != self._text else "")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value)
        self._say(wrong)
        if not wrong:
            self.dismiss(event.value)

    def _say(self, wrong: str) -> None:
        self.query_one("#ask-said", Line).show(((wrong, "bad"),) if wrong else ((self._hint, "muted"),))
