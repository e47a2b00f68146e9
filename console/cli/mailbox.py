"""`leadgen mailbox`: the accounts that mail leaves from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.auth import SignInPage, sign_in_gmail, sign_in_outlook
from console.cli.output import USAGE, ask_password, emit_json, fail, say, table, tell, told
from console.cli.target import open_session
from console.client.watching import TIMEOUT_S, unreachable
from console.live.clock import SystemClock
from console.live.shapes import read_mailbox

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from console.client.session import Session

app = typer.Typer(help="The accounts mail leaves from: list, add, pause, resume, limit, sign out, remove.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Account = Annotated[str, typer.Argument(help="The mailbox's address.")]
_MOST = 50


@app.command("list")
def list_mailboxes(as_json: Json = False) -> None:
    """List the mailboxes, and why one does not send."""
    with told():
        found = _facts(open_session().firestore())
        if as_json:
            emit_json(found)
            return
        columns = ["account", "provider", "state", "sent 24 h", "cap", "ramp since", "why it waits"]
        table("Mailboxes", columns, [_row(one) for one in found])
        if not found:
            say("There is none yet. Add one: leadgen mailbox add --help")


def _facts(db: Client) -> list[dict[str, Any]]:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    try:
        documents = [s.to_dict() or {} for s in db.collection("mailboxes").limit(_MOST).stream(timeout=TIMEOUT_S)]
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    now = SystemClock().now()
    facts = []
    for data in documents:
        box = read_mailbox(data)
        facts.append(
            {
                "account": box.account,
                "provider": str(data.get("provider") or "graph"),
                "address": str(data.get("address") or box.account),
                "displayName": str(data.get("displayName") or ""),
                "server": str(data.get("server") or ""),
                "state": box.state,
                "paused": box.paused,
                "pausedReason": str(data.get("pausedReason") or ""),
                "reason": str(data.get("reason") or ""),
                "waitReason": str(data.get("waitReason") or ""),
                "sentLastDay": box.sent_since(now),
                "dailyCap": data.get("dailyCap"),
                "rampStart": data.get("rampStart"),
                "nextSendAt": box.next_send_at,
            }
        )
    return sorted(facts, key=lambda one: str(one["account"]))


def _row(one: dict[str, Any]) -> list[Any]:
    state = "paused" if one["paused"] and one["state"] == "ACTIVE" else one["state"]
    why = (one["pausedReason"] if one["paused"] else "") or one["reason"] or one["waitReason"]
    provider = f"{one['provider']} {one['server']}".strip()
    return [one["account"], provider, state, one["sentLastDay"], one["dailyCap"], one["rampStart"], why]


@app.command()
def add(
    address: Annotated[str, typer.Argument(help="With --smtp: the address mails come from.")] = "",
    outlook: Annotated[bool, typer.Option("--outlook", help="Sign in with Microsoft, in your browser.")] = False,
    gmail: Annotated[bool, typer.Option("--gmail", help="Sign in with Google, in your browser.")] = False,
    smtp: Annotated[str, typer.Option("--smtp", metavar="HOST", help="Send through this SMTP server.")] = "",
    port: Annotated[int, typer.Option("--port", help="587 for STARTTLS, 465 for TLS; by default what fits.")] = 0,
    tls: Annotated[bool, typer.Option("--tls/--starttls", help="TLS from the start, or after STARTTLS.")] = False,
    username: Annotated[str, typer.Option("--username", help="The server's user name, if not the address.")] = "",
    name: Annotated[str, typer.Option("--name", help="The name shown beside the address.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
    as_json: Json = False,
) -> None:
    """Add a mailbox, or sign one in again. An SMTP server is tried before it is kept."""
    if sum((outlook, gmail, bool(smtp))) != 1:
        fail("Name one of --outlook, --gmail and --smtp HOST.", USAGE)
    if bool(smtp) != bool(address):
        fail("An address goes with --smtp, and --smtp with an address.", USAGE)
    with told():
        session = open_session()
        page = SignInPage(browser, as_json)
        if outlook:
            answer = sign_in_outlook(session, page)
        elif gmail:
            answer = sign_in_gmail(session, page)
        else:
            body = {
                "address": address,
                "displayName": name,
                "host": smtp,
                "port": port or (465 if tls else 587),
                "security": "tls" if tls else "starttls",
                "username": username,
                "password": ask_password(f"Password at {smtp}", password_stdin),
            }
            answer = session.call("addSmtpMailbox", body)
        tell(answer, as_json)


@app.command()
def pause(
    account: Account,
    reason: Annotated[str, typer.Option("--reason", help="Shown where its mails wait.")] = "",
    as_json: Json = False,
) -> None:
    """Send nothing from a mailbox until it is resumed."""
    _change({"account": account, "action": "pause", "reason": reason}, as_json)


@app.command()
def resume(account: Account, as_json: Json = False) -> None:
    """Send from a mailbox again."""
    _change({"account": account, "action": "resume"}, as_json)


@app.command()
def limit(
    account: Account,
    cap: Annotated[int | None, typer.Option("--cap", min=0, help="Mails in any rolling 24 hours.")] = None,
    ramp_from: Annotated[str, typer.Option("--ramp-from", help="First day of a new mailbox's ramp, or today.")] = "",
    as_json: Json = False,
) -> None:
    """Set a mailbox's own daily cap and ramp; without options both go back to the configuration's."""
    day = SystemClock().now().date().isoformat() if ramp_from == "today" else ramp_from
    body: dict[str, Any] = {"account": account, "action": "limit", "rampStart": day}
    _change(body | ({"dailyCap": cap} if cap is not None else {}), as_json)


@app.command("sign-out")
def sign_out(account: Account, as_json: Json = False) -> None:
    """End the permission at the provider and delete the tokens; the mailbox stays listed."""
    _change({"account": account, "action": "signOut"}, as_json)


@app.command()
def remove(
    account: Account,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Sign a mailbox out and forget its pace, cap and pause."""
    if not yes and not typer.confirm(f"Remove {account}?", err=True):
        fail("Nothing was changed.")
    _change({"account": account, "action": "remove"}, as_json)


def _change(body: dict[str, Any], as_json: bool) -> None:
    with told():
        session: Session = open_session()
        tell(session.call("changeMailbox", body), as_json)
