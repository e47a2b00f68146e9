"""Who is this? A phone, an email, a picture or a post's address belongs to one contact.

The rule: a post whose phone or email is known is a duplicate. A picture or an address decides only where the post shows
neither phone nor email, because two businesses may use one stock photo but rarely one telephone. A picture that several
contacts showed decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadgen.model.ids import canonical_url, contact_id
from leadgen.process.entries import is_comparable
from leadgen.process.index import Marked, owner, shown_by

MAX_VALUES = 3
"""Phones and emails of one post that are claimed; a page full of numbers is a directory, not a person."""


@dataclass(frozen=True)
class Marks:
    """What identifies the author of a post.

    Args:
        phones: E.164, most certain first.
        emails: canonical addresses that are no relays, most certain first.
        image_hash: perceptual hash of the post's picture, or "".
        url: where the post is; the last resort.
    """

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    image_hash: str
    url: str

    def strong(self) -> list[tuple[str, str]]:
        """(kind, value) of the phones and emails worth claiming, strongest first."""
        pairs = [("phone", phone) for phone in self.phones[:MAX_VALUES]]
        return pairs + [("email", email) for email in self.emails[:MAX_VALUES]]

    def claims(self) -> list[tuple[str, str]]:
        """(kind, value) of everything worth claiming, strongest first."""
        pairs = self.strong()
        if is_comparable(self.image_hash):
            pairs.append(("image", self.image_hash))
        if self.url:
            pairs.append(("url", self.url))
        return pairs

    def deciding(self) -> list[tuple[str, str]]:
        """The claims that make two posts the same author's."""
        return self.strong() or self.claims()

    @property
    def is_directory(self) -> bool:
        """Whether the post shows more numbers or addresses than one author has."""
        return len(self.phones) > MAX_VALUES or len(self.emails) > MAX_VALUES

    def contact_id(self) -> str:
        """Id of the contact these marks would make."""
        kind, value = (self.claims() or [("url", "")])[0]
        return contact_id(kind, canonical_url(value) if kind == "url" else value)


@dataclass(frozen=True)
class Known:
    """An author met before.

    Args:
        contact_id: the contact, merges followed.
        kind: what gave them away: ``phone``, ``email``, ``image`` or ``url``.
        value: the same mark's value.
    """

    contact_id: str
    kind: str
    value: str


def recognise(marks: Marks, index: Marked) -> list[Known]:
    """The contacts these marks belong to, each once, by the strongest mark. More than one: they may be one person."""
    found: dict[str, Known] = {}
    for kind, value in marks.deciding():
        contact = shown_by(index, value) if kind == "image" else owner(index, kind, value)
        if contact is not None:
            found.setdefault(contact, Known(contact, kind, value))
    return list(found.values())


def unclaimed(marks: Marks, index: Marked, gone: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """The claims that can be made: all that nobody has. A picture may be claimed by many; then it is nobody's.

    Args:
        marks: what a post shows.
        index: who has what.
        gone: contacts that no longer exist; their claims are free.
    """
    return [
        (kind, value)
        for kind, value in marks.claims()
        if kind == "image" or (who := owner(index, kind, value)) is None or who in gone
    ]
