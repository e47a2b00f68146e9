"""Operators take leads that are behind a CAPTCHA, one each, and give them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadgen.model.documents import Contact, Review
from leadgen.model.errors import Conflict, NotFound
from leadgen.model.status import ContactStatus
from leadgen.review.decide import Person, claim, is_held, release, review_of
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Raced, Record, need, retrying, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

LOOKED_AT = 100
"""Waiting leads among which the next one is chosen, oldest first; far more than operators hold at a time."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Claimed:
    """A lead and the claim on it."""

    lead_id: str
    contact: Contact
    review: Review


def claim_lead(
    db: Client, lead_id: str, person: Person, clock: Clock, *, claim_id: str = "", renew: int | None = None
) -> Claimed:
    """Claim a lead, or prolong a claim.

    Args:
        db: Firestore.
        lead_id: the lead.
        person: the operator.
        clock: the clock.
        claim_id: of the call; the same one again is the same claim.
        renew: the epoch of a claim to be prolonged.

    Raises:
        NotFound: there is no such lead.
        Conflict: it does not wait, somebody else has it, or the claim to be prolonged is over.
    """

    def attempt() -> Claimed:
        record = need(Collections(db).contacts.document(lead_id), Contact, f"lead {lead_id}")
        return _claim(db, record, person, clock, claim_id, renew)

    return retrying(attempt)


def _claim(
    db: Client, record: Record[Contact], person: Person, clock: Clock, claim_id: str, renew: int | None = None
) -> Claimed:
    now = clock.now()
    review = claim(record.id, record.value, person, now, claim_id, renew)
    _store(db, record, review, now)
    return Claimed(record.id, record.value, review)


def claim_next(db: Client, person: Person, clock: Clock, *, claim_id: str = "") -> Claimed:
    """Claim the lead whose turn it is: fewest failures first, then longest not given back, then oldest.

    Raises:
        NotFound: no lead waits that nobody holds.
    """
    waiting = _waiting(db)
    repeated = next((r for r in waiting if _is_claim(r.value, person, claim_id)), None)
    if repeated is not None:
        return claim_lead(db, repeated.id, person, clock, claim_id=claim_id)
    now = clock.now()
    free = [record for record in waiting if not is_held(record.value.review, now)]
    for record in sorted(free, key=_turn):
        try:
            return _claim(db, record, person, clock, claim_id)
        except (Conflict, Raced):
            continue  # somebody was faster
    held = len(waiting) - len(free)
    others = f"; {held} {'is' if held == 1 else 'are'} being worked on" if held else ""
    raise NotFound(f"No lead waits for a CAPTCHA to be solved{others}.", hint="Look again when a campaign has run on.")


def _waiting(db: Client) -> list[Record[Contact]]:
    from google.cloud.firestore import FieldFilter

    query = Collections(db).contacts.where(filter=FieldFilter("status", "==", str(ContactStatus.PENDING_CAPTCHA)))
    page = query.order_by("createdAt").limit(LOOKED_AT).stream(timeout=RPC_TIMEOUT_S)
    return [to_record(snapshot, Contact) for snapshot in page]


def _is_claim(contact: Contact, person: Person, claim_id: str) -> bool:
    review = contact.review
    return bool(claim_id) and review is not None and (review.claim_id, review.lease_owner) == (claim_id, person.uid)


def _turn(record: Record[Contact]) -> tuple[int, datetime, datetime]:
    given_back = record.value.review.released_at if record.value.review is not None else None
    return record.value.attempts, given_back or _NEVER, record.value.created_at


def release_lead(db: Client, lead_id: str, person: Person, clock: Clock, *, epoch: int | None = None) -> bool:
    """Give a lead back unsolved.

    Args:
        db: Firestore.
        lead_id: the lead.
        person: the operator.
        clock: the clock.
        epoch: the claim; `None` for whichever the operator has.

    Returns:
        Whether the operator held it; if not, nothing was changed.

    Raises:
        NotFound: there is no such lead.
    """

    def attempt() -> bool:
        record = need(Collections(db).contacts.document(lead_id), Contact, f"lead {lead_id}")
        now = clock.now()
        review = release(record.value, person, now, epoch)
        if review is None:
            return False
        _store(db, record, review, now)
        return True

    return retrying(attempt)


def _store(db: Client, record: Record[Contact], review: Review, now: datetime) -> None:
    if review != review_of(record.value):
        Commit(db).change(record, {"review": review.to_firestore(), "lastUpdated": now}).run()
