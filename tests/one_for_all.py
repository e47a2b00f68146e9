"""One server for all workers of a test run: the first that needs it starts it, and ends it when no other needs it."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO

_ASK_AGAIN_S = 0.1


@contextmanager
def one_for_all(folder: Path, start: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The address of the server, which is there for as long as the block lasts.

    The locks are the kernel's, so a worker that was killed holds none; if it was the one that started the server, the
    server ends with it.

    Args:
        folder: the same for all workers of a run, another one for another run.
        start: starts the server, gives its address, and ends it.
    """
    folder.mkdir(exist_ok=True)
    note = folder / "address"
    with ExitStack() as own, (folder / "users").open("a") as users:
        with _alone(folder):
            if note.exists():
                address = note.read_text(encoding="utf-8")
                fcntl.flock(users, fcntl.LOCK_SH)
                is_mine = False
            else:
                address = own.enter_context(start())
                note.write_text(address, encoding="utf-8")
                is_mine = True
        try:
            yield address
        finally:
            while is_mine and not _withdrawn(folder, users, note):
                time.sleep(_ASK_AGAIN_S)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else comes or goes meanwhile."""
    with (folder / "door").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _withdrawn(folder: Path, users: IO[str], note: Path) -> bool:
    """Take the address back, unless somebody still uses it."""
    with _alone(folder):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        note.unlink()
        return True
