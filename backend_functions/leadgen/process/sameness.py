"""Are two contacts one person? A post that shows the phone of one and the email of the other says so.

It is not always right: an agency's number stands on the posts of fifty businesses, and each such post would melt two
more of them into one. So contacts are merged without a person only if nothing speaks against it; otherwise it is noted
as possible, and the operator decides. The same guard decides whether a contact may claim what a post newly shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from leadgen.model.documents import Contact
from leadgen.process.identity import Known, Marks
from leadgen.process.provenance import Statement, known_values, names_conflict, same

CERTAIN = 0.9
"""Both marks must be read with at least this certainty."""
MAX_MERGES = 3
"""Contacts that became one without a person asking; a person may go further."""
MAX_KNOWN = 5
"""Phones, and emails, that one person has. A contact with more is an agency, and claims no further ones."""


def why_apart(
    one: Contact, other: Contact, other_id: str, met: Sequence[Known], marks: Marks, says: Sequence[Statement]
) -> str:
    """What speaks against merging two contacts that one post speaks of; empty if nothing does.

    Args:
        one: a contact.
        other: another one.
        other_id: its id.
        met: the contacts the post speaks of, and by which mark.
        marks: what the post shows.
        says: the same, with how certain it is.
    """
    if len(met) > 2:
        return f"the post shows marks of {len(met)} contacts"
    if marks.is_directory:
        return "the post shows more numbers or addresses than one author has"
    if other_id in one.kept_apart:
        return "the operator said that they are two"
    if {known.kind for known in met} != {"phone", "email"}:
        return "the post does not show the phone of one and the email of the other"
    if any(_certainty(known, says) < CERTAIN for known in met):
        return "one of the marks is not written plainly"
    return _contradiction(one, other, says)


def _contradiction(one: Contact, other: Contact, says: Sequence[Statement]) -> str:
    if names_conflict([one.business_name, other.business_name, _name(says)]):
        return "their business names differ"
    if one.phone and one.email and other.phone and other.email:
        return "each has a phone and an email of its own"
    if len(one.merges) + len(other.merges) >= MAX_MERGES:
        return f"{MAX_MERGES} contacts were merged into one already"
    if any(len({*known_values(one, f), *known_values(other, f)}) > MAX_KNOWN for f in ("phone", "email")):
        return "together they have more numbers or addresses than one person has"
    return ""


def may_gain(contact: Contact, marks: Marks, says: Sequence[Statement]) -> bool:
    """Whether a contact may take over what a post newly shows, by which it would be recognised from then on."""
    if marks.is_directory or names_conflict([contact.business_name, _name(says)]):
        return False
    return all(
        len({*known_values(contact, field), *(f.value for f in says if f.field == field)}) <= MAX_KNOWN
        for field in ("phone", "email")
    )


def _name(says: Sequence[Statement]) -> str:
    return next((fact.value for fact in says if fact.field == "businessName"), "")


def _certainty(known: Known, says: Sequence[Statement]) -> float:
    said = (f.provenance.certainty for f in says if f.field == known.kind and same(f.field, f.value, known.value))
    return max(said, default=0.0)
