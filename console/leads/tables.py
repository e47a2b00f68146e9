"""Tables as spreadsheets write and copy them: UTF-8 with or without a mark, UTF-16, Windows-1252; commas, semicolons,
tabs."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leadgen.model.errors import InvalidInput

MAX_BYTES = 20_000_000
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 20_000
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class BadTable(InvalidInput):
    """The file or text is no table that can be read."""

    title = "The table can't be read"


@dataclass(frozen=True)
class Line:
    """A row of a table.

    Args:
        number: the line of the file it begins in, from 1.
        cells: its cells, without blanks around them.
    """

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with headings.

    Args:
        headings: the cells of its first row.
        lines: the others that hold anything.
        encoding: how it was written.
        delimiter: what stands between its cells.
    """

    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    encoding: str = "utf-8"
    delimiter: str = ","


def read_file(path: Path) -> Table:
    """A file as a table.

    Raises:
        BadTable: it can't be read, is too large, or is no table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadTable(f"{path} is larger than {MAX_BYTES // 1_000_000} MB.", hint="Split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise BadTable(f"{path} can't be read: {error.strerror or error}.", hint="Check the path.") from None
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadTable(f"{path.name} is a workbook.", hint="In the spreadsheet, save it as CSV (UTF-8).")
    text, encoding = decoded(raw)
    return read_text(text, encoding)


def decoded(raw: bytes) -> tuple[str, str]:
    """Bytes as text, and how they were written: by their mark, else UTF-8, else UTF-16 by its zeros, else
    Windows-1252, which reads anything."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace").removeprefix("\ufeff"), encoding.removesuffix("-sig")
    sample = raw[:4000]
    if len(sample) >= 4 and sample.count(0) > len(sample) // 4:
        little = sample[1::2].count(0) >= sample[::2].count(0)
        encoding = "utf-16-le" if little else "utf-16-be"
        return raw.decode(encoding, "replace"), encoding
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "cp1252"


def read_text(text: str, encoding: str = "utf-8") -> Table:
    """A text as a table, as it comes out of a file or the clipboard.

    Raises:
        BadTable: it is no table, or too large.
    """
    text = text.removeprefix("\ufeff").replace("\x00", "")
    named, text = _named_delimiter(text)
    delimiter = named or guess_delimiter(text)
    rows = _rows(text, delimiter)
    if not rows:
        raise BadTable(
            "There is nothing in it.", hint="The first row must hold the headings, such as name, phone, email."
        )
    headings = tuple(cell[:200] for cell in rows[0].cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    return Table(headings, tuple(rows[1:]), encoding, delimiter)


def _named_delimiter(text: str) -> tuple[str, str]:
    """Excel's own first line, ``sep=;``. It is left empty, so that the numbers of the lines stay."""
    first, newline, rest = text.partition("\n")
    first = first.strip().strip('"')
    if first.casefold().startswith("sep=") and len(first) == 5:
        return first[-1], newline + rest
    return "", text


def _rows(text: str, delimiter: str) -> list[Line]:
    out: list[Line] = []
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    begins = 1
    try:
        for cells in reader:
            clean = tuple(cell.strip()[:MAX_CELL] for cell in cells[:MAX_COLUMNS])
            if any(clean):
                out.append(Line(begins, clean))
            begins = reader.line_num + 1
            if len(out) > MAX_ROWS + 1:
                raise BadTable(f"It has more than {MAX_ROWS:,} rows.", hint="Split it.")
    except csv.Error as error:
        raise BadTable(
            f"Line {reader.line_num} can't be read: {error}.", hint="Save it as CSV (UTF-8) again."
        ) from None
    return out


def guess_delimiter(text: str) -> str:
    """What stands between the cells: what parts the first rows into the same number of cells, and most of them."""
    sample = "".join(text.splitlines(keepends=True)[:30])

    def quality(delimiter: str) -> tuple[float, int]:
        try:
            counts = [len(row) for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter) if any(row)]
        except csv.Error:
            return (0.0, 0)
        return _evenness(counts)

    best = max(_DELIMITERS, key=quality)
    return best if quality(best)[1] > 1 else ","


def _evenness(counts: Sequence[int]) -> tuple[float, int]:
    if not counts or counts[0] < 2:
        return (0.0, 0)
    return (sum(count == counts[0] for count in counts) / len(counts), counts[0])
