"""The stand-in's memory: one SQLite file, so whatever was answered as done is still there after a kill."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS store_values (name TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clients (client_id TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS grants (
    kind TEXT NOT NULL, secret TEXT NOT NULL, account TEXT, client_id TEXT NOT NULL, json TEXT NOT NULL,
    expires REAL NOT NULL, used REAL, revoked INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, secret));
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, immutable_id TEXT NOT NULL UNIQUE,
    regular_id TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, submitted REAL, due REAL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_by_folder ON messages (mailbox, folder);
CREATE INDEX IF NOT EXISTS messages_due ON messages (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, folder TEXT NOT NULL,
    immutable_id TEXT NOT NULL, regular_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_by_folder ON changes (mailbox, folder, sequence);
CREATE TABLE IF NOT EXISTS delta_tokens (token TEXT PRIMARY KEY, json TEXT NOT NULL, issued REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, mailbox_number INTEGER NOT NULL,
    delivered REAL NOT NULL, immutable_id TEXT NOT NULL, message_id TEXT NOT NULL, eml TEXT NOT NULL,
    json TEXT NOT NULL);
"""
_TABLES = ("store_values", "clients", "grants", "messages", "changes", "delta_tokens", "deliveries")


class Database:
    """A thin cover over sqlite3. Only the server's event loop uses it, so calls never overlap."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The application may be built in one thread and served by another (as tests do), never by two at once.
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction it simply belongs to that one."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Execute one statement."""
        return self._connection.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def read_value(self, name: str) -> Any:
        """A stored JSON value, or None."""
        found = self.row("SELECT json FROM store_values WHERE name = ?", name)
        return json.loads(found["json"]) if found else None

    def write_value(self, name: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO store_values (name, json) VALUES (?, ?)", name, json.dumps(value))

    def empty(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self.run(f"DELETE FROM {table}")
