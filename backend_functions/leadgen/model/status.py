"""Statuses of the documents, and the one table of legal transitions."""

from __future__ import annotations

from enum import StrEnum

from leadgen.model.errors import Conflict


class RequestStatus(StrEnum):
    """A campaign (`processorQueue`)."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class EndReason(StrEnum):
    """Why a campaign harvests no more."""

    TARGET_MET = "TARGET_MET"
    LISTINGS_EXHAUSTED = "LISTINGS_EXHAUSTED"
    CANCELLED = "CANCELLED"
    SOURCE_FAILED = "SOURCE_FAILED"


class ScheduleStatus(StrEnum):
    """A schedule of campaigns (`schedules`)."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"
    """It ran as often as it was to, or its last day has passed."""
    REMOVED = "REMOVED"
    """Kept for a while, so that a late repeat of the request that made it does not bring it back."""


class BatchStatus(StrEnum):
    """A batch of harvested posts (`processorQueue/{id}/batches`)."""

    PUBLISHED = "PUBLISHED"
    DONE = "DONE"


class ContactStatus(StrEnum):
    """A lead (`contacts`)."""

    PENDING_ENRICHMENT = "PENDING_ENRICHMENT"
    PENDING_CAPTCHA = "PENDING_CAPTCHA"
    CAPTCHA_FAILED = "CAPTCHA_FAILED"
    PHONE_ONLY = "PHONE_ONLY"
    PROCESSED = "PROCESSED"
    """Has an address; where a template was named, also a place in the email queue."""
    SUPPRESSED = "SUPPRESSED"
    DUPLICATE = "DUPLICATE"
    """The address found behind the CAPTCHA belongs to another contact."""
    MERGED = "MERGED"
    """The same person as another contact, which stands for both; can be undone."""


class EmailStatus(StrEnum):
    """A mail (`emailQueue`)."""

    QUEUED = "QUEUED"
    HELD = "HELD"
    DRAFTING = "DRAFTING"
    """An agent holds the lease and is making the draft; nothing can have left."""
    SENDING = "SENDING"
    """The draft is stored with its immutable id; the send may have happened."""
    UNKNOWN = "UNKNOWN"
    """The answer to the send was lost; a reconciler asks the mailbox before anything else is done."""
    PARKED = "PARKED"
    """The mailbox can't tell either; a person decides."""
    SENT = "SENT"
    CANCELLED = "CANCELLED"
    SUPPRESSED = "SUPPRESSED"
    ERROR_NO_EMAIL = "ERROR_NO_EMAIL"
    ERROR_API_FAILURE = "ERROR_API_FAILURE"


class MailboxState(StrEnum):
    """Whether a mailbox (`mailboxes`) is signed in. A pause is not a state: `Mailbox.paused` holds in each of them."""

    ACTIVE = "ACTIVE"
    NEEDS_REAUTH = "NEEDS_REAUTH"
    """Its owner must sign in again: consent withdrawn, password changed, or the refresh token expired."""
    SIGNED_OUT = "SIGNED_OUT"

    @classmethod
    def _missing_(cls, value: object) -> MailboxState | None:
        return cls.ACTIVE if value == "CONNECTED" else None  # what earlier releases wrote


class PostOutcome(StrEnum):
    """What became of one harvested post."""

    QUEUED = "QUEUED"
    REVIEW = "REVIEW"
    PHONE_ONLY = "PHONE_ONLY"
    SUPPRESSED = "SUPPRESSED"
    WAITING = "WAITING"
    """A new lead that waits for its model call."""
    DUPLICATE = "DUPLICATE"
    NO_CONTACT = "NO_CONTACT"
    DEAD = "DEAD"
    """The post is gone, forbidden by robots.txt, or could not be fetched after all attempts."""


NEW_LEAD_OUTCOMES = frozenset({PostOutcome.QUEUED, PostOutcome.REVIEW, PostOutcome.PHONE_ONLY, PostOutcome.WAITING})
"""Outcomes that count towards a campaign's target: a person not known before who may be contacted."""

_R, _C, _E, _S = RequestStatus, ContactStatus, EmailStatus, ScheduleStatus

_LEGAL: dict[StrEnum, frozenset[StrEnum]] = {
    _R.PENDING: frozenset({_R.PROCESSING, _R.CANCELLED, _R.FAILED}),
    _R.PROCESSING: frozenset({_R.COMPLETED, _R.CANCELLED, _R.FAILED}),
    _R.COMPLETED: frozenset(),
    _R.CANCELLED: frozenset(),
    _R.FAILED: frozenset({_R.PROCESSING}),
    _S.ACTIVE: frozenset({_S.PAUSED, _S.ENDED, _S.REMOVED}),
    _S.PAUSED: frozenset({_S.ACTIVE, _S.ENDED, _S.REMOVED}),
    _S.ENDED: frozenset({_S.ACTIVE, _S.REMOVED}),
    _S.REMOVED: frozenset(),
    BatchStatus.PUBLISHED: frozenset({BatchStatus.DONE}),
    BatchStatus.DONE: frozenset(),
    _C.PENDING_ENRICHMENT: frozenset({_C.PROCESSED, _C.PENDING_CAPTCHA, _C.PHONE_ONLY, _C.SUPPRESSED, _C.MERGED}),
    _C.PENDING_CAPTCHA: frozenset({_C.PROCESSED, _C.CAPTCHA_FAILED, _C.SUPPRESSED, _C.DUPLICATE, _C.MERGED}),
    _C.CAPTCHA_FAILED: frozenset({_C.PENDING_CAPTCHA, _C.PROCESSED, _C.SUPPRESSED, _C.MERGED}),
    _C.PHONE_ONLY: frozenset({_C.PROCESSED, _C.SUPPRESSED, _C.MERGED}),
    _C.PROCESSED: frozenset({_C.PENDING_CAPTCHA, _C.SUPPRESSED, _C.MERGED}),
    _C.SUPPRESSED: frozenset({_C.MERGED}),
    _C.DUPLICATE: frozenset({_C.PENDING_CAPTCHA, _C.MERGED}),
    _C.MERGED: frozenset(set(_C) - {_C.MERGED}),
    _E.QUEUED: frozenset(
        {_E.DRAFTING, _E.SENDING, _E.HELD, _E.CANCELLED, _E.SUPPRESSED, _E.ERROR_NO_EMAIL, _E.ERROR_API_FAILURE}
    ),
    _E.HELD: frozenset({_E.QUEUED, _E.CANCELLED, _E.SUPPRESSED}),
    _E.DRAFTING: frozenset({_E.QUEUED, _E.SENDING, _E.SUPPRESSED, _E.ERROR_NO_EMAIL, _E.ERROR_API_FAILURE}),
    _E.SENDING: frozenset({_E.SENT, _E.UNKNOWN, _E.QUEUED, _E.ERROR_API_FAILURE}),
    _E.UNKNOWN: frozenset({_E.SENT, _E.SENDING, _E.PARKED}),
    _E.PARKED: frozenset({_E.SENT, _E.QUEUED, _E.CANCELLED}),
    _E.SENT: frozenset(),
    _E.CANCELLED: frozenset({_E.QUEUED, _E.HELD}),
    _E.SUPPRESSED: frozenset(),
    _E.ERROR_NO_EMAIL: frozenset({_E.QUEUED, _E.CANCELLED}),
    _E.ERROR_API_FAILURE: frozenset({_E.QUEUED, _E.CANCELLED}),
}


def is_legal(before: StrEnum, after: StrEnum) -> bool:
    """Whether a document may go from one status to the other (both of the same enumeration)."""
    return type(before) is type(after) and after in _LEGAL[before]


def check_transition(what: str, before: StrEnum, after: StrEnum) -> None:
    """Refuse an illegal transition.

    Args:
        what: the document, for the message, such as ``email 3f2a``.
        before: its present status.
        after: the status asked for.

    Raises:
        Conflict: the table does not allow it.
    """
    if not is_legal(before, after):
        allowed = ", ".join(sorted(_LEGAL[before])) or "nothing; it is final"
        raise Conflict(f"{what} is {before} and can't become {after}.", hint=f"From {before} it can become: {allowed}.")


def is_final(status: StrEnum) -> bool:
    """Whether nothing follows this status."""
    return not _LEGAL[status]
