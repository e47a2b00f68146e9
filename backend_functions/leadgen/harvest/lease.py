"""The lease on a campaign: one worker at a time harvests for it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from leadgen.harvest.deps import HarvestDeps
from leadgen.harvest.plan import Leave, Wait, decide
from leadgen.model.documents import ProcessorRequest
from leadgen.model.status import RequestStatus, check_transition
from leadgen.store.client import Collections
from leadgen.store.records import change, read, retrying

_log = logging.getLogger(__name__)


def is_held(request: ProcessorRequest, owner: str, now: datetime) -> bool:
    """Whether another worker's lease on the campaign is live."""
    if request.lease_until is None or request.lease_owner in ("", owner):
        return False
    return request.lease_until > now


def acquire(deps: HarvestDeps, request_id: str) -> bool:
    """Take the lease; `False` if there is nothing to do or another worker holds it."""

    def attempt() -> bool:
        record = read(Collections(deps.db).requests.document(request_id), ProcessorRequest)
        if record is None:
            _log.warning("harvest of campaign %s: there is no such campaign", request_id)
            return False
        request, now = record.value, deps.clock.now()
        if isinstance(decide(request, now, deps.limits), Leave | Wait) or is_held(request, deps.owner, now):
            return False
        if request.status is not RequestStatus.PROCESSING:
            check_transition(f"campaign {request_id}", request.status, RequestStatus.PROCESSING)
        change(record, {"status": str(RequestStatus.PROCESSING), **lease(deps, now)})
        return True

    return retrying(attempt, sleep=deps.sleep, rng=deps.rng)


def lease(deps: HarvestDeps, now: datetime) -> dict[str, Any]:
    """The fields that take the lease, or extend it."""
    until = now + timedelta(seconds=deps.lease_s)
    return {"leaseOwner": deps.owner, "leaseUntil": until, "updatedAt": now}


def released(now: datetime) -> dict[str, Any]:
    """The fields that give the lease back."""
    # The end of the lease stays in the document: the sweep finds campaigns by it.
    return {"leaseOwner": "", "leaseUntil": now, "updatedAt": now}
