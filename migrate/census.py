"""Which people are met once: one cheap look at all rows, before they are converted.

Rows of one person may stand anywhere in the databases, so a contact is final only when all of them were read. But most
people have one row, and whoever's telephone and address no other row shows is final as soon as that row is converted:
such contacts are written while the others are still being read.

What is counted is never too little: a row counts under every telephone and address that its conversion could give it.
It may be too much, since numbers are kept as bits in two tables of a fixed size (a Bloom filter
with one hash, https://en.wikipedia.org/wiki/Bloom_filter): then a contact waits for the end without need.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from leadgen.model.ids import canonical_email
from leadgen.process.identity import Marks
from migrate.convert import Unusable, values
from migrate.convert.emails import emails, plain_address
from migrate.convert.phones import phones, plain_digits
from migrate.fields import LEAD_KEYS, plain
from migrate.lead import canonical
from migrate.mapping import TableMapping
from migrate.reading import Row, TableReader

if TYPE_CHECKING:
    from migrate.batches import Beside
    from migrate.plan import Part

_BITS_OF_A_ROW = 256
"""A row shows some three marks: so one contact in fifty waits without need, for a share of a megabyte or two."""
_FEWEST_BITS, _MOST_BITS = 16, 25
"""Of the size of a table, as powers of two: the larger it is, the fewer wait without need. 2^25 bits are 4 MiB."""
_LAST = 10
_COUNTED = ("contacts", "email_queue")


def _silent(_assumption: str) -> None:
    return None


def take_census(parts: Iterable[Part], region: str, *, salvage: bool, beside: Beside | None = None) -> Census:
    """Look through all rows of all tables, those of other tables for damage alone.

    Args:
        parts: the tables.
        region: see `Rules`.
        salvage: go on behind damaged places.
        beside: a second process, which counts what it has time for.

    Raises:
        SourceProblem: a table is damaged and we are not to go on behind it.
    """
    parts = list(parts)
    rows = sum(part.mapping.rows or 0 for part in parts)
    census = Census(region, rows)
    if beside is not None:
        beside.begin_census(region, rows)
    for part in parts:
        for batch in TableReader(part.source.connection, part.mapping.table, salvage).batches():
            if part.mapping.kind.name in _COUNTED and not (beside and beside.count(part.mapping, batch)):
                census.take(part.mapping, batch)
    if beside is not None:
        census.join(beside.census())
    census.close()
    return census


class Census:
    """Counts rows by telephone and address, up to "more than one".

    Args:
        region: see `Rules`.
        rows: how many there are, about.
    """

    def __init__(self, region: str, rows: int = 0) -> None:
        self._region = region
        bits = max(_FEWEST_BITS, min(_MOST_BITS, (rows * _BITS_OF_A_ROW).bit_length()))
        self._mask = (1 << bits) - 1
        self._once = bytearray(1 << (bits - 3))
        self._more = bytearray(1 << (bits - 3))

    def take(self, mapping: TableMapping, rows: Iterable[Row]) -> None:
        """Count rows of a table of contacts or mails."""
        places = mapping.places()
        phone, email, url = places.get("phone"), places.get("email"), places.get("sourceUrl")
        data = places.get("leadDataJson", places.get("leadData"))
        for row in rows:
            names: list[str] = []
            if phone is not None and row[phone] is not None:
                names += self._phones(row[phone])
            if email is not None and row[email] is not None:
                names += self._emails(row[email])
            if data is not None and row[data] is not None:
                names += self._in_record(row[data])
            if url is not None and row[url] is not None:
                names += _urls(row[url])
            self._count_row({*names})

    def join(self, other: Census) -> None:
        """Add what another census of the same size has counted, of other rows."""
        once, others = (int.from_bytes(one._once, "little") for one in (self, other))
        more = int.from_bytes(self._more, "little") | int.from_bytes(other._more, "little") | once & others
        self._once = bytearray((once | others).to_bytes(len(self._once), "little"))
        self._more = bytearray(more.to_bytes(len(self._more), "little"))

    def close(self) -> None:
        """Everything was counted: from here on it is only asked."""
        self._once = bytearray()

    def is_alone(self, marks: Marks) -> bool:
        """Whether no other row can be of the same person."""
        for number in marks.phones:
            if self._is_shared(number[-_LAST:]):
                return False
        return not any(map(self._is_shared, marks.emails))

    def shares_page(self, marks: Marks) -> bool:
        """Whether another row may show the same page."""
        return bool(marks.url) and self._is_shared(marks.url)

    def _is_shared(self, name: str) -> bool:
        place = crc32(name.encode("utf-8", "surrogatepass")) & self._mask
        return bool(self._more[place >> 3] >> (place & 7) & 1)

    def _count_row(self, names: set[str]) -> None:
        for name in names:
            place = crc32(name.encode("utf-8", "surrogatepass")) & self._mask
            byte, bit = place >> 3, 1 << (place & 7)
            if self._once[byte] & bit:
                self._more[byte] |= bit
            else:
                self._once[byte] |= bit

    def _phones(self, value: Any) -> Iterable[str]:
        digits = plain_digits(value, self._region)
        if digits:
            return (digits,)
        try:
            return [number[-_LAST:] for number in phones(value, self._region, _silent).numbers]
        except Unusable:
            return ()

    def _emails(self, value: Any) -> Iterable[str]:
        address = plain_address(value) if type(value) is str else None
        if address is not None:
            return (address.lower(),)
        try:
            return [canonical_email(one) for one in emails(value, _silent)]
        except Unusable:
            return ()

    def _in_record(self, value: Any) -> Iterable[str]:
        try:
            record = values.record(value, _silent)
        except Unusable:
            return ()
        names: list[str] = []
        for key in filter(_told_by, record):  # mostly none
            kind, said = _told_by(key), record[key]
            if said is None or isinstance(said, dict):
                continue
            told = json.dumps(said) if isinstance(said, list) else said
            names += self._phones(told) if kind == "phone" else self._emails(told)
        return names


@lru_cache(maxsize=2_048)
def _told_by(key: str) -> str:
    """What a key of a record tells: ``phone``, ``email`` or neither, ""."""
    name = LEAD_KEYS.get(plain(key), "")
    return name if name in ("phone", "email") else ""


def _urls(value: Any) -> Iterable[str]:
    try:
        written = values.optional(value, _silent)
        return (canonical(written),) if written else ()
    except Unusable:
        return ()
