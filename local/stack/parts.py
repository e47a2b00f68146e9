"""Starting and ending one part of the stack: a process, its log, and all that it starts in turn."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from local.stack import processes


class Part:
    """A process with a log of its own, in a session of its own.

    Args:
        name: its name in status and the mark of its processes.
        run: the run's id.
        log: file its output goes to.
        folder: working folder.
    """

    def __init__(self, name: str, run: str, log: Path, folder: Path) -> None:
        self.name = name
        self.log = log
        self._run = run
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: the program cannot be run.
        """
        marks = {processes.RUN_VARIABLE: self._run, processes.PART_VARIABLE: self.name}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**environment, **marks},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """Pid of the process that was started."""
        return self._process.pid if self._process else None

    def exit_code(self) -> int | None:
        """Its exit code once it has ended; None while it runs."""
        return self._process.poll() if self._process else None

    def is_alive(self) -> bool:
        """Whether it was started and runs."""
        return self._process is not None and self._process.poll() is None

    def ask_to_end(self) -> None:
        """SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, grace_s: float = 0.0, asked: Callable[[psutil.Process], bool] = lambda _: False) -> None:
        """End it and everything it has started.

        Args:
            grace_s: seconds it may take to end by itself after `ask_to_end`.
            asked: which of what it has started is asked to end before it is made to, after the rest has ended.
        """
        if self._process is None:
            return
        deadline = time.monotonic() + grace_s
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        started = processes.descendants(self._process.pid) if self._process.poll() is None else []
        last = [one for one in started if asked(one)]
        processes.kill(one for one in reversed(started) if one not in last)
        processes.ask_to_end(last)
        processes.end_all(self._run, self.name)
        self._process.wait(timeout=10)

    def tail(self, lines: int = 15) -> str:
        """The end of its log, for error messages."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 8_192))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
