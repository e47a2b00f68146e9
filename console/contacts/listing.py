"""What a filter finds, in order: the numbers of the rows at once, the rows themselves as they are looked at."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from console.contacts import conditions
from console.contacts.copy import Reader
from console.contacts.expression import Term, parse
from console.contacts.fields import FIELDS, Field, field_named

PAGE = 64
KEPT_PAGES = 40
_SHOWN = ", ".join(field.shown or field.column for field in FIELDS)
_PLACES = {field.name: number + 2 for number, field in enumerate(FIELDS)}


@dataclass(frozen=True)
class Order:
    """What contacts are sorted by.

    Args:
        field: name of the field.
        descending: whether the highest comes first. What has no value comes last either way.
    """

    field: str = "updated"
    descending: bool = True

    @property
    def sql(self) -> str:
        """The order in SQL."""
        column = _field(self.field).column
        way = "DESC" if self.descending else "ASC"
        if column == "updated":
            return f"updated {way}, id {way}"
        return f"{column} IS NULL OR {column} = '', {column} {way}, n"

    @property
    def text(self) -> str:
        """As it is kept and typed: ``-updated``."""
        return f"-{self.field}" if self.descending else self.field


def order_of(text: str) -> Order:
    """An order as it is typed.

    Raises:
        ValueError: with the fields there are.
    """
    name = text.removeprefix("-").removeprefix("+")
    if field_named(name) is None:
        raise ValueError(f"there is no field {name!r}; there are {', '.join(f.name for f in FIELDS)}")
    return Order(_field(name).name, text.startswith("-"))


def _field(name: str) -> Field:
    found = field_named(name)
    assert found is not None, name
    return found


@dataclass(frozen=True)
class Entry:
    """A contact as a list shows it.

    Args:
        id: the contact.
        version: grows with each change.
        values: of all `FIELDS`, in their order.
    """

    id: str
    version: int
    values: tuple[Any, ...]

    def value(self, field: str) -> Any:
        """The value of a field."""
        return self.values[_PLACES[field] - 2]


class Listing:
    """The contacts that a filter finds.

    Args:
        reader: where rows are read from when they are looked at.
        numbers: the rows found, in order.
        total: how many contacts there are in all.
        changes: the copy's count of changes when they were found.
    """

    def __init__(self, reader: Reader, numbers: array[int], total: int, changes: int = 0) -> None:
        self._reader = reader
        self._numbers = numbers
        self.total = total
        self.changes = changes
        self._pages: OrderedDict[int, list[Entry | None]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers)

    def entry(self, index: int) -> Entry | None:
        """The contact at a place; `None` if it has gone since."""
        number, offset = divmod(index, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._page(number)
            self._pages[number] = page
            if len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
        return page[offset] if offset < len(page) else None

    def _page(self, number: int) -> list[Entry | None]:
        wanted = self._numbers[number * PAGE : (number + 1) * PAGE]
        marks = ", ".join("?" * len(wanted))
        found = self._reader.select(f"SELECT n, id, version, {_SHOWN} FROM contact WHERE n IN ({marks})", wanted)
        by_number = {one[0]: Entry(one[1], one[2], one[3:]) for one in found}
        return [by_number.get(one) for one in wanted]

    def renew(self) -> None:
        """Read rows anew when they are looked at next."""
        self._pages.clear()

    def place_of(self, contact_id: str) -> int | None:
        """Where a contact stands; `None` if it is not among them."""
        found = self._reader.select("SELECT n FROM contact WHERE id = ?", (contact_id,))
        try:
            return self._numbers.index(found[0][0]) if found else None
        except ValueError:
            return None

    def ids(self, first: int, last: int) -> list[str]:
        """The contacts from one place to another, both included, in order."""
        wanted = self._numbers[max(0, first) : last + 1]
        out: list[str] = []
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ", ".join("?" * len(some))
            found = dict(self._reader.select(f"SELECT n, id FROM contact WHERE n IN ({marks})", some))
            out += [str(found[one]) for one in some if one in found]
        return out


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Args:
        text: a filter expression.
        order: the order.
    """

    text: str = ""
    order: Order = Order()

    def terms(self) -> tuple[Term, ...]:
        """The parsed filter; raises `BadFilter`."""
        return parse(self.text)


def find(reader: Reader, question: Question, now: datetime, zone: tzinfo | None) -> tuple[array[int], int]:
    """The rows a question finds, in order, and how many contacts there are.

    Args:
        reader: the copy.
        question: filter and order.
        now: the moment ages are counted from.
        zone: the timezone of days.

    Raises:
        BadFilter: the filter can't be read.
        sqlite3.Error: the copy can't be read, or the query was interrupted.
    """
    sql, values = conditions.where(question.terms(), now, zone)
    found = reader.select(f"SELECT n FROM contact WHERE {sql} ORDER BY {question.order.sql}", values)
    total = reader.select("SELECT count(*) FROM contact")[0][0]
    return array("q", (one[0] for one in found)), int(total)


def shown(entry: Entry, fields: Sequence[str]) -> list[Any]:
    """Values of an entry, moments as datetimes."""
    return [as_value(_field(name), entry.value(name)) for name in fields]


def as_value(field: Field, value: Any) -> Any:
    """A stored value as Python has it: moments are datetimes in UTC, what is missing is `None`."""
    from datetime import UTC, timedelta

    if field.kind == "moment" and value:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return value if value not in ("", None) else None
