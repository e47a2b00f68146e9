"""Earlier configurations, read when they are asked for."""

from __future__ import annotations

from typing import Any

from console.live import link
from console.live.session import Session

SHOWN = 20
TIMEOUT_S = 10.0


def earlier(session: Session, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The configurations that were replaced, the latest first; one document read for each.

    Args:
        session: the signed-in person.
        limit: the most of them.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: they can't be read.
    """
    from leadgen.model.config import StoredSettings

    client = session.firestore()
    try:
        history = client.document("config/settings").collection("history")
        query = history.order_by("revision", direction="DESCENDING").limit(limit)
        found = [
            StoredSettings.from_firestore(document.to_dict() or {}) for document in query.stream(timeout=TIMEOUT_S)
        ]
        return [{**one.model_dump(by_alias=True, mode="json"), "updatedAt": one.updated_at} for one in found]
    finally:
        link.dispose(client, [])
