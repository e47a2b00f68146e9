"""How counts moved since the console opened, for the sparklines."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping


class History:
    """The increase of each count in consecutive slices of time.

    Args:
        slice_s: length of a slice, in seconds.
        slices: how many are kept.
    """

    def __init__(self, slice_s: float = 10.0, slices: int = 12) -> None:
        self._slice_s = slice_s
        self._slices = slices
        self._last: dict[str, int] = {}
        self._bars: dict[str, deque[int]] = {}
        self._slice = 0

    def note(self, counts: Mapping[str, int], now: float) -> None:
        """Take note of the counts at a moment; the first time they are a starting point, not an increase.

        Args:
            counts: the counts as they are.
            now: monotonic seconds.
        """
        self._move_on(int(now // self._slice_s))
        for name, count in counts.items():
            bars = self._bars.setdefault(name, deque([0] * self._slices, maxlen=self._slices))
            bars[-1] += max(0, count - self._last.get(name, count))
            self._last[name] = count

    def bars(self, name: str) -> tuple[int, ...]:
        """The increases, oldest first; the last is of the slice that is still running."""
        return tuple(self._bars.get(name, ()))

    def _move_on(self, number: int) -> None:
        steps = number - self._slice if self._slice else 0
        self._slice = number
        for bars in self._bars.values():
            bars.extend([0] * min(steps, self._slices))
