"""An event loop whose time passes only when nothing else can be done: hours of waiting take none, in a fixed order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Instead of waiting for sockets, moves the loop's time on."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        self.passed += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clockwork = _Selector()
        super().__init__(self._clockwork)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._clockwork.passed


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time; `asyncio.get_running_loop().time()` begins at 0. No threads, no sockets."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
