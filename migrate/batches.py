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

from leadgen.process.identity import Marks
from migrate.contacts import ContactRows, Person
from migrate.encode import encode
from migrate.keys import marks_of
from migrate.reading import Row
from migrate.rows import MAX_DOCUMENT, Problem, Rejected, Tally
from migrate.worker import Worker, worker

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


@contextmanager
def conversion(
    rows: ContactRows, run: str, batches: Iterable[list[Row]], expected: int
) -> Iterator[Iterator[Converted]]:
    """What batches become, in their order; memory holds a few of them.

    A second process begins with the first ones at once, whenever they are asked for.

    Args:
        rows: makes people of rows.
        run: the run's id.
        batches: of rows.
        expected: how many rows there are; few are converted in this process alone.
    """
    if expected < _WORTH_IT or (os.cpu_count() or 1) < 2:
        yield (convert_batch(rows, run, batch) for batch in batches)
        return
    with worker(rows, run) as other:
        to_do = iter(batches)
        for batch in islice(to_do, _AHEAD):
            other.give(batch)
        yield _answers(other, to_do)


def _answers(other: Worker, batches: Iterator[list[Row]]) -> Iterator[Converted]:
    for batch in batches:
        yield other.take()
        other.give(batch)
    while other.owes:
        yield other.take()
