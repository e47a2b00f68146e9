"""How the operator does, read when it may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.live import link
from console.live.session import Session

TIMEOUT_S = 10.0


def of_operator(session: Session) -> Mapping[str, Any] | None:
    """The signed-in operator's statistics; `None` while there are none. One document is read.

    Args:
        session: the signed-in person.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: they can't be read.
    """
    if not session.user.uid:
        return None
    client = session.firestore()
    try:
        found: Mapping[str, Any] | None
        found = client.collection("operators").document(session.user.uid).get(timeout=TIMEOUT_S).to_dict()
        return found
    finally:
        link.dispose(client, [])
