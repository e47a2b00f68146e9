"""The console's feeds. Each window is bounded; a screen that counts over one says so.

All windows full are 290 documents: that is what opening the console costs, however large the collections are. The
parsers import the document model when first called, which is in a listener's thread: the first paint does not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.live.feed import Feed

REQUESTS, SCHEDULES, REVIEW, EMAILS, CONTACTS = "requests", "schedules", "review", "emails", "contacts"
GOVERNOR, SETTINGS, MAILBOXES, ACTIVITY = "governor", "settings", "mailboxes", "activity"


def _request(data: Mapping[str, Any]) -> Any:
    from leadgen.model.documents import ProcessorRequest

    return ProcessorRequest.from_firestore(dict(data))


def _schedule(data: Mapping[str, Any]) -> Any:
    from leadgen.model.schedule import Schedule

    return Schedule.from_firestore(dict(data))


def _contact(data: Mapping[str, Any]) -> Any:
    from leadgen.model.documents import Contact

    return Contact.from_firestore(dict(data))


def _email(data: Mapping[str, Any]) -> Any:
    from leadgen.model.documents import EmailJob

    return EmailJob.from_firestore(dict(data))


def _activity(data: Mapping[str, Any]) -> Any:
    from leadgen.model.documents import Activity

    return Activity.from_firestore(dict(data))


def _settings(data: Mapping[str, Any]) -> Any:
    from leadgen.model.config import StoredSettings

    return StoredSettings.from_firestore(dict(data))


def _governor(data: Mapping[str, Any]) -> Any:
    from console.live.governor import read_governor

    return read_governor(data)


def _mailbox(data: Mapping[str, Any]) -> Any:
    from console.live.shapes import read_mailbox

    return read_mailbox(data)


def _newest(collection: str, field: str, limit: int) -> Any:
    return lambda db: db.collection(collection).order_by(field, direction="DESCENDING").limit(limit)


def _listed_schedules(db: Any) -> Any:
    from google.cloud.firestore import FieldFilter

    from leadgen.model.schedule import LISTED

    listed = db.collection("schedules").where(filter=FieldFilter("status", "in", list(LISTED)))
    return listed.order_by("updatedAt", direction="DESCENDING").limit(40)


def _waiting_for_review(db: Any) -> Any:
    from google.cloud.firestore import FieldFilter

    return db.collection("contacts").where(filter=FieldFilter("status", "==", "PENDING_CAPTCHA")).limit(60)


def console_feeds() -> tuple[Feed, ...]:
    """All feeds of the console, in the order in which they are subscribed."""
    return (
        Feed(
            REQUESTS,
            "campaigns",
            _newest("processorQueue", "requestTimestamp", 40),
            40,
            _request,
            newest_by="requestTimestamp",
        ),
        Feed(SCHEDULES, "schedules", _listed_schedules, 40, _schedule, newest_by="updatedAt"),
        Feed(EMAILS, "emails", _newest("emailQueue", "updatedAt", 80), 80, _email, newest_by="updatedAt"),
        Feed(REVIEW, "leads in review", _waiting_for_review, 60, _contact),
        Feed(ACTIVITY, "activity", _newest("activity", "at", 40), 40, _activity, newest_by="at"),
        Feed(GOVERNOR, "the LLM governor", lambda db: db.document("governor/llm"), 1, _governor, single=True),
        Feed(SETTINGS, "the configuration", lambda db: db.document("config/settings"), 1, _settings, single=True),
        # The screen's local copy knows the others; see console.contacts.sync.
        Feed(CONTACTS, "contacts", _newest("contacts", "lastUpdated", 8), 8, dict, newest_by="lastUpdated"),
        Feed(MAILBOXES, "mailboxes", lambda db: db.collection("mailboxes").limit(20), 20, _mailbox),
    )
