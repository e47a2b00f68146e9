"""`leadgen suppress`: who must never be written to."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.output import emit_json, table, told
from console.cli.target import open_session

app = typer.Typer(help="Emails, phones and domains that are never written to.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.command()
def add(
    value: Annotated[str, typer.Argument(help="An email address, a phone number or a domain.")],
    reason: Annotated[str, typer.Option("--reason")] = "asked for",
    as_json: Json = False,
) -> None:
    """Never write to this address, number or domain again."""
    with told():
        answer = open_session().call("suppress", {"kind": _kind(value), "value": value, "reason": reason})
        if as_json:
            emit_json(answer)
        else:
            typer.echo(answer["message"])


def _kind(value: str) -> str:
    if "@" in value.strip("@"):
        return "email"
    return "domain" if any(c.isalpha() for c in value) else "phone"


@app.command("list")
def list_suppressions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 100, as_json: Json = False
) -> None:
    """List who is suppressed, newest first."""
    with told():
        db = open_session().firestore()
        query = db.collection("suppressions").order_by("createdAt", direction="DESCENDING").limit(limit)
        rows = [snapshot.to_dict() for snapshot in query.stream(timeout=20)]
        if as_json:
            emit_json(rows)
        else:
            table(
                "Suppressed",
                ["kind", "value", "reason", "by"],
                [[r["kind"], r["value"], r["reason"], r["createdBy"]] for r in rows],
            )
