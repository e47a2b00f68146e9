"""A person solved a CAPTCHA, or could not. The mail is queued exactly once, however often the answer arrives."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadgen.model.documents import CaptchaReport, Contact, PossibleDuplicate, Provenance
from leadgen.model.ids import email_job_id
from leadgen.model.status import ContactStatus, EmailStatus, check_transition
from leadgen.pipeline.candidate import email_job, origin_of
from leadgen.pipeline.operators import add_report, count_in_campaign, told
from leadgen.pipeline.suppression import suppressed_among, suppression_keys
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.index import owner
from leadgen.process.index_log import IndexLog
from leadgen.review.address import accept_address
from leadgen.review.decide import Person, Said, accept, earlier_report, reported, review_of
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Record, need, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TAKEN_BACK = "the report on its CAPTCHA was taken back"
"""Why a mail is cancelled by an undo; only such a one is queued again by the next report."""


@dataclass(frozen=True)
class Resolution:
    """What the operator reports.

    Args:
        lead_id: the contact.
        success: whether the CAPTCHA was solved and an address found.
        email: the address, when it was.
        user: the operator's email.
        relay_domains: relays of the source the lead is from.
        max_attempts: failures after which nobody tries again.
        uid: the operator; their email if empty.
        epoch: the claim it is made under, `None` if none is named.
        report_id: the same for a repeat of the same call; new if empty.
    """

    lead_id: str
    success: bool
    email: str
    user: str
    relay_domains: tuple[str, ...]
    max_attempts: int
    uid: str = ""
    epoch: int | None = None
    report_id: str = ""


@dataclass(frozen=True)
class Resolved:
    """How the lead stands now, and the mail made for it, if any; the epoch names the report, to take it back."""

    status: ContactStatus
    email_id: str
    attempts: int
    epoch: int = 0


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
        Conflict: the lead does not wait for a CAPTCHA (any more), somebody else has it, or the claim is over.
    """
    address = accept_address(report.email, report.relay_domains) if report.success else ""
    person = Person(uid=report.uid or report.user, name=report.user)
    # Made once: a commit that was applied and reported as refused is recognised by it.
    said = Said(report.report_id or secrets.token_hex(16), report.success, address, report.epoch)
    work = _Work(db, identities, report, person, said, clock)
    return retrying(work.attempt)


class _Work:
    def __init__(
        self, db: Client, identities: IndexLog, report: Resolution, person: Person, said: Said, clock: Clock
    ) -> None:
        self._db, self._identities, self._clock = db, identities, clock
        self._wish, self._person, self._said = report, person, said
        self._wary = False

    def attempt(self) -> Resolved:
        lead_id = self._wish.lead_id
        record = need(Collections(self._db).contacts.document(lead_id), Contact, f"lead {lead_id}")
        earlier = earlier_report(lead_id, record.value, self._person, self._said)
        if earlier is not None:
            return Resolved(earlier.status, earlier.email_id, earlier.attempts, earlier.epoch)
        if self._repeats_an_old_one(record.value):
            return Resolved(record.value.status, _job_id(record), record.value.attempts)
        now = self._clock.now()
        epoch = accept(lead_id, record.value, self._person, self._said, now)
        draft = CaptchaReport(
            id=self._said.id,
            by_uid=self._person.uid,
            by=self._person.name,
            at=now,
            epoch=epoch,
            success=self._said.success,
            email=self._said.email,
            status=record.value.status,
            attempts=record.value.attempts,
        )
        done = self._solved(record, draft) if self._said.success else self._failed(record, draft)
        return Resolved(done.status, done.email_id, done.attempts, done.epoch)

    def _repeats_an_old_one(self, contact: Contact) -> bool:
        """Leads that were solved before reports were kept know only their address."""
        old = contact.review is None and contact.status is ContactStatus.PROCESSED
        return old and self._said.success and contact.email == self._said.email

    def _failed(self, record: Record[Contact], report: CaptchaReport) -> CaptchaReport:
        report.attempts += 1
        given_up = report.attempts >= self._wish.max_attempts
        if given_up:
            report.status = ContactStatus.CAPTCHA_FAILED
            check_transition(f"lead {record.id}", record.value.status, report.status)
        review = reported(review_of(record.value), report)
        changes = {"attempts": report.attempts, "status": str(report.status), "lastUpdated": report.at}
        commit = Commit(self._db).change(record, {**changes, "review": review.to_firestore()})
        if given_up:
            amounts = {"review": -1, "unresolved": 1}
            count_in_campaign(self._db, commit, record.value.request_id, amounts, wary=self._wary)
            told(self._db, commit, record.value, "captcha.failed", f"given up after {report.attempts} attempts", report)
        add_report(self._db, commit, report)
        self._run(commit)
        return report

    def _solved(self, record: Record[Contact], report: CaptchaReport) -> CaptchaReport:
        unit = UnitOfWork(self._db, self._identities, report.at)
        held = unit.hold(record)
        contact, address = held.contact, report.email
        claimant = owner(unit.index, "email", address)
        elsewhere = claimant not in (None, record.id) and unit.contact(str(claimant)) is not None
        refused = suppressed_among(self._db, suppression_keys([address], []))
        report.status = ContactStatus.PROCESSED
        if elsewhere or refused:
            report.status = ContactStatus.DUPLICATE if elsewhere else ContactStatus.SUPPRESSED
        check_transition(f"lead {record.id}", record.value.status, report.status)
        _set_address(contact, report)
        if elsewhere:
            same = PossibleDuplicate(contact_id=str(claimant), reason=SAME_ADDRESS, at=report.at)
            contact.possible_duplicates.append(same)
        if report.status is ContactStatus.PROCESSED:
            report.is_owner = claimant != record.id
            if report.is_owner:
                unit.claim(record.id, [("email", address)])
            report.email_id = _queue_mail(unit, held, record, report)
            unit.count(contact.request_id, {"review": -1, "queued": 1, "resolved": 1})
        else:
            unit.count(contact.request_id, {"review": -1, "unresolved": 1})
        contact.review = reported(review_of(contact), report)
        if self._wary:
            unit.drop_counts_of_missing()
        commit = Commit(self._db)
        found = "was found" if report.status is ContactStatus.PROCESSED else f"is {report.status.lower()}"
        told(self._db, commit, contact, "captcha.resolved", f"the address {found}", report)
        add_report(self._db, commit, report)
        self._run(unit.into(commit))
        return report

    def _run(self, commit: Commit) -> None:
        self._wary = True
        commit.run()


SAME_ADDRESS = "the address behind its CAPTCHA is that contact's"


def _job_id(record: Record[Contact]) -> str:
    return email_job_id(record.value.template_id, record.id) if record.value.template_id else ""


def _queue_mail(unit: UnitOfWork, held: Held, record: Record[Contact], report: CaptchaReport) -> str:
    """The mail of this lead and template: made, or queued again if it was only stopped by an undo."""
    job_id = _job_id(record)
    if not job_id:
        return ""
    fresh = email_job(
        held.id, held.contact.lead_data_json.model_copy(deep=True), origin_of(record.value, report.by), report.at
    )
    present = next((mail for mail in unit.mails_of(held.id) if mail.id == job_id), None)
    if present is None:
        unit.add_mail(job_id, fresh)
    elif present.job.status is EmailStatus.CANCELLED and present.job.reason == TAKEN_BACK:
        check_transition(f"mail {job_id}", present.job.status, fresh.status)
        # How often it was drafted decides whether a draft of it is looked for before another one is made.
        kept = {"created_at": present.job.created_at, "epoch": present.job.epoch + 1, "attempts": present.job.attempts}
        present.job = fresh.model_copy(update=kept)
    return job_id


def _set_address(contact: Contact, report: CaptchaReport) -> None:
    report.email_before, report.emails_before = contact.email, list(contact.lead_data_json.emails)
    contact.status = report.status
    contact.email = contact.lead_data_json.email = report.email
    contact.lead_data_json.emails = [report.email]
    contact.provenance["email"] = Provenance(
        source_url=contact.lead_data_json.contact_url,
        snippet=f"found behind the CAPTCHA by {report.by}",
        at=report.at,
        extractor="person",
        request_id=contact.request_id,
    )
