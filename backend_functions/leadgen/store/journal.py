"""`activity`: what happened, for the operator to read. One entry per batch or tick, never per lead: writes cost."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.model.documents import Activity
from leadgen.model.ids import digest
from leadgen.store.client import Collections
from leadgen.store.records import Commit, create

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

KEPT = timedelta(days=30)
log = logging.getLogger("leadgen.journal")


def entry(now: datetime, kind: str, text: str, request_id: str = "") -> Activity:
    """An entry.

    Args:
        now: when it happened.
        kind: dotted name; its last word decides how it is shown (``failed`` and ``limit`` stand out).
        text: a sentence.
        request_id: the campaign it belongs to, or "".
    """
    return Activity(at=now, kind=kind, text=text, request_id=request_id, expires_at=now + KEPT)


def note(db: Client, commit: Commit, activity: Activity) -> Commit:
    """Add an entry to a commit, so that it is there exactly if what it tells of is.

    The same words at the same moment are the same entry; that is no reason to refuse the commit.
    """
    return commit.put(_ref(db, activity), activity)


def tell(db: Client, activity: Activity) -> None:
    """Write an entry by itself. Losing one hurts nobody, so a failure is only logged."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    try:
        create(_ref(db, activity), activity)
    except (GoogleAPICallError, RetryError) as error:
        log.warning("an activity entry was lost: %s", type(error).__name__)


def _ref(db: Client, activity: Activity) -> DocumentReference:
    name = digest("activity", activity.request_id, activity.kind, activity.at.isoformat(), activity.text)
    return Collections(db).activity.document(name)
