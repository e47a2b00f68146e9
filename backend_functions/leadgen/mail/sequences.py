"""Follow-ups: the steps of a template's sequence, as answers in the same thread, to those who do not answer.

A step's mail is made in the commit that says that the mail before it left; its id follows from the sequence's first
mail and the number of the step, so it exists once. It waits for its days like any other mail, and what stops it is
looked at once more when it is about to leave.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.compliance import Refusal
from leadgen.mail.pacing import Wait
from leadgen.mail.records import MailJob, mailbox_ref
from leadgen.model.documents import Contact, EmailJob, InboxState, Template
from leadgen.model.ids import digest
from leadgen.model.status import EmailStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Raced, Record, change, read, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

MAX_STEPS = 10
UNREAD = timedelta(hours=2)
"""A follow-up waits while its mailbox was not read for that long: the answer may lie there."""
_AGAIN = timedelta(minutes=15)
_CLOCKS = timedelta(minutes=1)
"""By how much a provider's clock, which it tells to the second, may be behind ours."""
_MAX_THREAD = 20
_ANSWER = re.compile(r"^\s*re\s*:\s*", re.IGNORECASE)
_WAITING = frozenset({EmailStatus.QUEUED, EmailStatus.HELD})


def follow_up_id(first_job: str, step: int) -> str:
    """Id of a step's mail: one for each sequence and step, however often it is asked for."""
    return digest("follow-up", first_job, str(step))


def inbox_ref(db: Client, account: str) -> DocumentReference:
    """Where it is kept up to where a mailbox was read."""
    return Collections(db).inboxes.document(mailbox_ref(db, account).id)


def sequence_of(job: EmailJob) -> int:
    """The template whose sequence a mail belongs to."""
    return job.sequence_id or job.template_id


def next_step(job_id: str, job: EmailJob, message_id: str, template: Template | None, sent_at: datetime) -> (
    tuple[str, EmailJob] | None
):  # fmt: skip
    """The mail that follows one which left; `None` if none does.

    Args:
        job_id: the mail that left.
        job: its document.
        message_id: its Message-ID, which the follow-up answers; if it is not known there can be no thread.
        template: the template with the sequence (see `sequence_of`).
        sent_at: when it left.
    """
    if template is None or template.is_archived or not job.account or job.step >= len(template.follow_ups):
        return None
    wanted, step, first = template.follow_ups[job.step], job.step + 1, job.sequence_of or job_id
    thread = [*job.references.split(), message_id][-_MAX_THREAD:]
    follow_up = EmailJob(
        template_id=wanted.template_id,
        lead_data=job.lead_data,
        city=job.city,
        status=EmailStatus.QUEUED,
        created_at=sent_at,
        not_before=sent_at + timedelta(days=wanted.after_days),
        waits_for="sequence",
        reason=f"step {step} of a sequence: {wanted.after_days} days after the mail before it, unless they answer",
        timezone=job.timezone,
        contact_id=job.contact_id,
        request_id=job.request_id,
        source_id=job.source_id,
        queued_by=job.queued_by,
        subject=f"Re: {_ANSWER.sub('', job.subject)}" if message_id and job.subject else "",
        thread_account=job.account,
        step=step,
        sequence_id=sequence_of(job),
        sequence_of=first,
        sequence_began_at=job.sequence_began_at or sent_at,
        follows=job_id,
        follows_sent_at=sent_at,
        in_reply_to=message_id,
        references=" ".join(one for one in thread if one),
        updated_at=sent_at,
    )
    return follow_up_id(first, step), follow_up


def step_objection(db: Client, job: EmailJob, contact: Contact | None, now: datetime) -> Refusal | Wait | None:
    """What stops a follow-up that is due, or keeps it waiting; `None` also for a mail that is none.

    Args:
        db: the Firestore client.
        job: the mail.
        contact: its lead, as just read.
        now: the present moment.
    """
    answered = contact.replied_at if contact is not None else None
    if answered is not None and answered > _counts_from(job):
        return Refusal(EmailStatus.CANCELLED, f"they answered on {answered:%Y-%m-%d}")
    if not job.step:
        return None
    before = read(Collections(db).emails.document(job.follows), MailJob)
    stopped = _stopped_by(before.value if before is not None else None, job)
    if stopped:
        return Refusal(EmailStatus.CANCELLED, stopped)
    state = read(inbox_ref(db, job.thread_account), InboxState)
    if state is None:
        return None  # nobody reads this mailbox: it takes no answers, or it is of a kind that can't be read
    read_at = min(state.value.read_at.values(), default=state.value.started_at)
    if now - read_at > UNREAD:
        why = f"the mailbox was not read since {read_at:%Y-%m-%d %H:%M} UTC; their answer may lie there"
        return Wait(now + _AGAIN, why)
    return None


def _counts_from(job: EmailJob) -> datetime:
    """What happened before that does not stop it: a person queued it all the same, or it was written since."""
    if job.released_at is None and job.sequence_began_at is not None:
        return job.sequence_began_at - _CLOCKS  # whatever the clocks say, nobody answered the first mail before it left
    return job.released_at or job.created_at


def _stopped_by(before: MailJob | None, job: EmailJob) -> str:
    if before is None or before.status is not EmailStatus.SENT:
        return "the mail before it is gone"
    since = job.released_at
    for moment, words in (
        (before.replied_at, "they answered"),
        (before.opted_out_at, "they asked not to be written to"),
        (before.bounced_at, "the mail before it came back"),
    ):
        if moment is not None and (since is None or moment > since):
            return f"{words} on {moment:%Y-%m-%d}"
    return ""


def continues(job: EmailJob, last_sent: datetime | None) -> bool:
    """Whether a mail is the next of a sequence and nothing else went to the lead since: then `recontactDays`, which
    keeps strangers' mails apart, says nothing about it."""
    return (
        bool(job.step) and job.follows_sent_at is not None and (last_sent is None or last_sent <= job.follows_sent_at)
    )


def stop_waiting(
    db: Client, contacts: Sequence[str], reason: str, at: datetime, now: datetime, *, follow_ups_only: bool = False
) -> int:
    """Cancel what waits for these contacts; how many mails that were. A person may queue each of them again.

    Args:
        db: the Firestore client.
        contacts: ids of one person's contacts.
        reason: why.
        at: when that happened; what a person queued again after it stays.
        now: the present moment.
        follow_ups_only: leave mails that are no follow-ups.
    """
    stopped = 0
    for job in _waiting(db, contacts):
        if (follow_ups_only and not job.value.step) or _counts_from(job.value) > at:
            continue
        changes = {"status": str(EmailStatus.CANCELLED), "reason": reason, "epoch": job.value.epoch + 1}
        stopped += _changed(job, {**changes, "updatedAt": now})
    return stopped


def put_off_follow_ups(db: Client, contacts: Sequence[str], until: datetime, reason: str, now: datetime) -> int:
    """Let follow-ups that would leave earlier wait until then; how many that were."""
    put_off = 0
    for job in _waiting(db, contacts):
        early = job.value.not_before is None or job.value.not_before < until
        if job.value.step and job.value.status is EmailStatus.QUEUED and early:
            changes = {"notBefore": until, "reason": reason, "waitsFor": "sequence", "updatedAt": now}
            put_off += _changed(job, changes)
    return put_off


def _waiting(db: Client, contacts: Sequence[str]) -> list[Record[MailJob]]:
    from google.cloud.firestore import FieldFilter

    if not contacts:
        return []
    query = Collections(db).emails.where(filter=FieldFilter("contactId", "in", list(contacts)[:30]))
    found = [to_record(snapshot, MailJob) for snapshot in query.get(timeout=RPC_TIMEOUT_S)]
    return [job for job in found if job.value.status in _WAITING]


def _changed(job: Record[MailJob], changes: dict[str, object]) -> bool:
    try:
        change(job, changes)
    except Raced:
        return False  # it is being sent, or somebody else decided; it is looked at again before it leaves
    return True
