"""Starts the campaigns whose planned time has come. Run every minute; a minute in which nothing is due costs one read.

A run's campaign, the schedule's next time and the entry in the activity are one commit, on the condition that the
schedule is still as it was read; the campaign's id is made of the schedule and the planned time. So a tick that comes
twice, late, beside another one or is killed anywhere makes one campaign per planned time.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from leadgen.model.documents import ProcessorRequest
from leadgen.model.errors import LeadgenError, Unavailable
from leadgen.model.ids import scheduled_request_id
from leadgen.model.recurrence import next_run, runs_between
from leadgen.model.schedule import RunOutcome, Schedule, ScheduledRun, settled
from leadgen.model.status import ScheduleStatus
from leadgen.pipeline.campaigns import Wish, prepare
from leadgen.pipeline.campaigns import record as record_campaign
from leadgen.pipeline.context import Context
from leadgen.store.client import RPC_TIMEOUT_S
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, read, retrying, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import DocumentSnapshot

MOST_DUE = 50
"""Schedules attended to in one tick; those due longest come first, the others have their turn in the next tick."""
LATE = timedelta(minutes=15)
"""A start later than this is worth a note."""

log = logging.getLogger("leadgen.schedules")


def start_due(context: Context, limit: int = MOST_DUE) -> int:
    """Attend to every schedule that is due.

    Args:
        context: the parts.
        limit: schedules, at most.

    Returns:
        How many campaigns were started.

    Raises:
        ExceptionGroup: some could not be attended to (Firestore did not answer, say); the others were, and those are
            due again in the next tick.
    """
    from google.cloud.firestore import FieldFilter

    # Schedules that wait for nothing have no `dueAt`, so the index of that one field serves.
    due = FieldFilter("dueAt", "<=", context.clock.now())
    query = context.names.schedules.where(filter=due).order_by("dueAt").limit(limit)
    started, failures = 0, []
    for snapshot in query.stream(timeout=RPC_TIMEOUT_S):
        try:
            started += attend(context, snapshot)
        except ValidationError as error:
            log.error("schedule %s can't be read and is left out: %s", snapshot.id, error)
        except Exception as error:
            log.error("schedule %s: %s: %s", snapshot.id, type(error).__name__, error)
            failures.append(error)
    if failures:
        raise ExceptionGroup("some schedules could not be attended to", failures)
    return started


def attend(context: Context, snapshot: DocumentSnapshot) -> bool:
    """Do what one schedule is due for.

    Args:
        context: the parts.
        snapshot: the schedule as it was read; it is read anew if it has changed since.

    Returns:
        Whether a campaign was started.
    """
    known: Record[Schedule] | None = to_record(snapshot, Schedule)

    def attempt() -> bool:
        nonlocal known
        found = known or read(context.names.schedules.document(snapshot.id), Schedule)
        known = None
        now = context.clock.now()
        if found is None or found.value.due_at is None or found.value.due_at > now:
            return False  # another tick was faster, or somebody changed it
        schedule = look_at_last_run(context, found.value)
        planned = schedule.next_run_at
        if schedule.status is ScheduleStatus.ACTIVE and planned is not None and planned <= now:
            return _run(context, found, schedule, planned)
        Commit(context.db).change(found, settled(schedule, now).all_fields()).run()
        return False

    return retrying(attempt)


def look_at_last_run(context: Context, schedule: Schedule) -> Schedule:
    """The schedule with what has become of the campaign it started last."""
    run = schedule.last_run
    if run is None or not run.is_open:
        return schedule
    campaign = read(context.names.requests.document(run.request_id), ProcessorRequest)
    if campaign is None:
        return schedule.model_copy(update={"last_run": None})
    seen = {"status": campaign.value.status, "found": campaign.value.counts.found}
    return schedule.model_copy(update={"last_run": run.model_copy(update=seen)})


def _run(context: Context, found: Record[Schedule], schedule: Schedule, planned: datetime) -> bool:
    """The planned time has come: start a campaign, or say why not; and move the schedule on. One commit."""
    now = context.clock.now()
    request_id = scheduled_request_id(found.id, planned)
    commit = Commit(context.db)
    existing = read(context.names.requests.document(request_id), ProcessorRequest)
    if existing is not None:
        # The same time was planned again, by a clock that is behind or from a restored copy: it has had its campaign.
        run = run_of(existing.value, request_id, planned)
        moved = _moved_on(schedule, now, planned, RunOutcome.STARTED, _lateness(schedule, planned, now), run)
        commit.change(found, moved.all_fields()).run()
        return False
    if schedule.last_run is not None and schedule.last_run.is_open:
        _without_campaign(context, found, schedule, planned, RunOutcome.SKIPPED, still_running(schedule.last_run))
        return False
    try:
        request = prepare(context, wish_of(found.id, schedule, schedule.updated_by))
    except Unavailable:
        raise  # it will pass: due again in the next tick
    except LeadgenError as error:
        _without_campaign(context, found, schedule, planned, RunOutcome.FAILED, f"{error.detail} {error.hint}".strip())
        return False
    late = _lateness(schedule, planned, now)
    moved = _moved_on(schedule, now, planned, RunOutcome.STARTED, late, run_of(request, request_id, planned))
    commit.change(found, moved.all_fields())
    record_campaign(context, commit, request_id, request, _started_text(schedule, planned, late)).run()
    return True


def still_running(run: ScheduledRun) -> str:
    """Why a schedule starts nothing while the campaign it started last is running."""
    return f"Left out: the campaign before is still running, with {run.found} of {run.target} leads."


def _without_campaign(
    context: Context, found: Record[Schedule], schedule: Schedule, planned: datetime, outcome: RunOutcome, text: str
) -> None:
    now = context.clock.now()
    said = f"{text} {_lateness(schedule, planned, now)}".strip()
    moved = _moved_on(schedule, now, planned, outcome, said, schedule.last_run)
    again = f"Next try {_local(moved, moved.next_run_at)}." if moved.next_run_at else "It will not run again."
    moved = moved.model_copy(update={"note": f"{said} {again}"})
    happened = f"Schedule for {schedule.city}, {_local(schedule, planned)}: {moved.note}"
    commit = Commit(context.db).change(found, moved.all_fields())
    note(context.db, commit, entry(now, f"schedule.{outcome.lower()}", happened)).run()


def _moved_on(
    schedule: Schedule, now: datetime, planned: datetime, outcome: RunOutcome, text: str, last_run: ScheduledRun | None
) -> Schedule:
    started = outcome is RunOutcome.STARTED
    return settled(
        schedule.model_copy(
            update={
                # A clock that is behind must not plan the same time again.
                "next_run_at": next_run(schedule.recurrence, max(planned, now)),
                "runs": schedule.runs + started,
                "skipped": schedule.skipped + (outcome is RunOutcome.SKIPPED),
                "failed": schedule.failed + (outcome is RunOutcome.FAILED),
                "missed": schedule.missed + runs_between(schedule.recurrence, planned, now),
                "outcome": outcome,
                "note": text,
                "last_due_at": planned,
                "last_run": last_run,
            }
        ),
        now,
    )


def wish_of(schedule_id: str, schedule: Schedule, user: str) -> Wish:
    """The campaign that a schedule wants, in the name of a person."""
    return Wish(schedule.city, schedule.template_id, schedule.number_of_leads_to_process, user, schedule_id)


def run_of(request: ProcessorRequest, request_id: str, planned: datetime | None) -> ScheduledRun:
    """A campaign as the schedule that started it remembers it."""
    return ScheduledRun(
        request_id=request_id,
        planned_for=planned,
        started_at=request.request_timestamp,
        status=request.status,
        found=request.counts.found,
        target=request.number_of_leads_to_process,
    )


def _lateness(schedule: Schedule, planned: datetime, now: datetime) -> str:
    """What is to be said of a run that begins long after its time; empty for one in time."""
    if now - planned <= LATE:
        return ""
    missed = runs_between(schedule.recurrence, planned, now)
    further = f"; {missed} later time{'s are' if missed > 1 else ' is'} left out" if missed else ""
    return f"Late: planned for {_local(schedule, planned)}, nothing ran the schedules until now{further}."


def _started_text(schedule: Schedule, planned: datetime, late: str) -> str:
    what = f"{schedule.city}: {schedule.number_of_leads_to_process} leads with template {schedule.template_id}"
    return f"The schedule of {schedule.updated_by} started {what}. {late}".strip()


def _local(schedule: Schedule, moment: datetime) -> str:
    """A moment in the schedule's timezone."""
    zone = schedule.recurrence.timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%a %b %-d %H:%M} {zone}"
