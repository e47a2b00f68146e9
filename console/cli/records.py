"""Records as they come: lines of JSON for machines, a progress bar and then a table for a person at a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from console.cli.output import out, table

MOST_ROWS = 2000
"""Records kept for the table; whoever wants more wants JSON."""

Record = dict[str, Any]


def machine_reads(as_json: bool) -> bool:
    """Whether the output is for a machine: asked for, or no terminal."""
    return as_json or not sys.stdout.isatty()


class Sink(Protocol):
    """Takes records; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def take(self, record: Record) -> bool:
        """Take a record; False if nobody reads the output any more."""
        ...


class RecordPrinter:
    """One JSON object per line, as soon as it is there."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def take(self, record: Record) -> bool:
        """Print a record; False if the pipe was closed, as by `head`."""
        # In ASCII: no control or direction mark of a stranger's page reaches a terminal, whatever its encoding.
        line = json.dumps(record, ensure_ascii=True) + "\n"
        try:
            sys.stdout.write(line)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is left in the buffer must not fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return False
        return True


class RecordTable:
    """A progress bar while records come, then a table of them.

    Args:
        title: of the table.
        total: how many records are expected, at most; 0 if nobody knows.
        row: the cells of a record.
        columns: their headings.
    """

    def __init__(self, title: str, total: int, row: Callable[[Record], list[Any]], columns: Sequence[str]) -> None:
        self._title = title
        self._row = row
        self._columns = list(columns)
        self._rows: list[list[Any]] = []
        self._left_out = 0
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=out, transient=True
        )
        self._task: TaskID = self._progress.add_task("Reading", total=total or None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            return
        title = f"{self._title} (and {self._left_out} more)" if self._left_out else self._title
        table(title, self._columns, self._rows)

    def take(self, record: Record) -> bool:
        """Keep a record for the table."""
        self._progress.advance(self._task)
        if len(self._rows) < MOST_ROWS:
            self._rows.append(self._row(record))
        else:
            self._left_out += 1
        return True
