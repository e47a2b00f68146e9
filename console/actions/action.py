"""What an action is."""

from __future__ import annotations

from typing import NamedTuple


class Action(NamedTuple):
    """Something the operator can do.

    Args:
        id: name that a keymap can refer to.
        key: the keys that do it, separated by commas; empty if only the palette does.
        command: its name in the palette, as ``noun: verb``; empty keeps it out of the palette.
        help: one sentence.
        action: the Textual action it runs.
        scope: ``everywhere``, or the name of the screen or kind of widget it belongs to.
        label: a word for the key bar; empty keeps it out.
        shown_key: how the key is written, where that differs.
        role: who may do it: ``viewer``, ``operator`` or ``admin``. The backend decides; this spares the way.
    """

    id: str
    key: str
    command: str
    help: str
    action: str
    scope: str = "everywhere"
    label: str = ""
    shown_key: str = ""
    role: str = "viewer"

    @property
    def key_text(self) -> str:
        """The keys as the operator reads them, if no keymap changes them."""
        return self.shown_key or self.key.replace(",", " ")


class ScreenEntry(NamedTuple):
    """A screen that exists.

    Args:
        name: its mode, and the scope of its actions.
        key: the number that switches to it.
        title: its title.
        made_by: ``module:class`` of the screen, imported when it is first shown.
    """

    name: str
    key: str
    title: str
    made_by: str
