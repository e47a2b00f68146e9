"""A framed part of a screen that can fill it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from widgets.spans import Spans
from widgets.text import content


class Pane(Container):
    """A frame with a title and a note, around one widget.

    Args:
        title: the title.
        child: what is framed.
        id: the pane's id.
    """

    def __init__(self, title: str, child: Widget, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self._child = child
        self.title = title
        self.note: Spans = ()
        self.border_title = title

    def compose(self) -> ComposeResult:
        """The framed widget."""
        yield self._child

    def label(self, title: str, note: Spans = ()) -> None:
        """Change title and note (at the bottom right); costs nothing if they are the same."""
        if title != self.title:
            self.title = title
            self.border_title = Content(title)
        if note != self.note:
            self.note = note
            self.border_subtitle = content(note)
