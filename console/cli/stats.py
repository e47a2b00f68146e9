"""`leadgen stats`: mails by hour, the funnel by day, and what the model used; as text, JSON or a picture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.output import emit_json, out, say, table, told
from console.cli.target import open_session

if TYPE_CHECKING:
    from console.stats.figures import Stats

CELLS, LINES = 100, 8


def stats(
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of campaigns and model use.")] = 14,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write the charts into this file.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="The same as PNG; the SVG is written beside it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Show mails by hour, what came of each day's campaigns, and what the model used and cost.

    Reads at most 20 mailboxes, 28 counts, 200 campaigns and a document per day; the answer says how many it were.
    """
    with told():
        found = _read(days)
        for path in (one for one in (svg, png) if one is not None):
            from console.stats.export import export

            say(f"Wrote {export(found, path)}.")
        emit_json(found.facts()) if as_json else _show(found)


def _read(days: int) -> Stats:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.client.watching import unreachable
    from console.live import link
    from console.stats.reading import read_stats

    db = open_session().firestore()
    try:
        return read_stats(db, datetime.now(UTC), days=days)
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    finally:
        link.dispose(db, [])


def _show(found: Stats) -> None:
    from console.stats.figures import FUNNEL, charts
    from widgets.bars import drawn

    for chart in charts(found)[:2]:
        out.print(f"\n[bold]{chart.title}[/]")
        for line in drawn(chart, CELLS, LINES):
            out.print("".join(text for text, _ in line).rstrip(), markup=False)
    facts = found.facts()
    model = {one["day"]: one for one in facts["modelByDay"]}
    rows = []
    for one in facts["funnelByDay"]:
        used = model.get(one["day"], {})
        rows.append(
            [one["day"], *(one[step] for step in FUNNEL), used.get("calls", 0), f"{used.get('dollars', 0):.4f}"]
        )
    out.print()
    table("By day (campaigns by their start, the model by days of UTC)", ["day", *FUNNEL, "calls", "dollars"], rows)
    say(f"{found.reads} document reads." + (" Earlier campaigns are not counted." if found.cut else ""))
