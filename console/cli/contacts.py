"""`leadgen contacts`: who a lead is, where what is known comes from, and who is the same person as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.contacts_copy import forget_copy, list_contacts
from console.cli.ids import contact_id
from console.cli.output import emit_json, not_there, say, table, told
from console.cli.target import open_session

if TYPE_CHECKING:
    from google.cloud.firestore import Client

app = typer.Typer(help="Leads: what is known of them and from where, and which of them are one person.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
TIMEOUT_S = 20.0
_MOST = 20
_FIELDS = (
    ("name", "name"),
    ("businessName", "business"),
    ("phone", "phone"),
    ("email", "email"),
    ("websiteUrl", "website"),
    ("category", "category"),
    ("servicesRendered", "services"),
    ("language", "language"),
    ("websiteScore", "website score"),
    ("opener", "opener"),
    ("note", "note"),
    ("imageHash", "picture"),
)
_LABELS = dict(_FIELDS)


@app.command()
def show(
    who: Annotated[str, typer.Argument(help="Its id or the beginning of it, its phone (+1…) or email.")],
    as_json: Json = False,
) -> None:
    """Show a lead: its values with their sources, other values seen, and contacts that are or may be the same."""
    with told():
        session = open_session()
        db = session.firestore()
        found = _find(session, db, who.strip())
        facts = [{**contact, "mergeRecords": _merges(db, contact)} for contact in found]
        if as_json:
            emit_json(facts[0] if len(facts) == 1 else facts)
            return
        for contact in facts:
            _print(contact)


def _find(session: Any, db: Client, who: str) -> list[dict[str, Any]]:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.cloud.firestore import FieldFilter

    from console.client.watching import unreachable

    contacts = db.collection("contacts")
    is_id = bool(who) and "@" not in who and not who.startswith("+")
    whole = contact_id(session, who) if is_id else ""
    try:
        if whole:
            snapshot = contacts.document(whole).get(timeout=TIMEOUT_S)
            found = [snapshot] if snapshot.exists else []
        else:
            field, value = ("email", who.lower()) if "@" in who else ("phone", who)
            query = contacts.where(filter=FieldFilter(field, "==", value)).limit(_MOST)
            found = list(query.stream(timeout=TIMEOUT_S))
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    if not found:
        not_there(
            f"There is no contact {who}.",
            "Name its id, its email, or its phone with + and the country code. Other spellings are not searched.",
        )
    return [{"contactId": snapshot.id, **(snapshot.to_dict() or {})} for snapshot in found]


def _merges(db: Client, contact: dict[str, Any]) -> list[dict[str, Any]]:
    """The merges by which others became this contact, without the values that undoing needs."""
    refs = [db.collection("contactMerges").document(merge) for merge in contact.get("merges", [])]
    records = [snapshot.to_dict() or {} for snapshot in db.get_all(refs, timeout=TIMEOUT_S)] if refs else []
    kept = ("mergedId", "at", "by", "reason", "sourceUrl", "mergedStatus")
    return [{key: record.get(key) for key in kept} for record in sorted(records, key=lambda r: r["at"])]


def _print(contact: dict[str, Any]) -> None:
    lead, said = contact.get("leadDataJson", {}), contact.get("provenance", {})
    rows: list[list[Any]] = []
    for field, label in _FIELDS:
        value = contact.get(field) or lead.get(field)
        if value:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            rows += [[label, shown], *_source(said.get(field))]
    rows += [[name, value] for name, value in lead.get("fields", {}).items()]
    for other in contact.get("alternatives", []):
        rows += [
            [f"other {_LABELS.get(other['field'], other['field'])}", other["value"]],
            *_source(other["provenance"]),
        ]
    table(f"Contact {contact['contactId']}: {contact['status']}, {contact.get('city') or 'no city'}", ["", ""], rows)
    if contact.get("cities"):
        say(f"Also advertises in {', '.join(contact['cities'])}.")
    if contact.get("mergedInto"):
        say(f"Is the same person as contact {contact['mergedInto']}, which stands for both.")
    for merged in contact.get("mergeRecords", []):
        say(f"Stands also for {merged['mergedId']}, which was {merged['mergedStatus']}: {merged['reason']}.")
    for possible in contact.get("possibleDuplicates", []):
        say(f"May be the same as {possible['contactId']}: {possible['reason']}. {possible.get('sourceUrl', '')}")


def _source(said: dict[str, Any] | None) -> list[list[Any]]:
    if not said:
        return []
    snippet = f"“{said['snippet']}”" if said.get("snippet") else ""
    parts = (f"{said['at']:%Y-%m-%d %H:%M}", f"{said['certainty']:.2f}", snippet, said.get("sourceUrl", ""))
    return [["", "  ".join(part for part in parts if part)]]


@app.command()
def merge(
    contact: Annotated[str, typer.Argument(help="Id of a contact, or the beginning of it.")],
    other: Annotated[str, typer.Argument(help="Id of another one who is the same person.")],
    as_json: Json = False,
) -> None:
    """Make two contacts one; which of them stands for both follows from how far they are."""
    _call("mergeContacts", {"contactId": contact, "otherId": other}, as_json)


@app.command()
def unmerge(
    contact: Annotated[str, typer.Argument(help="Id of the contact that was merged into another.")],
    as_json: Json = False,
) -> None:
    """Undo a merge: both contacts are again as they were, and are not merged again unasked."""
    _call("unmergeContact", {"contactId": contact}, as_json)


def _call(endpoint: str, body: dict[str, str], as_json: bool) -> None:
    with told():
        session = open_session()
        answer = session.call(endpoint, {name: contact_id(session, text) for name, text in body.items()})
        if as_json:
            emit_json(answer)
        else:
            typer.echo(answer["message"])


app.command("list")(list_contacts)
app.command("forget-copy")(forget_copy)
