"""Why a mail has not left, and when it will: told from the documents as they are at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.mail import queue
from leadgen.mail.boxes import no_mailbox
from leadgen.mail.compliance import settings_problem
from leadgen.mail.pacing import Box, Pace, plan
from leadgen.mail.records import AgentState, Mailbox, MailJob
from leadgen.mail.recovery import left_since
from leadgen.mail.session import Left, paced
from leadgen.model.config import Settings
from leadgen.model.status import EmailStatus, MailboxState
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Record, need, read, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_LINE = 300
_S = EmailStatus

_WORDS = {
    _S.HELD: "A person must decide: release it, or cancel it.",
    _S.DRAFTING: "It is being prepared; nothing has left yet.",
    _S.SENDING: "It is being sent at this moment.",
    _S.UNKNOWN: "The answer to the send was lost; the mailbox is being asked whether it left.",
    _S.PARKED: "Nobody knows whether it left. Look into the mailbox, then cancel it, note it as sent, or retry it.",
    _S.CANCELLED: "It will not be sent, unless somebody retries it.",
    _S.SUPPRESSED: "It will never be sent.",
    _S.ERROR_NO_EMAIL: "It has no address that can be written to.",
    _S.ERROR_API_FAILURE: "It was given up. Retry it when the cause is mended.",
}


@dataclass(frozen=True)
class Explanation:
    """Where a mail stands.

    Args:
        status: its status.
        reason: why, in a sentence.
        not_before: the earliest moment it may leave, if it waits.
        expected_at: when it will leave as far as can be told, if it waits for nothing but time and its turn. Nobody
            knows it while a person must do something first, such as end a pause.
        ahead: how many mails are before it in the line, if it is in it.
        account: the mailbox it left from, or is bound to; empty if any.
    """

    status: EmailStatus
    reason: str
    not_before: datetime | None = None
    expected_at: datetime | None = None
    ahead: int | None = None
    account: str = ""


def explain_mail(db: Client, job_id: str, settings: Settings, now: datetime) -> Explanation:
    """Why a mail has not left, and when it will.

    Args:
        db: the Firestore client.
        job_id: the mail.
        settings: the configuration now in force.
        now: the present moment.

    Raises:
        NotFound: there is no such mail.
    """
    job = need(Collections(db).emails.document(job_id), MailJob, f"mail {job_id}")
    value, account = job.value, job.value.account or job.value.thread_account
    if value.status is EmailStatus.SENT:
        return Explanation(value.status, f"It left on {value.sent_at:%Y-%m-%d %H:%M:%S} UTC.", account=account)
    if value.status is not EmailStatus.QUEUED:
        why = f"{value.reason}. " if value.reason else ""
        until = value.not_before if value.status is EmailStatus.UNKNOWN else None
        return Explanation(value.status, f"{why}{_WORDS[value.status]}", until, account=account)
    problem = settings_problem(settings)
    if problem:
        return Explanation(value.status, problem, _bound(value, now), account=account)
    return _waiting(db, job, settings, now)


def _waiting(db: Client, job: Record[MailJob], settings: Settings, now: datetime) -> Explanation:
    value, account = job.value, job.value.thread_account
    later = value.not_before if value.not_before is not None and value.not_before > now else None
    bound = _bound(value, now)
    boxes, others = _boxes(db, settings, now)
    mine = [box for box in boxes if account in ("", box.account)]
    if not mine:
        why = f"it may leave from {account} alone, which can't send at present" if boxes else no_mailbox(settings)
        return Explanation(value.status, why, bound, account=account)
    rest = others + [box.pace for box in boxes if box not in mine]
    alone = plan(settings, mine, [value.timezone], bound or now, others=rest, chance=0.5)[0]
    if alone.is_open:
        return Explanation(value.status, alone.reason, bound, account=account)
    if bound is not None:
        reason = "; then ".join(filter(None, (value.reason or "it waits for its time", alone.reason)))
        return Explanation(value.status, reason, bound, alone.at, account=account)
    line = queue.due(db, now, limit=_LINE) if later is None else []
    ahead = next((place for place, one in enumerate(line) if one.id == job.id), None)
    zones = [one.value.timezone for one in line[: ahead + 1]] if ahead is not None else [value.timezone]
    planned = plan(settings, boxes, zones, later or now, others=others, chance=0.5)[-1]
    # What is written down may be older than the configuration; the rules of this moment are what counts.
    reason = planned.reason or (value.reason if later is not None else "") or "its turn is next"
    if later is None and ahead:
        reason = f"{ahead} mails are before it; {reason}"
    return Explanation(value.status, reason, later or planned.at, planned.at, ahead, account)


def _bound(job: MailJob, now: datetime) -> datetime | None:
    """The time before which it does not leave whatever the rules say. One worked out from them may be older than they
    are."""
    return job.not_before if job.waits_for != "pace" and job.not_before is not None and job.not_before > now else None


def _boxes(db: Client, settings: Settings, now: datetime) -> tuple[list[Box], list[Pace]]:
    found = [to_record(snap, Mailbox).value for snap in Collections(db).mailboxes.limit(50).get(timeout=RPC_TIMEOUT_S)]
    fit = [m for m in found if m.state is MailboxState.ACTIVE and m.provider == settings.email_provider]
    left = _uncounted(db, now)
    paces = {m.account: paced(m, left.get(m.account, []), settings) for m in found}
    dry = settings.email_provider == "outbox"
    others = [paces[m.account] for m in found if m not in fit and (m.provider == "outbox") is dry]
    return [Box(m.account, paces[m.account], last_sent=m.last_sent_at) for m in fit], others


def _uncounted(db: Client, now: datetime) -> dict[str, list[Left]]:
    """Mails of the agent that sends now, some of which the mailboxes may not count yet."""
    state = read(Collections(db).sending, AgentState)
    if state is None or not state.value.owner:
        return {}
    return left_since(db, state.value.open_epoch, state.value.epoch + 1, now, lambda: 0.5)
