"""`schedules/{scheduleId}`: a campaign that is started later, once or again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from leadgen.model.documents import Document
from leadgen.model.recurrence import Recurrence
from leadgen.model.status import RequestStatus, ScheduleStatus, is_final

KEPT_AFTER_END = timedelta(days=30)
"""How long a schedule that has ended or was removed is kept; a TTL policy deletes it after that."""
LOOK_AGAIN = timedelta(minutes=5)
"""How often the campaign of the last run is looked at until it has ended."""
LISTED = ("ACTIVE", "PAUSED", "ENDED")
"""Statuses a list of schedules shows."""


class RunOutcome(StrEnum):
    """What became of the last time a schedule was due."""

    STARTED = "STARTED"
    SKIPPED = "SKIPPED"
    """The campaign of the run before was still running."""
    FAILED = "FAILED"
    """It could not be started; the note says why and what to do."""


class ScheduledRun(Document):
    """The last campaign that a schedule started, and what is known of it."""

    request_id: str
    planned_for: datetime | None = None
    """The planned time; `None` for one started by hand."""
    started_at: datetime
    status: RequestStatus = RequestStatus.PENDING
    found: int = 0
    """New leads, as of the last look."""
    target: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the campaign had not ended when it was looked at."""
        return not has_ended(self.status)


def has_ended(status: RequestStatus) -> bool:
    """Whether a campaign harvests no more. A failed one may be taken up again, but not by itself."""
    return status is RequestStatus.FAILED or is_final(status)


class Schedule(Document):
    """A schedule. Each planned time makes one campaign, whose id is made of this document's id and that time."""

    city: str
    template_id: int
    number_of_leads_to_process: int
    recurrence: Recurrence
    max_runs: int | None = None
    """It ends after this many campaigns; `None` for no such end."""
    status: ScheduleStatus
    next_run_at: datetime | None = None
    """The next planned time; there only while the status is ACTIVE."""
    due_at: datetime | None = None
    """When the tick looks at this document next: the next run, or a look at what became of the last one."""
    runs: int = 0
    """Campaigns started at their planned time. Those started by hand do not count towards `max_runs`."""
    skipped: int = 0
    failed: int = 0
    missed: int = 0
    """Planned times that passed while nothing ran the schedule, and that no campaign made up for."""
    outcome: RunOutcome | None = None
    note: str = ""
    """What is to be known about the last time it was due; empty if all went well."""
    last_due_at: datetime | None = None
    """The planned time that `outcome` and `note` speak of."""
    last_run: ScheduledRun | None = None
    fingerprint: str = ""
    """Hash of the request that made it, to tell a repeat of an Idempotency-Key from its misuse."""
    created_by: str = ""
    created_at: datetime
    updated_by: str = ""
    updated_at: datetime
    """The last change of any kind, by a person or by a run."""
    expires_at: datetime | None = None
    """When it is deleted, once it has ended or was removed."""

    def all_fields(self) -> dict[str, Any]:
        """Every field for an update, absent ones as null so that they do not keep an older value."""
        absent = {"maxRuns", "nextRunAt", "dueAt", "outcome", "lastDueAt", "lastRun", "expiresAt"}
        return {**dict.fromkeys(absent), **self.to_firestore()}


def settled(schedule: Schedule, now: datetime) -> Schedule:
    """The schedule with the fields that follow from the others: status ENDED, when it is due, when it expires.

    Args:
        schedule: with `next_run_at` as it is to be; `None` ends an ACTIVE one.
        now: the present moment.
    """
    status = schedule.status
    exhausted = schedule.max_runs is not None and schedule.runs >= schedule.max_runs
    if status is ScheduleStatus.ACTIVE and (schedule.next_run_at is None or exhausted):
        status = ScheduleStatus.ENDED
    active = status is ScheduleStatus.ACTIVE
    next_run_at = schedule.next_run_at if active else None
    watched = status is not ScheduleStatus.REMOVED and schedule.last_run is not None and schedule.last_run.is_open
    look = now + LOOK_AGAIN if watched else None
    gone = status in (ScheduleStatus.ENDED, ScheduleStatus.REMOVED)
    return schedule.model_copy(
        update={
            "status": status,
            "next_run_at": next_run_at,
            "due_at": min((moment for moment in (next_run_at, look) if moment is not None), default=None),
            "expires_at": now + KEPT_AFTER_END if gone else None,
            "updated_at": now,
        }
    )
