"""Contacts as a CSV file that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from console.contacts.copy import Reader

COLUMNS = (
    "contactId", "businessName", "name", "phone", "email", "websiteUrl", "category", "servicesRendered", "city",
    "status", "lastSent", "createdAt", "lastUpdated", "websiteScore", "language", "opener", "note", "sourceUrl",
    "sourceId", "requestId", "templateId", "timezone",
)  # fmt: skip
"""The headings: names of the stored fields, which an import understands."""

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_HARMLESS = re.compile(r"[+-]?[\d.,]+", re.ASCII)
"""A signed number computes nothing, so a phone number stays as it is."""


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it (OWASP, CSV
    injection)."""
    clean = text.replace("\x00", "")
    return f"'{clean}" if clean.startswith(_STARTS) and not _HARMLESS.fullmatch(clean) else clean


def cells(contact_id: str, document: Mapping[str, Any]) -> list[str]:
    """A contact's values in the order of `COLUMNS`."""
    lead = document.get("leadDataJson")
    lead = lead if isinstance(lead, dict) else {}
    return [contact_id, *(guarded(_text(document.get(name) or lead.get(name))) for name in COLUMNS[1:])]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def write(path: Path, rows: Iterable[list[str]], headings: Iterable[str] = COLUMNS) -> int:
    """Write a CSV file: UTF-8 with the mark that Excel needs, made whole or not at all, readable by its owner only.

    Args:
        path: the file; one that is there is replaced.
        rows: the cells.
        headings: the first line.

    Returns:
        How many rows were written.

    Raises:
        OSError: it can't be written; a file that was there is as before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(list(headings))
            for row in rows:
                writer.writerow(row)
                count += 1
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def contacts(reader: Reader, ids: Iterable[str], tell: Callable[[int], None] = lambda _: None) -> Iterator[list[str]]:
    """The cells of contacts; one that has gone is left out.

    Args:
        reader: the copy.
        ids: the contacts.
        tell: takes the number of those done, every hundred.
    """
    for number, one in enumerate(ids):
        document = reader.document(one)
        if document is not None:
            yield cells(one, document)
        if number % 100 == 0:
            tell(number)
