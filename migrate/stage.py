"""The journal of a run: a file on this machine with every document that is to be written, and how far the run has come.

Rows are converted into it first, so that duplicates anywhere in a table meet before their contact is written, and
memory stays flat. It can be lost: the same databases give the same run and the same documents, and what Firestore holds
already is found there. It holds personal data, so only its owner can read it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from migrate.errors import TargetConflict

PLACES = ("templates", "contacts", "emailQueue", "processorQueue", "suppressions", "mailedAddresses")
"""Collections that a run writes to; a document's place is the number of its collection."""
TEMPLATES, CONTACTS, MAILS, REQUESTS, SUPPRESSIONS, ADDRESSES = range(len(PLACES))
TO_DO, WRITTEN, THERE_BEFORE, WAITING = range(4)
"""What became of a document; one that waits may be changed by rows that were not read yet.

The two in the middle stand in a table of their own: to change a number in a row SQLite writes the whole row again, and
with it the document.
"""
_VERSION = 2
"""Of the tables; a journal of another one is begun anew."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS docs (seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
    marks BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, UNIQUE (place, id));
CREATE INDEX IF NOT EXISTS docs_to_do ON docs (place, state, seq);
CREATE TABLE IF NOT EXISTS settled (seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, state INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS marks (mark BLOB PRIMARY KEY, contact TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logged (mark BLOB PRIMARY KEY, contact BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deferred (seq INTEGER PRIMARY KEY, person TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rejects (seq INTEGER PRIMARY KEY, line TEXT NOT NULL);
"""
_FEW = 900


class Staged(NamedTuple):
    """A document as it will be written.

    Args:
        seq: its number in the journal.
        place: see `PLACES`.
        id: the document's id.
        body: its fields, encoded.
        marks: of a contact the marks it claims, 17 bytes each.
    """

    seq: int
    place: int
    id: str
    body: bytes
    marks: bytes = b""


class Stage:
    """The journal.

    Args:
        path: where it is; made if there is none.

    Raises:
        TargetConflict: another process works with it at the moment.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path = path
        self._lock = _locked(path)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        self._db.execute("PRAGMA journal_mode=WAL")
        # With a write-ahead log NORMAL keeps the file whole whatever happens. A power failure may take the last
        # commits with it, as one: rows that are converted again, and documents that Firestore says are there.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint=4000")
        self._db.execute("PRAGMA cache_size=-2000")
        self._db.execute("PRAGMA temp_store=FILE")
        self._make_tables()

    def _make_tables(self) -> None:
        if self._db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                self._db.execute(f"DROP TABLE {name}")
        self._db.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")

    def close(self) -> None:
        """Close the file and let others have it."""
        self._db.close()
        os.close(self._lock)

    def begin(self) -> None:
        """From here to `commit` everything is kept together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was done since `begin`."""
        self._db.execute("COMMIT")

    def get(self, name: str, default: Any = None) -> Any:
        """A value that was put aside."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def put(self, name: str, value: Any) -> None:
        """Put a value aside."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def owners(self, marks: Sequence[bytes]) -> dict[bytes, str]:
        """The contacts that have these marks, of the run."""
        return dict(self._in("SELECT mark, contact FROM marks WHERE mark IN ({})", (), marks))

    def claim(self, pairs: Iterable[tuple[bytes, str]]) -> None:
        """Marks and the contacts that have them from now on, where nobody had them."""
        self._db.executemany("INSERT OR IGNORE INTO marks VALUES (?, ?)", pairs)

    def bodies(self, place: int, ids: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
        """Fields and marks of the documents that are there, by id."""
        rows = self._in("SELECT id, body, marks FROM docs WHERE place = ? AND id IN ({})", (place,), ids)
        return {name: (body, marks) for name, body, marks in rows}

    def _in(self, query: str, first: tuple[Any, ...], values: Sequence[Any]) -> Iterator[Any]:
        for start in range(0, len(values), _FEW):
            some = values[start : start + _FEW]
            yield from self._db.execute(query.format(",".join("?" * len(some))), (*first, *some))

    def save(self, documents: Iterable[tuple[int, str, bytes, bytes, int]]) -> None:
        """Documents (place, id, fields, marks, state), new or in the place of those of the same id."""
        self._db.executemany(
            "INSERT INTO docs (place, id, body, marks, state) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (place, id) DO UPDATE SET body = excluded.body, marks = excluded.marks",
            documents,
        )

    def amend(self, seq: int, body: bytes) -> None:
        """Change a document before it is written."""
        self._db.execute("UPDATE docs SET body = ? WHERE seq = ?", (body, seq))

    def defer(self, person: str, body: bytes) -> None:
        """Keep a row until all others of its table were read."""
        self._db.execute("INSERT INTO deferred (person, body) VALUES (?, ?)", (person, body))

    def deferred(self, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Rows that were kept, in their order."""
        query = "SELECT seq, person, body FROM deferred WHERE seq > ? ORDER BY seq LIMIT ?"
        return self._db.execute(query, (after, limit)).fetchall()

    def reject(self, line: str) -> None:
        """A row that can't move, as JSON."""
        self._db.execute("INSERT INTO rejects (line) VALUES (?)", (line,))

    def rejected(self) -> int:
        """How many rows can't move."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM rejects").fetchone()[0])

    def rejects(self) -> Iterator[str]:
        """All of them."""
        for (line,) in self._db.execute("SELECT line FROM rejects ORDER BY seq"):
            yield line

    def to_do(self, place: int, limit: int, after: int = 0) -> list[Staged]:
        """The next documents of a collection that were not written."""
        query = (
            "SELECT seq, place, id, body, marks FROM docs"
            " WHERE place = ? AND state = 0 AND seq > ?"
            " AND NOT EXISTS (SELECT 1 FROM settled WHERE settled.seq = docs.seq) ORDER BY seq LIMIT ?"
        )
        return [Staged._make(row) for row in self._db.execute(query, (place, after, limit))]

    def documents(self, place: int, after: int, limit: int) -> list[tuple[Staged, int]]:
        """Documents of a collection with their states, in order."""
        query = (
            "SELECT seq, docs.place, id, body, marks, coalesce(settled.state, docs.state) FROM docs"
            " LEFT JOIN settled USING (seq) WHERE docs.place = ? AND seq > ? ORDER BY seq LIMIT ?"
        )
        return [(Staged(*row[:5]), row[5]) for row in self._db.execute(query, (place, after, limit))]

    def settle(self, place: int, seqs: Iterable[int], state: int) -> None:
        """Note that documents of a collection are there, written by us or before."""
        rows = ((seq, place, state) for seq in seqs)
        self._db.executemany("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", rows)

    def count(self, place: int, state: int | None = None) -> int:
        """How many documents a collection gets, or how many of a state."""
        if state is None:
            return self._number("docs WHERE place = ?", place)
        if state in (WRITTEN, THERE_BEFORE):
            return self._number("settled WHERE place = ? AND state = ?", place, state)
        settled = self._number("settled WHERE place = ?", place) if state == TO_DO else 0
        return self._number("docs WHERE place = ? AND state = ?", place, state) - settled

    def _number(self, what: str, *values: int) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {what}", values).fetchone()[0])

    def release(self) -> None:
        """Everything was read: what waited can be written."""
        self._db.execute("UPDATE docs SET state = ? WHERE state = ?", (TO_DO, WAITING))

    def forget_writes(self) -> None:
        """Nothing counts as written any more: Firestore says otherwise than this file."""
        self._db.execute("DELETE FROM settled")

    def log(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """What the identity log says: marks and contacts, a later one in the place of an earlier one."""
        self._db.executemany("INSERT OR REPLACE INTO logged VALUES (?, ?)", entries)

    def forget_log(self) -> None:
        """The log is read anew."""
        self._db.execute("DELETE FROM logged")

    def logged(self, marks: Sequence[bytes]) -> dict[bytes, bytes]:
        """Who has these marks, by the log."""
        return dict(self._in("SELECT mark, contact FROM logged WHERE mark IN ({})", (), marks))


def _locked(path: Path) -> int:
    """A lock on the journal, held until it is closed or the process ends, however it ends."""
    import fcntl

    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise TargetConflict(
            "The same migration is running already on this machine.", hint="Wait for it, or end it; it can go on later."
        ) from None
    return handle
