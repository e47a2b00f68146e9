"""Whose turn it is: the order of the leads, and who holds which. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from console.format import phone, plain
from console.live.feed import Doc

_NEVER = datetime.min.replace(tzinfo=UTC)


def in_turn(docs: Sequence[Doc]) -> list[Doc]:
    """The leads in the order in which the backend gives them: fewest failures, longest not given back, oldest."""

    def turn(doc: Doc) -> tuple[int, datetime, datetime, str]:
        review = doc.value.review
        back = review.released_at if review is not None else None
        return doc.value.attempts, back or _NEVER, doc.value.created_at, doc.id

    return sorted(docs, key=turn)


def holder(doc: Doc, now: datetime) -> str:
    """Who works on a lead; "" for nobody. A claim that ran out is none."""
    review = doc.value.review
    if review is None or not review.lease_owner or review.lease_until is None or review.lease_until <= now:
        return ""
    return str(review.lease_name or "another operator")


def next_free(docs: Sequence[Doc], after: str, now: datetime, aside: Collection[str], me: str) -> Doc | None:
    """The next lead that nobody else has, around the end.

    Args:
        docs: the leads in their order.
        after: the lead to begin behind; the first one if it is not there.
        now: the present moment.
        aside: leads that are not meant.
        me: the person; a lead that they hold, perhaps in another window, is theirs to take.
    """
    names = [doc.id for doc in docs]
    start = names.index(after) + 1 if after in names else 0
    around = [*docs[start:], *docs[:start]]
    return next((d for d in around if d.id not in aside and d.id != after and holder(d, now) in {"", me}), None)


def name_of(doc: Doc) -> str:
    """Who a lead is."""
    lead = doc.value
    what = lead.business_name or lead.name or lead.lead_data_json.title or phone(lead.phone)
    return plain(what or lead.category or "a lead without a name", 120)
