"""What a picture is made of: an app over recorded documents, and what is done in it before the picture is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual.command import CommandPalette
from textual.events import Paste

from tests.snapshots import recorded

SIZES = ((80, 24), (120, 36))


async def settled(pilot: Any) -> None:
    """Wait until workers have reported and the screen has been painted."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    pilot.app.flush()
    for field in pilot.app.screen.query("Input, TextArea"):
        field.cursor_blink = False
    await pilot.pause()


def typed(*keys: str) -> Callable[[Any], Awaitable[None]]:
    """Press keys: the first one changes the screen, so what it starts is waited for. What begins with "=" is pasted."""

    async def play(pilot: Any) -> None:
        await settled(pilot)
        await pilot.press(keys[0])
        await settled(pilot)
        for key in keys[1:]:
            if key.startswith("="):
                pilot.app.screen.focused.post_message(Paste(key[1:]))
                await pilot.pause()
            else:
                await pilot.press(key)
        await settled(pilot)

    return play


async def palette_open(pilot: Any) -> None:
    """Open the palette and wait until its search, which runs on timers of its own, has listed every command."""
    await settled(pilot)
    await pilot.press("ctrl+p")
    while not (isinstance(pilot.app.screen, CommandPalette) and pilot.app.screen.has_class("-ready")):
        await pilot.pause()
    await settled(pilot)


@dataclass(frozen=True)
class Scene:
    """One picture.

    Args:
        name: names the picture.
        make: makes the app.
        play: what is done first.
        resized: whether it may be played once, in the smaller terminal which is then made larger. Not where the view
            has been scrolled: it stays where it was, while a larger terminal would have needed less of that.
    """

    name: str
    make: Callable[[], Any]
    play: Callable[[Any], Awaitable[None]] = settled
    resized: bool = True


def app(*args: Any, **more: Any) -> Callable[[], Any]:
    """Makes an app over recorded documents; see `recorded.recorded_app`."""
    return lambda: recorded.recorded_app(*args, **more)[0]
