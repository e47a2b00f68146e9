"""What a run did, as data, and as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from migrate.rows import Tally
from migrate.verify import Compared


@dataclass
class TableReport:
    """One table.

    Args:
        kind: which of the four.
        table: its name in the database.
        rows: how many it has; `None` if damage forbids to count.
        read: rows that were read.
        rejected: rows that are in the file of rejects.
        merged: rows that went into the document of an earlier row.
        damaged: places that could not be read.
        assumptions: what was assumed, and how often.
        attention: what a person should look at, and how often.
    """

    kind: str
    table: str
    rows: int | None
    read: int = 0
    rejected: int = 0
    merged: int = 0
    damaged: int = 0
    assumptions: dict[str, int] = field(default_factory=dict)
    attention: dict[str, int] = field(default_factory=dict)

    def take(self, tally: Tally) -> None:
        """Take over what was counted."""
        self.read, self.rejected, self.merged = tally.read, tally.rejected, tally.merged
        self.assumptions = dict(tally.assumptions.most_common())
        self.attention = dict(tally.attention.most_common())


@dataclass
class CollectionReport:
    """One collection: documents that were to be written, that were, and that were there before and stay as they are."""

    documents: int = 0
    written: int = 0
    there_before: int = 0


@dataclass
class Report:
    """A run.

    Args:
        run: its id.
        dry_run: whether nothing was to be written.
        tables: the tables that moved.
        collections: by name.
        left_out: tables that stayed, with the reason.
        config: see `old_config.ConfigPlan.as_dict`; `None` without a file.
        rejects_file: where the rejects are, or "".
        verified: by collection; `None` if that was not asked for.
        seconds: what it took.
        done_before: the run was complete already; nothing was done.
    """

    run: str
    dry_run: bool = False
    tables: list[TableReport] = field(default_factory=list)
    collections: dict[str, CollectionReport] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] | None = None
    rejects_file: str = ""
    verified: dict[str, Compared] | None = None
    seconds: float = 0.0
    done_before: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether everything moved."""
        stayed = any(one.there_before for one in self.collections.values())
        lost = any(one.rejected or one.damaged for one in self.tables)
        return not (stayed or lost or (self.config and self.config["refused"]))

    @property
    def is_verified(self) -> bool:
        """Whether the comparison, if there was one, found nothing wrong."""
        return all(one.is_good for one in (self.verified or {}).values())

    def as_dict(self) -> dict[str, Any]:
        """The report as data."""
        return {**asdict(self), "whole": self.is_whole}

    def table_rows(self) -> list[list[Any]]:
        """Cells for a table: kind, table, rows, read, merged, rejected, damaged."""
        return [
            [one.kind, one.table, _count(one.rows), one.read, one.merged, one.rejected, one.damaged]
            for one in self.tables
        ]

    def collection_rows(self) -> list[list[Any]]:
        """Cells for a table: collection, documents, written, there before."""
        return [[name, one.documents, one.written, one.there_before] for name, one in self.collections.items()]

    def verified_rows(self) -> list[list[Any]]:
        """Cells for a table: collection, expected, equal, kept, changed, missing, different, hash."""
        return [
            [name, one.expected, one.equal, one.kept, one.changed, one.missing, one.different, one.digest]
            for name, one in (self.verified or {}).items()
        ]

    def remarks(self) -> Iterator[str]:
        """Sentences about what was assumed, left out and must be looked at."""
        for one in self.tables:
            for text, number in one.attention.items():
                yield f"{one.kind}: look at this: {text} ({number:,})"
            for text, number in one.assumptions.items():
                yield f"{one.kind}: {text} ({number:,})"
        for name, reason in self.left_out.items():
            yield f"table {name} was left out: {reason}"
        if self.config:
            for name, key in self.config["fromKeys"].items():
                yield f"config: {name} was taken from {key}"
            for key, problem in self.config["refused"].items():
                yield f"config: {key} was refused: {problem}"
            for key in self.config["unknown"]:
                yield f"config: {key} is not known here and was left out"

    def markdown(self) -> str:
        """The report as a Markdown document."""
        parts = [f"# Migration {self.run}", ""]
        parts += [f"{'Nothing was written (dry run)' if self.dry_run else 'Written'} in {self.seconds:,.1f} s.", ""]
        parts += _grid(["kind", "table", "rows", "read", "merged", "rejected", "damaged"], self.table_rows())
        parts += _grid(["collection", "documents", "written", "there before"], self.collection_rows())
        if self.verified is not None:
            titles = ["collection", "expected", "equal", "kept", "changed", "missing", "different", "hash"]
            parts += _grid(titles, self.verified_rows())
        if self.rejects_file:
            parts += [f"Rejected rows are in `{self.rejects_file}`.", ""]
        parts += [f"* {_cell(text)}" for text in self.remarks()]
        return "\n".join(parts).rstrip() + "\n"


def _count(rows: int | None) -> Any:
    return "?" if rows is None else rows


def _cell(value: Any) -> str:
    text = "".join(c if c.isprintable() else " " for c in str(value))
    for sign in "\\|<>`*_[]":
        text = text.replace(sign, f"\\{sign}")
    return text


def _grid(titles: list[str], rows: list[list[Any]]) -> list[str]:
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    return [*lines, *("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows), ""]
