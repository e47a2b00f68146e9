"""Jump mode: every place that can take the focus shows a letter; pressing it goes there."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset, Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


def places(widgets: Iterable[Widget]) -> dict[str, Widget]:
    """The widgets by letter, in reading order; those beyond the letters there are can't be jumped to."""
    visible = [w for w in widgets if w.display and w.region.area > 0]
    ordered = sorted(visible, key=lambda w: (w.region.y, w.region.x))
    return dict(zip(LETTERS, ordered, strict=False))


class JumpScreen(ModalScreen[Widget | None]):
    """Letters over the screen below; gives back the widget chosen.

    Args:
        targets: widgets by letter.
    """

    CSS_PATH = "jump.tcss"

    def __init__(self, targets: dict[str, Widget]) -> None:
        super().__init__()
        self._targets = targets
        self._at: Size | None = None

    def compose(self) -> ComposeResult:
        """A letter at each widget's corner."""
        for letter, widget in self._targets.items():
            label = Static(f" {letter} ", classes="jump", markup=False)
            label.absolute_offset = Offset(widget.region.x, widget.region.y)
            yield label

    def on_resize(self, event: events.Resize) -> None:
        """What the letters stand on moves in a terminal of another size: without them it can be seen again."""
        if self._at is not None and event.size != self._at:
            self.dismiss(None)
        self._at = event.size

    def on_key(self, event: events.Key) -> None:
        """A letter goes there; anything else stays."""
        event.stop()
        self.dismiss(self._targets.get(event.character or ""))
