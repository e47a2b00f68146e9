"""The rows of a table, one batch after another, and as many of them as a damaged file still gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import SourceProblem

BATCH = 500
"""Rows that are read, converted and kept together; a few batches are in memory at one time."""
_FURTHEST = 1 << 62
_NEAR = 512
Row = tuple[Any, ...]


@dataclass
class Damage:
    """What could not be read of a table.

    Args:
        places: how many stretches.
        first: what SQLite said of the first.
    """

    places: int = 0
    first: str = ""


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def tables(connection: sqlite3.Connection) -> list[str]:
    """Names of the tables, SQLite's own left out."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
    return [str(name) for (name,) in connection.execute(query)]


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """Names of a table's columns; generated ones too."""
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_xinfo({quoted(table)})") if row[6] != 1]


def count(connection: sqlite3.Connection, table: str) -> int | None:
    """How many rows; `None` if the damage is such that nobody can say."""
    try:
        return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])
    except sqlite3.DatabaseError:
        return None


@dataclass
class TableReader:
    """Reads one table from its first row to its last.

    Args:
        connection: the database.
        table: the table's name.
        salvage: go on behind a damaged place; without it damage is an error.
    """

    connection: sqlite3.Connection
    table: str
    salvage: bool = False
    damage: Damage = field(default_factory=Damage)

    def batches(self, after: int = -_FURTHEST) -> Iterator[list[Row]]:
        """Batches of rows, each with its row number in front, in the order of these numbers.

        Args:
            after: rows up to this number are left out.

        Raises:
            SourceProblem: a place is damaged and we are not to go on behind it.
        """
        numbered = self._is_numbered()
        size = BATCH
        while True:
            try:
                rows = self._fetch(after, size, numbered)
            except sqlite3.DatabaseError as error:
                if size > 1:
                    size = max(1, size // 8)
                    continue
                after, size = self._behind(after, error, numbered), BATCH
                continue
            if not rows:
                return
            yield rows
            after, size = rows[-1][0], min(BATCH, size * 8)

    def _is_numbered(self) -> bool:
        try:
            self.connection.execute(f"SELECT rowid FROM {quoted(self.table)} LIMIT 0")
        except sqlite3.OperationalError:
            return False  # WITHOUT ROWID
        return True

    def _fetch(self, after: int, size: int, numbered: bool) -> list[Row]:
        name = quoted(self.table)
        if numbered:
            query = f"SELECT rowid, * FROM {name} WHERE rowid > ? ORDER BY rowid LIMIT ?"
            return self._rows(query, (after, size))
        first = max(after, 0)
        found = self._rows(f"SELECT 0, * FROM {name} LIMIT ? OFFSET ?", (size, first))
        return [(first + place, *row[1:]) for place, row in enumerate(found, 1)]

    def _rows(self, query: str, values: tuple[int, int]) -> list[Row]:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "decode" not in str(error).lower():
                raise
        before = self.connection.text_factory
        self.connection.text_factory = lenient
        try:
            return self.connection.execute(query, values).fetchall()
        finally:
            self.connection.text_factory = before

    def _behind(self, after: int, error: sqlite3.DatabaseError, numbered: bool) -> int:
        """The number in front of the next row that can be read."""
        if not self.salvage:
            raise SourceProblem(
                f"The table {self.table} is damaged behind row {max(after, 0)}: {error}.",
                hint="Mend it (sqlite3 FILE .recover | sqlite3 mended.db), or move what can be read: --salvage",
            )
        self.damage.places += 1
        self.damage.first = self.damage.first or str(error)
        if not numbered:
            return _FURTHEST
        return self._next_readable(max(after, 0))

    def _next_readable(self, after: int) -> int:
        """The smallest step that leads behind the damage: by ones, then by doubling and halving."""
        for step in range(1, _NEAR):
            if self._can_read(after + step):
                return after + step
        step = _NEAR
        while step < 1 << 40 and not self._can_read(after + step):
            step *= 2
        if step >= 1 << 40:
            return _FURTHEST
        low, high = step // 2, step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._can_read(after + middle) else (middle, high)
        return after + high

    def _can_read(self, after: int) -> bool:
        try:
            return bool(self._fetch(after, 1, True))
        except sqlite3.DatabaseError:
            return False


class OddText(str):
    """Text that was not UTF-8; read as Windows-1252, what that has no character for as it is in Latin-1."""


def lenient(raw: bytes) -> str:
    """Text of a database that holds text in more than one encoding."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return OddText(raw.decode("cp1252"))
    except UnicodeDecodeError:
        return OddText(raw.decode("latin-1"))
