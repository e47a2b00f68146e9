"""Finding out what became of mails whose agent died or whose answer was lost. Never a blind retry.

SENDING, lease over    UNKNOWN
UNKNOWN                the mailbox is asked for the draft by its immutable id:
    sent                         SENT
    still a draft                after a grace the same draft is sent, never another one
    not there                    searched for by the job's id; after the grace PARKED for a person
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadgen.mail.clean import one_line
from leadgen.mail.facts import gather, objection
from leadgen.mail.lease import LeaseLost
from leadgen.mail.outcome import Outcome, after_failure
from leadgen.mail.pacing import Pace, Wait, latest, lead_wait, mailbox_wait, total_wait
from leadgen.mail.providers.base import Draft, DraftState, ProviderError, SignInNeeded, Throttled
from leadgen.mail.records import MailJob
from leadgen.mail.session import Session
from leadgen.mail.steps import advance, commit_sent, let_go, send
from leadgen.model.status import EmailStatus
from leadgen.store.records import Raced, Record, change

UNSETTLED = frozenset({EmailStatus.SENDING, EmailStatus.UNKNOWN})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_CONFIGURE = timedelta(minutes=15)


def is_ripe(job: MailJob, now: datetime) -> bool:
    """Whether it is time to ask what became of a mail that is SENDING or UNKNOWN."""
    if job.status not in UNSETTLED or (job.lease_until or _LONG_AGO) > now:
        return False
    return job.status is EmailStatus.SENDING or (job.not_before or _LONG_AGO) <= now


def reconcile(session: Session, jobs: list[Record[MailJob]], others: list[Session]) -> list[Outcome]:
    """Settle what can be settled of a mailbox's mails that are SENDING or UNKNOWN.

    Args:
        session: the mailbox; its `in_flight` is lowered by each mail that is settled.
        jobs: mails in progress, of any mailbox.
        others: the other mailboxes; what they sent counts for the cap of all.

    Raises:
        LeaseLost: another agent sends now.
    """
    outcomes = []
    for job in jobs:
        if job.value.account != session.account or not is_ripe(job.value, session.deps.clock.now()):
            continue
        session.agent.keep()
        try:
            outcomes.append(_settle(session, job, [other.pace for other in others]))
        except LeaseLost:
            session.agent.keep()
            outcomes.append(Outcome.LOST)
    return outcomes


def _settle(session: Session, job: Record[MailJob], others: list[Pace]) -> Outcome:
    job = advance(session, job, EmailStatus.UNKNOWN, {"agentEpoch": session.agent.epoch})
    try:
        draft = session.provider.look(job.value.immutable_id)
        if draft.state is DraftState.MISSING:
            draft = session.provider.find_by_job(job.id) or draft
    except ProviderError as error:
        return _ask_later(session, job, error)
    if draft.state is DraftState.SENT:
        facts = gather(session.deps, [job])[job.id]
        commit_sent(session, job, draft, facts.contact)
        session.in_flight -= 1
        return Outcome.SENT
    grace_over = (job.value.attempted_at or _LONG_AGO) + session.deps.timing.grace
    if session.deps.clock.now() < grace_over:
        shown = "still shows the draft" if draft.state is DraftState.DRAFT else "does not show the mail yet"
        return _stay(session, job, grace_over, f"the mailbox {shown}; it is asked again")
    if draft.state is DraftState.MISSING:
        return _park(
            session, job, "the mailbox knows neither draft nor mail; look there and decide whether it was sent"
        )
    return _send_again(session, job, draft, others)


def _ask_later(session: Session, job: Record[MailJob], error: ProviderError) -> Outcome:
    now, reason = session.deps.clock.now(), one_line(str(error), 300)
    until = error.until if isinstance(error, Throttled) else now + session.deps.timing.backoff(2, session.deps.rng)
    _stay(session, job, until, reason)
    if isinstance(error, SignInNeeded):
        session.sign_in_needed(reason)
    elif isinstance(error, Throttled):
        session.block(until, reason)
    return Outcome.UNKNOWN


def _stay(session: Session, job: Record[MailJob], until: datetime, reason: str) -> Outcome:
    now = session.deps.clock.now()
    changes = {"leaseOwner": "", "leaseUntil": None, "notBefore": until, "reason": reason, "updatedAt": now}
    try:
        change(job, changes)
    except Raced as error:
        raise LeaseLost(job.id) from error
    return Outcome.UNKNOWN


def _park(session: Session, job: Record[MailJob], reason: str) -> Outcome:
    let_go(session, job, EmailStatus.PARKED, {"reason": reason, "mayHaveLeft": True})
    session.in_flight -= 1
    return Outcome.FAILED


def _send_again(session: Session, job: Record[MailJob], draft: Draft, others: list[Pace]) -> Outcome:
    """The mailbox still has the draft after the grace, so the send did not happen: send this same draft."""
    deps, now = session.deps, session.deps.clock.now()
    if job.value.attempts >= deps.timing.max_attempts:
        return _park(session, job, f"sent {job.value.attempts} times, and the mailbox still shows the draft")
    session.in_flight -= 1  # this mail itself is none of those it must wait for
    wait = _must_wait(session, job.value, others, now)
    session.in_flight += 1
    if wait is not None:
        return _stay(session, job, max(wait.until, now + timedelta(seconds=1)), wait.reason)
    facts = gather(deps, [job])[job.id]
    problem = objection(deps, job, facts, session.settings, now)
    if isinstance(problem, Wait):
        return _stay(session, job, problem.until, problem.reason)
    if problem is not None and problem.status is EmailStatus.QUEUED:  # the configuration is incomplete
        return _stay(session, job, now + _CONFIGURE, problem.reason)
    if problem is not None:
        return _park(session, job, f"not confirmed as sent, and now {problem.reason}")
    changes = {"attempts": job.value.attempts + 1, "attemptedAt": now, "immutableId": draft.immutable_id}
    job = advance(session, job, EmailStatus.SENDING, changes)
    try:
        send(session, job)
    except ProviderError as error:
        session.in_flight -= 1
        return after_failure(session, job, error)
    commit_sent(session, job, None, facts.contact)
    session.in_flight -= 1
    return Outcome.SENT


def _must_wait(session: Session, job: MailJob, others: list[Pace], now: datetime) -> Wait | None:
    session.refresh()
    settings, pace = session.settings, session.pace
    return latest(
        lead_wait(settings, job.timezone, now),
        mailbox_wait(settings, pace, now, session.provider.per_minute),
        total_wait(settings, [pace, *others], now),
    )
