"""The queue of mails: what is due, and what must wait for how long and why.

Every QUEUED mail has a `notBefore`, so that "due" is one indexed query: (status, notBefore). A mail that came without
one is due at once; it is found by comparing two counts, which costs two reads, and given one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leadgen.mail.pacing import Wait
from leadgen.mail.records import MailJob
from leadgen.model.documents.mail import WaitsFor
from leadgen.model.status import EmailStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Commit, Raced, Record, change, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentSnapshot, Query

PAGE = 20
ADOPT_AT_ONCE = 300
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def _queued(db: Client) -> Query:
    from google.cloud.firestore import FieldFilter

    return Collections(db).emails.where(filter=FieldFilter("status", "==", str(EmailStatus.QUEUED)))


def due(db: Client, now: datetime, limit: int = PAGE) -> list[Record[MailJob]]:
    """Mails that may leave now as far as their own `notBefore` goes, the longest waiting first."""
    from google.cloud.firestore import FieldFilter

    query = _queued(db).where(filter=FieldFilter("notBefore", "<=", now)).order_by("notBefore").limit(limit)
    return usable(query.get(timeout=RPC_TIMEOUT_S), now)


def longest_put_off(db: Client, now: datetime, limit: int = 5) -> list[Record[MailJob]]:
    """Mails that hours or caps have put off, those first that were queued first."""
    from google.cloud.firestore import FieldFilter

    query = _queued(db).where(filter=FieldFilter("waitsFor", "==", "pace")).order_by("createdAt").limit(limit)
    return usable(query.get(timeout=RPC_TIMEOUT_S), now)


def in_progress(db: Client, now: datetime, limit: int = 500) -> list[Record[MailJob]]:
    """Mails that are being sent, or of which nobody knows whether they were."""
    from google.cloud.firestore import FieldFilter

    states = [str(EmailStatus.DRAFTING), str(EmailStatus.SENDING), str(EmailStatus.UNKNOWN)]
    query = Collections(db).emails.where(filter=FieldFilter("status", "in", states)).limit(limit)
    return usable(query.get(timeout=RPC_TIMEOUT_S), now)


def usable(snapshots: list[DocumentSnapshot], now: datetime) -> list[Record[MailJob]]:
    """The mails among the documents; one that can't be read is held, so that it can't stop those behind it."""
    records: list[Record[MailJob]] = []
    for snapshot in snapshots:
        try:
            records.append(to_record(snapshot, MailJob))
        except ValidationError as error:
            fields = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
            _hold_damaged(snapshot, f"the document is damaged: {', '.join(fields)}"[:200], now)
    return records


def _hold_damaged(snapshot: DocumentSnapshot, reason: str, now: datetime) -> None:
    blank = Record(snapshot.reference, MailJob.model_construct(), snapshot)
    queued = snapshot.get("status") == str(EmailStatus.QUEUED)
    # Of a damaged mail that was under way nobody can say whether it left.
    status = EmailStatus.HELD if queued else EmailStatus.PARKED
    try:
        change(blank, {"status": str(status), "reason": reason, "updatedAt": now})
    except Raced:
        return


def adopt_unscheduled(db: Client, now: datetime) -> int:
    """Give queued mails that came without a `notBefore` one; how many there were.

    Args:
        db: the Firestore client.
        now: the present moment; they are due at once.
    """
    from google.cloud.firestore import FieldFilter

    everything = _count(_queued(db))
    scheduled = _count(_queued(db).where(filter=FieldFilter("notBefore", ">=", _FIRST)))
    return _adopt(db, everything - scheduled, now) if everything > scheduled else 0


def _count(query: Query) -> int:
    return int(query.count().get(timeout=RPC_TIMEOUT_S)[0][0].value)


def _adopt(db: Client, missing: int, now: datetime) -> int:
    """Walk the queue page by page until all that lacked a time are found."""
    adopted = 0
    last: DocumentSnapshot | None = None
    while adopted < min(missing, ADOPT_AT_ONCE):
        query = _queued(db).order_by("__name__").limit(ADOPT_AT_ONCE)
        page = (query.start_after(last) if last is not None else query).get(timeout=RPC_TIMEOUT_S)
        if not page:
            return adopted
        last = page[-1]
        for job in usable([snapshot for snapshot in page if not _scheduled(snapshot)], now):
            adopted += _update(job, {"notBefore": min(job.value.created_at, now)})
    return adopted


def _scheduled(snapshot: DocumentSnapshot) -> bool:
    return isinstance((snapshot.to_dict() or {}).get("notBefore"), datetime)


def postpone(job: Record[MailJob], wait: Wait, now: datetime, waits_for: WaitsFor = "pace") -> bool:
    """Note when a mail may leave and why not now; writes only what changed. `False` if someone else was faster.

    Args:
        job: the mail.
        wait: until when, and why.
        now: the present moment.
        waits_for: what the time was worked out from; after a change of the configuration that of "pace" is worked out
            again.
    """
    known = job.value
    if (known.not_before, known.reason, known.waits_for) == (wait.until, wait.reason, waits_for):
        return True
    return _update(job, {"notBefore": wait.until, "reason": wait.reason, "waitsFor": waits_for, "updatedAt": now})


def put_off(db: Client, now: datetime, after: Record[MailJob] | None = None, limit: int = ADOPT_AT_ONCE) -> (
    list[Record[MailJob]]
):  # fmt: skip
    """Mails that wait for a later time, page by page, the next ones first."""
    from google.cloud.firestore import FieldFilter

    query = _queued(db).where(filter=FieldFilter("notBefore", ">", now)).order_by("notBefore").limit(limit)
    return usable((query.start_after(after.snapshot) if after else query).get(timeout=RPC_TIMEOUT_S), now)


def explain(jobs: list[Record[MailJob]], reason: str, now: datetime) -> None:
    """Note why mails that are due do not leave; their time stays as it is."""
    for job in jobs:
        if job.value.reason != reason:
            _update(job, {"reason": reason, "updatedAt": now})


def settle(db: Client, job: Record[MailJob], status: EmailStatus, reason: str, now: datetime) -> bool:
    """End a mail that will not leave, or hold it for a person; its campaign counts it in the same commit.

    Returns:
        `False` if someone else changed the mail meanwhile.
    """
    changes = {"status": str(status), "reason": reason, "updatedAt": now, "leaseOwner": "", "leaseUntil": None}
    if status in _COUNTED:
        changes["error"] = reason
    counter = _COUNTED.get(status)
    request = job.value.request_id
    if counter and request:
        try:
            counted = {f"counts.{counter}": 1}
            Commit(db).change(job, changes).increase(Collections(db).requests.document(request), counted).run()
            return True
        except Raced:
            pass  # the campaign's document may be gone; then the mail's own is changed alone
    return _update(job, changes)


# `counts.suppressed` counts posts at triage; a mail that may not leave any more is one that failed to.
_COUNTED = {
    EmailStatus.SUPPRESSED: "failed",
    EmailStatus.ERROR_NO_EMAIL: "failed",
    EmailStatus.ERROR_API_FAILURE: "failed",
}


def _update(job: Record[MailJob], changes: dict[str, Any]) -> bool:
    try:
        change(job, changes)
    except Raced:
        return False
    return True
