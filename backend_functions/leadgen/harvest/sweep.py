"""Picks up what a lost message or a dead worker left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from leadgen.harvest.deps import HarvestDeps
from leadgen.harvest.lease import is_held
from leadgen.harvest.plan import Claim, Finish, decide
from leadgen.model.documents import Batch, ProcessorRequest
from leadgen.model.status import BatchStatus, RequestStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from leadgen.store.records import Raced, Record, change, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import DocumentSnapshot, Query

MOST_REQUESTS = 200
"""Campaigns looked at in one sweep, of each kind; those left alone longest come first."""
MOST_BATCHES = 100
_STOPPED = (RequestStatus.CANCELLED, RequestStatus.FAILED)
_log = logging.getLogger(__name__)


def sweep_requests(deps: HarvestDeps, limit: int = MOST_REQUESTS) -> int:
    """Send a new hint for every campaign and every batch that nobody works on although there is something to do.

    Args:
        deps: what to work with.
        limit: campaigns looked at, of each kind.

    Returns:
        How many hints were sent.
    """
    hints = 0
    for record in _idle_requests(deps, limit):
        if record.value.in_flight > 0:
            hints += republish_lost_batches(deps, record.id)
        if isinstance(decide(record.value, deps.clock.now(), deps.limits), Claim | Finish):
            deps.publisher.publish(HARVEST_TOPIC, {"requestId": record.id})
            hints += 1
    return hints


def republish_lost_batches(deps: HarvestDeps, request_id: str) -> int:
    """Publish again the batches of a campaign that were never taken, or whose worker fell silent.

    Args:
        deps: what to work with.
        request_id: the campaign.

    Returns:
        How many were published.
    """
    from google.cloud.firestore import FieldFilter

    published = FieldFilter("status", "==", str(BatchStatus.PUBLISHED))
    query = Collections(deps.db).batches(request_id).where(filter=published).limit(MOST_BATCHES)
    count = 0
    for snapshot in query.stream(timeout=RPC_TIMEOUT_S):
        record, now = to_record(snapshot, Batch), deps.clock.now()
        if not _is_lost(record.value, now, deps.grace_s):
            continue
        try:
            change(record, {"attempts": record.value.attempts + 1, "publishedAt": now, "retryAt": None})
        except Raced:
            continue  # somebody works on it after all
        deps.publisher.publish(POSTS_TOPIC, {"requestId": request_id, "batch": int(record.id)})
        count += 1
    return count


def _is_lost(batch: Batch, now: datetime, grace_s: float) -> bool:
    if batch.lease_until is not None and batch.lease_until > now:
        return False
    if batch.retry_at is not None:
        return batch.retry_at <= now
    return batch.published_at + timedelta(seconds=grace_s) <= now


def _idle_requests(deps: HarvestDeps, limit: int) -> Iterator[Record[ProcessorRequest]]:
    """Campaigns never begun, begun ones whose lease has run out or was given back, and stopped ones with posts left.

    The posts of a stopped campaign are claimed: nobody else will read them, so they are read for it.
    """
    from google.cloud.firestore import FieldFilter

    requests, now = Collections(deps.db).requests, deps.clock.now()
    pending = FieldFilter("status", "==", str(RequestStatus.PENDING))
    processing = FieldFilter("status", "==", str(RequestStatus.PROCESSING))
    queries: tuple[Query, ...] = (
        requests.where(filter=pending).order_by("requestTimestamp").limit(limit),
        requests.where(filter=processing)
        .where(filter=FieldFilter("leaseUntil", "<=", now))
        .order_by("leaseUntil")
        .limit(limit),
        requests.where(filter=FieldFilter("status", "in", [str(status) for status in _STOPPED]))
        .where(filter=FieldFilter("inFlight", ">", 0))
        .limit(limit),
    )
    for query in queries:
        for snapshot in query.stream(timeout=RPC_TIMEOUT_S):
            record = _readable(snapshot)
            if record is not None and not is_held(record.value, deps.owner, now):
                yield record


def _readable(snapshot: DocumentSnapshot) -> Record[ProcessorRequest] | None:
    try:
        return to_record(snapshot, ProcessorRequest)
    except ValidationError as error:
        _log.error("campaign %s can't be read and is left out of the sweep: %s", snapshot.id, error)
        return None
