"""Keys that were pressed before the field they are meant for had the focus.

A key press travels from the app to the focused widget and, if that has no use for it, back. When a key opens a field
("n", then the name of a city) and the next ones follow at once, these are on their way through the old widget while
the field gets the focus, and come back to the app. A binding would then take them for commands, or, where the field
would have taken them, nobody would.
"""

from __future__ import annotations

from textual import events
from textual.app import App


class TypingAhead(App[None]):
    """An app in which nothing that is typed ahead is lost, or taken for a command."""

    _sent_on: events.Key | None = None

    def on_key(self, event: events.Key) -> None:
        """Give a key that came back to the field that would have taken it."""
        field = self.focused
        if field is None or event is self._sent_on or not field.check_consume_key(event.key, event.character):
            return
        event.prevent_default()
        # Not the same event: that one has been told to do nothing more.
        self._sent_on = events.Key(event.key, event.character)
        field.post_message(self._sent_on)
