"""`leadgen run`, `cancel`, `status` and `cities`: campaigns without a screen."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from console.cli.ids import whole_id
from console.cli.output import FAILED, emit_json, err, fail, say, table, told
from console.cli.target import open_session
from console.client.session import Session
from console.client.watching import ENDED, Campaign, find_campaigns, overview, read_campaign

Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
POLL_S = 1.0


def run(
    city: Annotated[str, typer.Option("--city", help="Which city; leadgen cities lists them.")],
    template: Annotated[int, typer.Option("--template", help="Number of the email template.")],
    leads: Annotated[int, typer.Option("--leads", min=1, max=10_000, help="How many new leads.")],
    wait: Annotated[bool, typer.Option("--wait", help="Return when the campaign has ended.")] = False,
    key: Annotated[str, typer.Option("--key", help="Idempotency key: the same key starts one campaign.")] = "",
    as_json: Json = False,
) -> None:
    """Start a campaign."""
    with told():
        session = open_session()
        started = session.call(
            "triggerHarvest",
            {"city": city, "templateId": template, "numLeads": leads},
            idempotency_key=key or str(uuid.uuid4()),
        )
        if not wait:
            emit_json(started) if as_json else say(f"Campaign {started['requestId']}: {started['message']}")
            return
        campaign = wait_for(session, started["requestId"], quiet=as_json)
        emit_json(campaign.facts()) if as_json else show_campaign(campaign)
        if campaign.status == "FAILED":
            raise typer.Exit(FAILED)


def cancel(
    request_id: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, or the beginning of it; see leadgen status.")
    ],
    as_json: Json = False,
) -> None:
    """Stop a campaign; mail already queued stays queued."""
    with told():
        session = open_session()
        answer = session.call("cancelCampaign", {"requestId": _full_id(session, request_id)})
        emit_json(answer) if as_json else say(answer["message"])


def _full_id(session: Session, text: str) -> str:
    return whole_id(text, "campaign", lambda start: find_campaigns(session.firestore(), start), "leadgen status")


def cities(as_json: Json = False) -> None:
    """List the cities that can be harvested."""
    with told():
        found = open_session().call("getCities")
        if as_json:
            emit_json(found)
            return
        rows = [
            [
                c["city"],
                c["label"],
                c["timezone"],
                c["sourceId"],
                "" if c["acknowledged"] else "policy not acknowledged",
            ]
            for c in found
        ]
        table("Cities", ["city", "name", "timezone", "source", ""], rows)


def status(as_json: Json = False) -> None:
    """Say how everything stands: campaigns, review, email queue, Governor, mailbox."""
    with told():
        facts = overview(open_session())
        if as_json:
            emit_json(facts)
            return
        rows = [
            [
                *(c["requestId"][:8], c["city"], c["status"], f"{c['found']}/{c['target']}"),
                *(c["queued"], c["review"], c["sent"], c["message"]),
            ]
            for c in facts["campaigns"]
        ]
        table("Campaigns", ["id", "city", "status", "leads", "queued", "review", "sent", ""], rows)
        table("Email queue", ["status", "mails"], [[k, v] for k, v in facts["emails"].items() if v])
        table("Leads", ["status", "leads"], [[k, v] for k, v in facts["contacts"].items() if v])
        governor = facts["governor"]
        say(f"LLM {governor['used']}/{governor['limit']} calls in the last minute")
        none = {"account": "none is signed in yet", "state": "see leadgen auth, leadgen mailbox add"}
        for mailbox in facts["mailboxes"] or [none]:
            say(f"Mailbox {mailbox['account']}: {mailbox['state']}")


def wait_for(session: Session, request_id: str, *, quiet: bool, timeout_s: float = 3600.0) -> Campaign:
    """Watch a campaign until it has ended."""
    db = session.firestore()
    deadline = time.monotonic() + timeout_s
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} leads"),
        TextColumn("{task.fields[note]}"), TimeElapsedColumn(), console=err, disable=quiet or not err.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(f"Campaign {request_id[:8]}", total=None, note="")
        said = ""
        while True:
            campaign = read_campaign(db, request_id)
            bar.update(task, total=campaign.target, completed=campaign.counts["found"], note=campaign.message)
            line = campaign.line()
            if not quiet and not err.is_terminal and line != said:
                say(line)
                said = line
            if campaign.status in ENDED:
                return campaign
            if time.monotonic() > deadline:
                fail(f"Campaign {request_id} has not ended after {timeout_s:.0f} s; it goes on in the backend.")
            time.sleep(POLL_S)


def show_campaign(campaign: Campaign) -> None:
    """Print how a campaign ended."""
    rows: list[list[Any]] = [[name, value] for name, value in campaign.counts.items() if value]
    table(f"{campaign.city}: {campaign.message}", ["", ""], rows)
