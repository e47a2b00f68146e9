"""What is to be moved: the databases opened, tables and columns matched, nothing read yet but the schema."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen.model.ids import digest
from migrate.corrected import database_of
from migrate.errors import MappingProblem, SourceProblem
from migrate.fields import BY_NAME, KINDS
from migrate.mapping import TableMapping, load_overrides, map_database
from migrate.rows import Rules
from migrate.source import Source, open_source

if TYPE_CHECKING:
    from migrate.old_config import ConfigPlan

VERSION = "1"
"""Raised when the same rows would give other documents."""


@dataclass(frozen=True)
class Wish:
    """What is to be moved, and how.

    Args:
        contacts: the database with `contacts`.
        email: the database with `templates`, `email_queue` and `processor_queue`.
        rejects: corrected rows of an earlier run, instead of databases.
        config: the earlier program's `config.json`.
        only: names of tables; all if empty.
        map_file: the mapping file.
        rules: see `Rules`.
        salvage: go on behind damaged places.
    """

    contacts: Path | None = None
    email: Path | None = None
    rejects: Path | None = None
    config: Path | None = None
    only: tuple[str, ...] = ()
    map_file: Path | None = None
    rules: Rules = field(default_factory=Rules)
    salvage: bool = False


@dataclass(frozen=True)
class Part:
    """One table and the database it is in."""

    source: Source
    mapping: TableMapping


@dataclass(frozen=True)
class Plan:
    """What would be moved; nothing was written.

    Args:
        wish: what was asked for.
        run: the run's id.
        parts: tables, in the order in which they move.
        left_out: tables that stay, with the reason.
        config: what of the configuration file is taken.
    """

    wish: Wish
    run: str
    parts: list[Part]
    left_out: dict[str, str]
    config: ConfigPlan | None

    def as_dict(self) -> dict[str, Any]:
        """The plan as data: what a screen shows before anything is written."""
        sources = {part.source.path.name: part.source.sha256 for part in self.parts}
        return {
            "run": self.run,
            "sources": sources,
            "tables": [part.mapping.as_dict() for part in self.parts],
            "leftOut": self.left_out,
            "config": self.config.as_dict() if self.config else None,
            "rules": _rules(self.wish),
        }


@contextmanager
def prepare(wish: Wish) -> Iterator[Plan]:
    """Open the databases and match their columns. They stay open for as long as the block lasts.

    Raises:
        SourceProblem: a file can't be read.
        MappingProblem: it is not certain which column is which.
    """
    unknown = sorted(set(wish.only) - set(BY_NAME))
    if unknown:
        raise MappingProblem(f"{unknown[0]} is no table that moves; those are {', '.join(BY_NAME)}.")
    overrides = load_overrides(wish.map_file)
    with ExitStack() as open_files:
        parts: list[Part] = []
        left_out: dict[str, str] = {}
        for database, source in _open(wish, open_files):
            mapped = map_database(source.connection, database, overrides, wish.only)
            parts += [Part(source, mapping) for mapping in mapped.tables]
            left_out |= mapped.left_out
        for part in parts:
            left_out.pop(part.mapping.table, None)
        parts.sort(key=lambda part: KINDS.index(part.mapping.kind))
        config = _config(wish.config) if wish.config else None
        if not parts and config is None:
            raise SourceProblem("There is nothing to move.", hint="Name a database: --contacts FILE, --email FILE")
        yield Plan(wish, _run_id(wish, parts, config), parts, left_out, config)


def _config(path: Path) -> ConfigPlan:
    from migrate.old_config import read_config  # with the models of the configuration, which nothing else here needs

    return read_config(path)


def _open(wish: Wish, open_files: ExitStack) -> Iterator[tuple[str, Source]]:
    if wish.rejects is not None:
        folder = Path(open_files.enter_context(tempfile.TemporaryDirectory(prefix="leadgen-migrate-")))
        source = open_files.enter_context(open_source(database_of(wish.rejects, folder)))
        tables = {name for (name,) in source.connection.execute("SELECT name FROM sqlite_master")}
        for database in ("contacts", "email"):
            if any(kind.database == database and kind.name in tables for kind in BY_NAME.values()):
                yield database, source
        return
    for database, path in (("email", wish.email), ("contacts", wish.contacts)):
        if path is not None:
            yield database, open_files.enter_context(open_source(path))


def _rules(wish: Wish) -> dict[str, Any]:
    rules = wish.rules
    return {
        "region": rules.region,
        "zone": str(rules.zone),
        "templateOffset": rules.template_offset,
        "salvage": wish.salvage,
    }


def _run_id(wish: Wish, parts: list[Part], config: ConfigPlan | None) -> str:
    tables = [{**part.mapping.as_dict(), "sha256": part.source.sha256} for part in parts]
    known = {"tables": tables, "config": config.as_dict() if config else None, "rules": _rules(wish)}
    return digest("migration", VERSION, json.dumps(known, sort_keys=True))[:16]
