"""`leadgen contacts list` and what else works on the local copy of the contacts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, emit_json, fail, say, table, tell, told
from console.cli.target import open_session
from console.contacts import export, place
from console.contacts.copy import Copy, Reader
from console.contacts.fields import FIELDS
from console.contacts.listing import Listing, Question, find, order_of, shown
from console.contacts.remote import Remote
from console.contacts.sync import Progress, Sync
from console.format import number, phone

Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
_SHOWN = ("business", "name", "phone", "email", "status", "city", "sent", "updated", "id")


def list_contacts(
    expression: Annotated[
        str,
        typer.Option("--filter", help="Such as: status:sent city:austin -email:*@gmail.com sent:<7d score:>50 text"),
    ] = "",
    sort: Annotated[
        str, typer.Option("--sort", help=f"A field, with - before it downwards: {', '.join(f.name for f in FIELDS)}.")
    ] = "-updated",
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many; 0 for all.")] = 100,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write all that is found into this file instead.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only what the local copy has; nothing is read.")] = False,
    as_json: Json = False,
) -> None:
    """List contacts, from the local copy; what changed since the last time is read first."""
    try:
        question = Question(expression, order_of(sort))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--sort") from None
    with told():
        question.terms()
        session = open_session()
        with _copy(session) as copy:
            if not offline:
                _level(copy, session)
            reader = copy.reader()
            try:
                _show(reader, question, 0 if csv else limit, csv, as_json)
            finally:
                reader.close()


def forget_copy(as_json: Json = False) -> None:
    """Delete the local copy of the contacts, of everybody who used this project on this machine."""
    with told():
        session = open_session()
        gone = [path for path in place.copies_of(session.profile) if place.remove(path)]
        message = "The local copy is deleted." if gone else "There was no local copy."
        tell({"removed": [str(path) for path in gone], "message": message}, as_json)


@contextmanager
def _copy(session: Any) -> Iterator[Copy]:
    whose = place.owner(session)
    try:
        copy = Copy(place.copy_path(whose), whose)
    except (OSError, sqlite3.Error) as error:
        fail(f"The local copy can't be opened: {error}", hint="leadgen contacts forget-copy deletes it.")
    if copy.was_made_anew:
        say(f"The local copy could not be used ({copy.was_made_anew}) and is made anew.")
    try:
        yield copy
    finally:
        copy.close()


def _level(copy: Copy, session: Any) -> None:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.client.watching import unreachable

    remote = Remote(session.firestore)

    def tell(progress: Progress) -> None:
        if progress.filling:
            total = f" of {number(progress.there)}" if progress.there else ""
            say(f"Reading contacts: {number(progress.here)}{total}")

    try:
        done = Sync(copy, remote, lambda: datetime.now(UTC), tell).begin()
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    finally:
        remote.close()
    say(f"{number(done.here)} contacts in the local copy; {number(done.reads)} document reads.")


def _show(reader: Reader, question: Question, limit: int, csv: Path | None, as_json: bool) -> None:
    numbers, total = find(reader, question, datetime.now(UTC), None)
    listing = Listing(reader, numbers, total)
    count = min(limit or len(listing), len(listing))
    if csv is not None:
        try:
            written = export.write(csv, export.contacts(reader, listing.ids(0, count - 1) if count else []))
        except OSError as error:
            fail(f"{csv} can't be written: {error.strerror or error}", FAILED)
        if as_json:
            emit_json({"file": str(csv.absolute()), "contacts": written, "total": total})
        else:
            say(f"{number(written)} contacts written to {csv.absolute()}.")
        return
    found = [entry for at in range(count) if (entry := listing.entry(at)) is not None]
    if as_json:
        names = [field.name for field in FIELDS]
        emit_json(
            {
                "found": len(listing),
                "total": total,
                "contacts": [dict(zip(names, shown(one, names), strict=True)) for one in found],
            }
        )
        return
    rows = [[_cell(name, value) for name, value in zip(_SHOWN, shown(one, _SHOWN), strict=True)] for one in found]
    table(f"{number(len(listing))} of {number(total)} contacts", list(_SHOWN), rows)
    if count < len(listing):
        say(f"{number(len(listing) - count)} more; --limit 0 lists all.")


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    return phone(str(value)) if name == "phone" and value else value
