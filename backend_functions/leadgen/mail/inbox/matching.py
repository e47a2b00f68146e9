"""Which mail of ours a mail answers: by what it says itself, then by its thread, then by who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from leadgen.mail.inbox.bounces import Bounce
from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.records import AddressClaim, MailJob, claim_ref
from leadgen.model.documents import Contact
from leadgen.model.ids import canonical_email
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Record, read, read_all, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

MAY_HAVE_LEFT = frozenset({EmailStatus.SENT, EmailStatus.SENDING, EmailStatus.UNKNOWN, EmailStatus.PARKED})
_JOB_ID = re.compile(r"<([0-9a-f]{32})@")
_ANSWER = re.compile(
    r"^\s*(?:re|aw|sv|vs|antw|odp|r|rif|res|回复|回覆|答复|ответ)\s*(?:\[\d+\])?\s*[:：]\s*", re.IGNORECASE
)
_MOST_IDS = 30
"""How many values Firestore's `in` takes."""
_CLOCKS = timedelta(hours=1)
"""By how much clocks of mail servers may differ from ours."""


@dataclass(frozen=True)
class Match:
    """The mail of ours that a mail is about.

    Args:
        job: that mail.
        by: ``message-id``, ``conversation`` or ``address``.
    """

    job: Record[MailJob]
    by: str


def find_match(
    db: Client, mail: Incoming, bounce: Bounce | None, conversation: Callable[[], list[str]]
) -> Match | None:
    """The mail of ours that a mail is about; `None` if there is none for certain.

    Args:
        db: the Firestore client.
        mail: what came in.
        bounce: what it reports, if it is a report.
        conversation: asks the mailbox for the Message-IDs of our own mails in the same thread.
    """
    job = _by_ids(db, [*mail.returned_ids, *mail.answers] if bounce else mail.answers)
    if job is not None:
        return Match(job, "message-id")
    if mail.conversation and (bounce or mail.answers or _ANSWER.match(mail.subject)):
        job = _by_ids(db, conversation())
        if job is not None:
            return Match(job, "conversation")
    for address in bounce.recipients if bounce else (mail.sender,):
        job = _by_address(db, address, mail)
        if job is not None:
            return Match(job, "address")
    return None


def _by_ids(db: Client, ids: Iterable[str]) -> Record[MailJob] | None:
    """The mail with one of these Message-IDs; of several the one named first."""
    from google.cloud.firestore import FieldFilter

    wanted = list(dict.fromkeys(ids))[:_MOST_IDS]
    if not wanted:
        return None
    emails = Collections(db).emails
    # Gmail and SMTP are given the Message-ID, which is made from the mail's own id.
    named = {one: found[1] for one in wanted if (found := _JOB_ID.match(one))}
    direct = read_all(db, [emails.document(job_id) for job_id in named.values()], MailJob)
    query = emails.where(filter=FieldFilter("internetMessageId", "in", wanted)).limit(_MOST_IDS)
    stored = {job.value.internet_message_id: job for job in _records(query.get(timeout=RPC_TIMEOUT_S))}
    for one in wanted:
        job = direct.get(named.get(one, "")) or stored.get(one)
        if job is not None and job.value.status in MAY_HAVE_LEFT:
            return job
    return None


def _records(snapshots: Iterable[object]) -> list[Record[MailJob]]:
    return [to_record(snapshot, MailJob) for snapshot in snapshots]


def _by_address(db: Client, address: str, mail: Incoming) -> Record[MailJob] | None:
    """The last mail that went to an address, if it left before this one came."""
    if not address:
        return None
    claim = read(claim_ref(db, address), AddressClaim)
    job = read(Collections(db).emails.document(claim.value.job_id), MailJob) if claim is not None else None
    if job is None or job.value.status not in MAY_HAVE_LEFT:
        return None
    left = job.value.sent_at or job.value.attempted_at
    early = left is not None and mail.received_at is not None and mail.received_at + _CLOCKS < left
    return None if early else job


def find_hint(db: Client, mail: Incoming) -> Record[MailJob] | None:
    """A mail that this one may answer: the same subject, to somebody of the sender's domain. For a person to judge."""
    from google.cloud.firestore import FieldFilter

    subject = mail.subject
    if not _ANSWER.match(subject) or "@" not in mail.sender:
        return None
    while _ANSWER.match(subject):
        subject = _ANSWER.sub("", subject, count=1)
    query = Collections(db).emails.where(filter=FieldFilter("subject", "==", subject)).limit(_MOST_IDS)
    domain = mail.sender.rpartition("@")[2]
    for job in _records(query.get(timeout=RPC_TIMEOUT_S)):
        theirs = canonical_email(job.value.lead_data.email).rpartition("@")[2]
        if job.value.status is EmailStatus.SENT and theirs == domain:
            return job
    return None


def standing_contact(db: Client, contact_id: str) -> Record[Contact] | None:
    """The contact, or the one that stands for it since they were merged."""
    where, seen = Collections(db).contacts, set[str]()
    while contact_id and contact_id not in seen:
        seen.add(contact_id)
        record = read(where.document(contact_id), Contact)
        if record is None or record.value.status is not ContactStatus.MERGED:
            return record
        contact_id = record.value.merged_into
    return None
