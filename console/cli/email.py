"""`leadgen email`: the mails: which wait and why, which need a person, and what to do with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console.cli.ids import whole_id
from console.cli.output import FAILED, PARTLY, emit_json, fail, say, table, told
from console.cli.target import open_session
from console.client.emails import DEAD, MOST, ListedEmail, find_email, read_emails
from console.client.problems import BackendError
from leadgen.model.errors import Conflict, NotFound

app = typer.Typer(help="Mails: which wait and why, which need a person, and what to do.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID…", help="Ids, or their beginnings; see leadgen email list.")
]
_STATUSES = (
    *("QUEUED", "HELD", "DRAFTING", "SENDING", "UNKNOWN", "PARKED", "SENT", "CANCELLED"),
    *("SUPPRESSED", "ERROR_NO_EMAIL", "ERROR_API_FAILURE"),
)


@app.command("list")
def list_emails(
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be given several times.")
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that go nowhere until a person decides.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List mails: the latest changes, or those of a status, with the reason and the time of those that wait."""
    wanted = [one.upper() for one in status or []] + (list(DEAD) if dead else [])
    unknown = [one for one in wanted if one not in _STATUSES]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]} is no status; statuses are {', '.join(_STATUSES)}", param_hint="--status"
        )
    with told():
        found = read_emails(open_session().firestore(), wanted, limit)
        if as_json:
            emit_json([mail.facts() for mail in found])
            return
        now = datetime.now(UTC)
        table("Mails", ["id", "status", "to", "template", "when", "why"], [_row(mail, now) for mail in found])


def _row(mail: ListedEmail, now: datetime) -> list[Any]:
    when = mail.when(now)
    return [
        mail.id[:8],
        str(mail.job.status),
        mail.job.lead_data.email or "–",
        mail.job.template_id,
        _short(when, now) if when is not None else "",
        mail.why(now),
    ]


def _short(moment: datetime, now: datetime) -> str:
    """A moment in this machine's timezone; the day only if it is another one, for addresses need the room."""
    here = moment.astimezone()
    return f"{here:%H:%M:%S}" if here.date() == now.astimezone().date() else f"{here:%b %d %H:%M}"


@app.command()
def explain(email_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")], as_json: Json = False) -> None:  # fmt: skip  # noqa: E501
    """Say why a mail has not left, and when it will, by the rules in force at this moment."""
    with told():
        session = open_session()
        answer = session.call("explainEmail", {"emailId": _full_id(session, email_id)})
        if as_json:
            emit_json(answer)
            return
        say(f"Mail {answer['emailId'][:8]} is {answer['status']}: {answer['reason']}")
        expected, earliest = answer.get("expectedAt"), answer.get("notBefore")
        if expected:
            bound = f", not before {_local(earliest)}" if earliest and _local(earliest) != _local(expected) else ""
            say(f"It leaves about {_local(expected)}{bound}.")
        elif earliest:
            say(f"Not before {_local(earliest)}.")


def _local(moment: str) -> str:
    here = datetime.fromisoformat(moment).astimezone()
    return f"{here:%a %Y-%m-%d %H:%M:%S}"


@app.command()
def hold(email_ids: Ids = None, as_json: Json = False) -> None:
    """Keep waiting mails from leaving until they are released."""
    _change("hold", email_ids, as_json)


@app.command()
def release(email_ids: Ids = None, as_json: Json = False) -> None:
    """Queue held mails again."""
    _change("release", email_ids, as_json)


@app.command()
def cancel(email_ids: Ids = None, as_json: Json = False) -> None:
    """Never send these mails; retry would undo it."""
    _change("cancel", email_ids, as_json)


@app.command()
def sent(email_ids: Ids = None, as_json: Json = False) -> None:
    """Note that parked mails did leave, after a look into the mailbox."""
    _change("sent", email_ids, as_json)


@app.command()
def retry(
    email_ids: Ids = None,
    all_failed: Annotated[
        bool, typer.Option("--all-failed", help="All that were given up (ERROR_API_FAILURE).")
    ] = False,
    twice: Annotated[
        bool,
        typer.Option("--may-be-delivered-twice", help="Also those of which nobody knows whether they left (PARKED)."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Queue mails again that failed, were cancelled, or were parked."""
    if bool(email_ids) == all_failed:
        raise typer.BadParameter("name the mails, or give --all-failed")
    more = {"mayBeDeliveredTwice": True} if twice else {}
    _change("retry", email_ids, as_json, more, all_failed=all_failed)


def _change(
    action: str, texts: list[str] | None, as_json: bool, more: dict[str, Any] | None = None, *, all_failed: bool = False
) -> None:
    if not texts and not all_failed:
        raise typer.BadParameter("name at least one mail", param_hint="ID…")
    with told():
        session = open_session()
        if all_failed:
            ids = [mail.id for mail in read_emails(session.firestore(), ["ERROR_API_FAILURE"], MOST)]
        else:
            ids = [_full_id(session, text) for text in texts or []]
        results = [_one(session.call, {"emailId": one, "action": action, **(more or {})}) for one in ids]
        _tell(results, as_json)


def _one(call: Callable[..., Any], body: dict[str, Any]) -> dict[str, Any]:
    """One mail's answer; a refusal is an answer too, so that it does not keep the others from being tried."""
    try:
        answer: dict[str, Any] = call("changeEmail", body)
    except BackendError as error:
        if error.title not in (Conflict.title, NotFound.title):
            raise
        return {"emailId": body["emailId"], "changed": False, "refused": error.detail, "hint": error.hint}
    return answer


def _tell(results: list[dict[str, Any]], as_json: bool) -> None:
    refused = [one for one in results if "refused" in one]
    if as_json:
        emit_json(results)
    else:
        for one in results:
            say(f"{one['emailId'][:8]}: {one.get('message') or one['refused']}")
        if not results:
            say("There are none.")
    if refused:
        hint = str(refused[0]["hint"])
        fail(f"{len(refused)} of {len(results)} refused.", PARTLY if len(refused) < len(results) else FAILED, hint=hint)


def _full_id(session: Any, text: str) -> str:
    return whole_id(text, "mail", lambda start: find_email(session.firestore(), start), "leadgen email list")
