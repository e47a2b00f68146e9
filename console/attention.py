"""Calls the operator when leads begin to wait for them and they are elsewhere: bell, notification, window title."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from console.format import plain

APART_S = 60.0
"""Seconds between two calls, however many leads come."""
NAME = "leadgen"
_WITHOUT_TITLE = {"linux", "dumb", "vt100", "vt220", ""}
"""Terminals that show such sequences as text, or know none."""
_ESC = "\x1b"
_END = f"{_ESC}\\"


class Call(NamedTuple):
    """What is to be done now.

    Args:
        text: a sentence to call the operator with; "" for none.
        title: of the window.
    """

    text: str
    title: str


class Attention:
    """Knows which leads the operator has had the chance to see."""

    def __init__(self) -> None:
        self._known: set[str] | None = None
        self._new: set[str] = set()
        self._called_at = float("-inf")

    def look(self, waiting: Mapping[str, str], free: int, *, is_away: bool, now: float) -> Call:
        """Look at the leads that wait.

        Args:
            waiting: their names by id; what was there when the console opened is no news.
            free: how many of them nobody works on.
            is_away: whether the operator looks at something else.
            now: monotonic seconds.
        """
        title = f"({free}) {NAME}" if free else NAME
        ids = set(waiting)
        if self._known is None or not is_away:
            self._known, self._new = ids, set()
            return Call("", title)
        self._known &= ids
        self._new = (self._new | (ids - self._known)) & ids
        if not self._new or not free or now - self._called_at < APART_S:
            return Call("", title)
        self._called_at = now
        first, count = waiting[min(self._new)], len(self._new)
        self._known |= self._new
        self._new = set()
        return Call(f"{first} waits for review" if count == 1 else f"{count} leads wait for review", title)


def is_able(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal understands titles and notifications."""
    return environment.get("TERM", "") not in _WITHOUT_TITLE


def title(text: str) -> str:
    """Sets the window's title (OSC 2)."""
    return f"{_ESC}]2;{plain(text, 80)}{_END}"


KEEP_TITLE, OWN_TITLE = f"{_ESC}[22;2t", f"{_ESC}[23;2t"
"""Let the terminal remember its title, and take it back (XTWINOPS)."""


def notification(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A notification of the desktop.

    OSC 777 where the terminal is one that knows it (rxvt, foot, those of GNOME), else OSC 9 (iTerm2, kitty, WezTerm,
    Windows Terminal …); a terminal that knows neither ignores it.

    Args:
        text: what to say; whatever could act on the terminal is left out.
        environment: of the process, to tell terminals apart. Inside tmux it is handed through.
    """
    said = plain(text, 160).replace(";", ",")
    term = environment.get("TERM", "")
    if environment.get("VTE_VERSION") or term.startswith(("rxvt", "foot")):
        sequence = f"{_ESC}]777;notify;{NAME};{said}{_END}"
    else:
        sequence = f"{_ESC}]9;{NAME}: {said}{_END}"
    if environment.get("TMUX"):
        return f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC * 2)}{_END}"
    return sequence
