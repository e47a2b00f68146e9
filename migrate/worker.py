"""The process that converts rows beside the one that keeps the journal: `python -m migrate.worker`.

It is a program of its own and not one that `multiprocessing` starts: that would import the whole console again, only to
convert rows. Both speak over its standard input and output, in pickled messages of the same program, so nobody else's
data is ever unpickled. It ends when its input ends, so it does not outlive the other, however that one dies.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from leadgen.model.errors import LeadgenError

_END_WAIT_S = 5.0
_NICER = 10
"""Conversion runs ahead of the writing; where both want the same core, what others wait for goes first."""
_SIZE = struct.Struct("<Q")
"""Stands before each answer: its bytes."""


class WorkerEnded(LeadgenError):
    """The second process ended in the middle of its work."""

    title = "The migration stopped."


class Worker:
    """The other end, here. What is sent and what was answered waits in memory, pickled, for as long as it must.

    Args:
        process: the process.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.owes = 0
        """Answers that were not taken yet."""
        self._questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        for loop in (self._write, self._read):
            threading.Thread(target=loop, daemon=True).start()

    def _write(self) -> None:
        """Send, beside all else: a pipe takes little, and whoever converts reads only between two batches."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            while question := self._questions.get():
                self._process.stdin.write(question)
                self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                size = _SIZE.unpack(_exactly(self._process.stdout, _SIZE.size))[0]
                self._answers.put(_exactly(self._process.stdout, size))
        except (EOFError, OSError, ValueError):
            self._answers.put(b"")

    def tell(self, *message: Any) -> None:
        """Send something that is not answered; see `migrate.duties`."""
        self._questions.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def give(self, *message: Any) -> None:
        """Send something that is answered in its turn."""
        self.tell(*message)
        self.owes += 1

    def is_waited_for(self) -> bool:
        """Whether what was sent still waits here for the process to take it."""
        return not self._questions.empty()

    def end(self) -> None:
        """Nothing more is asked."""
        self._questions.put(b"")

    def take(self) -> Any:
        """The next answer.

        Raises:
            WorkerEnded: there will be none.
        """
        answer = self._answers.get()
        if not answer:
            raise _ended()
        self.owes -= 1
        content = pickle.loads(answer)
        if isinstance(content, Exception):
            raise content
        return content


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """So many bytes of a stream.

    Raises:
        EOFError: it ends before.
    """
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


def _ended() -> WorkerEnded:
    return WorkerEnded(
        "The process that converts rows ended.", hint="Run the same command again; it goes on where it stopped."
    )


@contextmanager
def worker(*beginning: Any) -> Iterator[Worker]:
    """A process that converts, for as long as the block lasts.

    Args:
        beginning: what it needs to begin with.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # An interrupt from the keyboard is this process's business alone. Not a session of its own: a kernel that
        # shares time between sessions would heed no priority.
        process_group=0,
    )
    other = Worker(process)
    try:
        other.tell(*beginning)
        yield other
    finally:
        other.end()
        process.kill()
        process.wait(_END_WAIT_S)


def main() -> None:
    """Do what is asked on standard input until it ends. What fails where nothing is answered fails the next answer."""
    from migrate.duties import ANSWERED, Duties

    os.nice(_NICER)
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    duties = Duties(*pickle.load(source))
    failure: Exception | None = None
    while True:
        try:
            name, *values = pickle.load(source)
        except EOFError:
            return
        answer: Any = None
        try:
            answer = duties.do(name, *values)
        except Exception as error:
            failure = error
        if name in ANSWERED:
            content = pickle.dumps(failure or answer, pickle.HIGHEST_PROTOCOL)
            sink.write(_SIZE.pack(len(content)))
            sink.write(content)
            sink.flush()
            failure = None


if __name__ == "__main__":
    main()
