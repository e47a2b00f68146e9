"""A lead handed in by itself, through an endpoint: the same recognition, triage and queue as a harvested one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadgen.model.documents import EmailJob, LeadData
from leadgen.model.errors import Conflict, FieldProblem, InvalidInput
from leadgen.model.ids import email_job_id
from leadgen.model.status import ContactStatus, EmailStatus, PostOutcome
from leadgen.pipeline.batches import with_enrichment
from leadgen.pipeline.candidate import Candidate, Origin, email_job
from leadgen.pipeline.context import Context
from leadgen.pipeline.intake import Settled, settle
from leadgen.pipeline.suppression import canonical_phone, suppressed_among, suppression_keys
from leadgen.pipeline.unit import UnitOfWork
from leadgen.process.identity import Marks
from leadgen.process.provenance import said_by_person
from leadgen.process.triage import triage
from leadgen.review.address import accept_address
from leadgen.store.records import Commit, read, retrying


@dataclass(frozen=True)
class Submission:
    """What was handed in.

    Args:
        fields: snake_case fields of `LeadData`.
        source_url: where the lead was found, or "".
        image_hash: perceptual hash, or "".
        template_id: 0 for no mail.
        city: city key or name, or "".
        timezone: IANA name, or "" for the city's.
        user: who handed it in.
    """

    fields: dict[str, Any]
    source_url: str
    image_hash: str
    template_id: int
    city: str
    timezone: str
    user: str


def submit(context: Context, wish: Submission) -> Settled:
    """Recognise, enrich and triage a lead.

    Raises:
        InvalidInput: a phone or email is malformed, or there is no way to contact the lead.
    """
    candidate = _candidate(context, wish)
    if candidate.outcome is PostOutcome.NO_CONTACT:
        raise InvalidInput(
            "The lead has no phone, no email and no contactUrl.",
            fields=(FieldProblem("leadData", "", "must hold a phone, an email or a contactUrl"),),
        )
    if candidate.outcome is not PostOutcome.SUPPRESSED:
        seen = context.websites.score([candidate.lead])
        result = context.enricher().enrich(seen.leads, seen.facts, [candidate.origin.request_id])[0]
        candidate = with_enrichment(candidate, result.lead, result.waiting_until)
    return _registered(context, candidate)


def _registered(context: Context, candidate: Candidate) -> Settled:
    tries = 0

    def attempt() -> Settled:
        nonlocal tries
        tries += 1
        unit = UnitOfWork(context.db, context.identities, context.clock.now())
        settled = settle(unit, candidate, wary=tries > 1)
        _run(unit, wary=tries > 1)
        return settled

    return retrying(attempt)


def _run(unit: UnitOfWork, *, wary: bool) -> None:
    if wary:
        unit.drop_counts_of_missing()
    unit.into(Commit(unit.db)).run()


def queue(context: Context, wish: Submission) -> tuple[str, str, bool]:
    """Queue a mail to a lead, who becomes a contact if not one already.

    Returns:
        Id and status of the mail, and whether it is new. The same template goes to the same contact once.

    Raises:
        InvalidInput: there is no usable address.
        Conflict: the lead may not be written to.
    """
    if not str(wish.fields.get("email", "")).strip():
        raise InvalidInput(
            "leadData.email must be given: a mail needs an address.",
            fields=(FieldProblem("leadData.email", "", "must be an email address"),),
        )
    candidate = _candidate(context, wish)
    if candidate.outcome is PostOutcome.SUPPRESSED:
        raise Conflict(f"{candidate.lead.email} is suppressed: {candidate.suppressed_by}.", hint="Nothing was queued.")
    tries = 0

    def attempt() -> tuple[str, str, bool]:
        nonlocal tries
        tries += 1
        unit = UnitOfWork(context.db, context.identities, context.clock.now())
        # The mail asked for is the one to be made, not that of the campaign which found the lead.
        settled = settle(unit, candidate, wary=tries > 1, queue=False)
        held = unit.contact(settled.contact_id)
        assert held is not None, "a settled contact exists"
        if held.contact.status is ContactStatus.SUPPRESSED:
            raise Conflict(f"{held.contact.email or held.contact.phone} is suppressed.", hint="Nothing was queued.")
        job_id = email_job_id(wish.template_id, settled.contact_id)
        present = None if settled.created else read(context.names.emails.document(job_id), EmailJob)
        if present is not None:
            _run(unit, wary=tries > 1)
            return job_id, str(present.value.status), False
        if not settled.created:
            unit.touch(held)  # so that a merge which is decided at this moment sees the mail
            unit.add_mail(job_id, email_job(held.id, candidate.lead, candidate.origin, context.clock.now()))
        _run(unit, wary=tries > 1)
        return job_id, str(EmailStatus.QUEUED), True

    return retrying(attempt)


def _candidate(context: Context, wish: Submission) -> Candidate:
    lead = _lead(wish)
    marks = Marks(phones=tuple(lead.phones), emails=tuple(lead.emails), image_hash=wish.image_hash, url=wish.source_url)
    if not marks.url and not marks.claims():
        marks = Marks((), (), "", url=lead.contact_url)
    refused = suppressed_among(context.db, suppression_keys(marks.emails, marks.phones))
    gate = "captcha" if lead.contact_url else "none"
    outcome = triage(has_email=bool(lead.email), gate=gate, has_phone=bool(lead.phone), suppressed=bool(refused))
    reason = next(iter(refused.values()), "")
    says = said_by_person(lead, marks.url, context.clock.now(), wish.user)
    return Candidate(marks, lead, gate, outcome, _origin(context, wish), tuple(says), suppressed_by=reason)


def _lead(wish: Submission) -> LeadData:
    lead = LeadData(**wish.fields)
    lead.phone = canonical_phone(lead.phone, field="leadData.phone") if lead.phone.strip() else ""
    lead.email = accept_address(lead.email, field="leadData.email") if lead.email.strip() else ""
    lead.phones = [lead.phone] if lead.phone else []
    lead.emails = [lead.email] if lead.email else []
    lead.image_hash = wish.image_hash
    lead.city = wish.city or lead.city
    return lead


def _origin(context: Context, wish: Submission) -> Origin:
    timezone = wish.timezone
    if not timezone:
        key = wish.city.strip().lower()
        timezone = next((city.timezone for _, city, _ in context.cities() if city.key == key), "UTC")
    return Origin(
        request_id="",
        source_id="",
        template_id=wish.template_id,
        city=wish.city,
        timezone=timezone,
        user=wish.user,
    )
