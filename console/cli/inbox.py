"""`leadgen inbox`: what came in, and how mails are sorted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, emit_json, out, say, table, told
from console.cli.target import open_session

app = typer.Typer(help="What came into the mailboxes.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.command()
def classify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER ...", help="Saved mails (.eml).", exists=True)],
    stranger: Annotated[
        bool, typer.Option("--stranger", help="As if they came from somebody who was never written to.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how saved mails would be sorted; nothing is stored, and no backend is needed."""
    from leadgen.trial.inbox import sort_mail

    mails = [mail for file in files for mail in (sorted(file.rglob("*.eml")) if file.is_dir() else [file])]
    found, unread = [], 0
    for mail in mails:
        try:
            found.append(sort_mail(mail, stranger=stranger))
        except OSError as error:
            say(f"{mail} can't be read: {error.strerror}")
            unread += 1
    if as_json:
        emit_json([asdict(one) for one in found])
    else:
        rows = [[Path(one.file).name, one.kind, one.sender, one.reason or one.text.replace("\n", " ")] for one in found]
        table("Mails", ["file", "kind", "from", "what it says"], rows)
    if unread or not mails:
        raise typer.Exit(FAILED)


@app.command("list")
def list_events(
    kind: Annotated[str, typer.Option("--kind", help="reply, opt_out, hard_bounce, hint …; all if absent.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many, the latest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List what came in and concerns a lead: replies, bounces, wishes not to be written to."""
    with told():
        found = _events(kind, limit)
        if as_json:
            emit_json([{**one, "at": one["at"].isoformat(), "expiresAt": None} for one in found])
            return
        if not found:
            out.print("Nothing came in.", markup=False)
            return
        rows = [
            [
                f"{one['at']:%Y-%m-%d %H:%M}",
                one["kind"],
                one.get("sender", ""),
                one.get("reason") or one.get("text", ""),
            ]
            for one in found
        ]
        table("Inbox", ["when (UTC)", "kind", "from", "what it says"], rows)


def _events(kind: str, limit: int) -> list[dict[str, Any]]:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.client.watching import TIMEOUT_S, unreachable

    query = open_session().firestore().collection("inboxEvents").order_by("at", direction="DESCENDING")
    # The kind is picked here: an index for a list that a person looks at is not worth its writes.
    try:
        snapshots = query.limit(500 if kind else limit).get(timeout=TIMEOUT_S)
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    found = [snapshot.to_dict() or {} for snapshot in snapshots]
    return [one for one in found if not kind or one.get("kind") == kind][:limit]
