"""What the endpoints of schedules do: unpack, one call into the core, pack."""

from __future__ import annotations

import secrets

from leadgen.api import schemas
from leadgen.api.call import Call
from leadgen.api.problem import KeyReused
from leadgen.model.ids import keyed_id
from leadgen.model.recurrence import Recurrence
from leadgen.model.schedule import Schedule
from leadgen.model.status import ScheduleStatus
from leadgen.pipeline.context import Context


def schedule_campaign(call: Call) -> schemas.ScheduleOut:
    """Record a schedule, or change one."""
    from leadgen.pipeline.schedules import Plan, create_schedule, replace_schedule

    context, wish = Context.from_environment(), call.body
    rule = wish.when.model_dump()
    plan = Plan(
        city=wish.city,
        template_id=wish.template_id,
        leads=wish.num_leads,
        recurrence=Recurrence(**{**rule, "days": sorted(set(rule["days"]))}),
        max_runs=wish.max_runs,
        user=call.caller.email,
    )
    if wish.schedule_id is not None:
        return _out(wish.schedule_id, replace_schedule(context, wish.schedule_id, plan), "The schedule is changed.")
    schedule_id = keyed_id(call.caller.uid, "scheduleCampaign", call.key) if call.key else secrets.token_hex(16)
    schedule, is_new = create_schedule(context, schedule_id, plan)
    if schedule.fingerprint != plan.fingerprint:
        raise KeyReused("The Idempotency-Key belongs to a schedule with other parameters.", hint="Use a new key.")
    return _out(schedule_id, schedule, "The schedule is recorded." if is_new else "This schedule was recorded before.")


def change_schedule(call: Call) -> schemas.ScheduleOut:
    """Pause, resume or remove a schedule, or run it now."""
    from leadgen.pipeline.schedules import pause_schedule, remove_schedule, resume_schedule, run_now

    context, wish, user = Context.from_environment(), call.body, call.caller.email
    if wish.action == "run":
        schedule, request_id = run_now(context, wish.schedule_id, user, call.key or secrets.token_hex(16))
        return _out(wish.schedule_id, schedule, "The campaign is recorded.", request_id)
    act, done = {
        "pause": (pause_schedule, "The schedule is paused."),
        "resume": (resume_schedule, "The schedule is resumed."),
        "remove": (remove_schedule, "The schedule is removed."),
    }[wish.action]
    return _out(wish.schedule_id, act(context, wish.schedule_id, user), done)


def _out(schedule_id: str, schedule: Schedule, message: str, request_id: str = "") -> schemas.ScheduleOut:
    if schedule.status is ScheduleStatus.REMOVED and "removed" not in message:
        message = f"{message} It was removed since."
    return schemas.ScheduleOut(
        schedule_id=schedule_id,
        status=str(schedule.status),
        next_run_at=schedule.next_run_at,
        request_id=request_id,
        message=message,
    )
