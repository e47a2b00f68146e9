"""Batches of rows turned into people, here or in a second process beside this one.

What a row becomes depends on the row alone, so rows can be converted anywhere. What depends on other rows (who is the
same person) is settled afterwards, in the order of the rows, by `migrate.staging`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from leadgen.process.identity import Marks
from migrate.contacts import ContactRows, Person
from migrate.encode import encode
from migrate.keys import marks_of
from migrate.reading import Row
from migrate.rows import MAX_DOCUMENT, Problem, Rejected, Tally
from migrate.worker import worker

_WORTH_IT = 4_000
"""Rows of a table from which on a second process pays for its start."""
_AHEAD = 3
"""Batches that the second process has before it."""


@dataclass
class Refusal:
    """A row that can't move.

    Args:
        place: in its batch.
        problems: why.
        opted_out: see `Rejected`.
    """

    place: int
    problems: list[Problem]
    opted_out: Marks | None


@dataclass
class Converted:
    """What a batch became.

    Args:
        people: those of the rows that can move, in order.
        refused: the other rows.
        tally: assumptions and remarks of this batch.
    """

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
    result = Converted()
    rows.tally = result.tally
    for place, row in enumerate(batch):
        try:
            person = rows.convert(row)
            document = person.document
            document["migrationRun"] = run
            person.body = encode(document)
            check_size(person.body)
        except Rejected as error:
            result.refused.append(Refusal(place, error.problems, error.opted_out))
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


def converted(
    rows: ContactRows, run: str, batches: Iterable[list[Row]], expected: int
) -> Iterator[tuple[list[Row], Converted]]:
    """Batches and what they became, in order; memory holds a few of them.

    Args:
        rows: makes people of rows.
        run: the run's id.
        batches: of rows.
        expected: how many rows there are; few are converted in this process alone.
    """
    if expected < _WORTH_IT or (os.cpu_count() or 1) < 2:
        for batch in batches:
            yield batch, convert_batch(rows, run, batch)
        return
    with worker(rows, run) as other:
        ahead: deque[list[Row]] = deque()
        for batch in batches:
            other.give(batch)
            ahead.append(batch)
            while len(ahead) > _AHEAD or (ahead and other.has_answered):
                yield ahead.popleft(), other.take()
        while ahead:
            yield ahead.popleft(), other.take()
