"""`leadgen captcha`: the leads whose address is behind a CAPTCHA, worked without a screen.

A person opens the contact page in their own browser and solves the CAPTCHA there; these commands only say who has
which lead, and take what was found.
"""

from __future__ import annotations

import statistics
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console.cli.ids import contact_id
from console.cli.output import emit_json, say, table, told
from console.cli.target import open_session
from console.format import plain

app = typer.Typer(help="Leads behind a CAPTCHA: who works on which, and what was found.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Lead = Annotated[str, typer.Argument(help="Id of the lead, or the beginning of it.")]
Epoch = Annotated[int | None, typer.Option("--epoch", min=0, help="The claim, as claim gave it.")]
TIMEOUT_S = 20.0


@app.command("list")
def list_leads(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, oldest first.")] = 100, as_json: Json = False
) -> None:
    """List the leads that wait for a CAPTCHA to be solved, and who works on which."""
    from google.cloud.firestore import FieldFilter

    with told():
        contacts = open_session().firestore().collection("contacts")
        waiting = contacts.where(filter=FieldFilter("status", "==", "PENDING_CAPTCHA"))
        page = waiting.order_by("createdAt").limit(limit).stream(timeout=TIMEOUT_S)
        now = datetime.now(UTC)
        leads = [lead_facts(snapshot.id, snapshot.to_dict() or {}, now) for snapshot in page]
        if as_json:
            emit_json(leads)
            return
        say(f"{len(leads)} waiting for a CAPTCHA to be solved.")
        for lead in leads:  # no table: a narrow one breaks ids, which are there to be copied
            failed = f", {lead['attempts']} failed" if lead["attempts"] else ""
            typer.echo(plain(f"{lead['leadId']} {lead['name']}{failed}{_holder(lead)}"))


def lead_facts(lead_id: str, contact: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What there is to know of a waiting lead. A claim that ran out is none: the lead is free.

    Args:
        lead_id: the contact's id.
        contact: its document.
        now: the present moment.
    """
    lead, review = contact.get("leadDataJson", {}), contact.get("review", {})
    until = review.get("leaseUntil")
    held = bool(review.get("leaseOwner")) and until is not None and until > now
    return {
        "leadId": lead_id,
        "name": contact.get("businessName") or lead.get("title") or contact.get("phone") or "",
        "title": lead.get("title", ""),
        "phone": contact.get("phone", ""),
        "city": contact.get("city", ""),
        "attempts": contact.get("attempts", 0),
        "contactUrl": lead.get("contactUrl", ""),
        "waitingSince": contact.get("createdAt"),
        "heldBy": review.get("leaseName", "") if held else "",
        "heldUntil": until if held else None,
    }


def _holder(lead: dict[str, Any]) -> str:
    return f", with {lead['heldBy']} until {lead['heldUntil']:%H:%M} UTC" if lead["heldUntil"] else ""


@app.command()
def claim(
    lead: Annotated[str, typer.Argument(help="Its id, or the beginning; without it the one whose turn it is.")] = "",
    epoch: Annotated[int | None, typer.Option("--epoch", min=0, help="Prolong this claim of the lead.")] = None,
    as_json: Json = False,
) -> None:
    """Take a lead, so that nobody else works on it, and say where its contact page is."""
    with told():
        session = open_session()
        wish = {"leadId": _whole(session, lead) if lead else None, "epoch": epoch}
        body = {name: value for name, value in wish.items() if value is not None}
        claimed = session.call("claimCaptcha", body, idempotency_key=str(uuid.uuid4()))
        if as_json:
            emit_json(claimed)
            return
        name = claimed["businessName"] or claimed["title"] or claimed["phone"] or claimed["leadId"]
        until = datetime.fromisoformat(claimed["leaseUntil"])
        say(f"{name} is yours until {until:%H:%M:%S} UTC. Open its contact page in your browser:")
        typer.echo(claimed["contactUrl"] or claimed["sourceUrl"])
        options = f"{claimed['leadId']} --epoch {claimed['epoch']}"
        say(f"Then: leadgen captcha resolve {options} ADDRESS, or: leadgen captcha fail {options}")


@app.command()
def resolve(
    lead: Lead, address: Annotated[str, typer.Argument(help="The address found.")], epoch: Epoch = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say which address was found; its mail is queued."""
    _report(lead, {"captchaSuccess": True, "extractedEmail": address}, epoch, as_json)


@app.command()
def fail(lead: Lead, epoch: Epoch = None, as_json: Json = False) -> None:
    """Say that no address could be found; after several such reports nobody tries again."""
    _report(lead, {"captchaSuccess": False}, epoch, as_json)


def _report(lead: str, report: dict[str, Any], epoch: int | None, as_json: bool) -> None:
    with told():
        session = open_session()
        lead = _whole(session, lead)
        body = {"leadId": lead, **report} | ({"epoch": epoch} if epoch is not None else {})
        done = session.call("resolveCaptcha", body, idempotency_key=str(uuid.uuid4()))
        if as_json:
            emit_json(done)
            return
        after = {
            "PROCESSED": "its mail is queued" if done["emailId"] else "the lead has its address",
            "PENDING_CAPTCHA": f"{done['attempts']} failed so far; the lead waits again",
            "CAPTCHA_FAILED": f"given up after {done['attempts']} failures",
            "DUPLICATE": "the address is another contact's, so no mail is queued",
            "SUPPRESSED": "the address must not be written to, so no mail is queued",
        }
        typer.echo(f"Lead {lead} is {done['status']}: {after.get(done['status'], '')}.")


@app.command()
def release(lead: Lead, epoch: Epoch = None, as_json: Json = False) -> None:
    """Give a lead back unsolved, for anybody to take."""
    _call("releaseCaptcha", lead, epoch, as_json)


@app.command()
def undo(
    lead: Lead,
    epoch: Annotated[int | None, typer.Option("--epoch", min=0, help="Of the report, as resolve gave it.")] = None,
    as_json: Json = False,
) -> None:
    """Take the last report on a lead back, as long as its mail has not left."""
    _call("undoCaptcha", lead, epoch, as_json)


def _call(endpoint: str, lead: str, epoch: int | None, as_json: bool) -> None:
    with told():
        session = open_session()
        body = {"leadId": _whole(session, lead)} | ({"epoch": epoch} if epoch is not None else {})
        answer = session.call(endpoint, body)
        emit_json(answer) if as_json else typer.echo(answer["message"])


def _whole(session: Any, lead: str) -> str:
    return contact_id(session, lead, "leadgen captcha list")


@app.command()
def operators(as_json: Json = False) -> None:
    """Say what each operator has done."""
    with told():
        found = open_session().firestore().collection("operators").limit(200).stream(timeout=TIMEOUT_S)
        facts = [operator_facts(snapshot.to_dict() or {}) for snapshot in found]
        if as_json:
            emit_json(facts)
            return
        rows = [[one["email"], one["solved"], one["failed"], one["undone"], one["medianSeconds"]] for one in facts]
        table("Operators", ["operator", "solved", "failed", "taken back", "median seconds"], rows)


def operator_facts(operator: dict[str, Any]) -> dict[str, Any]:
    """An operator's counts, and the median of the last leads' seconds."""
    seconds = operator.get("recentSeconds", [])
    counts = {name: operator.get(name, 0) for name in ("solved", "failed", "undone")}
    return {
        "email": operator.get("email", ""),
        **counts,
        "medianSeconds": statistics.median(seconds) if seconds else None,
    }
