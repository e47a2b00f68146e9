"""How a client asks the supervisor for something: a file put into a folder, answered by another file."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from local.files import write_atomically
from local.stack.errors import StackError
from local.stack.state import Folder


def ask_for_reset(folder: Folder, is_alive: Callable[[], bool], timeout_s: float) -> None:
    """Have the running supervisor empty the stack and wait until it has.

    Args:
        folder: the stack's folder.
        is_alive: whether the supervisor still lives.
        timeout_s: seconds to wait.

    Raises:
        StackError: it failed, ended, or took too long.
    """
    name = uuid.uuid4().hex
    asked, answered = folder.requests / f"{name}.ask", folder.requests / f"{name}.answer"
    write_atomically(asked, "reset")
    deadline = time.monotonic() + timeout_s
    try:
        while not answered.exists():
            if not is_alive():
                raise StackError(f"the stack ended while it was being reset; see {folder.logs}")
            if time.monotonic() > deadline:
                raise StackError(f"the stack was not reset within {timeout_s:.0f} s; see {folder.logs}")
            time.sleep(0.05)
        problem = json.loads(answered.read_text(encoding="utf-8")).get("problem")
    finally:
        asked.unlink(missing_ok=True)
        answered.unlink(missing_ok=True)
    if problem:
        raise StackError(f"the stack was not reset: {problem}")


def pending(folder: Folder) -> list[Path]:
    """Requests nobody has answered yet."""
    return sorted(path for path in folder.requests.glob("*.ask") if not path.with_suffix(".answer").exists())


def answer(folder: Folder, asked: Path, work: Callable[[], None]) -> None:
    """Do the work and say how it went."""
    del folder
    problem = ""
    try:
        work()
    except (StackError, OSError, ValueError) as failure:
        problem = str(failure)
    if asked.exists():  # whoever asked may have given up
        write_atomically(asked.with_suffix(".answer"), json.dumps({"problem": problem}))
