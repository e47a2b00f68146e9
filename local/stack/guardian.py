"""A small parent that outlives what it guards: when its child ends, however it ends, nothing of it is left behind.

    python -m local.stack.guardian [--lifeline] -- COMMAND ...

It runs COMMAND in a session of its own, passes SIGTERM, SIGINT and SIGHUP on as SIGTERM (a second one as SIGKILL), and
when the command has ended it ends every process that descends from it or carries the run's mark. With `--lifeline`
it also ends the command when its own standard input reaches end of file: whoever started it keeps the other end of
that pipe, and even a SIGKILL closes it.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from types import FrameType

from local.stack import processes

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# A stack saves its data before it ends; this is several times what that takes.
_GRACE_S = 25.0


def become_subreaper() -> None:
    """Let orphaned descendants become our children (Linux), so that they can be found; elsewhere the mark must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Guardian:
    """Runs one command and cleans up after it.

    Args:
        command: what to run.
        lifeline: end the command when standard input is closed.
    """

    def __init__(self, command: list[str], lifeline: bool) -> None:
        self._command = command
        self._lifeline = lifeline
        self._asked_to_end = 0
        self._deadline = float("inf")
        self._pid = 0

    def run(self) -> int:
        """Run the command to its end; its exit code, or 128 + the signal that ended it."""
        become_subreaper()
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        child = subprocess.Popen(self._command, start_new_session=True, stdin=subprocess.DEVNULL)
        self._pid = child.pid
        try:
            status = self._wait(wake_read)
        finally:
            self._clean_up()
        child.returncode = status  # we reaped it ourselves
        return status if status >= 0 else 128 - status

    def _wait(self, wake_read: int) -> int:
        with selectors.DefaultSelector() as selector:
            selector.register(wake_read, selectors.EVENT_READ)
            if self._lifeline:
                selector.register(0, selectors.EVENT_READ)
            while (status := self._reap()) is None:
                for key, _ in selector.select(timeout=1.0):
                    if not os.read(key.fd, 4096) and key.fd == 0:
                        selector.unregister(0)
                        self._end_child()
                if time.monotonic() > self._deadline:
                    self._end_child()
        return status

    def _reap(self) -> int | None:
        """Collect dead children, adopted ones too; the exit status of the command once it has ended."""
        status: int | None = None
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return status if status is not None else 1
            if pid == 0:
                return status
            if pid == self._pid:
                status = os.waitstatus_to_exitcode(raw)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._end_child()

    def _end_child(self) -> None:
        self._asked_to_end += 1
        self._deadline = time.monotonic() + _GRACE_S
        if self._pid:
            try:
                os.kill(self._pid, signal.SIGTERM if self._asked_to_end == 1 else signal.SIGKILL)
            except ProcessLookupError:
                return

    def _clean_up(self) -> None:
        own = processes.descendants(os.getpid())[:-1]
        processes.kill(own)
        run = os.environ.get(processes.RUN_VARIABLE)
        if run:
            processes.end_all(run)


def main() -> int:
    """Command line of the guardian."""
    arguments = sys.argv[1:]
    if "--" not in arguments or arguments[-1] == "--":
        sys.stderr.write("usage: python -m local.stack.guardian [--lifeline] -- COMMAND ...\n")
        return 2
    split = arguments.index("--")
    return Guardian(arguments[split + 1 :], lifeline="--lifeline" in arguments[:split]).run()


if __name__ == "__main__":
    sys.exit(main())
