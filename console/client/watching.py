"""Reading how things stand, as the signed-in person: one campaign, or an overview that costs few reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.client.problems import BackendError
from console.client.session import Session
from console.live.governor import read_governor
from leadgen.model.documents import ProcessorRequest
from leadgen.model.status import ContactStatus, EmailStatus

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ENDED = frozenset({"COMPLETED", "CANCELLED", "FAILED"})
TIMEOUT_S = 20.0
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Campaign:
    """A campaign as it stands."""

    id: str
    city: str
    target: int
    status: str
    message: str
    end_reason: str
    in_flight: int
    counts: dict[str, int]

    def facts(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "requestId": self.id,
            "city": self.city,
            "status": self.status,
            "endReason": self.end_reason,
            "numberOfLeadsToProcess": self.target,
            "message": self.message,
            "inFlight": self.in_flight,
            "counts": self.counts,
        }

    def line(self) -> str:
        """One line for a log."""
        c = self.counts
        return (
            f"{self.city} {self.status}: {c['found']}/{self.target} leads "
            f"(harvested {c['harvested']}, queued {c['queued']}, review {c['review']}, phone only {c['phoneOnly']}, "
            f"duplicates {c['duplicates']}, sent {c['sent']})"
        )


def read_campaign(db: Client, request_id: str) -> Campaign:
    """One campaign.

    Raises:
        BackendError: there is none of that id, or Firestore does not answer.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    try:
        snapshot = db.collection("processorQueue").document(request_id).get(timeout=TIMEOUT_S)
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    if not snapshot.exists:
        raise BackendError("No such campaign", request_id, "leadgen status lists the last ones.")
    return to_campaign(request_id, snapshot.to_dict() or {})


def to_campaign(request_id: str, data: dict[str, Any]) -> Campaign:
    """A stored campaign as the client sees it."""
    request = ProcessorRequest.from_firestore(data)
    return Campaign(
        id=request_id,
        city=request.city,
        target=request.number_of_leads_to_process,
        status=str(request.status),
        message=request.message,
        end_reason=str(request.end_reason or ""),
        in_flight=request.in_flight,
        counts=request.counts.model_dump(by_alias=True),
    )


def find_campaigns(db: Client, text: str) -> list[str]:
    """Ids of campaigns that begin so; two at most.

    Args:
        db: Firestore, as the signed-in person.
        text: an id, or its beginning.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    return beginning_with(db, "processorQueue", text)


def beginning_with(db: Client, collection: str, text: str) -> list[str]:
    """Ids of a collection's documents that begin so; two at most, which is enough to know that one is not meant.

    Args:
        db: Firestore, as the signed-in person.
        collection: its documents have hexadecimal ids.
        text: an id, or its beginning; with anything else in it nothing is found.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.cloud.firestore import FieldFilter

    if not text or set(text) - _HEXADECIMAL:
        return []
    documents = db.collection(collection)
    first, last = documents.document(text), documents.document(text + "g")
    query = documents.where(filter=FieldFilter("__name__", ">=", first))
    query = query.where(filter=FieldFilter("__name__", "<", last)).limit(2)
    try:
        return [snapshot.id for snapshot in query.stream(timeout=TIMEOUT_S)]
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None


def unreachable(error: Exception) -> BackendError:
    """A Firestore failure in words."""
    name = type(error).__name__
    if name == "PermissionDenied":
        return BackendError("Firestore refused", "the security rules do not let you read this", "Ask for a role.")
    return BackendError("Firestore does not answer", name, "Check the network; try again.")


def overview(session: Session, campaigns: int = 10) -> dict[str, Any]:
    """How everything stands. Counts are made by the server: one read per thousand documents."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    db = session.firestore()
    try:
        return {
            "project": session.project_label,
            "user": session.user.email,
            "role": session.user.role,
            "campaigns": [_brief(c) for c in _recent(db, campaigns)],
            "emails": {str(s): _count(db, "emailQueue", str(s)) for s in EmailStatus},
            "contacts": {str(s): _count(db, "contacts", str(s)) for s in ContactStatus},
            "governor": _governor(db),
            "mailboxes": [_mailbox(s.to_dict() or {}) for s in db.collection("mailboxes").limit(20).stream()],
        }
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None


def _recent(db: Client, limit: int) -> list[Campaign]:
    query = db.collection("processorQueue").order_by("requestTimestamp", direction="DESCENDING").limit(limit)
    return [to_campaign(s.id, s.to_dict() or {}) for s in query.stream(timeout=TIMEOUT_S)]


def _brief(campaign: Campaign) -> dict[str, Any]:
    return {
        "requestId": campaign.id,
        "city": campaign.city,
        "status": campaign.status,
        "target": campaign.target,
        "message": campaign.message,
        **campaign.counts,
    }


def _count(db: Client, collection: str, status: str) -> int:
    from google.cloud.firestore import FieldFilter

    answer = db.collection(collection).where(filter=FieldFilter("status", "==", status)).count().get(timeout=TIMEOUT_S)
    return int(answer[0][0].value)


def _governor(db: Client) -> dict[str, Any]:
    data = db.collection("governor").document("llm").get(timeout=TIMEOUT_S).to_dict() or {}
    governor = read_governor(data)
    return {"limit": governor.limit, "used": governor.used(datetime.now(UTC)), "updatedAt": data.get("updatedAt")}


def _mailbox(data: dict[str, Any]) -> dict[str, Any]:
    shown = ("account", "displayName", "provider", "state", "reason", "paused", "pausedReason")
    return {key: data.get(key) for key in shown if key in data}
