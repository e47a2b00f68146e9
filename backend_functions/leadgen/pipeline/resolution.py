"""A person solved a CAPTCHA, or could not. The mail is queued exactly once, however often the answer arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadgen.model.documents import Contact, Identity
from leadgen.model.errors import Conflict
from leadgen.model.ids import email_job_id, identity_id
from leadgen.model.status import ContactStatus, check_transition
from leadgen.pipeline.intake import Origin, email_job
from leadgen.pipeline.suppression import suppressed_among, suppression_keys
from leadgen.review.address import accept_address
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, need, read, retrying

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


def resolve(db: Client, report: Resolution, clock: Clock) -> Resolved:
    """Apply the operator's report.

    Raises:
        NotFound: there is no such lead.
        InvalidInput: the address is not one.
        Conflict: the lead does not wait for a CAPTCHA (any more), with what happened to it instead.
    """
    address = accept_address(report.email, report.relay_domains) if report.success else ""
    return retrying(lambda: _resolve_once(db, report, address, clock))


def _resolve_once(db: Client, report: Resolution, address: str, clock: Clock) -> Resolved:
    record = need(Collections(db).contacts.document(report.lead_id), Contact, f"lead {report.lead_id}")
    if record.value.status is not ContactStatus.PENDING_CAPTCHA:
        return _answer_to_a_repeat(record, report, address)
    if not report.success:
        return _failed(db, record, report, clock)
    return _solved(db, record, report, address, clock)


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


def _solved(db: Client, record: Record[Contact], report: Resolution, address: str, clock: Clock) -> Resolved:
    names = Collections(db)
    claim = read(names.identities.document(identity_id("email", address)), Identity)
    elsewhere = claim is not None and claim.value.contact_id != record.id
    refused = suppressed_among(db, suppression_keys([address], []))
    if elsewhere or refused:
        status = ContactStatus.DUPLICATE if elsewhere else ContactStatus.SUPPRESSED
        commit = Commit(db).change(record, _found(record, address, status, clock))
        _count(db, commit, record, {"counts.review": -1, "counts.unresolved": 1})
        _note(db, commit, record, report, clock, "captcha.resolved", f"the address is {status.lower()}")
        commit.run()
        return Resolved(status, "", record.value.attempts)
    commit = Commit(db).change(record, _found(record, address, ContactStatus.PROCESSED, clock))
    if claim is None:
        commit.create(
            names.identities.document(identity_id("email", address)),
            Identity(
                kind="email",
                value=address,
                contact_id=record.id,
                source_url=record.value.source_url,
                created_at=clock.now(),
            ),
        )
    _queue(db, commit, record, report, address, clock)
    _count(db, commit, record, {"counts.review": -1, "counts.queued": 1, "counts.resolved": 1})
    _note(db, commit, record, report, clock, "captcha.resolved", "the address was found")
    commit.run()
    return Resolved(ContactStatus.PROCESSED, _job_id(record), record.value.attempts)


def _found(record: Record[Contact], address: str, status: ContactStatus, clock: Clock) -> dict[str, object]:
    check_transition(f"lead {record.id}", record.value.status, status)
    return {
        "email": address,
        "leadDataJson.email": address,
        "leadDataJson.emails": [address],
        "status": str(status),
        "lastUpdated": clock.now(),
    }


def _queue(db: Client, commit: Commit, record: Record[Contact], report: Resolution, address: str, clock: Clock) -> None:
    contact = record.value
    if not contact.template_id:
        return
    lead = contact.lead_data_json.model_copy(update={"email": address, "emails": [address]})
    origin = Origin(
        request_id=contact.request_id,
        source_id=contact.source_id,
        template_id=contact.template_id,
        city=contact.city,
        timezone=contact.timezone,
        user=report.user,
    )
    commit.create(Collections(db).emails.document(_job_id(record)), email_job(record.id, lead, origin, clock.now()))


def _count(db: Client, commit: Commit, record: Record[Contact], amounts: dict[str, int]) -> None:
    if record.value.request_id:
        commit.increase(Collections(db).requests.document(record.value.request_id), amounts)


def _note(
    db: Client, commit: Commit, record: Record[Contact], report: Resolution, clock: Clock, kind: str, what: str
) -> None:
    lead = record.value.business_name or record.value.lead_data_json.title or record.value.phone or "a lead"
    text = f"CAPTCHA of {lead}: {what} ({report.user})"
    note(db, commit, entry(clock.now(), kind, text, record.value.request_id))
