"""`leadgen schedule`: campaigns that are started later, once or again and again."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

import typer

from console.cli.ids import whole_id
from console.cli.output import emit_json, say, table, told
from console.cli.target import open_session
from console.client.schedules import Listed, read_schedules
from console.when import is_zone, parse_at, parse_days, parse_end, parse_time

app = typer.Typer(help="Campaigns that are started later, once or again and again.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it; see leadgen schedule list.")]


@app.command()
def add(
    city: Annotated[str, typer.Option("--city", help="Which city; leadgen cities lists them.")],
    template: Annotated[int, typer.Option("--template", help="Number of the email template.")],
    leads: Annotated[int, typer.Option("--leads", min=1, max=10_000, help="How many new leads each time.")],
    at: Annotated[str, typer.Option("--at", help="Once: date and time, such as '2026-12-01 09:00'.")] = "",
    days: Annotated[str, typer.Option("--days", help="Again and again: mon-fri, or mon,thu, or daily.")] = "",
    time: Annotated[str, typer.Option("--time", help="Time of day on those days, such as 09:00.")] = "",
    timezone: Annotated[str, typer.Option("--timezone", help="IANA name; the city's if not given.")] = "",
    ends: Annotated[
        str, typer.Option("--ends", help="Last day such as 2026-12-31, or a number such as '10 runs'.")
    ] = "",
    change: Annotated[str, typer.Option("--change", metavar="ID", help="Change this schedule, make no new one.")] = "",
    key: Annotated[str, typer.Option("--key", help="Idempotency key: the same key makes one schedule.")] = "",
    as_json: Json = False,
) -> None:
    """Schedule a campaign, or change a schedule."""
    body = {"city": city, "templateId": template, "numLeads": leads, **_when(at, days, time, timezone, ends)}
    with told():
        session = open_session()
        if change:
            body["scheduleId"] = _full_id(session, change)
        answer = session.call("scheduleCampaign", body, idempotency_key=key or str(uuid.uuid4()))
        _tell(answer, as_json)


def _when(at: str, days: str, time: str, timezone: str, ends: str) -> dict[str, Any]:
    if bool(at) == bool(days or time) or bool(days) != bool(time):
        raise typer.BadParameter("give either --at, or both --days and --time")
    if at and ends:
        raise typer.BadParameter("a single run has no end", param_hint="--ends")
    zone = {"timezone": timezone} if timezone else {}
    if timezone and not is_zone(timezone):
        raise typer.BadParameter(f"{timezone!r} is no timezone; such as America/Chicago", param_hint="--timezone")
    if at:
        return {"when": {"at": _parsed("--at", parse_at, at), **zone}}
    until, runs = _parsed("--ends", parse_end, ends)
    when = {"days": _parsed("--days", parse_days, days), "time": _parsed("--time", parse_time, time), **zone}
    return {"when": {**when, **({"until": until} if until else {})}, **({"maxRuns": runs} if runs else {})}


def _parsed(option: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not right: {error}", param_hint=option) from None


@app.command("list")
def list_schedules(as_json: Json = False) -> None:
    """List the schedules: when each runs next, and what became of its last run."""
    with told():
        found = read_schedules(open_session().firestore())
        if as_json:
            emit_json([listed.facts() for listed in found])
            return
        rows = [_row(listed) for listed in found]
        table("Schedules", ["id", "city", "leads", "repeats", "next run", "last run", "found", ""], rows)


def _row(listed: Listed) -> list[Any]:
    from leadgen.model.recurrence import recurrence_text

    schedule, run = listed.schedule, listed.schedule.last_run
    return [
        listed.id[:8],
        schedule.city,
        f"{schedule.number_of_leads_to_process} t{schedule.template_id}",
        f"{recurrence_text(schedule.recurrence)} {schedule.recurrence.timezone}",
        _local(schedule.next_run_at) if schedule.next_run_at else str(schedule.status).lower(),
        _local(run.started_at) if run else "–",
        f"{listed.found}/{run.target}" if run else "",
        schedule.note,
    ]


def _local(moment: datetime) -> str:
    """A moment in this machine's timezone."""
    here = moment.astimezone()
    return f"{here:%a %Y-%m-%d %H:%M}"


@app.command()
def pause(schedule_id: Id, as_json: Json = False) -> None:
    """Start nothing until it is resumed; times that pass meanwhile are not made up for."""
    _change(schedule_id, "pause", as_json)


@app.command()
def resume(schedule_id: Id, as_json: Json = False) -> None:
    """Go on with the next time that lies ahead."""
    _change(schedule_id, "resume", as_json)


@app.command()
def remove(schedule_id: Id, as_json: Json = False) -> None:
    """Remove it; campaigns it has started go on."""
    _change(schedule_id, "remove", as_json)


@app.command("run-now")
def run_now(
    schedule_id: Id,
    key: Annotated[str, typer.Option("--key", help="Idempotency key: the same key starts one campaign.")] = "",
    as_json: Json = False,
) -> None:
    """Start its campaign at once, besides the planned ones."""
    _change(schedule_id, "run", as_json, key)


def _change(schedule_id: str, action: str, as_json: bool, key: str = "") -> None:
    with told():
        session = open_session()
        body = {"scheduleId": _full_id(session, schedule_id), "action": action}
        _tell(session.call("changeSchedule", body, idempotency_key=key or str(uuid.uuid4())), as_json)


def _full_id(session: Any, text: str) -> str:
    """A whole id is taken as it is, which also reaches those no list shows."""

    def find(start: str) -> list[str]:
        return [listed.id for listed in read_schedules(session.firestore()) if listed.id.startswith(start)]

    return whole_id(text, "schedule", find, "leadgen schedule list")


def _tell(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json(answer)
        return
    following = answer.get("nextRunAt")
    when = f" Next run: {_local(datetime.fromisoformat(following))}." if following else ""
    started = f" Campaign {answer['requestId']}." if answer.get("requestId") else ""
    say(f"Schedule {answer['scheduleId'][:8]}: {answer['message']}{started}{when}")
