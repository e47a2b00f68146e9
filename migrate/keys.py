"""Keys and ids of people, made at once from values that are canonical already: see `leadgen.process.entries.mark_key`
and `leadgen.model.ids`, which give the same."""

from __future__ import annotations

from hashlib import sha256

from leadgen.process.entries import EMAIL, PHONE, URL, is_comparable, mark_key
from leadgen.process.identity import MAX_VALUES, Marks

_BYTES = 16
_PHONE, _EMAIL, _URL = (f"4:mark\x1f{len(kind)}:{kind}\x1f" for kind in ("phone", "email", "url"))
_CONTACT = "7:contact\x1f5:phone\x1f"


def marks_of(marks: Marks) -> list[bytes]:
    """The keys of everything a person may claim."""
    keys = [PHONE + _hashed(_PHONE, number) for number in marks.phones[:MAX_VALUES]]
    keys += [EMAIL + _hashed(_EMAIL, address) for address in marks.emails[:MAX_VALUES]]
    if is_comparable(marks.image_hash):
        keys.append(mark_key("image", marks.image_hash))
    if marks.url:
        keys.append(URL + _hashed(_URL, marks.url))
    return keys


def contact_of(marks: Marks) -> str:
    """Id of the contact that marks make."""
    if marks.phones:
        return _hashed(_CONTACT, marks.phones[0]).hex()
    return marks.contact_id()


def _hashed(before: str, value: str) -> bytes:
    """The hash of what stands before and of one part more."""
    return sha256(f"{before}{len(value)}:{value}".encode("utf-8", "surrogatepass")).digest()[:_BYTES]
