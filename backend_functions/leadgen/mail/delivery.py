"""One mail, from due to sent."""

from __future__ import annotations

from leadgen.mail.addresses import add_claim
from leadgen.mail.compose import compose
from leadgen.mail.facts import Facts, Templates, gather, objection
from leadgen.mail.lease import LeaseLost, Session
from leadgen.mail.outcome import Outcome, after_failure
from leadgen.mail.pacing import Wait
from leadgen.mail.providers.base import DraftState, Message, ProviderError
from leadgen.mail.queue import postpone, settle
from leadgen.mail.records import MailJob
from leadgen.mail.steps import begin_sending, commit_sent, hold, let_go, obtain_draft, send
from leadgen.mail.templates import Unrenderable
from leadgen.model.config import Settings
from leadgen.model.status import EmailStatus
from leadgen.store.records import Commit, Raced, Record


def deliver(session: Session, job: Record[MailJob], settings: Settings, templates: Templates) -> Outcome:
    """Send one mail that is due, from a mailbox whose turn it is.

    Args:
        session: the mailbox.
        job: the mail, QUEUED when it was read.
        settings: the configuration.
        templates: the templates of this tick.

    Raises:
        LeaseLost: the mailbox is someone else's now. (A mail that is someone else's is only passed over.)
    """
    deps, now = session.deps, session.deps.clock.now()
    facts = gather(deps, job.value)
    problem = objection(deps, job, facts, settings, now)
    if isinstance(problem, Wait):
        return Outcome.WAITING if postpone(job, problem, now) else Outcome.LOST
    if problem is not None:
        return Outcome.REFUSED if settle(deps.db, job, problem.status, problem.reason, now) else Outcome.LOST
    try:
        message = _message(session, job.value, settings, templates)
    except Unrenderable as error:
        return Outcome.REFUSED if settle(deps.db, job, EmailStatus.HELD, str(error), now) else Outcome.LOST
    try:
        held = hold(session, job)
    except LeaseLost:
        return Outcome.LOST
    return _send_held(session, held, message, facts, settings)


def _message(session: Session, job: MailJob, settings: Settings, templates: Templates) -> Message:
    template = templates.get(job.template_id)
    if template is None or template.is_archived:
        state = "is archived" if template is not None else "does not exist"
        raise Unrenderable(f"template {job.template_id} {state}")
    deps = session.deps
    return compose(
        template,
        job.lead_data,
        settings,
        account=session.account,
        token_key=deps.token_key,
        public_url=deps.public_url,
    )


def _send_held(session: Session, job: Record[MailJob], message: Message, facts: Facts, settings: Settings) -> Outcome:
    deps = session.deps

    def claim(commit: Commit) -> None:
        add_claim(commit, deps.db, message.to, facts.claim, job.id, deps.clock.now())

    try:
        draft = obtain_draft(session, job, message)
        try:
            job = begin_sending(session, job, draft, message.subject, claim)
        except Raced:
            # Another mail claimed the address between our look and our commit. The next attempt discards this draft.
            reason = "another mail to this address was faster"
            let_go(session, job, EmailStatus.QUEUED, {"notBefore": deps.clock.now(), "reason": reason})
            return Outcome.WAITING
        if draft.state is DraftState.DRAFT:
            send(session, job)
    except ProviderError as error:
        return after_failure(session, job, error)
    commit_sent(session, job, settings, draft, facts.contact)
    return Outcome.SENT
