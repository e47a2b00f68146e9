"""Finding and ending all processes of a run of a stack.

Every process of a run inherits two environment variables that name the run and the part. They are found by these even
when their parents have died, when they moved to another process group, or when a pid has been reused.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

RUN_VARIABLE = "LEADGEN_STACK_RUN"
PART_VARIABLE = "LEADGEN_STACK_PART"
_SAME_S = 0.1
_LOOKS = 3


def marked(run: str, part: str | None = None) -> list[psutil.Process]:
    """Living processes that carry the mark of a run (and of one of its parts), except this one."""
    found = []
    for process in psutil.process_iter():
        if process.pid != os.getpid() and _carries(process, run, part):
            found.append(process)
    return found


def _carries(process: psutil.Process, run: str, part: str | None) -> bool:
    try:
        environment = process.environ()
        if environment.get(RUN_VARIABLE) != run or (part is not None and environment.get(PART_VARIABLE) != part):
            return False
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        return False


def descendants(pid: int) -> list[psutil.Process]:
    """The process and everything it started, as far as the chain of parents is unbroken."""
    try:
        process = psutil.Process(pid)
        return [*process.children(recursive=True), process]
    except psutil.Error:
        return []


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL each; those already gone do not matter."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def ask_to_end(processes: Iterable[psutil.Process], grace_s: float = 10.0) -> None:
    """SIGTERM each, and wait until they have ended or the time is over."""
    asked = list(processes)
    for process in asked:
        with suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(asked, timeout=grace_s)


def terminate(pid: int) -> None:
    """SIGTERM a process, gone or not."""
    try:
        os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return


def end_all(run: str, part: str | None = None, spare: Iterable[int] = (), timeout_s: float = 5.0) -> bool:
    """End whatever is left of a run or of one part; True when nothing of it lives any more.

    Args:
        run: the run's id.
        part: only this part.
        spare: pids to leave alone (the guardian and the supervisor, which clean up themselves).
        timeout_s: seconds to keep trying, for a process may start another while it is being ended.
    """
    spared = set(spare)
    deadline = time.monotonic() + timeout_s
    while True:
        left = [process for process in marked(run, part) if process.pid not in spared]
        if not left:
            return True
        kill(left)
        psutil.wait_procs(left, timeout=0.5)
        if time.monotonic() > deadline:
            return False


def started(pid: int | None = None) -> float:
    """When a process was started, in seconds after this machine was: a wall clock that is set changes nothing about it.

    Args:
        pid: which; this one if none.

    Raises:
        psutil.Error: there is none.
    """
    for _ in range(_LOOKS):
        boot = psutil.boot_time()  # moves as the wall clock is set, and the time of creation with it
        created = psutil.Process(pid).create_time()
        if psutil.boot_time() == boot:
            break
    return float(created - boot)


def is_same_process(pid: int, since_boot: float) -> bool:
    """Whether `pid` is alive and still the process that was started then, see `started`."""
    try:
        same = abs(started(pid) - since_boot) < _SAME_S
        return bool(same and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
