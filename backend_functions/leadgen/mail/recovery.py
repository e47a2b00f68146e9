"""What an agent does first when the one before it died: nothing may be sent before the past is known.

1. Mails that were being sent become UNKNOWN under a new epoch, so that the dead agent, should it wake up, can't settle
   them any more; `reconcile` then asks the mailbox.
2. Mails that left and are in no mailbox's pace yet are counted; they are found by their own documents.
3. Drafts that were made and that no mail knows of are removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leadgen.mail.deps import MailDeps
from leadgen.mail.lease import Agent
from leadgen.mail.providers.base import DraftState, ProviderError
from leadgen.mail.queue import settle
from leadgen.mail.records import MailJob
from leadgen.mail.session import Left, Session
from leadgen.model.status import EmailStatus, MailboxState
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Raced, Record, change, read_all, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_AT_ONCE = 20
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def fence(agent: Agent, jobs: list[Record[MailJob]]) -> int:
    """Take the mails that were being sent out of the dead agent's hands; how many there were."""
    fenced, now = 0, agent.deps.clock.now()
    for job in jobs:
        if job.value.status is not EmailStatus.SENDING:
            continue
        changes = {
            "status": str(EmailStatus.UNKNOWN),
            "epoch": job.value.epoch + 1,
            "leaseOwner": "",
            "leaseUntil": None,
            "notBefore": now,
            "reason": "an agent stopped while it was sending this mail; the mailbox is asked",
            "agentEpoch": agent.epoch,
            "updatedAt": now,
        }
        fenced += _change(job, changes)
    return fenced


def count_again(agent: Agent, sessions: list[Session]) -> int:
    """Count the mails that left and that no mailbox counts; how many there were."""
    state, deps = agent.record.value, agent.deps
    left = left_since(deps.db, state.open_epoch, agent.epoch, deps.clock.now(), deps.rng.random)
    for session in sessions:
        session.waiting_mails.extend(left.get(session.account, []))
        session.flush()
    return sum(map(len, left.values()))


def left_since(
    db: Client, first: int, before: int, now: datetime, chance: Callable[[], float]
) -> dict[str, list[Left]]:
    """Mails that left by the hand of these agents, by the mailbox.

    Args:
        db: the Firestore client.
        first: the epoch of the first of the agents.
        before: the epoch after that of the last.
        now: the present moment.
        chance: draws where the pause after a mail ends.
    """
    from google.cloud.firestore import FieldFilter

    query = Collections(db).emails.where(filter=FieldFilter("agentEpoch", ">=", first))
    query = query.where(filter=FieldFilter("agentEpoch", "<", before))
    left: dict[str, list[Left]] = defaultdict(list)
    for snapshot in query.get(timeout=RPC_TIMEOUT_S):
        job = to_record(snapshot, MailJob).value
        if job.status is EmailStatus.SENT and job.agent_seq:
            at, follows = job.sent_at or now, bool(job.step)
            mail = Left(at, job.agent_epoch, job.agent_seq, job.request_id, chance(), is_follow_up=follows)
            left[job.account].append(mail)
    return left


def remove_drafts(agent: Agent, sessions: list[Session]) -> int:
    """Remove the drafts nobody knows of, and queue their mails again behind the others; how many were queued."""
    wanted = sorted(agent.inherited)[:_AT_ONCE]
    where, asked = Collections(agent.deps.db), [s for s in sessions if s.record.value.state is MailboxState.ACTIVE]
    jobs = read_all(agent.deps.db, [where.emails.document(job_id) for job_id in wanted], MailJob)
    freed = 0
    for job_id in wanted:
        job = jobs.get(job_id)
        if all(_is_clean(session, job_id, job) for session in asked):
            agent.loose.discard(job_id)
        if job is not None and job.value.status is EmailStatus.QUEUED and agent.is_heir:
            freed += _try_again_later(agent.deps, job)
    return freed


def _is_clean(session: Session, job_id: str, job: Record[MailJob] | None) -> bool:
    """Remove the job's draft from this mailbox unless it is the one its document names; whether that is certain."""
    known = job.value.immutable_id if job is not None and job.value.status is not EmailStatus.QUEUED else ""
    try:
        draft = session.provider.find_by_job(job_id)
        if draft is not None and draft.state is DraftState.DRAFT and draft.immutable_id != known:
            session.provider.discard(draft.immutable_id)
    except ProviderError:
        return False
    return True


def _try_again_later(deps: MailDeps, job: Record[MailJob]) -> bool:
    """One of these mails may be what killed the agent; with each death it waits longer, and the others pass it. After
    the last attempt a person decides.

    Returns:
        Whether it is queued again.
    """
    now, attempts = deps.clock.now(), job.value.attempts + 1
    if attempts >= deps.timing.max_attempts:
        reason = f"given up after {attempts} attempts: the agent stopped while it prepared this mail"
        settle(deps.db, job, EmailStatus.ERROR_API_FAILURE, reason, now)
        return False
    later = now + deps.timing.backoff(attempts, deps.rng) if attempts > 1 else now
    reason = "an agent stopped while it prepared this mail; it is tried again"
    changes = {"attempts": attempts, "notBefore": later, "reason": reason, "waitsFor": "retry", "updatedAt": now}
    return _change(job, changes)


def free_drafting(deps: MailDeps, jobs: list[Record[MailJob]]) -> int:
    """Queue mails again that an earlier release of this program was drafting; nothing of them can have left."""
    now, freed = deps.clock.now(), 0
    for job in jobs:
        if job.value.status is EmailStatus.DRAFTING and (job.value.lease_until or _LONG_AGO) <= now:
            free = {"epoch": job.value.epoch + 1, "leaseOwner": "", "leaseUntil": None, "notBefore": now}
            queued = {"status": str(EmailStatus.QUEUED), "reason": "", "updatedAt": now}
            freed += _change(job, {**free, **queued})
    return freed


def _change(job: Record[MailJob], changes: dict[str, Any]) -> bool:
    try:
        change(job, changes)
    except Raced:
        return False
    return True
