"""Which columns the list has, in which order and how wide: the operator's own choice, kept between starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.contacts.fields import FIELDS, field_named
from widgets.table import Column

DEFAULT = ("business", "phone:12", "email:22", "status:10", "updated:7", "city:10", "sent:6")
MIN_WIDTH, MAX_WIDTH = 3, 60
_FLEXIBLE = 16
"""The least room the first column takes; it gets what the others leave."""


@dataclass(frozen=True)
class Shown:
    """A column of the list.

    Args:
        field: name of the field.
        width: cells; of the first column only the least.
    """

    field: str
    width: int

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.field}:{self.width}"


def read(kept: Sequence[str]) -> tuple[Shown, ...]:
    """The columns as they were kept; what can't be read is left out, and nothing at all means the usual ones."""
    found: dict[str, Shown] = {}
    for text in kept:
        name, _, width = text.partition(":")
        field = field_named(name)
        if field is None or (width and not width.isdecimal()):
            continue
        cells = int(width) if width else field.width
        found[field.name] = Shown(field.name, min(MAX_WIDTH, max(MIN_WIDTH, cells)))
    return tuple(found.values()) or read(DEFAULT)


def as_columns(shown: Sequence[Shown]) -> tuple[Column, ...]:
    """The table's columns: a mark, then those shown; the last ones are left out where there is no room."""
    columns = [Column("", 1)]
    taken = 2 + _FLEXIBLE
    for number, one in enumerate(shown):
        if number == 0:
            columns.append(Column(one.field, 0))
            continue
        taken += one.width + 1
        right = (field := field_named(one.field)) is not None and field.kind == "number"
        columns.append(Column(one.field, one.width, right=right, from_width=taken))
    return tuple(columns)


def with_shown(shown: Sequence[Shown], field: str) -> tuple[Shown, ...]:
    """The columns with one more, or without it; the last one stays."""
    if any(one.field == field for one in shown):
        rest = tuple(one for one in shown if one.field != field)
        return rest or tuple(shown)
    made = field_named(field)
    return (*shown, Shown(field, made.width)) if made is not None else tuple(shown)


def moved(shown: Sequence[Shown], field: str, step: int) -> tuple[Shown, ...]:
    """The columns with one moved by a place."""
    order = list(shown)
    at = next((n for n, one in enumerate(order) if one.field == field), None)
    if at is None or not 0 <= at + step < len(order):
        return tuple(order)
    order[at], order[at + step] = order[at + step], order[at]
    return tuple(order)


def widened(shown: Sequence[Shown], field: str, step: int) -> tuple[Shown, ...]:
    """The columns with one made wider or narrower."""
    return tuple(
        Shown(one.field, min(MAX_WIDTH, max(MIN_WIDTH, one.width + step))) if one.field == field else one
        for one in shown
    )


def all_fields(shown: Sequence[Shown]) -> list[str]:
    """Every field: those shown in their order, then the others."""
    names = [one.field for one in shown]
    return [*names, *(field.name for field in FIELDS if field.name not in names)]
