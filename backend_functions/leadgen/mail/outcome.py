"""What became of one mail in one attempt, and what follows from each thing that can go wrong."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from leadgen.mail.clean import one_line
from leadgen.mail.lease import Session
from leadgen.mail.providers.base import OutcomeUnknown, ProviderError, Refused, SignInNeeded, Throttled
from leadgen.mail.queue import settle
from leadgen.mail.records import MailJob
from leadgen.mail.steps import let_go
from leadgen.model.status import EmailStatus
from leadgen.store.records import Record


class Outcome(Enum):
    """What became of a mail."""

    SENT = "sent"
    WAITING = "waiting"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LOST = "lost"
    """Another agent has it."""


def after_failure(session: Session, job: Record[MailJob], error: ProviderError) -> Outcome:
    """Put a mail that we hold (DRAFTING or SENDING) where it belongs after the provider failed.

    Args:
        session: who we are; the mailbox is blocked or marked where the failure concerns all of it.
        job: the mail.
        error: what the provider said.

    Raises:
        LeaseLost: the mail or the mailbox is someone else's now.
    """
    now, reason = session.deps.clock.now(), one_line(str(error), 300)
    timing, rng = session.deps.timing, session.deps.rng
    if isinstance(error, OutcomeUnknown):
        return _unknown(session, job, reason, error.until)
    if isinstance(error, Refused):
        return Outcome.FAILED if settle(session.deps.db, job, _FAILED, reason, now) else Outcome.LOST
    if isinstance(error, SignInNeeded):
        let_go(session, job, EmailStatus.QUEUED, {"notBefore": now, "reason": reason})
        session.sign_in_needed(reason)
        return Outcome.WAITING
    if isinstance(error, Throttled):
        return _wait(session, job, reason, error.until + timing.backoff(0, rng) * 0.1, error.until)
    if job.value.attempts >= timing.max_attempts:
        why = f"given up after {job.value.attempts} attempts: {reason}"
        return Outcome.FAILED if settle(session.deps.db, job, _FAILED, why, now) else Outcome.LOST
    return _wait(session, job, reason, now + timing.backoff(job.value.attempts, rng), now + timing.backoff(0, rng))


def _wait(session: Session, job: Record[MailJob], reason: str, until: datetime, mailbox_until: datetime) -> Outcome:
    let_go(session, job, EmailStatus.QUEUED, {"notBefore": until, "reason": reason})
    session.block(mailbox_until, reason)
    return Outcome.WAITING


_FAILED = EmailStatus.ERROR_API_FAILURE


def _unknown(session: Session, job: Record[MailJob], reason: str, until: datetime | None) -> Outcome:
    look = session.deps.clock.now() + session.deps.timing.first_look
    # It may have left, so the pace counts it until the mailbox has been asked.
    session.in_flight += 1
    look = max(look, until) if until is not None else look
    let_go(session, job, EmailStatus.UNKNOWN, {"notBefore": look, "reason": reason})
    return Outcome.UNKNOWN
