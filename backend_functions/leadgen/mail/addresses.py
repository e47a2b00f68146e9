"""One mail at a time to one address, whatever contacts and campaigns it appears in.

The rule: before a mail may be sent, its address is claimed in `mailedAddresses/{hash}`, in the same commit that makes
the mail SENDING. The claim names the mail that has the address. Another mail may take it over only if that one
certainly will not leave any more without claiming again (it is queued, held, cancelled, suppressed or failed), or it
was sent at least `recontactDays` ago. While that one is being sent, or nobody knows whether it was, the other waits;
if it was sent lately, the other is suppressed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.compliance import Refusal
from leadgen.mail.pacing import Wait
from leadgen.mail.records import AddressClaim, MailJob, claim_ref
from leadgen.model.config import Settings
from leadgen.model.status import EmailStatus
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Record, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_UNDER_WAY = frozenset({EmailStatus.SENDING, EmailStatus.UNKNOWN, EmailStatus.PARKED})
_ASK_AGAIN = timedelta(minutes=15)


def check_claim(
    db: Client, claim: Record[AddressClaim] | None, job_id: str, settings: Settings, now: datetime
) -> Refusal | Wait | None:
    """Whether another mail's claim on the address stands in the way.

    Args:
        db: the Firestore client.
        claim: the claim as it is now, if any.
        job_id: the mail that wants to leave.
        settings: for `recontactDays`.
        now: the present moment.
    """
    if claim is None or claim.value.job_id == job_id:
        return None
    holder = read(Collections(db).emails.document(claim.value.job_id), MailJob)
    if holder is not None and holder.value.status in _UNDER_WAY:
        return Wait(now + _ASK_AGAIN, "another mail to this address is under way")
    if holder is not None and holder.value.status is not EmailStatus.SENT:
        return None
    sent = (holder.value.sent_at if holder is not None else None) or claim.value.claimed_at
    free = sent + timedelta(days=settings.recontact_days)
    if now >= free:
        return None
    reason = f"another mail went to this address on {sent:%Y-%m-%d}; not again before {free:%Y-%m-%d}"
    return Refusal(EmailStatus.SUPPRESSED, reason)


def add_claim(
    commit: Commit, db: Client, email: str, claim: Record[AddressClaim] | None, job_id: str, now: datetime
) -> None:
    """Claim the address as part of a commit; the commit fails if the claim is not as it was read."""
    entry = AddressClaim(job_id=job_id, claimed_at=now)
    if claim is None:
        commit.create(claim_ref(db, email), entry)
    else:
        commit.change(claim, entry.to_firestore())
