"""Pilots of Textual apps for less: what tests see stays as it is, what nobody looks at is left out.

A pilot waits only for widgets that have something to do. A test that looks at widgets and not at what a terminal shows
may also do without the frames in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout

_RENDER = Compositor.render_update


def install() -> None:
    """Make pilots cheaper, in this process and for all apps."""
    Pilot._wait_for_screen = _wait_for_the_busy  # type: ignore[method-assign]


@contextmanager
def frames() -> Iterator[None]:
    """Draw them all after all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", _RENDER)
        yield


@contextmanager
def no_frames() -> Iterator[None]:
    """Draw nothing but whole pictures: a headless app throws its frames away after it has drawn them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", _picture_only)
        yield


def _is_busy(pump: MessagePump) -> bool:
    """Whether it has a message, or is handling one; else it waits for the next."""
    ready = pump._message_queue.ready_event
    return ready.is_set() or not ready._waiters  # type: ignore[attr-defined]


async def _wait_for_the_busy(self: Pilot[Any], timeout: float = 30.0) -> bool:
    """As the original does, wait until what is under way has been handled, without a message to every idle widget."""
    try:
        screen = self.app.screen
    except Exception:
        return False
    handled = asyncio.Event()
    left = 0

    def one_has() -> None:
        nonlocal left
        left -= 1
        if not left:
            handled.set()

    for pump in (self.app, *screen.walk_children(with_self=True)):
        if _is_busy(pump) and pump.call_later(one_has):
            left += 1
    if not left:
        return True
    ends = [asyncio.create_task(event.wait()) for event in (handled, self.app._exception_event)]
    done, pending = await asyncio.wait(ends, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if not done:
        raise WaitForScreenTimeout("Timed out while waiting for widgets to process pending messages.")
    return left == 0


def _picture_only(self: Compositor, full: bool = False, *args: Any, **options: Any) -> Any:
    """A picture asks for the whole screen; a terminal, which is not there, for what has changed."""
    if full:
        return _RENDER(self, full, *args, **options)
    self._dirty_regions.clear()
    return None
