"""The steps of one mail, each a commit that names the state and epoch it knows.

    QUEUED ─ hold ─▶ DRAFTING ─ draft made, its id stored, address claimed ─▶ SENDING ─ accepted ─▶ SENT

Between any two of them the process may die. What then is true is always in the mail's document: DRAFTING means that
nothing can have left, SENDING that only the mailbox can tell. `reconcile` takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from leadgen.mail.lease import LeaseLost, Session
from leadgen.mail.pacing import after_sending, interval_end, pack
from leadgen.mail.providers.base import Draft, DraftState, Message
from leadgen.mail.records import Mailbox, MailJob
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, ProcessorRequest
from leadgen.model.status import EmailStatus, check_transition
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Raced, Record, read, retrying


def advance(
    session: Session,
    job: Record[MailJob],
    status: EmailStatus,
    changes: dict[str, Any],
    also: Callable[[Commit], None] | None = None,
) -> Record[MailJob]:
    """Bring a mail to its next status under our name and a new epoch.

    Args:
        session: who we are.
        job: the mail as we know it.
        status: its next status (the same one renews our hold).
        changes: further fields, camelCase.
        also: adds writes that must happen together with it.

    Raises:
        LeaseLost: someone else changed the mail.
        Raced: the mail is as we know it, but one of the other writes could not be made.
    """
    if status is not job.value.status:
        check_transition(f"mail {job.id}", job.value.status, status)
    now, epoch = session.deps.clock.now(), job.value.epoch + 1
    lease = {"leaseOwner": session.owner, "leaseUntil": now + session.deps.timing.job_lease, "epoch": epoch}
    commit = Commit(session.deps.db).change(job, {**changes, **lease, "status": str(status), "updatedAt": now})
    if also is not None:
        also(commit)
    raced: Raced | None = None
    try:
        commit.run()
    except Raced as error:
        raced = error
    # The answer is not trusted either way: the client repeats a commit whose answer was lost, and then the repetition
    # fails although the first try was applied. The document, read anew, says whether it is ours.
    fresh = read(job.ref, MailJob)
    if fresh is None:
        raise LeaseLost(job.id)
    if (fresh.value.epoch, fresh.value.lease_owner, fresh.value.status) == (epoch, session.owner, status):
        return fresh
    if raced is not None and fresh.snapshot.update_time == job.snapshot.update_time:
        raise raced
    raise LeaseLost(job.id)


def let_go(session: Session, job: Record[MailJob], status: EmailStatus, changes: dict[str, Any]) -> None:
    """Give a mail we hold back, under another status and without a lease.

    Raises:
        LeaseLost: it is no longer ours.
    """
    check_transition(f"mail {job.id}", job.value.status, status)
    free = {"leaseOwner": "", "leaseUntil": None, "status": str(status), "updatedAt": session.deps.clock.now()}
    try:
        Commit(session.deps.db).change(job, {**changes, **free}).run()
    except Raced as error:
        raise LeaseLost(job.id) from error


def hold(session: Session, job: Record[MailJob]) -> Record[MailJob]:
    """Take a queued mail for drafting.

    Raises:
        LeaseLost: someone else took or changed it.
    """
    changes = {"account": session.account, "attempts": job.value.attempts + 1, "reason": "", "error": ""}
    return advance(session, job, EmailStatus.DRAFTING, changes)


def obtain_draft(session: Session, job: Record[MailJob], message: Message) -> Draft:
    """Make the draft. After an earlier attempt there may be one nobody noted, or even a mail that left: look first.

    Raises:
        ProviderError: no draft; nothing left.
    """
    if job.value.attempts > 1:
        earlier = session.provider.find_by_job(job.id)
        if earlier is not None and earlier.state is DraftState.SENT:
            return earlier
        if earlier is not None:
            session.provider.discard(earlier.immutable_id)
    return session.provider.create_draft(message, job.id)


def begin_sending(
    session: Session, job: Record[MailJob], draft: Draft, subject: str, claim: Callable[[Commit], None]
) -> Record[MailJob]:
    """Store the draft's id, claim the address, and become SENDING, all in one commit.

    Raises:
        LeaseLost: the mail is no longer ours.
        Raced: another mail claimed the address at the same moment.
    """
    changes = {
        "immutableId": draft.immutable_id,
        "internetMessageId": draft.internet_message_id,
        "subject": subject,
        "attemptedAt": session.deps.clock.now(),
    }
    return advance(session, job, EmailStatus.SENDING, changes, claim)


def send(session: Session, job: Record[MailJob]) -> None:
    """Send the draft of a mail that is SENDING.

    Raises:
        LeaseLost: too little is left of our lease; another agent might reconcile the mail while our call runs.
        ProviderError: see `MailProvider.send`.
    """
    until = job.value.lease_until
    left = (until - session.deps.clock.now()).total_seconds() if until is not None else 0.0
    if left < 2 * session.provider.call_timeout_s or not session.holds(session.record.value):
        raise LeaseLost(job.id)
    session.provider.send(job.value.immutable_id)


def commit_sent(
    session: Session, job: Record[MailJob], settings: Settings, draft: Draft | None, contact: Record[Contact] | None
) -> None:
    """Note that the mail left: the mail, the contact, the campaign and the mailbox's pace, in one atomic commit.

    Args:
        session: who we are.
        job: the mail, SENDING or UNKNOWN and ours.
        settings: for the pace.
        draft: what the mailbox said, if it was asked.
        contact: as read before, if it exists; saves a read when nothing raced.

    Raises:
        LeaseLost: the mail or the mailbox is someone else's now; they will find out that it left.
    """
    check_transition(f"mail {job.id}", job.value.status, EmailStatus.SENT)
    where, now, chance = Collections(session.deps.db), session.deps.clock.now(), session.deps.rng.random()
    first = True

    def attempt() -> None:
        nonlocal first
        current, person, mailbox = job, contact, session.record
        request = where.requests.document(job.value.request_id) if job.value.request_id else None
        if not first:
            again = read(job.ref, MailJob)
            if again is not None and again.value.status is EmailStatus.SENT:
                return
            if again is None or (again.value.epoch, again.value.lease_owner) != (job.value.epoch, session.owner):
                raise LeaseLost(job.id)
            current, mailbox = again, session.refresh()
            person = read(where.contacts.document(job.value.contact_id), Contact) if job.value.contact_id else None
            request = request if request is not None and read(request, ProcessorRequest) is not None else None
        first = False
        commit = Commit(session.deps.db).change(current, _sent_fields(current.value, draft, now))
        commit.change(mailbox, mailbox_after(mailbox.value, settings, now, chance))
        if person is not None:
            commit.change(person, {"lastSent": now, "lastUpdated": now})
        if request is not None:
            commit.increase(request, {"counts.sent": 1})
        commit.run()

    retrying(attempt, sleep=session.deps.sleep, rng=session.deps.rng)


def _sent_fields(job: MailJob, draft: Draft | None, now: datetime) -> dict[str, Any]:
    return {
        "status": str(EmailStatus.SENT),
        "sentAt": now,
        "immutableId": draft.immutable_id if draft is not None else job.immutable_id,
        "internetMessageId": (draft.internet_message_id if draft is not None else "") or job.internet_message_id,
        "leaseOwner": "",
        "leaseUntil": None,
        "reason": "",
        "error": "",
        "updatedAt": now,
    }


def mailbox_after(mailbox: Mailbox, settings: Settings, now: datetime, chance: float) -> dict[str, Any]:
    """The mailbox's fields once one more mail has left."""
    pace = after_sending(mailbox.pace(), settings, now, chance)
    return {
        "sentLog": pack(pace.sent),
        "sentLastDay": len(pace.sent),
        "sincePause": pace.since_pause,
        "paceChance": chance,
        "lastSentAt": now,
        "nextSendAt": interval_end(settings, pace),
        "waitReason": "",
        "blockedUntil": None,
        "blockedReason": "",
    }
