"""An operator takes back a report on a CAPTCHA: the mail is stopped, and the lead waits again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadgen.model.documents import CaptchaReport, Contact
from leadgen.model.status import ContactStatus, EmailStatus, check_transition
from leadgen.pipeline.operators import count_in_campaign, remove_report, told
from leadgen.pipeline.resolution import SAME_ADDRESS, TAKEN_BACK
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.index import owner
from leadgen.process.index_log import IndexLog
from leadgen.review.decide import Person, check_mail, review_of, take_back, taken_back
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Record, need, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_WAITS = ContactStatus.PENDING_CAPTCHA
_FAILED_MAIL = frozenset({EmailStatus.ERROR_NO_EMAIL, EmailStatus.ERROR_API_FAILURE})


@dataclass(frozen=True)
class Undone:
    """How the lead stands now, and whether this call did it."""

    status: ContactStatus
    attempts: int
    changed: bool


def undo(
    db: Client, identities: IndexLog, lead_id: str, person: Person, clock: Clock, epoch: int | None = None
) -> Undone:
    """Take back the last report on a lead, a solution or a failure. Twice is once.

    Args:
        db: Firestore.
        identities: the identity log.
        lead_id: the lead.
        person: who asks.
        clock: the clock.
        epoch: of the report meant; `None` for the last one.

    Raises:
        NotFound: there is no such lead.
        NotAllowed: it is another operator's report.
        Conflict: its mail has left, may have left or is leaving; there is no such report; or the lead has changed.
    """
    work = _Work(db, identities, lead_id, person, clock, epoch)
    return retrying(work.attempt)


class _Work:
    def __init__(
        self, db: Client, identities: IndexLog, lead_id: str, person: Person, clock: Clock, epoch: int | None
    ) -> None:
        self._db, self._identities, self._clock = db, identities, clock
        self._lead_id, self._person, self._epoch = lead_id, person, epoch
        self._wary = False

    def attempt(self) -> Undone:
        record = need(Collections(self._db).contacts.document(self._lead_id), Contact, f"lead {self._lead_id}")
        report = take_back(self._lead_id, record.value, self._person, self._epoch)
        if report is None:
            return Undone(record.value.status, record.value.attempts, changed=False)
        if report.status is not _WAITS:
            check_transition(f"lead {self._lead_id}", report.status, _WAITS)
        done = self._unsolve(record, report) if report.success else self._unfail(record, report)
        return Undone(_WAITS, done, changed=True)

    def _unfail(self, record: Record[Contact], report: CaptchaReport) -> int:
        now, attempts = self._clock.now(), max(0, record.value.attempts - 1)
        review = taken_back(review_of(record.value), report, self._person, now)
        changes = {"attempts": attempts, "status": str(_WAITS), "lastUpdated": now}
        commit = Commit(self._db).change(record, {**changes, "review": review.to_firestore()})
        if report.status is not _WAITS:
            amounts = {"review": 1, "unresolved": -1}
            count_in_campaign(self._db, commit, record.value.request_id, amounts, wary=self._wary)
        self._finish(commit, record.value, report)
        return attempts

    def _unsolve(self, record: Record[Contact], report: CaptchaReport) -> int:
        now = self._clock.now()
        unit = UnitOfWork(self._db, self._identities, now)
        held = unit.hold(record)
        self._stop_mail(unit, held, report)
        if report.is_owner and owner(unit.index, "email", report.email) == held.id:
            unit.release("email", report.email)
        _take_address(held.contact, report)
        held.contact.review = taken_back(review_of(record.value), report, self._person, now)
        solved = report.status is ContactStatus.PROCESSED
        counts = {"review": 1, "queued": -1, "resolved": -1} if solved else {"review": 1, "unresolved": -1}
        unit.count(held.contact.request_id, counts)
        if self._wary:
            unit.drop_counts_of_missing()
        self._finish(unit.into(Commit(self._db)), held.contact, report)
        return held.contact.attempts

    def _stop_mail(self, unit: UnitOfWork, held: Held, report: CaptchaReport) -> None:
        """The agent that wants to send it and this commit both name the mail as they read it: one of them is late."""
        mail = next((m for m in unit.mails_of(held.id) if report.email_id and m.id == report.email_id), None)
        if mail is None:
            return
        check_mail(mail.job.status, mail.job.sent_at)
        if mail.job.status is EmailStatus.CANCELLED:
            return
        check_transition(f"mail {mail.id}", mail.job.status, EmailStatus.CANCELLED)
        if mail.job.status in _FAILED_MAIL:
            unit.count(mail.job.request_id, {"failed": -1})
        mail.job.status, mail.job.reason, mail.job.error = EmailStatus.CANCELLED, TAKEN_BACK, ""
        mail.job.epoch += 1

    def _finish(self, commit: Commit, contact: Contact, report: CaptchaReport) -> None:
        now, name = self._clock.now(), self._person.name
        remove_report(self._db, commit, report, now)
        what = "the report of " + (report.by if report.by != name else "a moment ago") + " was taken back"
        told(self._db, commit, contact, "captcha.undone", what, report.model_copy(update={"at": now}), by=name)
        self._wary = True
        commit.run()


def _take_address(contact: Contact, report: CaptchaReport) -> None:
    contact.status = _WAITS
    contact.email = contact.lead_data_json.email = report.email_before
    contact.lead_data_json.emails = list(report.emails_before)
    contact.provenance.pop("email", None)
    contact.possible_duplicates = [p for p in contact.possible_duplicates if p.reason != SAME_ADDRESS]
