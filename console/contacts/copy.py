"""The local copy: a SQLite file with a row for each contact, and how far it has been read.

One connection writes, in the thread of the one who syncs; each reader opens its own. In WAL mode neither waits for the
other. The file can be made again from Firestore at any time, so a damaged one, or one of another release, is deleted
and begun anew.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.contacts import place
from console.contacts.records import COLUMNS, Row, unpacked

VERSION = 1
"""Of the tables; a copy of another version is made anew."""
BUSY_S = 5.0

_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE body (n INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE contact (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, updated INTEGER NOT NULL, created INTEGER,
  last_sent INTEGER, status TEXT NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL, name_f TEXT NOT NULL,
  business TEXT NOT NULL, business_f TEXT NOT NULL, phone TEXT NOT NULL, email TEXT NOT NULL, city TEXT NOT NULL,
  city_f TEXT NOT NULL, category TEXT NOT NULL, category_f TEXT NOT NULL, services_f TEXT NOT NULL, score INTEGER,
  source_id TEXT NOT NULL, request_id TEXT NOT NULL, url TEXT NOT NULL, template_id INTEGER, attempts INTEGER,
  language TEXT NOT NULL, timezone TEXT NOT NULL, words TEXT NOT NULL
);
CREATE INDEX by_updated ON contact (updated, id);
"""
_KEPT = COLUMNS[:-1]
_SET = ", ".join(f"{name} = excluded.{name}" for name in _KEPT if name != "id")
# A document that arrives late must not replace a newer one.
_PUT = (
    f"INSERT INTO contact ({', '.join(_KEPT)}) VALUES ({', '.join('?' * len(_KEPT))}) "
    f"ON CONFLICT (id) DO UPDATE SET {_SET} WHERE excluded.version > contact.version RETURNING n"
)
_PUT_BODY = "INSERT INTO body (n, body) VALUES (?, ?) ON CONFLICT (n) DO UPDATE SET body = excluded.body"


@dataclass(frozen=True, order=True)
class Cursor:
    """How far the copy has been read: everything changed up to there is in it.

    Args:
        updated: microseconds since 1970 of `lastUpdated`.
        id: the contact's id; orders those of one moment.
    """

    updated: int = 0
    id: str = ""


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


class Copy:
    """The copy of one owner, open.

    Args:
        path: the file.
        owner: whose it is; a file of somebody else is made anew.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self.path = path
        self.was_made_anew = ""
        """Why the file that was there could not be used; empty if it could, or if there was none."""
        self._owner = owner
        self._lock = threading.RLock()
        self._changes = 0
        self._db = self._opened()

    @property
    def changes(self) -> int:
        """Grows with every change; tells a reader that it may be out of date."""
        return self._changes

    # -- opening

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._checked()
        except (sqlite3.DatabaseError, _Unusable) as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise
            self.was_made_anew = str(error)
        place.remove(self.path)
        return self._checked()

    def _checked(self) -> sqlite3.Connection:
        place.make_private(self.path)
        db = _connect(self.path)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
                db.execute("INSERT INTO about VALUES ('owner', ?)", (self._owner,))
                return db
            if version != VERSION:
                raise _Unusable(f"it is of version {version}")
            _verify(db, self._owner)
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close the writer's connection."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    # -- writing

    def put(self, rows: Iterable[Row], cursor: Cursor | None = None) -> int:
        """Take documents over, and how far the copy is read with them; all or nothing.

        Args:
            rows: of `records.row`.
            cursor: the new place, or `None` to leave it.

        Returns:
            How many were new or newer.
        """
        with self._lock:
            db = self._db
            db.execute("BEGIN IMMEDIATE")
            try:
                count = sum(self._put(one) for one in rows)
                if cursor is not None:
                    self._note("cursor", f"{cursor.updated} {cursor.id}")
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise
            if count:
                self._changes += 1
            return count

    def _put(self, one: Row) -> int:
        taken = self._db.execute(_PUT, one[:-1]).fetchone()
        if taken is None:
            return 0
        self._db.execute(_PUT_BODY, (taken[0], one[-1]))
        return 1

    def remove(self, ids: Sequence[str]) -> None:
        """Forget contacts that are no more."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            for one in ids:
                self._db.execute("DELETE FROM body WHERE n = (SELECT n FROM contact WHERE id = ?)", (one,))
                self._db.execute("DELETE FROM contact WHERE id = ?", (one,))
            self._db.execute("COMMIT")
            self._changes += bool(ids)

    def note(self, key: str, value: str) -> None:
        """Write down something about the copy."""
        with self._lock:
            self._note(key, value)

    def _note(self, key: str, value: str) -> None:
        put = "INSERT INTO about VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        self._db.execute(put, (key, value))

    # -- reading what the sync needs

    def noted(self, key: str) -> str:
        """What was written down; empty if nothing was."""
        with self._lock:
            found = self._db.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
            return str(found[0]) if found else ""

    @property
    def cursor(self) -> Cursor:
        """How far it has been read."""
        updated, _, last = self.noted("cursor").partition(" ")
        return Cursor(int(updated or 0), last)

    def count(self, first: int = 0, end: int | None = None) -> int:
        """How many contacts it has.

        Args:
            first: that were changed at this microsecond or later.
            end: and before this one; `None` for no end.
        """
        sql, values = "SELECT count(*) FROM contact WHERE updated >= ?", [first]
        if end is not None:
            sql, values = f"{sql} AND updated < ?", [first, end]
        with self._lock:
            return int(self._db.execute(sql, values).fetchone()[0])

    def at(self, number: int, first: int, end: int) -> int:
        """When the contact of that number in a span of time was changed, in the order of change."""
        sql = "SELECT updated FROM contact WHERE updated >= ? AND updated < ? ORDER BY updated, id LIMIT 1 OFFSET ?"
        with self._lock:
            found = self._db.execute(sql, (first, end, number)).fetchone()
            return int(found[0]) if found else end

    def ids(self, first: int, end: int) -> set[str]:
        """The contacts changed in a span of time."""
        with self._lock:
            sql = "SELECT id FROM contact WHERE updated >= ? AND updated < ?"
            return {str(one[0]) for one in self._db.execute(sql, (first, end))}

    def newest(self) -> tuple[str, int]:
        """Id and moment of the contact that changed last; empty and 0 if there is none."""
        with self._lock:
            found = self._db.execute("SELECT id, updated FROM contact ORDER BY updated DESC LIMIT 1").fetchone()
            return (str(found[0]), int(found[1])) if found else ("", 0)

    def reader(self) -> Reader:
        """A reader with a connection of its own."""
        return Reader(self.path)


class _Unusable(Exception):
    """The file is none of ours."""


def _verify(db: sqlite3.Connection, owner: str) -> None:
    found = db.execute("SELECT value FROM about WHERE key = 'owner'").fetchone()
    if found is None or found[0] != owner:
        raise _Unusable("it belongs to somebody else")
    db.execute(f"SELECT {', '.join(_KEPT)} FROM contact ORDER BY updated DESC LIMIT 1").fetchone()
    db.execute("SELECT n, body FROM body LIMIT 1").fetchone()


class Reader:
    """Reads a copy. Threads that share one wait for each other.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = _connect(path)
        self._db.execute("PRAGMA query_only = 1")

    def close(self) -> None:
        """Close the connection; a query that runs in another thread is interrupted and waited for.

        A connection closed beneath a query takes the whole process with it: sqlite3_close(3) leaves statements that run
        to the caller, and Python's `sqlite3` goes on stepping the one it has just finalized.
        """
        self.interrupt()
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    def interrupt(self) -> None:
        """Make a query that runs in another thread end with `sqlite3.OperationalError`; one that has ended is left."""
        with suppress(sqlite3.ProgrammingError):  # The other thread has closed the connection by now.
            self._db.interrupt()

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query.

        Raises:
            sqlite3.Error: the copy can't be read, or the reader was interrupted or closed.
        """
        with self._lock, closing(self._db.execute(sql, values)) as found:
            return found.fetchall()

    def document(self, contact_id: str) -> dict[str, Any] | None:
        """A contact's whole document; moments are ISO 8601 texts."""
        sql = "SELECT body FROM body WHERE n = (SELECT n FROM contact WHERE id = ?)"
        found = self.select(sql, (contact_id,))
        return unpacked(found[0][0]) if found else None
