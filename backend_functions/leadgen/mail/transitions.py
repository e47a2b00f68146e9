"""What an operator may do with a mail: hold, release, cancel, retry, and say that a parked one did leave.

Each is one compare-and-set on what was read, so of two people (or a person and the agent) the first one wins and the
other is told how the mail stands now. Doing the same twice changes nothing the second time. A mail that is just being
sent belongs to the agent: nobody else touches it until its outcome is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from leadgen.mail.records import MailJob
from leadgen.mail.sequences import next_step, sequence_of
from leadgen.model.documents import Contact, ProcessorRequest, Template
from leadgen.model.errors import Conflict
from leadgen.model.status import EmailStatus, check_transition
from leadgen.store.client import Collections
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, need, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_S = EmailStatus


class Action(StrEnum):
    """What can be done with a mail."""

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    RETRY = "retry"
    SENT = "sent"
    """A person has looked into the mailbox: the parked mail did leave."""


_RULES: dict[Action, tuple[frozenset[EmailStatus], EmailStatus, str]] = {
    Action.HOLD: (frozenset({_S.QUEUED}), _S.HELD, "held"),
    Action.RELEASE: (frozenset({_S.HELD}), _S.QUEUED, "released"),
    Action.CANCEL: (
        frozenset({_S.QUEUED, _S.HELD, _S.PARKED, _S.ERROR_NO_EMAIL, _S.ERROR_API_FAILURE}),
        _S.CANCELLED,
        "cancelled",
    ),
    Action.RETRY: (
        frozenset({_S.PARKED, _S.CANCELLED, _S.ERROR_NO_EMAIL, _S.ERROR_API_FAILURE}),
        _S.QUEUED,
        "queued again",
    ),
    Action.SENT: (frozenset({_S.PARKED}), _S.SENT, "noted as sent"),
}
_UNDER_WAY = frozenset({_S.DRAFTING, _S.SENDING, _S.UNKNOWN})
_FAILED = frozenset({_S.ERROR_NO_EMAIL, _S.ERROR_API_FAILURE})


@dataclass(frozen=True)
class Changed:
    """How a mail stands after a person's wish.

    Args:
        status: its status now.
        changed: whether this wish changed it.
        message: for the person.
    """

    status: EmailStatus
    changed: bool
    message: str


def change_mail(
    db: Client, job_id: str, action: Action, user: str, now: datetime, *, may_be_delivered_twice: bool = False
) -> Changed:
    """Do with a mail what a person wants.

    Args:
        db: the Firestore client.
        job_id: the mail.
        action: what to do.
        user: who wants it.
        now: the present moment.
        may_be_delivered_twice: the person's consent, needed to retry a mail of which nobody knows whether it left.

    Raises:
        NotFound: there is no such mail.
        Conflict: it is in a status in which this can't be done, or the consent is missing; nothing was changed.
    """
    return retrying(lambda: _change_once(db, job_id, action, user, now, may_be_delivered_twice))


def _change_once(db: Client, job_id: str, action: Action, user: str, now: datetime, consent: bool) -> Changed:
    job = need(Collections(db).emails.document(job_id), MailJob, f"mail {job_id}")
    allowed, target, done = _RULES[action]
    status = job.value.status
    if status is target and status not in allowed:
        return Changed(status, False, f"The mail is {_word(status)} already; nothing was changed.")
    if status not in allowed:
        raise _refusal(job, action, allowed)
    if action is Action.RETRY and _may_have_left(job.value) and not consent:
        raise Conflict(
            f"Nobody knows whether mail {job_id} left: {job.value.reason or 'it was parked'}.",
            hint="Look into the mailbox first. To queue it all the same, say that it may be delivered twice "
            "(mayBeDeliveredTwice, --may-be-delivered-twice); if it did leave, use the action sent.",
        )
    check_transition(f"mail {job_id}", status, target)
    commit = Commit(db).change(job, _fields(job.value, action, target, user, now))
    _also(db, commit, job.value, action, now)
    if action is Action.SENT:
        _add_follow_up(db, commit, job, now)
    words = f"{user}: mail to {job.value.lead_data.email or 'nobody'} {done}"
    note(db, commit, entry(now, "mail.changed", words, job.value.request_id))
    commit.run()
    return Changed(target, True, f"The mail is {done}.")


def _may_have_left(job: MailJob) -> bool:
    return job.status is EmailStatus.PARKED or job.may_have_left


def _word(status: EmailStatus) -> str:
    return {_S.QUEUED: "queued", _S.HELD: "held", _S.CANCELLED: "cancelled", _S.SENT: "noted as sent"}[status]


def _refusal(job: Record[MailJob], action: Action, allowed: frozenset[EmailStatus]) -> Conflict:
    status, value = job.value.status, job.value
    if status in _UNDER_WAY:
        return Conflict(
            f"Mail {job.id} is being sent ({status}); nobody can {action} it now.",
            hint="Its outcome is known in some minutes; look at it again then.",
        )
    when = f" on {value.sent_at:%Y-%m-%d %H:%M} UTC" if status is EmailStatus.SENT and value.sent_at else ""
    return Conflict(
        f"Mail {job.id} is {status}{when}; the action {action} does not apply.",
        hint=f"It applies to mails that are {', '.join(sorted(allowed))}.",
    )


def _fields(job: MailJob, action: Action, target: EmailStatus, user: str, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "status": str(target),
        "epoch": job.epoch + 1,
        "leaseOwner": "",
        "leaseUntil": None,
        "updatedAt": now,
        "waitsFor": "",
    }
    if target is EmailStatus.QUEUED:
        # One attempt is kept: then the next one looks for what earlier ones have left in the mailbox.
        changes |= {"notBefore": now, "reason": "", "error": "", "attempts": min(job.attempts, 1), "releasedAt": now}
        if _may_have_left(job):
            # Only the mailbox it was parked in can show that it left after all.
            changes |= {"threadAccount": job.account, "attempts": 1, "mayHaveLeft": True}
    elif action is Action.SENT:
        changes |= {"sentAt": job.attempted_at or now, "reason": f"noted as sent by {user}", "mayHaveLeft": False}
    else:
        changes |= {"reason": f"{_word(target)} by {user}", "mayHaveLeft": _may_have_left(job)}
    return changes


def _add_follow_up(db: Client, commit: Commit, job: Record[MailJob], now: datetime) -> None:
    """What follows a mail that left, as the agent would have made it."""
    where, value = Collections(db), job.value
    template = read(where.templates.document(str(sequence_of(value))), Template)
    known = template.value if template is not None else None
    following = next_step(job.id, value, value.internet_message_id, known, value.attempted_at or now)
    if following is not None and read(where.emails.document(following[0]), MailJob) is None:
        commit.create(where.emails.document(following[0]), following[1])


def _also(db: Client, commit: Commit, job: MailJob, action: Action, now: datetime) -> None:
    """Campaign and contact follow in the same commit."""
    where = Collections(db)
    amounts = {"counts.failed": -1 if action is Action.RETRY and job.status in _FAILED else 0}
    amounts["counts.followUps" if job.step else "counts.sent"] = 1 if action is Action.SENT else 0
    if job.request_id and any(amounts.values()):
        request = read(where.requests.document(job.request_id), ProcessorRequest)
        if request is not None:
            commit.increase(request.ref, amounts)
    if action is Action.SENT and job.contact_id:
        contact = read(where.contacts.document(job.contact_id), Contact)
        if contact is not None:
            commit.change(contact, {"lastSent": job.attempted_at or now, "lastUpdated": now})
