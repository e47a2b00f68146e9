"""What a person does with schedules: make one, change it, pause, resume and remove it, and run it now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.model.documents import ProcessorRequest
from leadgen.model.errors import Conflict, FieldProblem, InvalidInput
from leadgen.model.ids import digest
from leadgen.model.recurrence import Recurrence, next_run, recurrence_text
from leadgen.model.schedule import RunOutcome, Schedule, settled
from leadgen.model.status import ScheduleStatus, check_transition
from leadgen.pipeline.campaigns import Wish, prepare
from leadgen.pipeline.campaigns import record as record_campaign
from leadgen.pipeline.context import Context
from leadgen.pipeline.schedule_tick import look_at_last_run, run_of, still_running, wish_of
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Raced, Record, need, read, retrying

FURTHEST = timedelta(days=5 * 366)
"""A single run may be planned this far ahead."""


@dataclass(frozen=True)
class Plan:
    """A schedule as somebody wants it.

    Args:
        city: key of the city, in any case.
        template_id: the template of its mails.
        leads: how many new leads each campaign looks for.
        recurrence: when it runs; an empty timezone means the city's.
        max_runs: campaigns after which it ends; `None` for no such end.
        user: who asks.
    """

    city: str
    template_id: int
    leads: int
    recurrence: Recurrence
    max_runs: int | None
    user: str

    @property
    def fingerprint(self) -> str:
        """Hash of what was asked for, whoever asked."""
        rule = self.recurrence.model_dump_json()
        return digest("schedule", self.city.lower(), str(self.template_id), str(self.leads), rule, str(self.max_runs))


def create_schedule(context: Context, schedule_id: str, plan: Plan) -> tuple[Schedule, bool]:
    """Record a schedule.

    Args:
        context: the parts.
        schedule_id: its id; a repeat of the request names the same.
        plan: what is asked for.

    Returns:
        The schedule, and whether it is new; one that is not may have another fingerprint than the plan.

    Raises:
        InvalidInput, NotFound, NotAllowed: it could not run as asked; nothing was recorded.
    """
    ref = context.names.schedules.document(schedule_id)
    earlier = read(ref, Schedule)
    if earlier is not None:
        return earlier.value, False  # before anything is checked: its time may have come since
    now = context.clock.now()
    empty = Schedule(
        city="",
        template_id=0,
        number_of_leads_to_process=0,
        recurrence=plan.recurrence,
        status=ScheduleStatus.ACTIVE,
        fingerprint=plan.fingerprint,
        created_by=plan.user,
        created_at=now,
        updated_at=now,
    )
    schedule = _planned(context, empty, plan, now)
    text = f"{plan.user} scheduled {_what(schedule)}"
    commit = Commit(context.db).create(ref, schedule)
    try:
        note(context.db, commit, entry(now, "schedule.created", text)).run()
    except Raced:
        return need(ref, Schedule, f"schedule {schedule_id}").value, False
    return schedule, True


def replace_schedule(context: Context, schedule_id: str, plan: Plan) -> Schedule:
    """Change what a schedule does and when. A paused one stays paused; one that had ended is taken up again.

    Raises:
        InvalidInput, NotFound, NotAllowed: it could not run as asked, or is not there; nothing was changed.
    """

    def change(schedule: Schedule, now: datetime) -> tuple[Schedule, str]:
        status = ScheduleStatus.ACTIVE if schedule.status is ScheduleStatus.ENDED else schedule.status
        changed = _planned(context, schedule.model_copy(update={"status": status}), plan, now)
        return changed, f"{plan.user} changed a schedule: {_what(changed)}"

    return _changed(context, schedule_id, change)


def pause_schedule(context: Context, schedule_id: str, user: str) -> Schedule:
    """Start nothing until it is resumed; times that pass meanwhile are not made up for.

    Raises:
        NotFound: there is no such schedule.
        Conflict: it has ended.
    """

    def change(schedule: Schedule, now: datetime) -> tuple[Schedule, str]:
        if schedule.status is ScheduleStatus.PAUSED:
            return schedule, ""
        check_transition(f"Schedule {schedule_id}", schedule.status, ScheduleStatus.PAUSED)
        paused = schedule.model_copy(update={"status": ScheduleStatus.PAUSED, "updated_by": user})
        return settled(paused, now), f"{user} paused the schedule for {_what(schedule)}"

    return _changed(context, schedule_id, change)


def resume_schedule(context: Context, schedule_id: str, user: str) -> Schedule:
    """Go on with the next time that lies ahead.

    Raises:
        NotFound: there is no such schedule.
        Conflict: no time lies ahead.
    """

    def change(schedule: Schedule, now: datetime) -> tuple[Schedule, str]:
        if schedule.status is ScheduleStatus.ACTIVE:
            return schedule, ""
        check_transition(f"Schedule {schedule_id}", schedule.status, ScheduleStatus.ACTIVE)
        resumed = settled(
            schedule.model_copy(
                update={
                    "status": ScheduleStatus.ACTIVE,
                    "next_run_at": next_run(schedule.recurrence, now),
                    "updated_by": user,
                }
            ),
            now,
        )
        if resumed.status is not ScheduleStatus.ACTIVE:
            raise Conflict(
                f"Schedule {schedule_id} has no run left.", hint="Give it a later time, another end or more runs."
            )
        return resumed, f"{user} resumed the schedule for {_what(schedule)}"

    return _changed(context, schedule_id, change)


def remove_schedule(context: Context, schedule_id: str, user: str) -> Schedule:
    """Start nothing any more; campaigns it has started go on. Removing twice is removing once.

    Raises:
        NotFound: there never was such a schedule.
    """

    def change(schedule: Schedule, now: datetime) -> tuple[Schedule, str]:
        if schedule.status is ScheduleStatus.REMOVED:
            return schedule, ""
        removed = schedule.model_copy(update={"status": ScheduleStatus.REMOVED, "updated_by": user})
        return settled(removed, now), f"{user} removed the schedule for {_what(schedule)}"

    return _changed(context, schedule_id, change, removed_too=True)


def run_now(context: Context, schedule_id: str, user: str, key: str) -> tuple[Schedule, str]:
    """Start its campaign at once, besides the planned ones.

    Args:
        context: the parts.
        schedule_id: the schedule.
        user: who asks.
        key: the same key starts one campaign.

    Returns:
        The schedule and the campaign's id.

    Raises:
        NotFound, InvalidInput, NotAllowed: it is not there, or its campaign can't be started.
        Conflict: the campaign it started last is still running.
    """
    request_id = digest("schedule-now", schedule_id, user, key)
    ref = context.names.schedules.document(schedule_id)

    def attempt() -> tuple[Schedule, str]:
        found = _living(need(ref, Schedule, f"schedule {schedule_id}"))
        if read(context.names.requests.document(request_id), ProcessorRequest) is not None:
            return found.value, request_id
        schedule = look_at_last_run(context, found.value)
        if schedule.last_run is not None and schedule.last_run.is_open:
            raise Conflict(still_running(schedule.last_run), hint=f"leadgen cancel {schedule.last_run.request_id}")
        request = prepare(context, wish_of(schedule_id, schedule, user))
        now = context.clock.now()
        update = {
            "outcome": RunOutcome.STARTED,
            "note": f"Started by {user}, not by its time.",
            "last_due_at": None,
            "last_run": run_of(request, request_id, None),
        }
        changed = settled(schedule.model_copy(update=update), now)
        commit = Commit(context.db).change(found, changed.all_fields())
        text = f"{user} ran the schedule for {_what(schedule)}"
        record_campaign(context, commit, request_id, request, text).run()
        return changed, request_id

    return retrying(attempt)


def _changed(
    context: Context,
    schedule_id: str,
    change: Callable[[Schedule, datetime], tuple[Schedule, str]],
    *,
    removed_too: bool = False,
) -> Schedule:
    """Apply a change and tell of it; a change that changes nothing writes nothing."""
    ref = context.names.schedules.document(schedule_id)

    def attempt() -> Schedule:
        found = need(ref, Schedule, f"schedule {schedule_id}")
        if not removed_too:
            _living(found)
        now = context.clock.now()
        after, text = change(found.value, now)
        if after != found.value:
            commit = Commit(context.db).change(found, after.all_fields())
            note(context.db, commit, entry(now, "schedule.changed", text)).run()
        return after

    return retrying(attempt)


def _living(found: Record[Schedule]) -> Record[Schedule]:
    if found.value.status is ScheduleStatus.REMOVED:
        raise Conflict(f"Schedule {found.id} was removed.", hint="Make a new one: leadgen schedule add")
    return found


def _planned(context: Context, schedule: Schedule, plan: Plan, now: datetime) -> Schedule:
    """The schedule with a plan, if that can run as asked."""
    campaign = prepare(context, Wish(plan.city, plan.template_id, plan.leads, plan.user))
    recurrence = plan.recurrence
    if not recurrence.timezone:
        _, city = context.source_for(plan.city)
        recurrence = recurrence.model_copy(update={"timezone": city.timezone})
    _check_time(recurrence, now)
    if plan.max_runs is not None and plan.max_runs <= schedule.runs:
        raise _wrong("maxRuns", str(plan.max_runs), f"must be more than the {schedule.runs} runs there were already")
    update = {
        "city": campaign.city,
        "template_id": plan.template_id,
        "number_of_leads_to_process": plan.leads,
        "recurrence": recurrence,
        "max_runs": plan.max_runs,
        "next_run_at": next_run(recurrence, now),
        "updated_by": plan.user,
    }
    return settled(schedule.model_copy(update=update), now)


def _check_time(recurrence: Recurrence, now: datetime) -> None:
    following = next_run(recurrence, now)
    if recurrence.is_once:
        if following is None:
            raise _wrong("when.at", recurrence.at, f"must lie in the future in {recurrence.timezone}")
        if following > now + FURTHEST:
            raise _wrong("when.at", recurrence.at, f"must lie within {FURTHEST.days // 366} years")
    elif following is None:
        raise _wrong("when.until", recurrence.until, "must not be earlier than the first run")


def _wrong(field: str, value: str, allowed: str) -> InvalidInput:
    return InvalidInput(
        f"The schedule would never run as asked: {field} {allowed}.",
        hint="Correct the field named.",
        fields=(FieldProblem(field, value, allowed),),
    )


def _what(schedule: Schedule) -> str:
    what = f"{schedule.city}: {schedule.number_of_leads_to_process} leads with template {schedule.template_id}"
    return f"{what}, {recurrence_text(schedule.recurrence)} {schedule.recurrence.timezone}"
