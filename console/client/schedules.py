"""Reading the schedules, as the signed-in person, with what became of the campaigns they started last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.client.watching import TIMEOUT_S, Campaign, to_campaign, unreachable

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from leadgen.model.schedule import Schedule

MOST = 100
_ORDER = {"ACTIVE": 0, "PAUSED": 1, "ENDED": 2}


@dataclass(frozen=True)
class Listed:
    """A schedule, and the campaign it started last, if that is still there."""

    id: str
    schedule: Schedule
    campaign: Campaign | None

    def facts(self) -> dict[str, Any]:
        """Everything, for JSON."""
        s, run = self.schedule, self.schedule.last_run
        return {
            "scheduleId": self.id,
            "status": str(s.status),
            "city": s.city,
            "templateId": s.template_id,
            "numLeads": s.number_of_leads_to_process,
            "when": s.recurrence.model_dump(by_alias=True, exclude_defaults=True),
            "maxRuns": s.max_runs,
            "nextRunAt": s.next_run_at,
            "runs": s.runs,
            "skipped": s.skipped,
            "failed": s.failed,
            "missed": s.missed,
            "outcome": str(s.outcome or ""),
            "note": s.note,
            "lastRun": None if run is None else {
                "requestId": run.request_id,
                "plannedFor": run.planned_for,
                "startedAt": run.started_at,
                "status": self.campaign.status if self.campaign else str(run.status),
                "found": self.found,
                "target": run.target,
            },
            "updatedBy": s.updated_by,
        }  # fmt: skip

    @property
    def found(self) -> int:
        """New leads of the last campaign."""
        if self.campaign is not None:
            return self.campaign.counts["found"]
        return self.schedule.last_run.found if self.schedule.last_run is not None else 0


def read_schedules(db: Client, limit: int = MOST) -> list[Listed]:
    """The schedules, the next to run first; those that were removed are left out.

    Args:
        db: Firestore, as the signed-in person.
        limit: how many, at most; those changed last are preferred.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.cloud.firestore import FieldFilter

    from leadgen.model.schedule import LISTED, Schedule

    listed = db.collection("schedules").where(filter=FieldFilter("status", "in", list(LISTED)))
    query = listed.order_by("updatedAt", direction="DESCENDING").limit(limit)
    try:
        schedules = {s.id: Schedule.from_firestore(s.to_dict() or {}) for s in query.stream(timeout=TIMEOUT_S)}
        runs = {s.last_run.request_id for s in schedules.values() if s.last_run is not None}
        refs = [db.collection("processorQueue").document(run) for run in sorted(runs)]
        found = db.get_all(refs, timeout=TIMEOUT_S) if refs else ()
        campaigns = {s.id: to_campaign(s.id, s.to_dict() or {}) for s in found if s.exists}
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    return sorted((_listed(name, schedule, campaigns) for name, schedule in schedules.items()), key=_place)


def _listed(name: str, schedule: Schedule, campaigns: dict[str, Campaign]) -> Listed:
    run = schedule.last_run
    return Listed(name, schedule, campaigns.get(run.request_id) if run is not None else None)


def _place(listed: Listed) -> tuple[int, datetime]:
    schedule = listed.schedule
    return _ORDER.get(str(schedule.status), 3), schedule.next_run_at or schedule.updated_at
