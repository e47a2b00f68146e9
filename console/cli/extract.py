"""`leadgen extract`: what the Processor finds in saved pages, texts and mails, and at addresses."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, USAGE, fail, say, told
from console.cli.places import trial_places
from console.cli.records import RecordPrinter, RecordTable, Sink, machine_reads

_REGION = re.compile(r"[A-Za-z]{2}")
COLUMNS = ["page", "title", "phones", "emails", "websites", ""]
INTERRUPTED = 130


def extract(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|URL|- ...",
            help="Files, folders (their .html, .htm, .xhtml, .txt, .eml, .mhtml), http(s) addresses, - for stdin.",
            show_default=False,
        ),
    ],
    region: Annotated[str, typer.Option("--region", help="Country of numbers without a country code.")] = "US",
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, max=64, help="Processes that read files; 0: as many as are worth it.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON, one object per page.")] = False,
) -> None:
    """Find phones, emails, websites and structured data in pages; nothing is stored.

    One JSON object per page, in order, where the output is no terminal or --json is given. Exit code 1 if a page could
    not be read (its object says why) or there was none.
    """
    from leadgen.trial.pages import extract_all

    if not _REGION.fullmatch(region):
        fail(f"{region!r} is no region.", USAGE, hint="Use a country's two letters of ISO 3166, such as US or GB.")
    pages = unread = 0
    with told():
        places = trial_places()
        sink: Sink = RecordPrinter() if machine_reads(as_json) else RecordTable("Pages", 0, _row, COLUMNS)
        try:
            with sink:
                for record in extract_all(what, region.upper(), places, jobs):
                    pages += 1
                    unread += "error" in record
                    if not sink.take(record):
                        break
        except KeyboardInterrupt:
            say(f"Interrupted after {_counted(pages)}.")
            raise typer.Exit(INTERRUPTED) from None
    if unread:
        say(f"{_counted(pages)}, of which {unread} could not be read.")
    elif not pages:
        say("There is no page to read: a folder is searched for .html, .htm, .xhtml, .txt, .eml, .mhtml and .mht.")
    if unread or not pages:
        raise typer.Exit(FAILED)


def _row(record: dict[str, Any]) -> list[Any]:
    return [
        record["path"],
        record["title"],
        ", ".join(phone["e164"] for phone in record["phones"]),
        ", ".join(email["address"] for email in record["emails"]),
        ", ".join(record["websites"]),
        record.get("error", ""),
    ]


def _counted(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"
