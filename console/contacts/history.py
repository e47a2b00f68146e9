"""What else is known of a contact: its mails, its campaign, its merges, and whether it may be written to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.live import link
from console.live.session import Session

MOST_MAILS = 20
TIMEOUT_S = 15.0


def read(session: Session, contact_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The history of a contact; one read for each mail, merge and possible entry of the suppression list.

    Args:
        session: the signed-in person.
        contact_id: the contact.
        document: its fields.

    Returns:
        ``mails``, ``merges`` and ``suppressions``, the newest first, and ``campaign``, each as Firestore has it.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: Firestore refused, or did not answer.
    """
    from google.cloud.firestore import FieldFilter

    client = session.firestore()
    try:
        mine = FieldFilter("contactId", "==", contact_id)
        mails = client.collection("emailQueue").where(filter=mine).limit(MOST_MAILS).get(timeout=TIMEOUT_S)
        campaign = str(document.get("requestId") or "")
        wanted = [client.collection("contactMerges").document(str(one)) for one in document.get("merges") or []]
        wanted += [client.collection("suppressions").document(one) for one in suppression_ids(document)]
        wanted += [client.collection("processorQueue").document(campaign)] if campaign else []
        found = [one for one in client.get_all(wanted, timeout=TIMEOUT_S) if one.exists] if wanted else []
    finally:
        link.dispose(client, [])
    return {
        "mails": _newest([one.to_dict() or {} for one in mails], "createdAt"),
        "merges": _newest(_of(found, "contactMerges"), "at"),
        "suppressions": _newest(_of(found, "suppressions"), "createdAt"),
        "campaign": next(iter(_of(found, "processorQueue")), None),
    }


def suppression_ids(document: Mapping[str, Any]) -> list[str]:
    """Ids of the entries of the suppression list that would forbid writing to a contact."""
    from leadgen.model.ids import suppression_id, suppression_values

    email, phone = str(document.get("email") or ""), str(document.get("phone") or "")
    values = suppression_values([email] if email else [], [phone] if phone else [])
    return [suppression_id(kind, value) for kind, value in values]


def _of(found: list[Any], collection: str) -> list[dict[str, Any]]:
    return [one.to_dict() or {} for one in found if one.reference.parent.id == collection]


def _newest(documents: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    return sorted(documents, key=lambda one: str(one.get(field) or ""), reverse=True)
