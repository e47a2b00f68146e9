"""Mails beyond the live window, read when a status is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from console.live import feeds, link
from console.live.feed import Doc
from console.live.session import Session

MOST = 200
TIMEOUT_S = 15.0


def of_status(session: Session, status: str, limit: int = MOST) -> Sequence[Doc]:
    """The mails of one status that changed last; one document read for each.

    Args:
        session: the signed-in person.
        status: the status.
        limit: the most of them.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: they can't be read.
    """
    from google.cloud.firestore import FieldFilter

    parse = next(feed.parse for feed in feeds.console_feeds() if feed.name == feeds.EMAILS)
    client = session.firestore()
    try:
        query = client.collection("emailQueue").where(filter=FieldFilter("status", "==", status))
        found = query.order_by("updatedAt", direction="DESCENDING").limit(limit).get(timeout=TIMEOUT_S)
        return [Doc(one.id, parse(one.to_dict() or {}), one.update_time) for one in found]
    finally:
        link.dispose(client, [])
