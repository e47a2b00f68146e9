"""A candidate becomes a contact: exactly one per person, with its place in the queue, in one commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.model.documents import Contact, EmailJob, Identity, LeadData
from leadgen.model.ids import email_job_id, identity_id
from leadgen.model.status import ContactStatus, EmailStatus, PostOutcome
from leadgen.process.identity import IdentityIndex, Marks, look_up, recognise, unclaimed
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Raced, need, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

STATUS_OF = {
    PostOutcome.QUEUED: ContactStatus.PROCESSED,
    PostOutcome.REVIEW: ContactStatus.PENDING_CAPTCHA,
    PostOutcome.PHONE_ONLY: ContactStatus.PHONE_ONLY,
    PostOutcome.SUPPRESSED: ContactStatus.SUPPRESSED,
    PostOutcome.WAITING: ContactStatus.PENDING_ENRICHMENT,
}


@dataclass(frozen=True)
class Origin:
    """Where a candidate comes from and what is to be done with it.

    Args:
        request_id: the campaign, or "" for a lead handed in by itself.
        source_id: the source definition, or "".
        template_id: the template of its mail; 0 for no mail.
        city: the city it was found in.
        timezone: IANA name; decides when mail may leave.
        user: who asked.
    """

    request_id: str
    source_id: str
    template_id: int
    city: str
    timezone: str
    user: str


@dataclass(frozen=True)
class Candidate:
    """Someone who may become a contact.

    Args:
        marks: what identifies them.
        lead: everything known about them.
        gate: how their address is gated.
        outcome: what triage decided (one that makes a contact).
        origin: where they come from.
        waiting_until: when the waiting model call may be tried, for `WAITING`.
        suppressed_by: why they may not be written to, for `SUPPRESSED`.
    """

    marks: Marks
    lead: LeadData
    gate: str
    outcome: PostOutcome
    origin: Origin
    waiting_until: datetime | None = None
    suppressed_by: str = ""


@dataclass(frozen=True)
class Registered:
    """What became of a candidate: the contact it is now, and the outcome for its post."""

    contact_id: str
    outcome: PostOutcome
    created: bool


def register(db: Client, candidate: Candidate, clock: Clock, index: IdentityIndex | None = None) -> Registered:
    """Make the candidate a contact unless it is one already. Twice is once: a repeat finds its own earlier work.

    Args:
        db: Firestore.
        candidate: the person.
        clock: the clock.
        index: claims read earlier; read here if `None` or when another worker was faster.
    """
    known = index
    names = Collections(db)

    def attempt() -> Registered:
        nonlocal known
        if known is None:
            known = look_up(db, [candidate.marks])
        earlier = recognise(candidate.marks, known)
        if earlier is not None:
            return _known(db, earlier.contact_id, same_post=earlier.same_post)
        contact_id = candidate.marks.contact_id()
        try:
            _commit(db, contact_id, candidate, known, clock.now()).run()
        except Raced:
            known = None
            existing = names.contacts.document(contact_id).get()
            if existing.exists and not candidate.marks.claims():
                return _known(db, contact_id, same_post=True)
            raise
        return Registered(contact_id, candidate.outcome, created=True)

    return retrying(attempt)


def _known(db: Client, contact_id: str, *, same_post: bool) -> Registered:
    if not same_post:
        return Registered(contact_id, PostOutcome.DUPLICATE, created=False)
    contact = need(Collections(db).contacts.document(contact_id), Contact, f"contact {contact_id}").value
    return Registered(contact_id, PostOutcome(contact.intake_outcome), created=False)


def _commit(db: Client, contact_id: str, candidate: Candidate, index: IdentityIndex, now: datetime) -> Commit:
    names = Collections(db)
    commit = Commit(db).create(names.contacts.document(contact_id), contact_document(candidate, now))
    for kind, value in unclaimed(candidate.marks, index):
        claim = Identity(kind=kind, value=value, contact_id=contact_id, source_url=candidate.marks.url, created_at=now)
        commit.create(names.identities.document(identity_id(kind, value)), claim)
    if candidate.outcome is PostOutcome.QUEUED and candidate.origin.template_id:
        job = email_job(contact_id, candidate.lead, candidate.origin, now)
        commit.create(names.emails.document(email_job_id(candidate.origin.template_id, contact_id)), job)
    return commit


def contact_document(candidate: Candidate, now: datetime) -> Contact:
    """The contact a candidate becomes."""
    lead, origin = candidate.lead, candidate.origin
    return Contact(
        phone=lead.phone,
        name=lead.name,
        email=lead.email,
        source_url=candidate.marks.url,
        image_hash=lead.image_hash,
        business_name=lead.business_name,
        category=lead.category,
        services_rendered=lead.services_rendered,
        status=STATUS_OF[candidate.outcome],
        city=origin.city,
        lead_data_json=lead,
        request_id=origin.request_id,
        source_id=origin.source_id,
        template_id=origin.template_id,
        timezone=origin.timezone,
        gate=candidate.gate,
        next_attempt_at=candidate.waiting_until,
        suppressed_by=candidate.suppressed_by,
        intake_outcome=str(candidate.outcome),
        created_at=now,
        last_updated=now,
    )


def email_job(contact_id: str, lead: LeadData, origin: Origin, now: datetime) -> EmailJob:
    """The mail a contact waits for."""
    return EmailJob(
        template_id=origin.template_id,
        lead_data=lead,
        city=origin.city,
        status=EmailStatus.QUEUED,
        created_at=now,
        not_before=now,
        timezone=origin.timezone,
        contact_id=contact_id,
        request_id=origin.request_id,
        source_id=origin.source_id,
        queued_by=origin.user,
        updated_at=now,
    )
