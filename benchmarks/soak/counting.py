"""What the arrivals noted by the model's stand-in say about a limit."""

from __future__ import annotations

import bisect
from collections.abc import Sequence


def most_in_window(calls: Sequence[float], window: float) -> int:
    """How many calls any window holds at most.

    Args:
        calls: when they arrived, in order, in seconds.
        window: its length.
    """
    return max((bisect.bisect_left(calls, first + window) - i for i, first in enumerate(calls)), default=0)


def mean_in_window(calls: Sequence[float], within: tuple[float, float], window: float) -> float:
    """How many calls the windows that lie within an interval hold on average.

    Args:
        calls: when they arrived, in seconds.
        within: the interval's begin and end.
        window: length of a window.
    """
    # A call lies in all windows that begin in the window before it: the mean over their beginnings is an integral.
    first, last = within[0], within[1] - window
    return sum(max(0.0, min(call, last) - max(call - window, first)) for call in calls) / (last - first)
