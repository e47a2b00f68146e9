"""A candidate becomes a contact: exactly one per person, with its place in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from leadgen.model.documents import Contact
from leadgen.model.ids import canonical_url, email_job_id
from leadgen.model.status import PostOutcome
from leadgen.pipeline.absorbing import absorb_post
from leadgen.pipeline.candidate import Candidate, contact_document, email_job
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.identity import Known, recognise, unclaimed


@dataclass(frozen=True)
class Settled:
    """What became of a candidate: the contact it is now, and the outcome for its post."""

    contact_id: str
    outcome: PostOutcome
    created: bool


def settle(unit: UnitOfWork, candidate: Candidate, *, wary: bool = False, queue: bool = True) -> Settled:
    """Plan what becomes of a candidate: a new contact, or what it says goes to the one it is.

    Args:
        unit: where it is planned; nothing is stored before that is committed.
        candidate: the person, with an outcome that makes a contact.
        wary: ask whether the contact's document exists although nobody claimed its marks. It can only if the identity
            log was lost; asked when a commit was refused, because a commit that creates it would be refused for ever.
        queue: whether an address that a known contact gains brings it into the email queue.
    """
    met, gone = _met(unit, candidate)
    if not met and wary:
        met = _unclaimed_contact(unit, candidate)
    if not met:
        return _create(unit, candidate, gone)
    first = unit.contact(met[0].contact_id)
    assert first is not None, "only contacts that exist are met"
    if _is_same_post(first.contact, candidate):
        return Settled(first.id, PostOutcome(first.contact.intake_outcome), created=False)
    stands = absorb_post(unit, candidate, met, gone, queue=queue)
    return Settled(stands.id, PostOutcome.DUPLICATE, created=False)


def _met(unit: UnitOfWork, candidate: Candidate) -> tuple[list[Known], frozenset[str]]:
    """Contacts the candidate is known as, and claimants that no longer exist."""
    known = recognise(candidate.marks, unit.index)
    unit.load(one.contact_id for one in known)
    gone = frozenset(one.contact_id for one in known if unit.contact(one.contact_id) is None)
    return [one for one in known if one.contact_id not in gone], gone


def _unclaimed_contact(unit: UnitOfWork, candidate: Candidate) -> list[Known]:
    contact_id = candidate.marks.contact_id()
    kind, value = (candidate.marks.claims() or [("url", "")])[0]
    return [Known(contact_id, kind, value)] if unit.contact(contact_id) is not None else []


def _is_same_post(contact: Contact, candidate: Candidate) -> bool:
    """Whether the contact was made from this very post for the same campaign: the same request came again."""
    same_post = canonical_url(contact.source_url) == canonical_url(candidate.marks.url)
    return same_post and contact.request_id == candidate.origin.request_id


def _create(unit: UnitOfWork, candidate: Candidate, gone: frozenset[str]) -> Settled:
    contact_id = candidate.marks.contact_id()
    held: Held = unit.add(contact_id, contact_document(candidate, unit.now))
    unit.claim(contact_id, unclaimed(candidate.marks, unit.index, gone))
    if candidate.outcome is PostOutcome.QUEUED and candidate.origin.template_id:
        job = email_job(contact_id, held.contact.lead_data_json, candidate.origin, unit.now)
        unit.add_mail(email_job_id(candidate.origin.template_id, contact_id), job)
    return Settled(contact_id, candidate.outcome, created=True)
