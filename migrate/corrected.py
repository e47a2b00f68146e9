"""Rejected rows that were corrected, fed back: their file becomes a small database and moves like any other."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.errors import SourceProblem
from migrate.fields import BY_NAME
from migrate.reading import quoted

_MOST_COLUMNS = 500


@dataclass(frozen=True)
class _Line:
    table: str
    row: int
    values: dict[str, Any]


def database_of(path: Path, folder: Path) -> Path:
    """A database with the rows of a file of rejects, under the numbers they had.

    Args:
        path: the file, one JSON object per line.
        folder: where the database is made.

    Raises:
        SourceProblem: a line is not as it was written; it says which.
    """
    target = folder / "corrected.db"
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        columns = _columns(path)
        connection.execute("BEGIN")
        for table, names in columns.items():
            listed = ", ".join(quoted(name) for name in names)
            connection.execute(f"CREATE TABLE {quoted(table)} ({listed})")
        for number, line in _lines(path):
            names = columns[line.table]
            places = ", ".join(["?"] * (len(names) + 1))
            listed = ", ".join(["rowid", *(quoted(name) for name in names)])
            values = [line.row, *(_value(line.values.get(name), path, number) for name in names)]
            try:
                connection.execute(f"INSERT INTO {quoted(line.table)} ({listed}) VALUES ({places})", values)
            except (sqlite3.Error, OverflowError) as error:
                raise _wrong(path, number, f"can't be taken: {error}") from None
        connection.execute("COMMIT")
    finally:
        connection.close()
    return target


def _columns(path: Path) -> dict[str, list[str]]:
    """The columns of each table: all that its lines name, in the order in which they come."""
    found: dict[str, dict[str, None]] = {}
    for number, line in _lines(path):
        names = found.setdefault(line.table, {})
        names.update(dict.fromkeys(line.values))
        if len(names) > _MOST_COLUMNS or "rowid" in (name.lower() for name in line.values):
            raise _wrong(path, number, "names columns that no table has")
    if not found:
        raise SourceProblem(f"{path} has no rows.")
    return {table: list(names) for table, names in found.items()}


def _lines(path: Path) -> Iterator[tuple[int, _Line]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, _line(path, number, text)
    except OSError as error:
        raise SourceProblem(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SourceProblem(f"{path} is not UTF-8 text.") from None


def _line(path: Path, number: int, text: str) -> _Line:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, number, f"is no JSON: {error}") from None
    if not isinstance(found, dict) or found.get("table") not in BY_NAME:
        raise _wrong(path, number, f'needs a "table" of {", ".join(BY_NAME)}')
    row, values = found.get("row"), found.get("values")
    if type(row) is not int or not isinstance(values, dict) or not values:
        raise _wrong(path, number, 'needs a "row" (a number) and "values" (an object)')
    return _Line(found["table"], row, values)


def _value(value: Any, path: Path, number: int) -> Any:
    if isinstance(value, dict) and set(value) == {"base64"}:
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (ValueError, TypeError):
            raise _wrong(path, number, "has base64 that is none") from None
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _wrong(path: Path, number: int, problem: str) -> SourceProblem:
    return SourceProblem(f"{path}, line {number}, {problem}.", hint="Correct the line; nothing was written.")
