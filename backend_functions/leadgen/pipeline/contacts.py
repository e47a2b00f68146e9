"""The operator says that two contacts are one person, or that they are two after all."""

from __future__ import annotations

from dataclasses import dataclass

from leadgen.model.documents import Contact, ContactMerge
from leadgen.model.errors import Conflict, InvalidInput, NotFound
from leadgen.model.ids import merge_id
from leadgen.model.status import ContactStatus
from leadgen.pipeline.context import Context
from leadgen.pipeline.merging import Evidence, Refused, join, part
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.index import standing_for
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, need, retrying


@dataclass(frozen=True)
class Joined:
    """Two contacts that are one: who stands for both, who does not, and whether that is so since now."""

    survivor_id: str
    merged_id: str
    changed: bool


def merge(context: Context, one_id: str, other_id: str, user: str) -> Joined:
    """Make two contacts one; see `merging` for which of them survives. Twice is once.

    Args:
        context: the parts.
        one_id: a contact. One that is merged already stands for its survivor.
        other_id: another one.
        user: the operator.

    Raises:
        NotFound: one of them does not exist.
        InvalidInput: they are the same id.
        Conflict: a mail to one of them is on its way.
    """
    if one_id == other_id:
        raise InvalidInput("A contact can't be merged with itself.", hint="Name two different contacts.")
    tries = 0

    def attempt() -> Joined:
        nonlocal tries
        tries += 1
        unit = UnitOfWork(context.db, context.identities, context.clock.now())
        one, other = _standing(unit, one_id), _standing(unit, other_id)
        if one.id == other.id:
            return Joined(one.id, other_id if one.id == one_id else one_id, changed=False)
        for held, apart in ((one, other.id), (other, one.id)):
            held.contact.kept_apart = [known for known in held.contact.kept_apart if known != apart]
        try:
            survivor = join(unit, one, other, Evidence(by=user, reason=f"{user} said so"))
        except Refused as refusal:
            raise Conflict(
                f"The contacts can't be merged now: {refusal.reason}.",
                hint="Wait until that mail was sent, or settle it first. Nothing was changed.",
            ) from None
        merged = other if survivor is one else one
        _commit(context, unit, "contacts.merged", f"{user} merged {_name(merged)} into {_name(survivor)}", tries > 1)
        return Joined(survivor.id, merged.id, changed=True)

    return retrying(attempt)


def unmerge(context: Context, contact_id: str, user: str) -> Joined:
    """Undo the merge of a contact; see `merging` for what comes back. Twice is once.

    Args:
        context: the parts.
        contact_id: the contact that was merged into another.
        user: the operator.

    Raises:
        NotFound: there is no such contact.
        Conflict: it was never merged, or another merge must be undone first.
    """
    tries = 0

    def attempt() -> Joined:
        nonlocal tries
        tries += 1
        unit = UnitOfWork(context.db, context.identities, context.clock.now())
        held = _need(unit, contact_id)
        if not held.contact.times_merged:
            raise Conflict(f"Contact {contact_id} was not merged into another.", hint="Nothing was changed.")
        ref = context.names.contact_merges.document(merge_id(contact_id, held.contact.times_merged - 1))
        record = need(ref, ContactMerge, f"record of the merge of contact {contact_id}")
        if held.contact.status is not ContactStatus.MERGED:
            return Joined(record.value.survivor_id, contact_id, changed=False)
        survivor = part(unit, held, record, user)
        of = f" from {_name(survivor)}" if survivor is not None else ""
        _commit(context, unit, "contacts.unmerged", f"{user} parted {_name(held)}{of} again", tries > 1)
        return Joined(record.value.survivor_id, contact_id, changed=True)

    return retrying(attempt)


def _standing(unit: UnitOfWork, contact_id: str) -> Held:
    """The contact that stands for this one."""
    _need(unit, contact_id)
    return _need(unit, standing_for(unit.index, bytes.fromhex(contact_id)))


def _need(unit: UnitOfWork, contact_id: str) -> Held:
    held = unit.contact(contact_id)
    if held is None:
        raise NotFound(f"There is no contact {contact_id}.")
    return held


def _commit(context: Context, unit: UnitOfWork, kind: str, text: str, wary: bool) -> None:
    if wary:
        unit.drop_counts_of_missing()
    commit = unit.into(Commit(context.db))
    note(context.db, commit, entry(unit.now, kind, text)).run()


def _name(held: Held) -> str:
    contact: Contact = held.contact
    return contact.business_name or contact.lead_data_json.title or contact.phone or contact.email or held.id
