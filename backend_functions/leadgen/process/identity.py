"""Who is this? A phone, an email or a picture belongs to one contact, and the claim on it is a document's id.

The rule: a post whose phone or email is known is a duplicate. A picture alone decides only where the post shows neither
phone nor email, because two businesses may use one stock photo but rarely one telephone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadgen.model.documents import Identity
from leadgen.model.ids import canonical_url, contact_id, identity_id
from leadgen.store.client import Collections
from leadgen.store.records import Record, read_all

if TYPE_CHECKING:
    from google.cloud.firestore import Client

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
        image_probes: hashes that a copy of the picture, re-encoded or resized, may have been claimed under.
    """

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    image_hash: str
    url: str
    image_probes: tuple[str, ...] = ()

    def claims(self) -> list[tuple[str, str]]:
        """(kind, value) of everything worth claiming, strongest first."""
        pairs = [("phone", p) for p in self.phones[:MAX_VALUES]]
        pairs += [("email", e) for e in self.emails[:MAX_VALUES]]
        if self.image_hash:
            pairs.append(("image", self.image_hash))
        return pairs

    def deciding(self) -> list[tuple[str, str]]:
        """The claims that make two posts the same author's."""
        strong = [pair for pair in self.claims() if pair[0] != "image"]
        return strong or list(dict.fromkeys([*self.claims(), *(("image", probe) for probe in self.image_probes)]))

    def contact_id(self) -> str:
        """Id of the contact these marks would make."""
        kind, value = (self.claims() or [("url", canonical_url(self.url))])[0]
        return contact_id(kind, value)


@dataclass(frozen=True)
class Known:
    """An author met before.

    Args:
        contact_id: the contact.
        kind: what gave them away: ``phone``, ``email`` or ``image``.
        same_post: the claim was made from this very post, so this is our own earlier work.
    """

    contact_id: str
    kind: str
    same_post: bool


IdentityIndex = dict[str, Record[Identity]]


def look_up(db: Client, posts: list[Marks]) -> IdentityIndex:
    """Read the claims on all marks of several posts in one round trip."""
    ids = {identity_id(kind, value) for marks in posts for kind, value in (*marks.claims(), *marks.deciding())}
    names = Collections(db)
    return read_all(db, [names.identities.document(i) for i in sorted(ids)], Identity)


def recognise(marks: Marks, index: IdentityIndex) -> Known | None:
    """The contact these marks belong to, if any of the deciding ones is claimed."""
    for kind, value in marks.deciding():
        record = index.get(identity_id(kind, value))
        if record is not None:
            claim = record.value
            return Known(claim.contact_id, kind, canonical_url(claim.source_url) == canonical_url(marks.url))
    return None


def unclaimed(marks: Marks, index: IdentityIndex) -> list[tuple[str, str]]:
    """The claims a new contact makes: all that nobody has. (A stock photo stays with whoever had it first.)"""
    return [(kind, value) for kind, value in marks.claims() if identity_id(kind, value) not in index]
