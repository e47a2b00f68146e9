"""The coalescing store between the listeners' threads and the screens.

Listeners replace windows as fast as they like; a screen takes what changed when it is ready to paint. What came in
between is never painted and never queued, so a burst costs one repaint.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from console.live.feed import Doc, Window

EMPTY = Window()


class LiveStore:
    """Windows by feed name, with a mark on those that changed since they were last taken. Safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}
        self._dirty: set[str] = set()

    def replace(self, feed: str, docs: Iterable[Doc], unreadable: int = 0) -> None:
        """Put a feed's new window in place of the old one; a window equal to the old one changes nothing."""
        window = Window(tuple(docs), loaded=True, unreadable=unreadable)
        with self._lock:
            if self._windows.get(feed) != window:
                self._windows[feed] = window
                self._dirty.add(feed)

    def window(self, feed: str) -> Window:
        """What a feed holds now."""
        with self._lock:
            return self._windows.get(feed, EMPTY)

    def windows(self) -> Mapping[str, Window]:
        """All windows at one moment."""
        with self._lock:
            return dict(self._windows)

    @property
    def is_dirty(self) -> bool:
        """Whether something changed since the last `take`."""
        with self._lock:
            return bool(self._dirty)

    def take(self) -> frozenset[str]:
        """The names of the feeds that changed since the last call; the marks are removed."""
        with self._lock:
            changed = frozenset(self._dirty)
            self._dirty.clear()
            return changed
