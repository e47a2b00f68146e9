"""The process that converts rows beside the one that keeps the journal: `python -m migrate.worker`.

It is a program of its own and not one that `multiprocessing` starts: that would import the whole console again, only to
convert rows. Both speak over its standard input and output, in pickled messages of the same program, so nobody else's
data is ever unpickled. It ends when its input ends, so it does not outlive the other, however that one dies.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leadgen.model.errors import LeadgenError

_END_WAIT_S = 5.0


class WorkerEnded(LeadgenError):
    """The second process ended in the middle of its work."""

    title = "The migration stopped."


class Worker:
    """The other end, here.

    Args:
        process: the process.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                self._answers.put(pickle.load(self._process.stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._answers.put(None)

    def give(self, message: Any) -> None:
        """Send something; it is answered in its turn.

        Raises:
            WorkerEnded: nobody is there.
        """
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except OSError:
            raise _ended() from None

    @property
    def has_answered(self) -> bool:
        """Whether `take` need not wait."""
        return not self._answers.empty()

    def take(self) -> Any:
        """The next answer.

        Raises:
            WorkerEnded: there will be none.
        """
        answer = self._answers.get()
        if answer is None:
            raise _ended()
        if isinstance(answer, Exception):
            raise answer
        return answer


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
        start_new_session=True,  # an interrupt from the keyboard is this process's business alone
    )
    try:
        other = Worker(process)
        other.give(beginning)
        yield other
    finally:
        process.kill()
        process.wait(_END_WAIT_S)


def main() -> None:
    """Convert batches from standard input until it ends."""
    from migrate.batches import convert_batch

    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    rows, run = pickle.load(source)
    while True:
        try:
            batch = pickle.load(source)
        except EOFError:
            return
        try:
            answer: Any = convert_batch(rows, run, batch)
        except Exception as error:
            answer = error
        pickle.dump(answer, sink, pickle.HIGHEST_PROTOCOL)
        sink.flush()


if __name__ == "__main__":
    main()
