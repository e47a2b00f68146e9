"""The earlier program's statuses, and what they are in the new machine.

Nothing that is moved begins to act by itself: a mail that waited is held until an operator releases it, a mail that was
under way is parked for a person, and a request that had not ended is cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus
from migrate.convert.values import Say, Unusable, optional

_WORD = re.compile(r"[^A-Z0-9]+")
WITH_ADDRESS = "WITH_ADDRESS"
"""PROCESSED if the contact has an address, else PHONE_ONLY."""

_C, _E, _R = ContactStatus, EmailStatus, RequestStatus


def _table(groups: Mapping[str, str]) -> dict[str, str]:
    return {word: str(status) for status, words in groups.items() for word in words.split()}


CONTACTS = _table(
    {
        WITH_ADDRESS: "PROCESSED PROCESSING DONE COMPLETE COMPLETED NEW RAW HARVESTED SCRAPED PENDING"
        " QUEUED READY ACTIVE OPEN ENRICHED VERIFIED OK VALID SENT EMAILED CONTACTED"
        " MAILED REPLIED RESPONDED IMPORTED PHONE_ONLY NO_EMAIL"
        " PENDING_ENRICHMENT ERROR FAILED LEAD EMAIL_SENT ERROR_NO_EMAIL",
        _C.PENDING_CAPTCHA: "PENDING_CAPTCHA CAPTCHA NEEDS_CAPTCHA CAPTCHA_PENDING CAPTCHA_REQUIRED",
        _C.CAPTCHA_FAILED: "CAPTCHA_FAILED FAILED_CAPTCHA",
        _C.SUPPRESSED: "SUPPRESSED UNSUBSCRIBED UNSUBSCRIBE OPT_OUT OPTED_OUT OPTOUT DO_NOT_CONTACT DNC BLACKLISTED"
        " BLACKLIST BLOCKED BOUNCED COMPLAINED SPAM STOP REMOVED DO_NOT_EMAIL",
        _C.DUPLICATE: "DUPLICATE DUP DUPE",
    }
)
EMAILS = _table(
    {
        _E.HELD: "QUEUED PENDING NEW READY WAITING SCHEDULED HELD ON_HOLD PAUSED RETRY TO_SEND UNSENT DRAFT",
        _E.SENT: "SENT DELIVERED DONE COMPLETE COMPLETED SUCCESS OPENED CLICKED REPLIED BOUNCED EMAILED OK",
        _E.PARKED: "SENDING PROCESSING IN_PROGRESS DRAFTING UNKNOWN STARTED LOCKED PARKED",
        _E.CANCELLED: "CANCELLED CANCELED SKIPPED DELETED DUPLICATE STOPPED ABORTED",
        _E.SUPPRESSED: "SUPPRESSED UNSUBSCRIBED OPT_OUT OPTED_OUT DO_NOT_CONTACT BLACKLISTED DNC",
        _E.ERROR_NO_EMAIL: "ERROR_NO_EMAIL NO_EMAIL INVALID_EMAIL MISSING_EMAIL ERROR_INVALID_EMAIL",
        _E.ERROR_API_FAILURE: "ERROR_API_FAILURE ERROR FAILED FAILURE API_FAILURE ERROR_API ERROR_SEND_FAILURE",
    }
)
REQUESTS = _table(
    {
        _R.CANCELLED: "PENDING NEW QUEUED WAITING PROCESSING RUNNING IN_PROGRESS STARTED ACTIVE CANCELLED CANCELED"
        " STOPPED ABORTED PAUSED",
        _R.COMPLETED: "COMPLETED COMPLETE DONE FINISHED SUCCESS PROCESSED OK",
        _R.FAILED: "FAILED ERROR FAILURE",
    }
)


def word(value: Any, say: Say) -> str:
    """A status as one word in capitals: "Do not contact" → DO_NOT_CONTACT; "" for nothing."""
    return _as_word(optional(value, say))


@lru_cache(maxsize=1_024)
def _as_word(written: str) -> str:
    return _WORD.sub("_", written.upper()).strip("_") or written


def mapped(written: str, known: Mapping[str, str], own: Mapping[str, str]) -> str:
    """What a status is now.

    Args:
        written: one word, as `word` gives.
        known: one of the tables above.
        own: what the mapping file says; it comes first.

    Raises:
        Unusable: nobody knows it.
    """
    found = own.get(written) or known.get(written)
    if found is None:
        raise Unusable("is a status nobody knows; name it in the mapping file")
    return found
