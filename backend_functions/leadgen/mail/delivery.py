"""One mail, from due to sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from leadgen.mail.addresses import add_claim
from leadgen.mail.compose import Composed, compose
from leadgen.mail.facts import Facts, Templates, objection
from leadgen.mail.lease import LeaseLost
from leadgen.mail.outcome import Outcome, after_failure
from leadgen.mail.pacing import Wait
from leadgen.mail.providers.base import Draft, DraftState, ProviderError
from leadgen.mail.queue import postpone, settle
from leadgen.mail.records import AddressClaim, MailJob, claim_ref
from leadgen.mail.session import Session
from leadgen.mail.steps import begin_sending, commit_sent, let_go, obtain_draft, send
from leadgen.mail.templates import Unrenderable
from leadgen.model.status import EmailStatus
from leadgen.store.records import Commit, Raced, Record, read


def deliver(session: Session, job: Record[MailJob], facts: Facts, templates: Templates) -> Outcome:
    """Send one mail that is due, from a mailbox whose turn it is.

    Args:
        session: the mailbox.
        job: the mail, QUEUED when it was read.
        facts: what is known about its recipient.
        templates: the templates as they are.

    Raises:
        LeaseLost: another agent sends now, or someone else changed the mail.
    """
    deps, now = session.deps, session.deps.clock.now()
    problem = objection(deps, job, facts, session.settings, now)
    if isinstance(problem, Wait):
        return Outcome.WAITING if postpone(job, problem, now, waits_for="turn") else Outcome.LOST
    if problem is not None:
        return Outcome.REFUSED if settle(deps.db, job, problem.status, problem.reason, now) else Outcome.LOST
    try:
        message = _message(session, job.value, templates)
    except Unrenderable as error:
        return Outcome.REFUSED if settle(deps.db, job, EmailStatus.HELD, str(error), now) else Outcome.LOST
    return _send(session, job, message, facts)


def _message(session: Session, job: MailJob, templates: Templates) -> Composed:
    template = templates.get(job.template_id)
    if template is None or template.is_archived:
        state = "is archived" if template is not None else "does not exist"
        raise Unrenderable(f"template {job.template_id} {state}")
    deps = session.deps
    message = compose(
        template,
        job.lead_data,
        session.settings,
        account=session.record.value.sender,
        token_key=deps.token_key,
        public_url=deps.public_url,
    )
    if not job.in_reply_to:
        return message
    # A follow-up has the subject of the thread, not its template's.
    subject = job.subject or message.subject
    return replace(message, subject=subject, in_reply_to=job.in_reply_to, references=job.references)


def _send(session: Session, job: Record[MailJob], message: Composed, facts: Facts) -> Outcome:
    loose = session.agent.loose
    session.agent.keep([job.id])
    loose.add(job.id)
    try:
        draft = obtain_draft(session, job, message)
    except ProviderError as error:
        # A draft may have been made all the same; `loose` keeps the mail until a later look removes it.
        return after_failure(session, job, error)
    try:
        sending = _begin(session, job, draft, message.recorded(), facts)
    except LeaseLost:
        _discard(session, job, draft)
        raise
    except Raced:
        # Another mail has claimed the address: since we looked, or before, if there was no reason to look.
        _discard(session, job, draft)
        return _claimed(session, job, facts)
    loose.discard(job.id)
    try:
        if draft.state is DraftState.DRAFT:
            send(session, sending)
    except ProviderError as error:
        return after_failure(session, sending, error)
    commit_sent(session, sending, draft, facts.contact)
    return Outcome.SENT


def _claimed(session: Session, job: Record[MailJob], facts: Facts) -> Outcome:
    """What becomes of a mail whose address another one has, going by the claim as it is now."""
    deps, now = session.deps, session.deps.clock.now()
    claim = read(claim_ref(deps.db, job.value.lead_data.email), AddressClaim)
    problem = objection(deps, job, replace(facts, claim=claim), session.settings, now)
    if isinstance(problem, Wait):
        return Outcome.WAITING if postpone(job, problem, now, waits_for="turn") else Outcome.LOST
    if problem is not None:
        return Outcome.REFUSED if settle(deps.db, job, problem.status, problem.reason, now) else Outcome.LOST
    # Whoever had it will not use it. An attempt is counted, so that the next one looks at the claim first.
    changes = {
        "notBefore": now,
        "reason": "another mail to this address was faster",
        "attempts": max(job.value.attempts, 1),
    }
    let_go(session, job, EmailStatus.QUEUED, changes)
    return Outcome.WAITING


def _begin(
    session: Session, job: Record[MailJob], draft: Draft, recorded: dict[str, Any], facts: Facts
) -> Record[MailJob]:
    deps = session.deps

    def claim(commit: Commit) -> None:
        add_claim(commit, deps.db, job.value.lead_data.email, facts.claim, job.id, deps.clock.now())

    return begin_sending(session, job, draft, recorded, claim)


def _discard(session: Session, job: Record[MailJob], draft: Draft) -> None:
    """Remove a draft that will not be sent; if that fails, a later look does it."""
    if draft.state is DraftState.DRAFT:
        with suppress(ProviderError):
            session.provider.discard(draft.immutable_id)
            session.agent.loose.discard(job.id)
