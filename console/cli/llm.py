"""`leadgen llm`: the limits on model calls, who waits, what they cost; and whether the model answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.output import FAILED, emit_json, say, table, told
from console.cli.target import open_session
from console.live.governor import Governor, Used, read_governor

if TYPE_CHECKING:
    from google.cloud.firestore import Client

app = typer.Typer(help="The model: limits, use and cost; and whether it answers.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
NO_CAMPAIGN = "leads handed in one by one"
_WITHOUT = frozenset({"", "none"})
TIMEOUT_S = 20.0


@app.command()
def status(
    days: Annotated[
        int, typer.Option("--days", min=0, max=366, help="Also say what so many earlier days, with calls, have cost.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Say how much of the limits is used, who waits until when, and what the day has cost."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.client.watching import unreachable

    with told():
        db = open_session().firestore()
        try:
            data = db.collection("governor").document("llm").get(timeout=TIMEOUT_S).to_dict() or {}
            governor = read_governor(data)
            names = _cities(db, governor)
            now = datetime.now(UTC)
            earlier = _earlier(db, governor, days, now)
        except (GoogleAPICallError, RetryError) as error:
            raise unreachable(error) from None
        facts = status_facts(governor, names, now) | {"earlier": earlier}
        emit_json(facts) if as_json else _show(facts)


@app.command("test")
def try_model(as_json: Json = False) -> None:
    """Make one call to each configured model, under the Governor. Needs the role admin; costs what a lead costs.

    Exit code 1 if a model did not answer as asked.
    """
    with told():
        found: list[dict[str, Any]] = open_session().call("testModel")
        emit_json(found) if as_json else _show_tried(found)
    if not all(one["ok"] for one in found):
        raise typer.Exit(FAILED)


def status_facts(governor: Governor, cities: dict[str, str], now: datetime) -> dict[str, Any]:
    """Everything `leadgen llm status` says.

    Args:
        governor: as its document has it.
        cities: of campaigns, by their id.
        now: the moment.
    """
    today = governor.is_of(now)
    return {
        "limit": governor.limit,
        "used": governor.used(now),
        "tokensPerMinute": governor.tokens_per_minute,
        "tokensUsed": governor.tokens(now),
        "dollarsPerDay": governor.dollars_per_day,
        "today": {**_use(governor.spent(now)), "reservedDollars": governor.reserved if today else 0.0},
        "providers": {name: _use(used) for name, used in governor.providers.items() if today},
        "campaigns": [
            {"campaign": name, "city": _city(name, cities), **_use(used)}
            for name, used in governor.campaigns.items()
            if today
        ],
        "waiting": [
            {
                "campaign": one.campaign,
                "city": _city(one.campaign, cities),
                "calls": one.calls,
                "since": one.since,
                "until": one.returns,
            }
            for one in governor.waiting_at(now)
        ],
        "reason": governor.reason if governor.waiting_at(now) else "",
        "held": governor.held_at(now),
    }


def _earlier(db: Client, governor: Governor, days: int, now: datetime) -> list[dict[str, Any]]:
    """The accounts of earlier days, latest first. That of the last day with calls moves out of the Governor's document
    only with the first call of the next."""
    if not days:
        return []
    found = {} if governor.is_of(now) or not governor.day else {governor.day: governor.total}
    query = db.collection("llmUsage").order_by("day", direction="DESCENDING").limit(days)
    for snapshot in query.stream(timeout=TIMEOUT_S):
        one = read_governor({"day": snapshot.to_dict() or {}})
        found[one.day] = one.total
    return [{"day": day, **_use(found[day])} for day in sorted(found, reverse=True)[:days]]


def _use(used: Used) -> dict[str, Any]:
    return {
        "calls": used.calls,
        "tokens": used.tokens,
        "dollars": used.dollars,
        "unpricedCalls": used.unpriced,
        "cost": used.cost,
    }


def _city(campaign: str, cities: dict[str, str]) -> str:
    return NO_CAMPAIGN if campaign in _WITHOUT else cities.get(campaign, "")


def _cities(db: Client, governor: Governor) -> dict[str, str]:
    """The cities of the campaigns that are named, in one round trip."""
    ids = ({*governor.campaigns} | {one.campaign for one in governor.waiting}) - _WITHOUT - {"others"}
    if not ids:
        return {}
    refs = [db.collection("processorQueue").document(name) for name in sorted(ids)]
    found = db.get_all(refs, field_paths=["city"], timeout=TIMEOUT_S)
    return {snapshot.id: str((snapshot.to_dict() or {}).get("city", "")) for snapshot in found if snapshot.exists}


def _show(facts: dict[str, Any]) -> None:
    today = facts["today"]
    calls = f"{facts['used']} of {facts['limit']}" if facts["limit"] else "paused: the limit is 0"
    tokens = f"{facts['tokensUsed']:,} of {facts['tokensPerMinute']:,}" if facts["tokensPerMinute"] else "no limit"
    of = f" of ${facts['dollarsPerDay']:,.2f}" if facts["dollarsPerDay"] else ", no limit"
    reserved = f", ${today['reservedDollars']:.4f} reserved" if today["reservedDollars"] else ""
    table(
        "Model calls",
        ["limit", "used"],
        [["calls a minute", calls], ["tokens a minute", tokens], ["today (UTC)", f"{today['cost']}{of}{reserved}"]],
    )
    columns = ["calls", "tokens", "cost"]
    if facts["providers"]:
        rows = [[name, one["calls"], one["tokens"], one["cost"]] for name, one in facts["providers"].items()]
        table("By provider, today", ["provider", *columns], rows)
    if facts["campaigns"]:
        rows = [[_label(one), one["calls"], one["tokens"], one["cost"]] for one in facts["campaigns"]]
        table("By campaign, today", ["campaign", *columns], rows)
    if facts["earlier"]:
        rows = [[one["day"], one["calls"], one["tokens"], one["cost"]] for one in facts["earlier"]]
        table("Earlier days (UTC)", ["day", *columns], rows)
    if facts["waiting"]:
        rows = [[_label(one), one["calls"], _time(one["since"]), _time(one["until"])] for one in facts["waiting"]]
        table(f"Waiting: {facts['reason']}", ["campaign", "leads", "since", "until"], rows)
    for name, until in facts["held"].items():
        say(f"{name} asked everybody to wait until {_time(until)}.")


def _label(one: dict[str, Any]) -> str:
    if one["campaign"] in _WITHOUT:
        return NO_CAMPAIGN
    return f"{one['city']} {one['campaign'][:8]}".strip()


def _time(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")


def _show_tried(found: list[dict[str, Any]]) -> None:
    if not found:
        say("No model is configured: leads are described by rules. Set LEADGEN_LLM_URL, _MODEL and _KEY to use one.")
    for one in found:
        cost = "price unknown" if one.get("dollars") is None else f"${one['dollars']:.6f}"
        say(f"{'✓' if one['ok'] else '✗'} {one['provider']}: {one['detail']}")
        if one["ok"]:
            used = f"{one['promptTokens']} tokens sent, {one['completionTokens']} answered"
            say(f"  {one['model']} took {one['seconds']:.2f} s, {used}, {cost}")
            say(f"  “{one['opener']}”")
