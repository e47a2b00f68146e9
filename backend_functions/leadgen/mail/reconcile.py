"""Finding out what became of mails whose agent died or whose answer was lost. Never a blind retry.

DRAFTING, lease over   nothing left: back to QUEUED
SENDING, lease over    UNKNOWN
UNKNOWN                the mailbox is asked for the draft by its immutable id:
    sent                         SENT
    still a draft                after a grace the same draft is sent, never another one
    not there                    searched for by the job's id; after the grace PARKED for a person
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from leadgen.mail.clean import one_line
from leadgen.mail.deps import MailDeps
from leadgen.mail.facts import gather, objection
from leadgen.mail.lease import LeaseLost, Session
from leadgen.mail.outcome import Outcome, after_failure
from leadgen.mail.pacing import LOOK_AGAIN, Wait, lead_wait, mailbox_wait
from leadgen.mail.providers.base import Draft, DraftState, ProviderError, SignInNeeded, Throttled
from leadgen.mail.records import MailJob
from leadgen.mail.steps import advance, commit_sent, let_go, send
from leadgen.model.config import Settings
from leadgen.model.status import EmailStatus
from leadgen.store.records import Raced, Record, change

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def free_drafting(deps: MailDeps, jobs: list[Record[MailJob]]) -> int:
    """Queue the mails again whose agent stopped before anything could have left; how many there were."""
    now, freed = deps.clock.now(), 0
    for job in jobs:
        if job.value.status is not EmailStatus.DRAFTING or not _lease_over(job.value, now):
            continue
        changes = {
            "status": str(EmailStatus.QUEUED),
            "epoch": job.value.epoch + 1,
            "leaseOwner": "",
            "leaseUntil": None,
            "notBefore": now,
            "reason": "an agent stopped while it was drafting; it is tried again",
            "updatedAt": now,
        }
        try:
            change(job, changes)
            freed += 1
        except Raced:
            continue
    return freed


def reconcile(session: Session, settings: Settings, jobs: list[Record[MailJob]]) -> list[Outcome]:
    """Settle what can be settled of a mailbox's mails that are SENDING or UNKNOWN.

    Args:
        session: the mailbox; its `in_flight` is set to the mails that stay unsettled.
        settings: the configuration, for a draft that must be sent again.
        jobs: mails in progress, of any mailbox.

    Raises:
        LeaseLost: the mailbox is someone else's now.
    """
    mine = [job for job in jobs if job.value.account == session.account and job.value.status in _UNSETTLED]
    session.in_flight = len(mine)
    outcomes = []
    for job in mine:
        now = session.deps.clock.now()
        if not _lease_over(job.value, now) or (
            job.value.status is EmailStatus.UNKNOWN and (job.value.not_before or _LONG_AGO) > now
        ):
            continue
        session.refresh()
        try:
            outcome = _settle(session, settings, job)
        except LeaseLost:
            session.refresh()
            outcome = Outcome.LOST
        outcomes.append(outcome)
    return outcomes


_UNSETTLED = frozenset({EmailStatus.SENDING, EmailStatus.UNKNOWN})


def _lease_over(job: MailJob, now: datetime) -> bool:
    return (job.lease_until or _LONG_AGO) <= now


def _settle(session: Session, settings: Settings, job: Record[MailJob]) -> Outcome:
    job = advance(session, job, EmailStatus.UNKNOWN, {})
    try:
        draft = session.provider.look(job.value.immutable_id)
        if draft.state is DraftState.MISSING:
            draft = session.provider.find_by_job(job.id) or draft
    except ProviderError as error:
        return _ask_later(session, job, error)
    if draft.state is DraftState.SENT:
        facts = gather(session.deps, job.value)
        commit_sent(session, job, settings, draft, facts.contact)
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
    return _send_again(session, settings, job, draft)


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
    _change_or_lose(job, lambda: change(job, changes))
    return Outcome.UNKNOWN


def _change_or_lose(job: Record[MailJob], write: Callable[[], None]) -> None:
    try:
        write()
    except Raced as error:
        raise LeaseLost(job.id) from error


def _park(session: Session, job: Record[MailJob], reason: str) -> Outcome:
    let_go(session, job, EmailStatus.PARKED, {"reason": reason})
    session.in_flight -= 1
    return Outcome.FAILED


def _send_again(session: Session, settings: Settings, job: Record[MailJob], draft: Draft) -> Outcome:
    """The mailbox still has the draft after the grace, so the send did not happen: send this same draft."""
    deps, now = session.deps, session.deps.clock.now()
    if job.value.attempts >= deps.timing.max_attempts:
        return _park(session, job, f"sent {job.value.attempts} times, and the mailbox still shows the draft")
    others = session.in_flight - 1
    wait = lead_wait(settings, job.value.timezone, now) or mailbox_wait(
        settings, session.refresh().value.pace(others), now, session.provider.per_minute
    )
    if wait is not None:
        return _stay(session, job, max(wait.until, now + timedelta(seconds=1)), wait.reason)
    facts = gather(deps, job.value)
    problem = objection(deps, job, facts, settings, now)
    if isinstance(problem, Wait):
        return _stay(session, job, problem.until, problem.reason)
    if problem is not None and problem.status is EmailStatus.QUEUED:  # the configuration is incomplete
        return _stay(session, job, now + LOOK_AGAIN, problem.reason)
    if problem is not None:
        return _park(session, job, f"not confirmed as sent, and now {problem.reason}")
    changes = {"attempts": job.value.attempts + 1, "attemptedAt": now, "immutableId": draft.immutable_id}
    job = advance(session, job, EmailStatus.SENDING, changes)
    try:
        send(session, job)
    except ProviderError as error:
        session.in_flight -= 1
        return after_failure(session, job, error)
    commit_sent(session, job, settings, None, facts.contact)
    session.in_flight -= 1
    return Outcome.SENT
