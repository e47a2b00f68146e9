"""Work that may block runs in threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

Spawn = Callable[[Callable[[], None]], None]


def in_thread(task: Callable[[], None]) -> None:
    """Run a task in a thread that does not keep the program alive."""
    threading.Thread(target=task, name="live-task", daemon=True).start()
