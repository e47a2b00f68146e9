"""Reading the email queue, as the signed-in person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.client.watching import TIMEOUT_S, beginning_with, unreachable

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from leadgen.model.documents import EmailJob

MOST = 500
DEAD = ("PARKED", "ERROR_API_FAILURE", "ERROR_NO_EMAIL")
"""Mails that go nowhere until a person decides."""


@dataclass(frozen=True)
class ListedEmail:
    """A mail of the queue."""

    id: str
    job: EmailJob

    def facts(self) -> dict[str, Any]:
        """What there is to know, for JSON."""
        j = self.job
        return {
            "emailId": self.id,
            "status": str(j.status),
            "to": j.lead_data.email,
            "name": j.lead_data.name or j.lead_data.business_name,
            "templateId": j.template_id,
            "city": j.city,
            "timezone": j.timezone,
            "reason": j.reason or j.error,
            "notBefore": j.not_before,
            "sentAt": j.sent_at,
            "attempts": j.attempts,
            "mayHaveLeft": j.may_have_left or str(j.status) == "PARKED",
            "account": j.account,
            "subject": j.subject,
            "contactId": j.contact_id,
            "requestId": j.request_id,
            "updatedAt": j.updated_at,
        }

    def when(self, now: datetime) -> datetime | None:
        """When it left, or the earliest moment it may."""
        if self.job.sent_at is not None:
            return self.job.sent_at
        waits = str(self.job.status) in ("QUEUED", "UNKNOWN")
        later = self.job.not_before
        return later if waits and later is not None and later > now else None

    def why(self, now: datetime) -> str:
        """Why it stands as it does."""
        if self.job.reason or self.job.error:
            return self.job.reason or self.job.error
        return "due, waits for its turn" if str(self.job.status) == "QUEUED" and self.when(now) is None else ""


def read_emails(db: Client, statuses: list[str], limit: int = 50) -> list[ListedEmail]:
    """Mails of the queue; those that wait in the order they may leave, others the latest change first.

    Args:
        db: Firestore, as the signed-in person.
        statuses: which; all where none is named.
        limit: how many at most.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.cloud.firestore import FieldFilter

    queue = db.collection("emailQueue")
    try:
        if not statuses:
            found = list(queue.order_by("updatedAt", direction="DESCENDING").limit(limit).stream(timeout=TIMEOUT_S))
        else:
            found = []
            for status in statuses:
                some = queue.where(filter=FieldFilter("status", "==", status))
                if status == "QUEUED":
                    some = some.order_by("notBefore")
                found += some.limit(limit).stream(timeout=TIMEOUT_S)
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    return [one for one in map(_read, found) if one is not None][:limit]


def find_email(db: Client, text: str) -> list[str]:
    """Ids of mails that begin so.

    Args:
        db: Firestore, as the signed-in person.
        text: an id, or its beginning.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    return beginning_with(db, "emailQueue", text)


def _read(snapshot: Any) -> ListedEmail | None:
    from pydantic import ValidationError

    from leadgen.model.documents import EmailJob

    try:
        return ListedEmail(str(snapshot.id), EmailJob.from_firestore(snapshot.to_dict() or {}))
    except ValidationError:  # one damaged document must not hide the others
        return None
