"""What became of one mail in one attempt, and what follows from each thing that can go wrong."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from leadgen.mail.clean import one_line
from leadgen.mail.providers.base import OutcomeUnknown, ProviderError, Refused, SignInNeeded, Throttled
from leadgen.mail.queue import settle
from leadgen.mail.records import MailJob
from leadgen.mail.session import Session
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
    """Someone else changed it."""


def after_failure(session: Session, job: Record[MailJob], error: ProviderError) -> Outcome:
    """Put a mail where it belongs after the provider failed, before it was SENDING or then.

    Args:
        session: who we are; the mailbox is blocked or marked where the failure concerns all of it.
        job: the mail, QUEUED or SENDING.
        error: what the provider said.

    Raises:
        LeaseLost: someone else changed the mail.
    """
    now, reason = session.deps.clock.now(), one_line(str(error), 300)
    timing, rng = session.deps.timing, session.deps.rng
    if isinstance(error, OutcomeUnknown):
        return _unknown(session, job, reason, error.until)
    if isinstance(error, Refused):
        return _failed(session, job, reason)
    if isinstance(error, SignInNeeded):
        let_go(session, job, EmailStatus.QUEUED, {"notBefore": now, "reason": reason, **_tried(session, job)})
        session.sign_in_needed(reason)
        return Outcome.WAITING
    if isinstance(error, Throttled):
        return _wait(session, job, reason, error.until + timing.backoff(0, rng) * 0.1, error.until)
    attempts = int(_tried(session, job)["attempts"])
    if attempts >= timing.max_attempts:
        return _failed(session, job, f"given up after {attempts} attempts: {reason}")
    return _wait(session, job, reason, now + timing.backoff(attempts, rng), now + timing.backoff(0, rng))


def _tried(session: Session, job: Record[MailJob]) -> dict[str, Any]:
    """The attempt, counted once: becoming SENDING counts it already."""
    begun = job.value.status is EmailStatus.SENDING
    return {"attempts": job.value.attempts + (0 if begun else 1), "account": session.account}


def _failed(session: Session, job: Record[MailJob], reason: str) -> Outcome:
    done = settle(session.deps.db, job, EmailStatus.ERROR_API_FAILURE, reason, session.deps.clock.now())
    return Outcome.FAILED if done else Outcome.LOST


def _wait(session: Session, job: Record[MailJob], reason: str, until: datetime, mailbox_until: datetime) -> Outcome:
    changes = {"notBefore": until, "reason": reason, "waitsFor": "retry", **_tried(session, job)}
    let_go(session, job, EmailStatus.QUEUED, changes)
    session.block(mailbox_until, reason)
    return Outcome.WAITING


def _unknown(session: Session, job: Record[MailJob], reason: str, until: datetime | None) -> Outcome:
    look = session.deps.clock.now() + session.deps.timing.first_look
    # It may have left, so the pace counts it until the mailbox has been asked.
    session.in_flight += 1
    look = max(look, until) if until is not None else look
    let_go(session, job, EmailStatus.UNKNOWN, {"notBefore": look, "reason": reason})
    return Outcome.UNKNOWN
