"""`leadgen sources`: which definitions there are, and what one of them finds on its live listing."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from console.cli.output import FAILED, PARTLY, USAGE, emit_json, err, fail, say, table, told
from console.cli.places import trial_places
from console.cli.records import RecordPrinter, RecordTable, Sink, machine_reads

if TYPE_CHECKING:
    from leadgen.trial.tally import Tally

app = typer.Typer(help="Source definitions: the sites that can be harvested, each described by a file.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
INTERRUPTED = 130


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the source definitions; exit code 1 if one is not valid."""
    from leadgen.trial.definitions import read_definitions

    with told():
        found = read_definitions(trial_places().sources, datetime.now(UTC).date()).as_json()
        emit_json(found) if as_json else _show(found)
    if found["invalid"]:
        raise typer.Exit(FAILED)


def _show(found: dict[str, Any]) -> None:
    rows = [
        [
            one["id"],
            one["name"],
            _cities(one["cities"]),
            f"{one['acknowledgedBy']}, {one['acknowledgedOn']}" if one["acknowledged"] else "nobody: harvests nothing",
            "yes" if one["mayEmail"] else "no",
            one["region"],
            f"{one['concurrency']} at a time, {one['delaySeconds']:g} s apart",
        ]
        for one in found["sources"]
    ]
    columns = ["id", "name", "cities", "acknowledged", "may email", "region", "pace"]
    table(f"Sources in {found['folder']}", columns, rows)
    if not rows and not found["invalid"]:
        say("There are no definitions (*.toml) in this folder.")
    for one in found["advice"]:
        say(f"{one['file']}: {one['key']} is {one['value']}: {one['allowed']}")
    for one in found["invalid"]:
        err.print(f"[bold red]✗[/] {escape(problem_line(one))}")


def _cities(cities: list[str]) -> str:
    return ", ".join(cities) if len(cities) <= 6 else f"{', '.join(cities[:5])} and {len(cities) - 5} more"


def problem_line(problem: dict[str, str]) -> str:
    """A wrong value of a definition, on one line."""
    from console.format import plain

    place = f"{problem['file']}: {problem['key']}" if problem["key"] else problem["file"]
    return plain(f"{place} is {problem['value']}, allowed: {problem['allowed']}")


@app.command("check")
def check_source(
    file: Annotated[Path, typer.Argument(help="The definition, a TOML file.", show_default=False)],
    city: Annotated[str, typer.Option("--city", help="Whose listing; the file's first city if absent.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Posts to read, at most.")] = 20,
    as_json: Json = False,
) -> None:
    """Run a definition against its live listing and show what is found; nothing is stored.

    One JSON object per post where the output is no terminal or --json is given, then a summary on stderr. Exit codes: 0
    all was read, 1 the definition is not valid or not acknowledged or has no such city, the listing can't be read, or
    nothing matched, 2 there is no such file, 5 some posts could not be read.
    """
    from leadgen.trial.checking import open_definition, run_check
    from leadgen.trial.tally import Tally

    tally = Tally()
    with told():
        if not file.is_file():
            fail(f"There is no file {file}.", USAGE)
        places = trial_places()
        source, where = open_definition(file, city)
        title = f"Posts of {where.label}"
        sink: Sink = RecordPrinter() if machine_reads(as_json) else RecordTable(title, limit, _row, COLUMNS)
        try:
            begun = partial(say, f"Checking {source.id}: {where.label}, {where.listing_url}")
            with sink:
                run_check(source, where, limit, places, tally, sink.take, begun)
        except KeyboardInterrupt:
            tally.interrupted = True
        _end(tally)


COLUMNS = ["title", "phones", "emails", "gate", ""]


def _row(record: dict[str, Any]) -> list[Any]:
    remark = record["error"] or (f"same author as {record['duplicateOf']}" if record["duplicateOf"] else "")
    return [
        record["title"] or record["url"],
        ", ".join(phone["e164"] for phone in record["phones"]),
        ", ".join(record["emails"]),
        "" if record["gate"] == "none" else record["gate"],
        remark,
    ]


def _end(tally: Tally) -> None:
    if tally.listing_error:
        say(f"The listing can't be read: {tally.listing_error}")
    for warning in tally.warnings():
        say(warning)
    say(tally.summary())
    if tally.interrupted:
        raise typer.Exit(INTERRUPTED)
    if tally.listing_error or tally.nothing_matched:
        raise typer.Exit(FAILED)
    if tally.failed:
        raise typer.Exit(PARTLY)
