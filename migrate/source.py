"""Opens a database of the earlier program so that not a byte of it changes, nor of the files beside it.

* Without a write-ahead log the file is opened read-only, under a shared lock: nobody writes while we read.
* With a log (``-wal``) or an unfinished transaction (``-journal``) beside it SQLite would have to write to read. So
  database and log are copied to a temporary folder, and the copy is read.
* A database in WAL mode without a log is complete in itself and is opened as immutable.

https://www.sqlite.org/fileformat.html, https://www.sqlite.org/wal.html, https://www.sqlite.org/uri.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from migrate.errors import SourceProblem

MAGIC = b"SQLite format 3\x00"
_WAIT_S = 5.0
_COPY_TRIES = 3
_BLOCK = 1 << 20
_KNOWN = {
    b"PK\x03\x04": "a ZIP archive (or a spreadsheet)",
    b"** This file contains an SQLite 2": "a database of SQLite 2; convert it first: sqlite .dump | sqlite3 new.db",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BEGIN TRANSACTION": "a dump in SQL; load it first: sqlite3 new.db < file",
    b"PRAGMA": "a dump in SQL; load it first: sqlite3 new.db < file",
    b"\x00\x01\x00\x00Standard": "a database of Microsoft Access",
    b"{": "a JSON file",
}


@dataclass(frozen=True)
class Source:
    """A database, open.

    Args:
        path: the file.
        connection: reads it, or a copy of it.
        sha256: of the file and of the log beside it.
        changed_at: when the file was changed last; stands in for dates that a row lacks.
    """

    path: Path
    connection: sqlite3.Connection
    sha256: str
    changed_at: datetime


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a database for reading.

    Raises:
        SourceProblem: there is none, it is locked, encrypted, of another kind, or its header is damaged.
    """
    _check_header(path)
    before = _state(path)
    with tempfile.TemporaryDirectory(prefix="leadgen-migrate-") as folder:
        connection = _connect(path, Path(folder))
        try:
            _begin(connection, path)
            changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
            yield Source(path, connection, _sha256(path), changed)
        finally:
            connection.close()
    if _state(path) != before:
        raise SourceProblem(
            f"{path} was changed by another program while it was read.", hint="End that program and start again."
        )


def beside(path: Path, ending: str) -> Path:
    """The file that SQLite keeps beside a database, such as ``-wal``."""
    return path.with_name(path.name + ending)


def _check_header(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise SourceProblem(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise SourceProblem(f"{path} is a folder.", hint="Name the database file in it.") from None
    except OSError as error:
        raise SourceProblem(f"{path} can't be read: {error.strerror}.") from None
    if not size:
        raise SourceProblem(f"{path} is empty: it has no tables at all.", hint="Is it the right file?")
    if not head.startswith(MAGIC):
        _refuse_kind(path, head)
    if len(head) < 100:
        raise SourceProblem(f"{path} is damaged: it ends within its header.")
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    if page < 512 or page & (page - 1):
        raise SourceProblem(f"{path} is damaged: its header names pages of {page} bytes.")
    is_counted = head[24:28] == head[92:96]  # else the count of pages is one that an old SQLite left behind
    if is_counted and pages * page > size and not _is_filled(beside(path, "-wal")):
        raise SourceProblem(
            f"{path} is cut off: it has {size:,} bytes and its header speaks of {pages * page:,}.",
            hint="Copy it again from where it is whole. If there is no such place: sqlite3 FILE .recover",
        )


def _refuse_kind(path: Path, head: bytes) -> None:
    for start, kind in _KNOWN.items():
        if head.lstrip().startswith(start):
            raise SourceProblem(f"{path} is no SQLite database but {kind}.")
    if sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head) > 0.9 * len(head):
        raise SourceProblem(f"{path} is no SQLite database but a text file.")
    raise SourceProblem(
        f"{path} is no SQLite database, or it is encrypted, or its header is damaged.",
        hint="If it is encrypted (SQLCipher), export a plain copy with the program that has its key.",
    )


def _connect(path: Path, folder: Path) -> sqlite3.Connection:
    with path.open("rb") as file:
        is_wal = file.read(20)[18:20] == b"\x02\x02"
    if _is_filled(beside(path, "-wal")) or _is_filled(beside(path, "-journal")):
        return sqlite3.connect(_copied(path, folder), timeout=_WAIT_S)
    options = "mode=ro&immutable=1" if is_wal else "mode=ro"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True, timeout=_WAIT_S)


def _begin(connection: sqlite3.Connection, path: Path) -> None:
    """Take the lock and see whether the schema can be read."""
    connection.isolation_level = None
    try:
        connection.execute("PRAGMA query_only=1")
        connection.execute("PRAGMA cache_size=-500")  # each page is read once, from the first to the last
        connection.execute("PRAGMA trusted_schema=0")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise SourceProblem(
                f"{path} is locked by another program.", hint="End the earlier program and start again."
            ) from None
        raise SourceProblem(f"{path} can't be opened: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise SourceProblem(
            f"{path} is damaged or encrypted: {error}.", hint="Try: sqlite3 FILE .recover | sqlite3 mended.db"
        ) from None


def _copied(path: Path, folder: Path) -> Path:
    """A copy with its log, taken while nobody wrote."""
    target = folder / path.name
    for _ in range(_COPY_TRIES):
        before = _state(path)
        for ending in ("", "-wal", "-journal"):
            source = beside(path, ending)
            if source.exists():
                shutil.copyfile(source, beside(target, ending))
        if _state(path) == before:
            return target
    raise SourceProblem(f"{path} is being written to.", hint="End the earlier program and start again.")


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _state(path: Path) -> list[tuple[int, int]]:
    """Size and time of the files whose bytes are the content."""
    found = (beside(path, ending) for ending in ("", "-wal", "-journal"))
    return [(status.st_size, status.st_mtime_ns) for file in found if file.exists() and (status := os.stat(file))]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for file in (path, beside(path, "-wal"), beside(path, "-journal")):
        if _is_filled(file):
            with file.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
    return digest.hexdigest()
