"""The calls of `console.attention`, as the operator has set them, on the terminal the console runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console import attention
from console.live.feed import Window
from console.screens.review.turns import holder, name_of

if TYPE_CHECKING:
    from console.base import ConsoleApp

TABLE, WAYS = "notify", ("bell", "desktop", "title")


class Signals:
    """Calls the operator.

    Args:
        app: the console.
    """

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._attention = attention.Attention()
        self._title = ""

    def _wants(self, way: str) -> bool:
        return self._app.settings.flag(TABLE, way, True)

    def look(self, window: Window) -> None:
        """Call, if leads have begun to wait.

        Args:
            window: the leads in review.
        """
        app = self._app
        if not window.loaded or app.session is None or not app.covers("operator"):
            return
        now = app.clock.now()
        names = {doc.id: name_of(doc) for doc in window.docs}
        free = sum(not holder(doc, now) for doc in window.docs)
        away = app.current_mode != "review" or not app.app_focus
        call = self._attention.look(names, free, is_away=away, now=app.clock.monotonic())
        if self._wants("title"):
            self._show_title(call.title)
        else:
            self.end()
        if not call.text:
            return
        if self._wants("bell"):
            app.bell()
        if self._wants("desktop") and attention.is_able():
            app.to_terminal(attention.notification(call.text))

    def _show_title(self, title: str) -> None:
        if title == self._title or not attention.is_able():
            return
        if not self._title:
            self._app.to_terminal(attention.KEEP_TITLE)
        self._title = title
        self._app.to_terminal(attention.title(title))

    def end(self) -> None:
        """Give the terminal its own title back."""
        if self._title:
            self._title = ""
            self._app.to_terminal(attention.OWN_TITLE)

    def switch(self) -> None:
        """All of it off if any of it is on, else all of it on; kept for the next time."""
        on = not any(self._wants(way) for way in WAYS)
        for way in WAYS:
            self._app.keep(TABLE, way, on)
        said = "Bell, notification and title tell when leads begin to wait." if on else "Nothing calls you any more."
        self._app.tell("Notifications on" if on else "Notifications off", said)
