"""The entries of the identity log, packed: who has which mark, and which contact stands for which.

An entry is 33 bytes: its kind, a key of 16 bytes, and the 16 bytes of a contact's id. A later entry on the same key
overrides an earlier one, except that one picture may belong to several contacts.

==========  ==============================================================================================
kind        key and contact
==========  ==============================================================================================
phone       hash of the E.164 number; whose it is
email       hash of the canonical address; whose it is (zeros: nobody's any more)
url         hash of a post's canonical URL; whom it shows
picture     the 64 bits of the perceptual hash, then zeros; whom it shows
forward     a contact that was merged; the one that stands for it (itself again: the merge was undone)
suppressed  id of a suppression; no contact
==========  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leadgen.model.ids import canonical_email, canonical_url, digest, suppression_id

PHONE, EMAIL, URL, PICTURE, FORWARD, SUPPRESSED = b"p", b"e", b"u", b"i", b"f", b"s"
ENTRY_BYTES = 33
SEGMENT_BYTES = 128 * 1024
"""A segment of the log is read whole by every batch while it is the last one, and Firestore allows 1 MiB."""
NOBODY = bytes(16)
_HASH_BYTES = 8
_HEX_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Entry:
    """One entry.

    Args:
        kind: one of the kinds above.
        key: 16 bytes.
        contact: 16 bytes of a contact's id, or zeros.
    """

    kind: bytes
    key: bytes
    contact: bytes = NOBODY

    @property
    def mark(self) -> bytes:
        """Kind and key: what the entry is about."""
        return self.kind + self.key


def mark_entry(kind: str, value: str, contact: str) -> Entry:
    """The claim of a contact on a mark.

    Args:
        kind: ``phone``, ``email``, ``image`` or ``url``.
        value: the value in its canonical form.
        contact: the contact's id.
    """
    mark = mark_key(kind, value)
    return Entry(mark[:1], mark[1:], bytes.fromhex(contact))


def release_entry(kind: str, value: str) -> Entry:
    """The mark is nobody's again: who claimed it did so by mistake."""
    mark = mark_key(kind, value)
    return Entry(mark[:1], mark[1:], NOBODY)


def mark_key(kind: str, value: str) -> bytes:
    """Kind and key of a mark."""
    match kind:
        case "phone":
            return PHONE + _hashed("phone", value)
        case "email":
            return EMAIL + _hashed("email", canonical_email(value))
        case "url":
            return URL + _hashed("url", canonical_url(value))
        case "image":
            return PICTURE + int(value, 16).to_bytes(_HASH_BYTES, "big") + bytes(16 - _HASH_BYTES)
    raise ValueError(f"{kind} is no kind of mark")


def is_comparable(image_hash: str) -> bool:
    """Whether an image hash has the 64 bits of ours; one of another make can't be compared and identifies nobody."""
    return len(image_hash) == 2 * _HASH_BYTES and _HEX_DIGITS.issuperset(image_hash)


def picture_bits(key: bytes) -> int:
    """The perceptual hash in the key of a picture's entry."""
    return int.from_bytes(key[:_HASH_BYTES], "big")


def forward_entry(merged: str, survivor: str) -> Entry:
    """From now on `survivor` stands for `merged`; the same id twice: nobody else does any more."""
    return Entry(FORWARD, bytes.fromhex(merged), bytes.fromhex(survivor))


def suppressed_entry(kind: str, value: str) -> Entry:
    """Somebody asked not to be written to."""
    return Entry(SUPPRESSED, bytes.fromhex(suppression_id(kind, value)))


def pack(entries: Iterable[Entry]) -> bytes:
    """Entries as bytes."""
    return b"".join(entry.kind + entry.key + entry.contact for entry in entries)


def unpack(packed: bytes) -> Iterator[Entry]:
    """The entries of some bytes; a torn end is left aside."""
    for start in range(0, len(packed) - ENTRY_BYTES + 1, ENTRY_BYTES):
        yield Entry(packed[start : start + 1], packed[start + 1 : start + 17], packed[start + 17 : start + 33])


def _hashed(kind: str, value: str) -> bytes:
    return bytes.fromhex(digest("mark", kind, value))
