"""Which table and which column is which. Shown before anything is written; a TOML file has the last word.

[contacts]
table = "people"                 # where the table has a name of its own
ignore = ["internal_flag"]       # columns that are not kept at all

[contacts.columns]               # field of the plan = column of the table
phone = "tel_1"

[contacts.statuses]              # status of the earlier program = status here
"HOT LEAD" = "PROCESSED"
"""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus
from migrate import reading
from migrate.convert import statuses
from migrate.errors import MappingProblem
from migrate.fields import BY_NAME, KINDS, LEFT_OUT, Kind, plain

_ALLOWED = {
    # Of the others one belongs to merges, and one would begin model calls.
    "contacts": {str(status) for status in ContactStatus} - {"MERGED", "PENDING_ENRICHMENT"} | {statuses.WITH_ADDRESS},
    "email_queue": {"HELD", "SENT", "PARKED", "CANCELLED", "SUPPRESSED", "ERROR_NO_EMAIL", "ERROR_API_FAILURE"},
    "processor_queue": {"COMPLETED", "CANCELLED", "FAILED"},
    "templates": set[str](),
}
assert _ALLOWED["email_queue"] <= set(EmailStatus)
assert _ALLOWED["processor_queue"] <= set(RequestStatus)


@dataclass(frozen=True)
class Override:
    """What the mapping file says of one table."""

    table: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    statuses: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableMapping:
    """How one table moves; `as_dict` is what a screen shows.

    Args:
        kind: which of the four.
        table: its name in the database.
        all_columns: all its columns, in their order.
        columns: field → column.
        kept: columns that are no field and are kept under ``legacy``.
        ignored: columns that the mapping file leaves out.
        statuses: the mapping file's own statuses, as words.
        rows: how many there are; `None` if the damage is such that nobody can say.
    """

    kind: Kind
    table: str
    all_columns: tuple[str, ...]
    columns: dict[str, str]
    kept: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    statuses: dict[str, str] = field(default_factory=dict)
    rows: int | None = 0
    asked: dict[tuple[str, ...], list[tuple[str, int]]] = field(default_factory=dict, compare=False, repr=False)
    """Where fields that are read together are in a row, from the first time on."""

    @property
    def missing(self) -> list[str]:
        """Fields that no column gives."""
        return [name for name in self.kind.fields if name not in self.columns]

    def places(self) -> dict[str, int]:
        """Field → place in a row, whose place 0 is the row's number."""
        return {name: self.all_columns.index(column) + 1 for name, column in self.columns.items()}

    def kept_places(self) -> list[tuple[str, int]]:
        """The columns that are kept as they are, with their places."""
        return [(column, self.all_columns.index(column) + 1) for column in self.kept]

    def as_dict(self) -> dict[str, Any]:
        """The mapping as data."""
        return {
            "kind": self.kind.name,
            "table": self.table,
            "collection": self.kind.collection,
            "rows": self.rows,
            "columns": dict(sorted(self.columns.items())),
            "missing": self.missing,
            "kept": list(self.kept),
            "ignored": list(self.ignored),
            "statuses": dict(sorted(self.statuses.items())),
        }


def load_overrides(path: Path | None) -> dict[str, Override]:
    """What the mapping file says, by table.

    Raises:
        MappingProblem: it can't be read, or names something that does not exist here.
    """
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingProblem(f"The mapping file {path} can't be read: {error}") from None
    return {name: _override(path, name, table) for name, table in content.items()}


def _override(path: Path, name: str, table: Any) -> Override:
    if name not in BY_NAME or not isinstance(table, dict):
        raise MappingProblem(f"{path}: [{name}] is no table that moves; those are {', '.join(BY_NAME)}.")
    unknown = sorted(set(table) - {"table", "columns", "ignore", "statuses"})
    if unknown:
        raise MappingProblem(f"{path}: {name}.{unknown[0]} is no key; known are table, columns, ignore, statuses.")
    columns, ignore, own = table.get("columns", {}), table.get("ignore", []), table.get("statuses", {})
    _need_texts(path, name, "columns", columns, dict)
    _need_texts(path, name, "statuses", own, dict)
    _need_texts(path, name, "ignore", ignore, list)
    wrong = sorted(set(columns) - set(BY_NAME[name].fields))
    if wrong:
        raise MappingProblem(
            f"{path}: {name}.columns.{wrong[0]} is no field; fields are {', '.join(BY_NAME[name].fields)}."
        )
    for old, new in own.items():
        if new not in _ALLOWED[name]:
            allowed = ", ".join(sorted(_ALLOWED[name])) or "none, this table has no status"
            raise MappingProblem(f"{path}: {name}.statuses.{old} is {new!r}; allowed: {allowed}.")
    words = {statuses.word(old, lambda _: None): new for old, new in own.items()}
    return Override(str(table.get("table", "")), dict(columns), tuple(ignore), words)


def _need_texts(path: Path, name: str, key: str, value: Any, kind: type) -> None:
    texts = value.values() if isinstance(value, dict) else value
    if not isinstance(value, kind) or not all(isinstance(item, str) for item in texts):
        raise MappingProblem(f"{path}: {name}.{key} must be {'names' if kind is dict else 'a list of names'} as text.")


@dataclass(frozen=True)
class Mapped:
    """The tables of one database.

    Args:
        tables: those that move.
        left_out: those that stay, with the reason.
    """

    tables: list[TableMapping]
    left_out: dict[str, str]


def map_database(
    connection: sqlite3.Connection, database: str, overrides: dict[str, Override], only: Sequence[str] = ()
) -> Mapped:
    """Match the tables and columns of a database.

    Args:
        connection: the database.
        database: ``contacts`` or ``email``.
        overrides: what the mapping file says.
        only: names of tables to move; all if empty.

    Raises:
        MappingProblem: it is ambiguous, or lacks what is needed.
    """
    names = reading.tables(connection)
    kinds = [kind for kind in KINDS if kind.database == database]
    found: list[TableMapping] = []
    reasons = {name: LEFT_OUT.get(plain(name), "no table of the plan") for name in names}
    for kind in kinds:
        override = overrides.get(kind.name, Override())
        table = _table_of(kind, names, override)
        if table is None:
            continue
        if only and kind.name not in only:
            reasons[table] = "not asked for"
            continue
        reasons.pop(table, None)
        columns = reading.columns(connection, table)
        mapping = map_columns(kind, table, columns, override, reading.count(connection, table))
        found.append(mapping)
    if not found and not any(reason == "not asked for" for reason in reasons.values()):
        wanted = " or ".join(kind.name for kind in kinds)
        raise MappingProblem(
            f"The database has no table {wanted}; it has {', '.join(names) or 'no tables'}.",
            hint="Is it the right file? If a table has another name, say so in the mapping file (--map).",
        )
    return Mapped(found, reasons)


def _table_of(kind: Kind, names: list[str], override: Override) -> str | None:
    if override.table:
        if override.table not in names:
            raise MappingProblem(f"The mapping file names the table {override.table}; there are {', '.join(names)}.")
        return override.table
    fits = [name for name in names if plain(name) in kind.tables]
    exact = [name for name in fits if plain(name) == plain(kind.name)]
    if len(exact) == 1:
        return exact[0]
    if len(fits) > 1:
        raise MappingProblem(
            f"{kind.name} may be any of the tables {', '.join(fits)}.",
            hint=f'Say which in the mapping file (--map): [{kind.name}]  table = "{fits[0]}"',
        )
    return fits[0] if fits else None


def map_columns(
    kind: Kind, table: str, columns: Sequence[str], override: Override, rows: int | None = 0
) -> TableMapping:
    """Match the columns of a table.

    Raises:
        MappingProblem: two columns may be the same field, or one that is needed is not there.
    """
    for name in (*override.columns.values(), *override.ignore):
        if name not in columns:
            raise MappingProblem(
                f"The mapping file names the column {name} of {table}, which has {', '.join(columns)}."
            )
    chosen = dict(override.columns)
    free = [name for name in columns if name not in chosen.values() and name not in override.ignore]
    doubts: list[str] = []
    for name, words in kind.fields.items():
        if name in chosen:
            continue
        fits = [column for column in free if plain(column) in words]
        if len(fits) > 1:
            doubts.append(f"{name} may be {' or '.join(fits)}")
        elif fits:
            chosen[name] = fits[0]
    if doubts:
        raise MappingProblem(
            f"The columns of {table} are ambiguous: {'; '.join(doubts)}.",
            hint=f"Say which in the mapping file (--map): [{kind.name}.columns]; and ignore = [...] for the others.",
        )
    _need(kind, table, chosen, columns)
    kept = tuple(name for name in free if name not in chosen.values())
    own = {**override.statuses}
    return TableMapping(kind, table, tuple(columns), chosen, kept, override.ignore, own, rows)


def _need(kind: Kind, table: str, chosen: dict[str, str], columns: Sequence[str]) -> None:
    for group in kind.needed:
        if not any(name in chosen for name in group):
            raise MappingProblem(
                f"{table} has no column for {' or '.join(group)}; it has {', '.join(columns)}.",
                hint=f'If one of them is it, say so (--map): [{kind.name}.columns]  {group[0]} = "…"',
            )
