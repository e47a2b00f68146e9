"""Who has which mark, in memory: exact look-ups of phones, emails and posts, and pictures found by distance.

It is built from the entries of the identity log and knows nothing of where they are stored. A plan that is not
committed yet lives in an `Overlay`, which leaves the index beneath as it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from threading import Lock
from typing import Protocol

from leadgen.process.entries import (
    FORWARD,
    NOBODY,
    PICTURE,
    SUPPRESSED,
    Entry,
    mark_key,
    picture_bits,
    suppressed_entry,
)
from leadgen.process.images import SAME_PICTURE

_MOST_FORWARDS = 64
"""A chain of merges is never this long; a longer one is a circle, which no commit makes."""


class Marked(Protocol):
    """Where marks are looked up: `MarkIndex`, or an `Overlay` on one."""

    def claimed(self, mark: bytes) -> bytes | None:
        """The contact that claimed a mark first-hand, before merges."""
        ...

    def forward(self, contact: bytes) -> bytes | None:
        """The contact that stands for a merged one."""
        ...

    def is_suppressed(self, mark: bytes) -> bool:
        """Whether the log says that a suppression exists."""
        ...

    def pictures_near(self, bits: int, distance: int) -> set[bytes]:
        """The contacts that showed a picture whose hash differs in no more bits than that."""
        ...


class MarkIndex:
    """The state of the whole log. Safe to be read by several threads while one applies entries."""

    def __init__(self) -> None:
        self._owners: dict[bytes, bytes] = {}
        self._forwards: dict[bytes, bytes] = {}
        self._suppressed: set[bytes] = set()
        self._hashes = array("Q")
        self._shown_by: list[bytes] = []
        self._names: dict[bytes, bytes] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._owners) + len(self._hashes)

    def apply(self, entries: Iterable[Entry]) -> None:
        """Take in entries, in the order of the log. Taking in the same ones again changes nothing."""
        with self._lock:
            for entry in entries:
                self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        contact = self._names.setdefault(entry.contact, entry.contact)  # one object for all its entries
        if entry.kind == PICTURE:
            self._hashes.append(picture_bits(entry.key))
            self._shown_by.append(contact)
        elif entry.kind == FORWARD:
            self._forwards[entry.key] = contact
        elif entry.kind == SUPPRESSED:
            self._suppressed.add(entry.mark)
        elif contact == NOBODY:
            self._owners.pop(entry.mark, None)
        else:
            self._owners[entry.mark] = contact

    def claimed(self, mark: bytes) -> bytes | None:
        """See `Marked`."""
        return self._owners.get(mark)

    def forward(self, contact: bytes) -> bytes | None:
        """See `Marked`."""
        return self._forwards.get(contact)

    def is_suppressed(self, mark: bytes) -> bool:
        """See `Marked`."""
        return mark in self._suppressed

    def pictures_near(self, bits: int, distance: int) -> set[bytes]:
        """See `Marked`. Compares with every hash: 100,000 take a third of a millisecond."""
        import numpy as np

        with self._lock:
            if not self._hashes:
                return set()
            apart = np.bitwise_count(np.frombuffer(self._hashes, dtype=np.uint64) ^ np.uint64(bits))
            return {self._shown_by[place] for place in np.flatnonzero(apart <= distance)}


class Overlay:
    """An index with entries on top that are planned and not stored.

    Args:
        beneath: what is stored.
    """

    def __init__(self, beneath: Marked) -> None:
        self._beneath = beneath
        self.entries: list[Entry] = []
        self._owners: dict[bytes, bytes] = {}
        self._forwards: dict[bytes, bytes] = {}

    def add(self, entry: Entry) -> None:
        """Plan an entry."""
        self.entries.append(entry)
        if entry.kind == FORWARD:
            self._forwards[entry.key] = entry.contact
        elif entry.kind != PICTURE:
            self._owners[entry.mark] = entry.contact

    def claimed(self, mark: bytes) -> bytes | None:
        """See `Marked`."""
        planned = self._owners.get(mark)
        if planned == NOBODY:
            return None
        return planned or self._beneath.claimed(mark)

    def forward(self, contact: bytes) -> bytes | None:
        """See `Marked`."""
        return self._forwards.get(contact) or self._beneath.forward(contact)

    def is_suppressed(self, mark: bytes) -> bool:
        """See `Marked`."""
        return self._beneath.is_suppressed(mark)

    def pictures_near(self, bits: int, distance: int) -> set[bytes]:
        """See `Marked`."""
        found = self._beneath.pictures_near(bits, distance)
        for entry in self.entries:
            if entry.kind == PICTURE and (picture_bits(entry.key) ^ bits).bit_count() <= distance:
                found.add(entry.contact)
        return found


def standing_for(index: Marked, contact: bytes) -> str:
    """Id of the contact that stands for this one: itself, unless it was merged."""
    for _ in range(_MOST_FORWARDS):
        following = index.forward(contact)
        if following is None or following == contact:
            break
        contact = following
    return contact.hex()


def owner(index: Marked, kind: str, value: str) -> str | None:
    """Id of the contact a phone, email or post belongs to, merges followed."""
    contact = index.claimed(mark_key(kind, value))
    return standing_for(index, contact) if contact is not None else None


def shown_by(index: Marked, image_hash: str) -> str | None:
    """Id of the one contact that showed this picture or a copy of it; none if several did: a stock photo is nobody's.

    Args:
        index: where to look.
        image_hash: 16 hexadecimal digits.
    """
    near = {standing_for(index, contact) for contact in index.pictures_near(int(image_hash, 16), SAME_PICTURE)}
    return near.pop() if len(near) == 1 else None


def is_suppressed(index: Marked, kind: str, value: str) -> bool:
    """Whether the log knows a suppression of this email, phone or domain."""
    return index.is_suppressed(suppressed_entry(kind, value).mark)
