"""A person solved a CAPTCHA, or could not. The mail is queued exactly once, however often the answer arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadgen.model.documents import Contact, PossibleDuplicate, Provenance
from leadgen.model.errors import Conflict
from leadgen.model.ids import email_job_id
from leadgen.model.status import ContactStatus, check_transition
from leadgen.pipeline.candidate import email_job, origin_of
from leadgen.pipeline.suppression import suppressed_among, suppression_keys
from leadgen.pipeline.unit import UnitOfWork
from leadgen.process.index import owner
from leadgen.process.index_log import IndexLog
from leadgen.review.address import accept_address
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, need, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@dataclass(frozen=True)
class Resolution:
    """What the operator reports.

    Args:
        lead_id: the contact.
        success: whether the CAPTCHA was solved and an address found.
        email: the address, when it was.
        user: the operator.
        relay_domains: relays of the source the lead is from.
        max_attempts: failures after which nobody tries again.
    """

    lead_id: str
    success: bool
    email: str
    user: str
    relay_domains: tuple[str, ...]
    max_attempts: int


@dataclass(frozen=True)
class Resolved:
    """How the lead stands now, and the mail made for it, if any."""

    status: ContactStatus
    email_id: str
    attempts: int


def resolve(db: Client, identities: IndexLog, report: Resolution, clock: Clock) -> Resolved:
    """Apply the operator's report.

    Args:
        db: Firestore.
        identities: the identity log.
        report: what the operator says.
        clock: the clock.

    Raises:
        NotFound: there is no such lead.
        InvalidInput: the address is not one.
        Conflict: the lead does not wait for a CAPTCHA (any more), with what happened to it instead.
    """
    address = accept_address(report.email, report.relay_domains) if report.success else ""
    return retrying(lambda: _resolve_once(db, identities, report, address, clock))


def _resolve_once(db: Client, identities: IndexLog, report: Resolution, address: str, clock: Clock) -> Resolved:
    record = need(Collections(db).contacts.document(report.lead_id), Contact, f"lead {report.lead_id}")
    if record.value.status is not ContactStatus.PENDING_CAPTCHA:
        return _answer_to_a_repeat(record, report, address)
    if not report.success:
        return _failed(db, record, report, clock)
    return _solved(db, identities, record, report, address, clock)


def _answer_to_a_repeat(record: Record[Contact], report: Resolution, address: str) -> Resolved:
    contact = record.value
    if report.success and contact.status is ContactStatus.PROCESSED and contact.email == address:
        return Resolved(contact.status, _job_id(record), contact.attempts)
    known = f" with {contact.email}" if contact.email else ""
    raise Conflict(
        f"Lead {record.id} does not wait for a CAPTCHA: it is {contact.status}{known}.",
        hint="Nothing was changed. Take the next lead.",
    )


def _job_id(record: Record[Contact]) -> str:
    return email_job_id(record.value.template_id, record.id) if record.value.template_id else ""


def _failed(db: Client, record: Record[Contact], report: Resolution, clock: Clock) -> Resolved:
    attempts = record.value.attempts + 1
    given_up = attempts >= report.max_attempts
    status = ContactStatus.CAPTCHA_FAILED if given_up else ContactStatus.PENDING_CAPTCHA
    commit = Commit(db).change(record, {"attempts": attempts, "status": str(status), "lastUpdated": clock.now()})
    if given_up:
        check_transition(f"lead {record.id}", record.value.status, status)
        _count(db, commit, record, {"counts.review": -1, "counts.unresolved": 1})
        _note(db, commit, record, report, clock, "captcha.failed", f"given up after {attempts} attempts")
    commit.run()
    return Resolved(status, "", attempts)


def _solved(
    db: Client, identities: IndexLog, record: Record[Contact], report: Resolution, address: str, clock: Clock
) -> Resolved:
    unit = UnitOfWork(db, identities, clock.now())
    held = unit.hold(record)
    claimant = owner(unit.index, "email", address)
    elsewhere = claimant not in (None, record.id) and unit.contact(str(claimant)) is not None
    refused = suppressed_among(db, suppression_keys([address], []))
    status = ContactStatus.PROCESSED
    if elsewhere or refused:
        status = ContactStatus.DUPLICATE if elsewhere else ContactStatus.SUPPRESSED
    check_transition(f"lead {record.id}", record.value.status, status)
    _set_address(held.contact, address, status, report.user, clock)
    if elsewhere:
        reason = "the address behind its CAPTCHA is that contact's"
        same = PossibleDuplicate(contact_id=str(claimant), reason=reason, at=clock.now())
        held.contact.possible_duplicates.append(same)
    commit = Commit(db)
    if status is ContactStatus.PROCESSED:
        if claimant != record.id:
            unit.claim(record.id, [("email", address)])
        job_id = _job_id(record)
        if job_id:
            job = email_job(record.id, held.contact.lead_data_json, origin_of(record.value, report.user), clock.now())
            unit.add_mail(job_id, job)
        _count(db, commit, record, {"counts.review": -1, "counts.queued": 1, "counts.resolved": 1})
    else:
        _count(db, commit, record, {"counts.review": -1, "counts.unresolved": 1})
    found = "was found" if status is ContactStatus.PROCESSED else f"is {status.lower()}"
    _note(db, commit, record, report, clock, "captcha.resolved", f"the address {found}")
    unit.into(commit).run()
    return Resolved(status, _job_id(record) if status is ContactStatus.PROCESSED else "", record.value.attempts)


def _set_address(contact: Contact, address: str, status: ContactStatus, user: str, clock: Clock) -> None:
    contact.status = status
    contact.email = contact.lead_data_json.email = address
    contact.lead_data_json.emails = [address]
    contact.provenance["email"] = Provenance(
        source_url=contact.lead_data_json.contact_url,
        snippet=f"found behind the CAPTCHA by {user}",
        at=clock.now(),
        extractor="person",
        request_id=contact.request_id,
    )


def _count(db: Client, commit: Commit, record: Record[Contact], amounts: dict[str, int]) -> None:
    if record.value.request_id:
        commit.increase(Collections(db).requests.document(record.value.request_id), amounts)


def _note(
    db: Client, commit: Commit, record: Record[Contact], report: Resolution, clock: Clock, kind: str, what: str
) -> None:
    lead = record.value.business_name or record.value.lead_data_json.title or record.value.phone or "a lead"
    text = f"CAPTCHA of {lead}: {what} ({report.user})"
    note(db, commit, entry(clock.now(), kind, text, record.value.request_id))
