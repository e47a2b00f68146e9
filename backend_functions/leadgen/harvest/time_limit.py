"""One bound of time on many pieces of work at once, kept by a single timer.

`asyncio.timeout` makes a timer for each piece of work and throws it away again: where every request has several bounds
that are hardly ever met, that costs more than the rules they stand beside. Pieces of work that may take equally long
run out in the order in which they began, so one timer for the oldest of them is enough.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class TimeLimit:
    """A bound of time that any number of tasks work under; for one event loop.

    Used as ``with limit.begin(): await ...``. Where the time is up, what is awaited is cancelled, and the block raises
    `TimeoutError`; a cancellation from elsewhere goes through, as with `asyncio.timeout`.

    Args:
        seconds: that each piece of work may take; `math.inf` for as long as it wants.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[_Piece, None] = {}  # the oldest first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> _Piece:
        """A piece of work, which begins where its block is entered; each is used once."""
        return _Piece(self)

    def close(self) -> None:
        """Give the timer up. Work that is under way is not bounded any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None

    def _add(self, piece: _Piece) -> asyncio.Task[object]:
        """Note the piece of work; the task that does it."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a time limit works inside a task only")
        piece.ends = loop.time() + self.seconds
        self._running[piece] = None
        if self._timer is None:
            self._timer = loop.call_at(piece.ends, self._run_out)
        return task

    def _run_out(self) -> None:
        """Stop what has taken too long, and wait for the next piece of work that might; for none if there is none."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while piece := next(iter(self._running), None):
            if piece.ends > now:
                self._timer = loop.call_at(piece.ends, self._run_out)
                return
            del self._running[piece]
            piece.stop()


class _Piece:
    """One piece of work under a limit."""

    __slots__ = ("_cancelling", "_is_over", "_limit", "_task", "ends")

    def __init__(self, limit: TimeLimit) -> None:
        self._limit = limit
        self._is_over = False
        self._task: asyncio.Task[object]
        self._cancelling: int
        self.ends: float

    def __enter__(self) -> Self:
        task = self._task = self._limit._add(self)
        self._cancelling = task.cancelling()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limit._running.pop(self, None)
        if not self._is_over:
            return
        # Somebody else may have cancelled the task, too; then it ends as they wished.
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def stop(self) -> None:
        """Its time is up."""
        self._is_over = True
        self._task.cancel()
