"""What a campaign's harvest does next, decided from its document alone. Pure: no I/O, no clock, no chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadgen.model.documents import ProcessorRequest
from leadgen.model.status import EndReason, RequestStatus


@dataclass(frozen=True)
class Limits:
    """Bounds of one campaign's harvest.

    Args:
        batch_size: posts in one batch, at most.
        batches_in_flight: full batches handed to the Processor and not yet done, at most.
        attempts: failures in a row of one listing page before the campaign gives up.
    """

    batch_size: int = 15
    batches_in_flight: int = 4
    attempts: int = 5


@dataclass(frozen=True)
class Leave:
    """Nothing is to be done here any more: the campaign has ended."""


@dataclass(frozen=True)
class Wait:
    """Nothing is to be done now.

    Args:
        until: when the listing page may be tried again; `None` when the end of a batch will say.
    """

    until: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """Take new posts from the page at the cursor.

    Args:
        posts: how many, at most.
        most: how many, if that takes the rest of the page; a small remainder is not worth a batch of its own.
    """

    posts: int
    most: int


@dataclass(frozen=True)
class Finish:
    """The campaign ends.

    Args:
        status: COMPLETED or FAILED.
        reason: why.
        message: the same for people, with the numbers.
    """

    status: RequestStatus
    reason: EndReason
    message: str


Action = Leave | Wait | Claim | Finish


def decide(request: ProcessorRequest, now: datetime, limits: Limits) -> Action:
    """What the harvest of a campaign does next.

    What is found and what is in flight never exceed the target together, so a campaign takes no more posts from a site
    than it may turn out to need.

    Args:
        request: the campaign as it was read.
        now: the present moment.
        limits: bounds of a campaign's harvest.
    """
    if request.status not in (RequestStatus.PENDING, RequestStatus.PROCESSING):
        return Leave()
    ending = _ending(request, limits)
    if ending is not None:
        work_is_out = request.in_flight > 0 or request.counts.waiting > 0
        return Wait() if work_is_out else ending
    if request.next_attempt_at is not None and request.next_attempt_at > now:
        return Wait(request.next_attempt_at)
    remaining = request.number_of_leads_to_process - request.counts.found - request.in_flight
    room = limits.batch_size * limits.batches_in_flight - request.in_flight
    posts = min(remaining, limits.batch_size)
    if posts <= 0 or posts > room:
        return Wait()
    return Claim(posts, most=min(remaining, room, limits.batch_size + limits.batch_size // 2))


def _ending(request: ProcessorRequest, limits: Limits) -> Finish | None:
    """How the campaign ends once nothing is under way any more; `None` if there is more to harvest."""
    found = f"Found {request.counts.found} of {request.number_of_leads_to_process}"
    if request.counts.found >= request.number_of_leads_to_process:
        return Finish(RequestStatus.COMPLETED, EndReason.TARGET_MET, f"{found} leads.")
    if request.listing_done:
        why = request.message or f"the listings of {request.city} have no more posts"
        return Finish(RequestStatus.COMPLETED, EndReason.LISTINGS_EXHAUSTED, f"{found}: {why}.")
    if request.attempts >= limits.attempts:
        why = request.message or "the listings can't be read"
        return Finish(RequestStatus.FAILED, EndReason.SOURCE_FAILED, f"{found}: {why}.")
    return None
