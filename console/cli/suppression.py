"""`leadgen suppress`: who must never be written to."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, PARTLY, USAGE, emit_json, err, fail, say, table, told
from console.cli.target import open_session

app = typer.Typer(help="Emails, phones and domains that are never written to.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Value = Annotated[str, typer.Argument(help="An email address, a phone number or a domain.")]
_AT_ONCE = 400
_VALUES = ("value", "email", "e-mail", "emailaddress", "email address", "phone", "domain")


@app.command()
def add(value: Value, reason: Annotated[str, typer.Option("--reason")] = "asked for", as_json: Json = False) -> None:
    """Never write to this address, number or domain again."""
    with told():
        answer = open_session().call("suppress", {"kind": _kind(value), "value": value, "reason": reason})
        if as_json:
            emit_json(answer)
        else:
            typer.echo(answer["message"])


@app.command()
def remove(
    value: Value,
    reason: Annotated[str, typer.Option("--reason", help="Why they may be written to again; it is recorded.")],
    as_json: Json = False,
) -> None:
    """Take one off the list. Whoever opted out by themselves is taken off by an admin only."""
    with told():
        answer = open_session().call("unsuppress", {"kind": _kind(value), "value": value, "reason": reason})
        if as_json:
            emit_json(answer)
        else:
            typer.echo(answer["message"])


def _kind(value: str) -> str:
    if "@" in value.strip("@"):
        return "email"
    return "domain" if any(c.isalpha() for c in value) else "phone"


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One per line, or CSV with a heading.")],
    reason: Annotated[str, typer.Option("--reason", help="For lines that name none.")] = "imported",
    as_json: Json = False,
) -> None:
    """Put all lines of a file on the list. Ends with 5 if some could not be, with 1 if none could; safe to repeat.

    A CSV file has a heading with `value` (or `email`, `phone`, `domain`) and, if you like, `kind` and `reason`.
    """
    entries = _entries(file)
    added = known = 0
    rejected: list[dict[str, Any]] = []
    with told():
        session = open_session()
        for start in range(0, len(entries), _AT_ONCE):
            some = entries[start : start + _AT_ONCE]
            body = {"entries": [entry for _, entry in some], "reason": reason}
            answer = session.call("importSuppressions", body)
            added, known = added + answer["added"], known + answer["known"]
            rejected += [
                {"line": some[one["index"]][0], "value": one["value"], "reason": one["reason"]}
                for one in answer["rejected"]
            ]
    if as_json:
        emit_json({"added": added, "known": known, "rejected": rejected})
    else:
        for one in rejected:
            err.print(f"{file.name}, line {one['line']}: {one['value']}: {one['reason']}", markup=False)
        say(f"{added} added, {known} on the list before, {len(rejected)} rejected.")
    if rejected:
        raise typer.Exit(PARTLY if added or known else FAILED)


def _entries(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The entries, each with its line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, skipinitialspace=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} can't be read as UTF-8 text: {error}", USAGE)
    rows = [(line, row) for line, row in rows if any(row) and not row[0].startswith("#")]
    if not rows:
        fail(f"{file} has no entries.", USAGE)
    heading = [cell.lower() for cell in rows[0][1]]
    named = next((name for name in _VALUES if name in heading), None)
    if named is None:
        return [(line, {"value": row[0]}) for line, row in rows]
    kind = named if named in ("phone", "domain") else "email" if named != "value" else ""
    return [(line, _entry(dict(zip(heading, row, strict=False)), named, kind)) for line, row in rows[1:]]


def _entry(row: dict[str, str], named: str, kind: str) -> dict[str, str]:
    entry = {"value": row.get(named, "")[:2000], "kind": row.get("kind", "").lower()[:20] or kind}
    return entry | ({"reason": row["reason"][:500]} if row.get("reason") else {})


@app.command("list")
def list_suppressions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 100, as_json: Json = False
) -> None:
    """List who is suppressed, newest first."""
    with told():
        from google.api_core.exceptions import GoogleAPICallError, RetryError

        from console.client.watching import TIMEOUT_S, unreachable

        query = open_session().firestore().collection("suppressions")
        query = query.order_by("createdAt", direction="DESCENDING").limit(limit)
        try:
            rows = [snapshot.to_dict() for snapshot in query.stream(timeout=TIMEOUT_S)]
        except (GoogleAPICallError, RetryError) as error:
            raise unreachable(error) from None
        if as_json:
            emit_json(rows)
        else:
            table(
                "Suppressed",
                ["kind", "value", "reason", "by"],
                [[r["kind"], r["value"], r["reason"], r["createdBy"]] for r in rows],
            )
