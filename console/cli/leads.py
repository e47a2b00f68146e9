"""`leadgen leads`: leads of one's own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, PARTLY, UNREACHABLE, emit_json, err, fail, say, told
from console.cli.target import open_session
from console.format import number, plain
from console.leads import mapping, sending, tables
from console.leads.checking import Checked, Lead, Reject, check

app = typer.Typer(help="Leads of your own: hand a file of them in.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.callback()
def _group() -> None:
    """Keeps `import` a command of its own."""


@app.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="CSV with headings, as spreadsheets write it.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help='TOML lines such as: phone = "Tel."; else guessed.')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent and what rejected.")] = False,
    template: Annotated[int, typer.Option("--template", min=0, help="Template of a mail to each; 0 for no mail.")] = 0,
    city: Annotated[str, typer.Option("--city", help="City of the rows that name none.")] = "",
    region: Annotated[str, typer.Option("--region", help="Country of phone numbers that name none.")] = "US",
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Where rejects go; beside the file otherwise.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hand leads in, one by one: each is recognised, enriched and triaged as a harvested one is.

    Safe to repeat: the same lead is the same contact. Ends with 5 if some rows were not taken, with 1 if none was.
    """
    with told():
        table = tables.read_file(file)
        mapped = mapping.from_file(map_file, table) if map_file else mapping.guess(table)
        checked = check(table, mapped, city, region.upper())
        if not as_json:
            _tell_mapping(table, mapped)
        if dry_run:
            _tell_check(table, mapped, checked, as_json)
        else:
            _send(file, rejects, table, mapped, checked, template or None, as_json)


def _tell_mapping(table: tables.Table, mapped: mapping.Mapped) -> None:
    for heading, field in zip(table.headings, mapped, strict=True):
        say(f"  {heading or '(no heading)'} → {field or 'left aside'}")


def _tell_check(table: tables.Table, mapped: mapping.Mapped, checked: Checked, as_json: bool) -> None:
    if as_json:
        rows = [{"line": one.line.number, **one.body(None)} for one in checked.leads]
        emit_json({**_about(table, mapped), "leads": rows, "rejects": _rejects(checked.rejects)})
        return
    _print_rejects(checked.rejects)
    say(f"{number(len(checked.leads))} rows would be sent, {number(len(checked.rejects))} rejected.")


def _send(
    file: Path,
    rejects: Path | None,
    table: tables.Table,
    mapped: mapping.Mapped,
    checked: Checked,
    template: int | None,
    as_json: bool,
) -> None:
    work = sending.Import(checked.leads, template, time.sleep)
    if checked.leads:
        session = open_session()
        try:
            work.run(session, lambda result: None if as_json else _tell_result(result, work))
        except KeyboardInterrupt:
            work.stop()
    refused = sending.refused(checked, work)
    where = _keep(rejects or sending.rejects_path(file), table, refused) if refused else ""
    if as_json:
        facts: dict[str, Any] = {
            **_about(table, mapped),
            "counts": dict(work.counts),
            "results": [_facts(one) for one in work.results],
            "rejects": _rejects(refused),
            "rejectsFile": where,
            "left": work.left,
        }
        emit_json(facts)
    else:
        _print_rejects(refused)
        told_counts = ", ".join(f"{number(count)} {word}" for word, count in work.counts.most_common())
        say(f"{told_counts or 'Nothing was sent'}.")
        if where:
            say(f"{number(len(refused))} rejects are in {where}.")
    _end(work, refused)


def _end(work: sending.Import, refused: list[Reject]) -> None:
    taken = len(work.results) - work.counts["refused"]
    if work.broken:
        fail(work.broken, UNREACHABLE, hint=f"{number(work.left)} are left; the same command sends them.")
    if work.left:
        fail(f"Stopped; {number(work.left)} are left.", 130, hint="The same command sends them.")
    if refused or not taken:
        raise typer.Exit(PARTLY if taken else FAILED)


def _keep(path: Path, table: tables.Table, refused: list[Reject]) -> str:
    try:
        sending.write_rejects(path, table, refused)
    except OSError as error:
        say(f"The rejects could not be written to {path}: {error.strerror or error}")
        return ""
    return str(path)


def _tell_result(result: sending.Result, work: sending.Import) -> None:
    who = result.lead.data
    name = who.get("businessName") or who.get("name") or who.get("email") or who.get("phone") or ""
    reason = f": {result.reason}" if result.reason else ""
    say(f"{len(work.results)}/{len(work.leads)}  {name}  {result.outcome}{reason}")


def _print_rejects(refused: list[Reject] | tuple[Reject, ...]) -> None:
    for one in refused[:50]:
        err.print(plain(f"line {one.line.number}: {one.reason}"), markup=False)
    if len(refused) > 50:
        say(f"… and {number(len(refused) - 50)} more.")


def _about(table: tables.Table, mapped: mapping.Mapped) -> dict[str, Any]:
    columns = [{"heading": h, "field": f} for h, f in zip(table.headings, mapped, strict=True)]
    return {"encoding": table.encoding, "delimiter": table.delimiter, "columns": columns}


def _rejects(refused: list[Reject] | tuple[Reject, ...]) -> list[dict[str, Any]]:
    return [{"line": one.line.number, "reason": one.reason, "cells": list(one.line.cells)} for one in refused]


def _facts(one: sending.Result) -> dict[str, Any]:
    lead: Lead = one.lead
    facts = {"line": lead.line.number, "outcome": one.outcome, "contactId": one.contact_id, "reason": one.reason}
    return {key: value for key, value in facts.items() if value} | {"leadData": json.loads(json.dumps(lead.data))}
