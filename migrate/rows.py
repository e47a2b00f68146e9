"""What the conversions of all tables share: the rules of a run, and a row with its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from leadgen.process.identity import Marks
from migrate.convert import Say, Unusable
from migrate.convert.values import optional, text
from migrate.mapping import TableMapping
from migrate.reading import Row

T = TypeVar("T")
MAX_DOCUMENT = 1_000_000
"""Bytes; Firestore takes 1 MiB with the document's name and 32 bytes more."""


@dataclass(frozen=True)
class Rules:
    """What the person who runs it decided.

    Args:
        region: where phone numbers without a country code are dialled.
        zone: whose wall time it is where a time does not say so.
        template_offset: added to the numbers of templates.
    """

    region: str = "US"
    zone: tzinfo = UTC
    template_offset: int = 0


@dataclass
class Tally:
    """What happened to one table.

    Args:
        read: rows that were read.
        rejected: rows that went to the rejects.
        merged: rows that went into the document of an earlier row.
        assumptions: what was assumed, and how often.
        attention: what a person should look at.
    """

    read: int = 0
    rejected: int = 0
    merged: int = 0
    assumptions: Counter[str] = field(default_factory=Counter)
    attention: Counter[str] = field(default_factory=Counter)

    def say(self, assumption: str) -> None:
        """Count an assumption."""
        self.assumptions[assumption] += 1

    def note(self, remark: str) -> None:
        """Count something a person should look at."""
        self.attention[remark] += 1


@dataclass(frozen=True)
class Problem:
    """Why a row was rejected.

    Args:
        field: the plan's field.
        column: where it was read.
        problem: what is wrong with it.
    """

    field: str
    column: str
    problem: str


class Rejected(Exception):
    """A row that can't be made right.

    Args:
        problems: all of them.
        opted_out: marks of somebody who must not be written to, if the row says so: that holds in any case.
    """

    def __init__(self, problems: list[Problem], opted_out: Marks | None = None) -> None:
        super().__init__("; ".join(f"{p.field} {p.problem}" for p in problems))
        self.problems = problems
        self.opted_out = opted_out


class RowReader:
    """Reads the values of one row and gathers what is wrong with them.

    Args:
        mapping: which column is which.
        row: the row, its number in front.
        say: is told what was assumed.
    """

    def __init__(self, mapping: TableMapping, places: dict[str, int], row: Row, say: Say) -> None:
        self._mapping = mapping
        self._places = places
        self._row = row
        self.say = say
        self.problems: list[Problem] = []

    @property
    def number(self) -> int:
        """The row's number in its table."""
        return int(self._row[0])

    def places_of(self, names: tuple[str, ...]) -> list[tuple[str, int]]:
        """Those of some fields that have a column, with their places in the row."""
        known = self._mapping.asked.get(names)
        if known is None:
            known = self._mapping.asked[names] = [(name, self._places[name]) for name in names if name in self._places]
        return known

    def raw(self, name: str) -> Any:
        """A field's value as it was stored."""
        place = self._places.get(name)
        return None if place is None else self._row[place]

    def read(self, name: str, convert: Callable[[Any], T], default: T, value: Any = None, *, needed: bool = False) -> T:
        """A field's value made right; the default where there is none, or where that is not possible, which is noted.

        Args:
            name: the plan's field.
            convert: makes it right.
            default: stands for what can't be.
            value: the value, where it is not that of a column.
            needed: nothing is no value either.
        """
        if value is None:
            place = self._places.get(name)
            value = None if place is None else self._row[place]
            if value is None and not needed:
                return default
        try:
            return convert(value)
        except Unusable as error:
            self.fail(name, error.problem)
            return default

    def texts(self, places: list[tuple[str, int]]) -> dict[str, str]:
        """Fields of text that have one, made right; what can't be is noted.

        Args:
            places: fields and where they are in the row.
        """
        found: dict[str, str] = {}
        for name, place in places:
            value = self._row[place]
            if value is None:
                continue
            try:
                clean = optional(value, self.say)
            except Unusable as error:
                self.fail(name, error.problem)
                continue
            if clean:
                found[name] = clean
        return found

    def fail(self, name: str, problem: str) -> None:
        """Note what is wrong with a field."""
        self.problems.append(Problem(name, self._mapping.columns.get(name, ""), problem))

    def check(self, opted_out: Marks | None = None) -> None:
        """Go on only with a row that has no problem.

        Args:
            opted_out: see `Rejected`.

        Raises:
            Rejected: it has some.
        """
        if self.problems:
            raise Rejected(self.problems, opted_out)

    def kept(self, places: list[tuple[str, int]]) -> dict[str, str]:
        """The columns that are no field, as text; empty ones left out."""
        kept: dict[str, str] = {}
        for column, place in places:
            value = self._row[place]
            if value is None or value == "":
                continue
            kept[column] = value.hex() if isinstance(value, bytes) else text(value, self.say)
        return kept


@dataclass
class TableRows:
    """What every table's conversion is given.

    Args:
        mapping: which column is which.
        rules: of the run.
        changed_at: when the database was changed last.
        tally: is counted in.
    """

    mapping: TableMapping
    rules: Rules
    changed_at: datetime
    tally: Tally
    _places: dict[str, int] = field(init=False)
    _kept: list[tuple[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._places, self._kept = self.mapping.places(), self.mapping.kept_places()

    def _reader(self, raw: Row) -> RowReader:
        return RowReader(self.mapping, self._places, raw, self.tally.say)


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of some moments, those given."""
    return max((moment for moment in moments if moment is not None), default=None)
