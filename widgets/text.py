"""A line or two of toned text that repaints only when it changes."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from widgets.spans import THEME_STYLES, Spans


def content(pieces: Spans) -> Content:
    """Toned pieces as Textual content; their text is never read as markup."""
    return Content.assemble(*((text, THEME_STYLES[tone]) for text, tone in pieces))


class Line(Widget):
    """Toned text.

    Args:
        pieces: what to show at first.
        id: the widget's id.
        classes: its classes.
    """

    DEFAULT_CSS = "Line { width: auto; height: 1; }"

    def __init__(self, pieces: Spans = (), *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._pieces = pieces

    @property
    def pieces(self) -> Spans:
        """What is shown."""
        return self._pieces

    @property
    def text(self) -> str:
        """What is shown, without tones."""
        return "".join(text for text, _ in self._pieces)

    def show(self, pieces: Spans) -> None:
        """Show something else; costs nothing if it is the same."""
        if pieces == self._pieces:
            return
        resized = sum(len(t) for t, _ in pieces) != sum(len(t) for t, _ in self._pieces)
        self._pieces = pieces
        self.refresh(layout=resized)

    def render(self) -> Content:
        """The pieces."""
        return content(self._pieces)
