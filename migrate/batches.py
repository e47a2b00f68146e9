"""Batches of rows turned into people, here or in a second process beside this one.

What a row becomes depends on the row alone, so rows can be converted anywhere. What depends on other rows (who is the
same person) is settled afterwards, in the order of the rows, by `migrate.staging`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, cast

from leadgen.process.identity import Marks
from migrate.contacts import ContactRows, Person
from migrate.encode import encode
from migrate.keys import marks_of
from migrate.mapping import TableMapping
from migrate.reading import Row
from migrate.rows import MAX_DOCUMENT, Problem, Rejected, Tally
from migrate.worker import Worker, worker

if TYPE_CHECKING:
    from migrate.census import Census

_WORTH_IT = 4_000
"""Rows of a table from which on a second process pays for its start."""
_AHEAD = 6
"""Batches that the second process has before it, or has answered and nobody asked for yet."""


@dataclass
class Refusal:
    """A row that can't move.

    Args:
        row: the row.
        problems: why.
        opted_out: see `Rejected`.
    """

    row: Row
    problems: list[Problem]
    opted_out: Marks | None


@dataclass
class Converted:
    """What a batch became.

    Args:
        read: how many rows there were.
        last: the number of the last one.
        people: those of the rows that can move, in order.
        refused: the other rows.
        tally: assumptions and remarks of this batch.
    """

    read: int
    last: int
    people: list[Person] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def convert_batch(rows: ContactRows, run: str, batch: list[Row]) -> Converted:
    """Convert rows; each document is encoded at once, with the run in it.

    Args:
        rows: makes people of rows.
        run: the run's id.
        batch: the rows.
    """
    result = Converted(len(batch), batch[-1][0])
    rows.tally = result.tally
    for row in batch:
        try:
            person = rows.convert(row)
            document = person.document
            document["migrationRun"] = run
            person.body = encode(document)
            check_size(person.body)
        except Rejected as error:
            result.refused.append(Refusal(row, error.problems, error.opted_out))
        else:
            person.keys = marks_of(person.marks)
            person.id  # noqa: B018 computed here, where there is time
            person.drop_document()
            result.people.append(person)
    return result


def check_size(body: bytes) -> None:
    """Refuse what Firestore does not take.

    Raises:
        Rejected: the document is too large.
    """
    if len(body) > MAX_DOCUMENT:
        problem = f"would be a document of {len(body):,} bytes; Firestore takes {MAX_DOCUMENT:,}"
        raise Rejected([Problem("", "", problem)])


class Beside:
    """A second process that converts batches, and before that counts rows. Gives what the batches became, in order.

    Args:
        other: the process.
        batches: of rows.
    """

    def __init__(self, other: Worker, batches: Iterable[list[Row]]) -> None:
        self._other, self._batches = other, iter(batches)
        self._has_begun = False

    def begin_census(self, region: str, rows: int) -> None:
        """Let it begin a census; see `migrate.census.Census`."""
        self._other.tell("census", region, rows)

    def count(self, mapping: TableMapping, batch: list[Row]) -> bool:
        """Let it count rows, unless it has enough to do; whether it does."""
        if not self._other.is_waited_for():
            self._other.tell("count", mapping, batch)
            return True
        return False

    def census(self) -> Census:
        """What it has counted; from here on it converts."""
        self._other.give("counted")
        self._begin()
        return cast("Census", self._other.take())

    def _begin(self) -> None:
        for batch in islice(self._batches, 0 if self._has_begun else _AHEAD):
            self._other.give("convert", batch)
        self._has_begun = True

    def __iter__(self) -> Iterator[Converted]:
        self._begin()
        for batch in self._batches:
            yield self._other.take()
            self._other.give("convert", batch)
        while self._other.owes:
            yield self._other.take()


@contextmanager
def conversion(
    rows: ContactRows, run: str, batches: Iterable[list[Row]], expected: int
) -> Iterator[Iterable[Converted]]:
    """What batches become, in their order; memory holds a few of them.

    Args:
        rows: makes people of rows.
        run: the run's id.
        batches: of rows.
        expected: how many rows there are; few are converted in this process alone, of more gives a `Beside`.
    """
    if expected < _WORTH_IT or (os.cpu_count() or 1) < 2:
        yield (convert_batch(rows, run, batch) for batch in batches)
        return
    with worker(rows, run) as other:
        yield Beside(other, batches)
