"""What the second process does: it counts rows for the census, and converts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrate.batches import Converted, convert_batch
from migrate.census import Census
from migrate.contacts import ContactRows
from migrate.mapping import TableMapping
from migrate.reading import Row

ANSWERED = ("counted", "convert")


class Duties:
    """Named by the messages that ask for them; see `migrate.batches.Beside`.

    Args:
        rows: makes people of rows.
        run: the run's id.
    """

    def __init__(self, rows: ContactRows, run: str) -> None:
        self._rows, self._run = rows, run
        self._census = Census("")

    def do(self, name: str, *values: Any) -> Any:
        """Do what is asked; gives what an answered message is answered with."""
        does: dict[str, Callable[..., Any]] = {
            "census": self._begin,
            "count": self._count,
            "counted": self._counted,
            "convert": self._convert,
        }
        return does[name](*values)

    def _begin(self, region: str, rows: int) -> None:
        self._census = Census(region, rows)

    def _count(self, mapping: TableMapping, batch: list[Row]) -> None:
        self._census.take(mapping, batch)

    def _counted(self) -> Census:
        census, self._census = self._census, Census("")
        return census

    def _convert(self, batch: list[Row]) -> Converted:
        return convert_batch(self._rows, self._run, batch)
