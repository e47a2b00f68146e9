"""A post of somebody known: what it newly says goes to their contact, and it may show that two contacts are one.

A contact that waited for an address (behind a CAPTCHA, given up, or with a telephone only) and now has one is queued:
one mail, of its own campaign and template, and the campaign's counts move with it. If somebody asked not to be written
to at what the post shows, the contact is suppressed.
"""

from __future__ import annotations

from collections.abc import Sequence

from leadgen.model.documents import Contact, PossibleDuplicate
from leadgen.model.ids import email_job_id
from leadgen.model.status import ContactStatus, EmailStatus, check_transition
from leadgen.pipeline.candidate import Candidate, email_job, origin_of
from leadgen.pipeline.merging import WAITING, Evidence, Refused, add_faxes, join
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.identity import Known, unclaimed
from leadgen.process.index import shown_by
from leadgen.process.provenance import FIELDS, absorb
from leadgen.process.sameness import may_gain, why_apart

MAX_POSSIBLE = 10
MAX_CITIES = 20
BUCKET = {
    ContactStatus.PENDING_ENRICHMENT: "waiting",
    ContactStatus.PENDING_CAPTCHA: "review",
    ContactStatus.PHONE_ONLY: "phoneOnly",
    ContactStatus.CAPTCHA_FAILED: "unresolved",
}
"""Where a campaign counts a lead that has no address yet."""
_WAITS_FOR_ADDRESS = frozenset({ContactStatus.PENDING_CAPTCHA, ContactStatus.PHONE_ONLY, ContactStatus.CAPTCHA_FAILED})


def absorb_post(
    unit: UnitOfWork, candidate: Candidate, met: Sequence[Known], gone: frozenset[str], *, queue: bool = True
) -> Held:
    """Plan what a post of known people changes.

    Args:
        unit: where it is planned.
        candidate: what the post shows.
        met: the contacts it speaks of, at least one.
        gone: claimants that no longer exist.
        queue: whether an address gained brings the contact into the email queue.

    Returns:
        The contact that stands for the author.
    """
    held = _need(unit, met[0].contact_id)
    is_one = True
    for other in met[1:]:
        joined = _join_or_note(unit, candidate, held, _need(unit, other.contact_id), met)
        held, is_one = joined or held, is_one and joined is not None
    contact = held.contact
    _note_city(unit, contact, candidate)
    if candidate.marks.is_directory:
        return held
    # Of a post that speaks of several people nobody can say whose the rest of it is.
    if not is_one or not may_gain(contact, candidate.marks, candidate.says):
        absorb(contact, candidate.says, only_aside=FIELDS)
        return held
    had_address = bool(contact.email)
    absorb(contact, candidate.says)
    # Those of one post belong together: the price of one and the place of another would be nobody's.
    contact.lead_data_json.fields = contact.lead_data_json.fields or candidate.lead.fields
    add_faxes(contact, candidate.lead)
    _claim_new(unit, held, candidate, gone)
    if candidate.suppressed_by:
        _suppress(unit, held, candidate.suppressed_by)
    elif contact.email and not had_address:
        _address_found(unit, held, candidate, queue=queue)
    return held


def _need(unit: UnitOfWork, contact_id: str) -> Held:
    held = unit.contact(contact_id)
    assert held is not None, "only contacts that exist are met"
    return held


def _join_or_note(unit: UnitOfWork, candidate: Candidate, one: Held, other: Held, met: Sequence[Known]) -> Held | None:
    """The survivor; `None` if they stay two, which is noted for the operator."""
    why = why_apart(one.contact, other.contact, other.id, met, candidate.marks, candidate.says)
    if not why:
        url = candidate.marks.url
        try:
            return join(unit, one, other, Evidence(by="", reason="a post shows marks of both", source_url=url))
        except Refused as refusal:
            why = refusal.reason
    if other.id not in one.contact.kept_apart:
        _note_possible(unit, one.contact, other.id, why, candidate.marks.url)
        _note_possible(unit, other.contact, one.id, why, candidate.marks.url)
    return None


def _note_possible(unit: UnitOfWork, contact: Contact, other_id: str, why: str, url: str) -> None:
    noted = contact.possible_duplicates
    if len(noted) < MAX_POSSIBLE and all(entry.contact_id != other_id for entry in noted):
        reason = f"one post shows marks of both, but {why}"
        noted.append(PossibleDuplicate(contact_id=other_id, reason=reason, source_url=url, at=unit.now))


def _note_city(unit: UnitOfWork, contact: Contact, candidate: Candidate) -> None:
    city = candidate.origin.city
    if not city or not contact.city or city == contact.city:
        return
    unit.count(candidate.origin.request_id, {"crossCity": 1})
    if city not in contact.cities and len(contact.cities) < MAX_CITIES:
        contact.cities.append(city)


def _claim_new(unit: UnitOfWork, held: Held, candidate: Candidate, gone: frozenset[str]) -> None:
    new = [mark for mark in unclaimed(candidate.marks, unit.index, gone) if mark[0] in ("phone", "email")]
    image = candidate.marks.image_hash
    if ("image", image) in candidate.marks.claims() and shown_by(unit.index, image) != held.id:
        new.append(("image", image))
    unit.claim(held.id, new)


def _suppress(unit: UnitOfWork, held: Held, reason: str) -> None:
    """A mail that waits will not leave; the campaign counts it as the mail agent would."""
    contact = held.contact
    if contact.status in (ContactStatus.SUPPRESSED, ContactStatus.DUPLICATE):
        return
    check_transition("the contact", contact.status, ContactStatus.SUPPRESSED)
    bucket = BUCKET.get(contact.status)
    if bucket:
        unit.count(contact.request_id, {bucket: -1, "unresolved": 1})
    contact.status, contact.suppressed_by = ContactStatus.SUPPRESSED, reason
    for mail in unit.mails_of(held.id):
        if mail.job.status in WAITING:
            mail.job.status = EmailStatus.SUPPRESSED
            mail.job.reason = mail.job.error = f"the contact was suppressed by {reason}"
            unit.count(mail.job.request_id, {"failed": 1})


def _address_found(unit: UnitOfWork, held: Held, candidate: Candidate, *, queue: bool) -> None:
    contact = held.contact
    contact.lead_data_json.emails = [contact.email]
    if contact.status not in _WAITS_FOR_ADDRESS:
        return
    check_transition(f"contact {held.id}", contact.status, ContactStatus.PROCESSED)
    unit.count(contact.request_id, {BUCKET[contact.status]: -1, "queued": 1})
    contact.status = ContactStatus.PROCESSED
    if queue and contact.template_id and not unit.mails_of(held.id):
        # Whether we may write to the address is for the source that shows it to say.
        origin = origin_of(contact, candidate.origin.user, source_id=candidate.origin.source_id)
        job = email_job(held.id, contact.lead_data_json.model_copy(deep=True), origin, unit.now)
        unit.add_mail(email_job_id(contact.template_id, held.id), job)
