"""The steps of one mail, each a commit that names the state and epoch it knows.

    QUEUED ─ draft made; its id stored, address claimed, lease taken in one commit ─▶ SENDING ─ accepted ─▶ SENT

Between any two of them the process may die. What then is true is always in a document: QUEUED means that nothing can
have left, SENDING that only the mailbox can tell. That a draft may lie about is noted before it is made, for several
mails at once (`Agent.prepare`). `recovery` and `reconcile` take it from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from leadgen.mail.facts import Templates
from leadgen.mail.lease import LeaseLost
from leadgen.mail.providers.base import Draft, DraftState, Message
from leadgen.mail.records import MailJob
from leadgen.mail.sequences import next_step, sequence_of
from leadgen.mail.session import Left, Session
from leadgen.model.documents import Contact, EmailJob
from leadgen.model.status import EmailStatus, check_transition
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Raced, Record, read, retrying, written


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
    agent, now, epoch = session.agent, session.deps.clock.now(), job.value.epoch + 1
    lease = {"leaseOwner": agent.owner, "leaseUntil": now + session.deps.timing.job_lease, "epoch": epoch}
    changes = {**changes, **lease, "status": str(status), "updatedAt": now}
    commit = Commit(session.deps.db).change(job, changes)
    if also is not None:
        also(commit)
    try:
        return written(job, changes, commit.run()[0])
    except Raced as error:
        raced = error
    # The refusal alone is not trusted: the client repeats a commit whose answer was lost, and then the repetition
    # fails although the first try was applied. The document, read anew, says whether it is ours.
    fresh = read(job.ref, MailJob)
    if fresh is None:
        raise LeaseLost(job.id)
    if (fresh.value.epoch, fresh.value.lease_owner, fresh.value.status) == (epoch, agent.owner, status):
        return fresh
    if fresh.snapshot.update_time == job.snapshot.update_time:
        raise raced
    raise LeaseLost(job.id)


def let_go(session: Session, job: Record[MailJob], status: EmailStatus, changes: dict[str, Any]) -> None:
    """Give a mail back, under another status (or still QUEUED) and without a lease.

    Raises:
        LeaseLost: someone else changed it.
    """
    if status is not job.value.status:
        check_transition(f"mail {job.id}", job.value.status, status)
    free = {"leaseOwner": "", "leaseUntil": None, "status": str(status), "updatedAt": session.deps.clock.now()}
    try:
        Commit(session.deps.db).change(job, {**changes, **free}).run()
    except Raced as error:
        raise LeaseLost(job.id) from error


def obtain_draft(session: Session, job: Record[MailJob], message: Message) -> Draft:
    """Make the draft. After an earlier attempt there may be one nobody noted, or even a mail that left: look first.

    Raises:
        ProviderError: no draft; nothing left.
    """
    if job.value.attempts or job.value.immutable_id:
        earlier = session.provider.find_by_job(job.id)
        if earlier is not None and earlier.state is DraftState.SENT:
            return earlier
        if earlier is not None:
            session.provider.discard(earlier.immutable_id)
    return session.provider.create_draft(message, job.id)


def begin_sending(
    session: Session, job: Record[MailJob], draft: Draft, recorded: dict[str, Any], claim: Callable[[Commit], None]
) -> Record[MailJob]:
    """Store the draft's id, claim the address, and become SENDING, all in one commit.

    Args:
        session: who we are.
        job: the mail, QUEUED when it was read.
        draft: what was made of it.
        recorded: further fields, of how it was made.
        claim: adds the claim on the address.

    Raises:
        LeaseLost: someone else changed the mail, or our time to send is over.
        Raced: another mail claimed the address at the same moment.
    """
    session.agent.keep([job.id], at_least=timedelta(seconds=session.provider.call_timeout_s))
    changes = {
        **recorded,
        "account": session.account,
        "attempts": job.value.attempts + 1,
        "immutableId": draft.immutable_id,
        "internetMessageId": draft.internet_message_id,
        "attemptedAt": session.deps.clock.now(),
        "agentEpoch": session.agent.epoch,
        "waitsFor": "",
        "reason": "",
        "error": "",
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
    if left < 2 * session.provider.call_timeout_s or not session.agent.holds():
        raise LeaseLost(job.id)
    session.provider.send(job.value.immutable_id)


def commit_sent(session: Session, job: Record[MailJob], draft: Draft | None, contact: Record[Contact] | None) -> None:
    """Note that the mail left: the mail and the contact, in one commit. The session counts it in the mailbox's pace.

    Args:
        session: who we are.
        job: the mail, SENDING or UNKNOWN and ours.
        draft: what the mailbox said, if it was asked.
        contact: as read before, if it exists; saves a read when nothing raced.

    Raises:
        LeaseLost: the mail is someone else's now; they will find out that it left.
    """
    check_transition(f"mail {job.id}", job.value.status, EmailStatus.SENT)
    agent, now = session.agent, session.deps.clock.now()
    agent.seq += 1
    chance = session.deps.rng.random()
    left = Left(now, agent.epoch, agent.seq, job.value.request_id, chance, is_follow_up=bool(job.value.step))
    following = _following(session, job, draft, now)
    first = True

    def attempt() -> None:
        nonlocal first
        current, person = job, contact
        if not first:
            again = read(job.ref, MailJob)
            if again is not None and again.value.status is EmailStatus.SENT and _is(again.value, left):
                return
            if again is None or (again.value.epoch, again.value.lease_owner) != (job.value.epoch, agent.owner):
                raise LeaseLost(job.id)
            where = Collections(session.deps.db)
            person = read(where.contacts.document(job.value.contact_id), Contact) if job.value.contact_id else None
            current = again
        commit = Commit(session.deps.db).change(current, _sent_fields(current.value, draft, left))
        if following is not None and (first or not _exists(session, following[0])):
            commit.create(Collections(session.deps.db).emails.document(following[0]), following[1])
        first = False
        if person is not None:
            commit.change(person, {"lastSent": now, "lastUpdated": now})
        commit.run()

    retrying(attempt, sleep=session.deps.sleep, rng=session.deps.rng)
    session.count(left)


def _following(
    session: Session, job: Record[MailJob], draft: Draft | None, now: datetime
) -> tuple[str, EmailJob] | None:
    """The next mail of the sequence, if there is one; see `sequences`."""
    message_id = (draft.internet_message_id if draft is not None else "") or job.value.internet_message_id
    template = Templates(session.deps).get(sequence_of(job.value))
    return next_step(job.id, job.value, message_id, template, now)


def _exists(session: Session, job_id: str) -> bool:
    return read(Collections(session.deps.db).emails.document(job_id), MailJob) is not None


def _is(job: MailJob, left: Left) -> bool:
    return (job.agent_epoch, job.agent_seq) == (left.epoch, left.seq)


def _sent_fields(job: MailJob, draft: Draft | None, left: Left) -> dict[str, Any]:
    return {
        "status": str(EmailStatus.SENT),
        "sentAt": left.at,
        "immutableId": draft.immutable_id if draft is not None else job.immutable_id,
        "internetMessageId": (draft.internet_message_id if draft is not None else "") or job.internet_message_id,
        "agentEpoch": left.epoch,
        "agentSeq": left.seq,
        "mayHaveLeft": False,
        "leaseOwner": "",
        "leaseUntil": None,
        "reason": "",
        "error": "",
        "updatedAt": left.at,
    }
