"""Runs a full-screen program in a pseudo-terminal and notes when a text first stands in what it writes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>NOPX^_78])")
_QUERIES = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[c", b"\x1b[?62;22c"), (b"\x1b[6n", b"\x1b[1;1R"))
"""What a terminal is asked at the start, and what this one answers."""


@dataclass(frozen=True)
class Painted:
    """When a program had painted.

    Args:
        wall_s: seconds from its start to the text on the screen.
        cpu_s: processor seconds it had used by its end, which was ordered at once after that.
    """

    wall_s: float
    cpu_s: float


class Terminal:
    """A program in a pseudo-terminal of 120 × 36.

    Args:
        command: what to run.
        environment: its environment.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self._seen = b""

    def wait_for(self, text: str, timeout_s: float = 60.0) -> float:
        """Read until a text was written since the last call; returns the moment (perf_counter).

        Raises:
            TimeoutError: it was not, in that time; tells the end of what was.
        """
        wanted = text.encode()
        deadline = time.perf_counter() + timeout_s
        while True:
            if wanted in _ESCAPES.sub(b"", self._seen):
                moment = time.perf_counter()
                self._seen = b""
                return moment
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"{text!r} did not appear: {self._text()[-300:]}")
            try:
                chunk = os.read(self._master, 1 << 16)
            except OSError:
                raise TimeoutError(f"The program ended: {self._text()[-800:]}") from None
            for question, answer in _QUERIES:
                if question in chunk:
                    os.write(self._master, answer)
            self._seen = (self._seen + chunk)[-(1 << 20) :]

    def drain(self) -> None:
        """Read what is there."""
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 1 << 16)
        self._seen = b""

    def press(self, keys: str) -> None:
        """Send keys."""
        os.write(self._master, keys.encode())

    def _text(self) -> str:
        return _ESCAPES.sub(b"", self._seen).decode(errors="replace")

    def end(self) -> float:
        """Kill it; returns the processor seconds it used."""
        os.kill(self.pid, signal.SIGKILL)
        _, _, used = os.wait4(self.pid, 0)
        os.close(self._master)
        return used.ru_utime + used.ru_stime


def first_paint(command: Sequence[str], environment: Mapping[str, str], text: str) -> Painted:
    """Start a program, wait for its first picture, end it.

    Args:
        command: what to run.
        environment: its environment.
        text: a text of its first picture.

    Raises:
        TimeoutError: it did not paint within a minute.
    """
    terminal = Terminal(command, environment)
    try:
        painted = terminal.wait_for(text)
    finally:
        cpu = terminal.end()
    return Painted(painted - terminal.started, cpu)
