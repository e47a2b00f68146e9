"""Someone who may become a contact, and the documents they become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadgen.llm.evidence import snippets
from leadgen.model.documents import Contact, EmailJob, LeadData, Provenance
from leadgen.model.status import ContactStatus, EmailStatus, PostOutcome
from leadgen.process.identity import Marks
from leadgen.process.provenance import ENRICHED, Statement, note_origins

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
        outcome: what triage decided (one that makes a contact, or `NO_CONTACT`).
        origin: where they come from.
        says: what their post says, with where it says so.
        waiting_until: when the waiting model call may be tried, for `WAITING`.
        suppressed_by: why they may not be written to, for `SUPPRESSED`.
    """

    marks: Marks
    lead: LeadData
    gate: str
    outcome: PostOutcome
    origin: Origin
    says: tuple[Statement, ...] = ()
    waiting_until: datetime | None = None
    suppressed_by: str = ""


def contact_document(candidate: Candidate, now: datetime) -> Contact:
    """The contact a candidate becomes."""
    lead, origin = candidate.lead, candidate.origin
    contact = Contact(
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
    note_origins(contact, candidate.says)
    note_enrichment(contact, lead, now)
    return contact


def note_enrichment(contact: Contact, lead: LeadData, now: datetime) -> None:
    """Say of what enrichment filled in which model and prompt, or the rules, did so, and what in the post bears it
    out. A name that the post itself states keeps its own source."""
    if not lead.enriched_by:
        return
    for field, snippet in snippets(lead).items():
        if field not in contact.provenance:
            contact.provenance[field] = Provenance(
                source_url=lead.website_url if field == "websiteScore" else contact.source_url,
                snippet=snippet,
                at=now,
                extractor=lead.enriched_by,
                request_id=contact.request_id,
                certainty=ENRICHED,
            )


def origin_of(contact: Contact, user: str, *, source_id: str | None = None) -> Origin:
    """Where a contact comes from.

    Args:
        contact: the contact.
        user: who asks now.
        source_id: the source that gave its address, where that is another.
    """
    return Origin(
        request_id=contact.request_id,
        source_id=contact.source_id if source_id is None else source_id,
        template_id=contact.template_id,
        city=contact.city,
        timezone=contact.timezone,
        user=user,
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
