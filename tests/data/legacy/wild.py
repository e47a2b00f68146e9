"""Makes wild and damaged databases of the earlier program, each with what must become of it.

python tests/data/legacy/wild.py FOLDER
"""

from __future__ import annotations

import gzip
import random
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_COLUMNS = "phone TEXT, name TEXT, email TEXT, status TEXT, city TEXT, created_at TEXT"
PHONES = [f"(512) 555-{number:04d}" for number in range(100, 5000)]


@dataclass(frozen=True)
class Wild:
    """A file.

    Args:
        path: where it is.
        refused: words of the error; "" where it is moved.
        contacts: documents it gives.
        rejected: rows that can't move.
    """

    path: Path
    refused: str = ""
    contacts: int = 0
    rejected: int = 0


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _fill(path: Path, rows: int = 3, *before: str, table: str = "contacts", extra: str = "") -> None:
    connection = _connect(path)
    for statement in before:
        connection.execute(statement)
    connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {_COLUMNS}{extra})")
    connection.execute("BEGIN")
    for number in range(rows):
        values = (PHONES[number], f"Name {number}", f"a{number}@firm{number}.com", "PROCESSED", "austin", "2024-03-01")
        connection.execute(
            f"INSERT INTO {table} (phone, name, email, status, city, created_at) VALUES (?,?,?,?,?,?)", values
        )
    connection.execute("COMMIT")
    connection.close()


def _insert(path: Path, *values: object) -> None:
    connection = _connect(path)
    connection.execute(
        "INSERT INTO contacts (phone, name, email, status, city, created_at) VALUES (?,?,?,?,?,?)", values
    )
    connection.close()


def empty(path: Path) -> Wild:
    path.write_bytes(b"")
    return Wild(path, "is empty")


def text(path: Path) -> Wild:
    path.write_text("phone,name\n5125550100,Ada\n" * 20)
    return Wild(path, "a text file")


def zipped(path: Path) -> Wild:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("contacts.csv", "phone\n")
    return Wild(path, "a ZIP archive")


def gzipped(path: Path) -> Wild:
    path.write_bytes(gzip.compress(b"SQLite format 3\0"))
    return Wild(path, "a gzip archive")


def dump(path: Path) -> Wild:
    path.write_text("BEGIN TRANSACTION;\nCREATE TABLE contacts (phone TEXT);\nCOMMIT;\n")
    return Wild(path, "a dump in SQL")


def encrypted(path: Path) -> Wild:
    path.write_bytes(random.Random(4).randbytes(8192))
    return Wild(path, "it is encrypted")


def encrypted_pages(path: Path) -> Wild:
    """The header is plain, the rest is not, as some encryptions leave it."""
    _fill(path)
    content = bytearray(path.read_bytes())
    content[100:] = random.Random(5).randbytes(len(content) - 100)
    path.write_bytes(content)
    return Wild(path, "damaged or encrypted")


def header_alone(path: Path) -> Wild:
    _fill(path)
    path.write_bytes(path.read_bytes()[:60])
    return Wild(path, "ends within its header")


def cut_off(path: Path) -> Wild:
    _fill(path, 600)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    return Wild(path, "is cut off")


def damaged_page(path: Path) -> Wild:
    """One page of rows is rubbish; the rows before and behind it are whole."""
    _fill(path, 600)
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    content[4 * size : 5 * size] = b"\xff" * size
    path.write_bytes(content)
    return Wild(path, "is damaged behind row")


def with_log(path: Path) -> Wild:
    """The last row is only in the write-ahead log, as a program that was killed leaves it."""
    work = path.with_name("work.db")
    _fill(work, 3, "PRAGMA journal_mode=WAL")
    writer = _connect(work)
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("INSERT INTO contacts (phone, status) VALUES ('(512) 555-9999', 'PROCESSED')")
    for ending in ("", "-wal", "-shm"):
        shutil.copyfile(f"{work}{ending}", f"{path}{ending}")
    writer.close()
    work.unlink()
    return Wild(path, contacts=4)


def log_mode_without_log(path: Path) -> Wild:
    _fill(path, 3, "PRAGMA journal_mode=WAL")
    return Wild(path, contacts=3)


def unfinished(path: Path) -> Wild:
    """A transaction was under way when the program died: half of it is in the file, its journal beside it."""
    work = path.with_name("work.db")
    _fill(work, 3)
    writer = _connect(work)
    writer.execute("PRAGMA cache_size=1")
    writer.execute("BEGIN")
    for number in range(400):
        writer.execute("INSERT INTO contacts (phone, name) VALUES (?, ?)", (PHONES[number + 9], "x" * 400))
    for ending in ("", "-journal"):
        shutil.copyfile(f"{work}{ending}", f"{path}{ending}")
    writer.execute("ROLLBACK")
    writer.close()
    work.unlink()
    return Wild(path, contacts=3)


def other_schema(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY, total REAL)")
    connection.close()
    return Wild(path, "has no table contacts")


def no_tables(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute("PRAGMA user_version=3")
    connection.close()
    return Wild(path, "has no table contacts")


def ambiguous_columns(path: Path) -> Wild:
    _fill(path, extra=", telephone TEXT")
    return Wild(path, "phone may be phone or telephone")


def ambiguous_tables(path: Path) -> Wild:
    _fill(path, table="leads")
    connection = _connect(path)
    connection.execute(f"CREATE TABLE master_contacts (id INTEGER PRIMARY KEY, {_COLUMNS})")
    connection.close()
    return Wild(path, "contacts may be any of the tables")


def nothing_that_identifies(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute("CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)")
    connection.close()
    return Wild(path, "has no column for phone or email")


def no_rows(path: Path) -> Wild:
    _fill(path, 0)
    return Wild(path)


def zeros_and_blobs(path: Path) -> Wild:
    _fill(path, 2)
    _insert(path, "512-555-0300\x00", "Na\x00me\x07", "a@b-c.com", "PROCESSED", "austin", "2024-01-01")
    _insert(path, b"512-555-0301", b"Ada", None, "PROCESSED", "austin", "2024-01-01")
    _insert(path, b"\xff\xfe\x00", "Bad", None, "PROCESSED", "austin", "2024-01-01")
    return Wild(path, contacts=4, rejected=1)


def other_encoding(path: Path) -> Wild:
    """Text that is Windows-1252 although the database says UTF-8."""
    _fill(path, 1)
    connection = _connect(path)
    connection.execute(
        "INSERT INTO contacts (phone, name, status) VALUES ('5125550400', CAST(x'4ae972f46d65' AS TEXT), 'x')"
    )
    connection.execute("UPDATE contacts SET status = 'PROCESSED'")
    connection.close()
    return Wild(path, contacts=2)


def sixteen_bits(path: Path) -> Wild:
    _fill(path, 3, "PRAGMA encoding='UTF-16le'")
    return Wild(path, contacts=3)


def without_row_numbers(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute("CREATE TABLE contacts (phone TEXT PRIMARY KEY, status TEXT) WITHOUT ROWID")
    connection.executemany("INSERT INTO contacts VALUES (?, 'PROCESSED')", [(phone,) for phone in PHONES[:700]])
    connection.close()
    return Wild(path, contacts=700)


def odd_row_numbers(path: Path) -> Wild:
    _fill(path, 0)
    connection = _connect(path)
    for place, number in enumerate((-5, 0, 1, 2**62 + 7)):
        connection.execute("INSERT INTO contacts (id, phone, status) VALUES (?, ?, 'done')", (number, PHONES[place]))
    connection.close()
    return Wild(path, contacts=4)


def odd_names(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute(
        'CREATE TABLE "Master Contacts" ("Phone Number" TEXT, "it""s; --" TEXT, "名前" TEXT, "E-Mail" TEXT)'
    )
    connection.execute(
        'INSERT INTO "Master Contacts" VALUES (?, ?, ?, ?)', ("5125550500", "kept", "花子", "h@kaisha.jp")
    )
    connection.close()
    return Wild(path, contacts=1)


def generated_columns(path: Path) -> Wild:
    connection = _connect(path)
    connection.execute("CREATE TABLE contacts (phone TEXT, status TEXT, short TEXT AS (substr(phone, 1, 3)) VIRTUAL)")
    connection.execute("INSERT INTO contacts (phone, status) VALUES ('5125550600', 'PROCESSED')")
    connection.close()
    return Wild(path, contacts=1)


def a_view(path: Path) -> Wild:
    """A view is no table; the table behind it has a name of its own."""
    _fill(path, table="people")
    connection = _connect(path)
    connection.execute("CREATE VIEW contacts AS SELECT * FROM people")
    connection.close()
    return Wild(path, "has no table contacts")


def huge_row(path: Path) -> Wild:
    _fill(path, 1)
    _insert(path, PHONES[50], "x" * 2_000_000, None, "PROCESSED", "austin", "2024-01-01")
    return Wild(path, contacts=1, rejected=1)


def numbers_as_text(path: Path) -> Wild:
    _fill(path, 0)
    _insert(path, 5125550700, "Ada", None, "PROCESSED", "austin", 1709632800)
    _insert(path, 5125550701.0, "Bob", None, "PROCESSED", "austin", "1709632800123")
    _insert(path, "5125550702", float("inf"), None, 1, "austin", float("inf"))
    return Wild(path, contacts=2, rejected=1)


MAKERS: tuple[Callable[[Path], Wild], ...] = (
    empty, text, zipped, gzipped, dump, encrypted, encrypted_pages, header_alone, cut_off, damaged_page, with_log,
    log_mode_without_log, unfinished, other_schema, no_tables, ambiguous_columns, ambiguous_tables,
    nothing_that_identifies, no_rows, zeros_and_blobs, other_encoding, sixteen_bits, without_row_numbers,
    odd_row_numbers, odd_names, generated_columns, a_view, huge_row, numbers_as_text,
)  # fmt: skip


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for maker in MAKERS:
        made = maker(folder / f"{maker.__name__}.db")
        print(f"{made.path.name:28} {made.refused or f'{made.contacts} contacts, {made.rejected} rejected'}")
