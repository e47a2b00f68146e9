"""How a migration is shown: the mapping before, progress meanwhile, and the report."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from console.cli.output import err, out, say, table

if TYPE_CHECKING:
    from migrate.report import Report
    from migrate.stage import Stage

_WORDS = {"read": "Reading", "write": "Writing", "verify": "Comparing"}


def show_plan(plan: dict[str, Any]) -> None:
    """The mapping of tables and columns, before anything is written."""
    for one in plan["tables"]:
        rows = [[field, column] for field, column in one["columns"].items()]
        rows += [["(kept as it is)", column] for column in one["kept"]]
        rows += [["(left out)", column] for column in one["ignored"]]
        rows += [[field, "(no column)"] for field in one["missing"]]
        count = "?" if one["rows"] is None else f"{one['rows']:,}"
        table(f"{one['table']} → {one['collection']}  ({count} rows)", ["field", "column"], rows)
    for name, reason in plan["leftOut"].items():
        say(f"Table {name} stays: {reason}.")
    if plan["config"]:
        rows = [[name, key] for name, key in plan["config"]["fromKeys"].items()]
        rows += [["(refused)", f"{key} {problem}"] for key, problem in plan["config"]["refused"].items()]
        rows += [["(unknown, left out)", key] for key in plan["config"]["unknown"]]
        table("Configuration", ["setting", "key of the file"], rows)
    say(f"Run {plan['run']}.")


def show_report(report: Report) -> None:
    """What was done."""
    if report.done_before:
        say(f"Run {report.run} was complete already; nothing was written.")
    titles = ["kind", "table", "rows", "read", "merged", "rejected", "damaged"]
    table("Read", titles, report.table_rows())
    table("Documents", ["collection", "documents", "written", "there before"], report.collection_rows())
    if report.verified is not None:
        titles = ["collection", "expected", "equal", "kept", "changed", "missing", "different", "hash"]
        table("Compared", titles, report.verified_rows())
    for remark in report.remarks():
        out.print(f"• {remark}", markup=False)
    if report.rejects_file:
        say(f"Rows that can't move are in {report.rejects_file}; correct them and run: leadgen migrate --rejects FILE")
    if report.dry_run:
        say("Nothing was written.")


class Watching:
    """Progress on stderr: what is done, how fast, how long it will take, and how many rows were rejected.

    Args:
        plan: see `migrate.moving.Plan.as_dict`.
        stage: the journal, asked for how much there is to write.
        shown: whether to show anything; nothing is shown without a terminal.
    """

    def __init__(self, plan: dict[str, Any], stage: Stage, *, shown: bool) -> None:
        self._rows = {one["kind"]: one["rows"] for one in plan["tables"]}
        self._stage = stage
        self._shown = shown and sys.stderr.isatty()
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=err,
            transient=True,
        )

    def __enter__(self) -> Self:
        if self._shown:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._progress.stop()

    def advance(self, action: str, name: str, number: int) -> None:
        """Something was done; see `migrate.moving.Watch`."""
        if not self._shown:
            return
        task = self._tasks.get((action, name))
        if task is None:
            text = f"{_WORDS[action]} {name}"
            task = self._progress.add_task(text, total=self._total(action, name), rate="", note="")
            self._tasks[action, name] = task
        rejected = self._stage.rejected() if action == "read" else 0
        note = f"{rejected:,} rejected" if rejected else ""
        self._progress.update(task, advance=number, note=note)
        speed = self._progress.tasks[task].speed
        self._progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")

    def _total(self, action: str, name: str) -> int | None:
        if action == "read":
            return self._rows.get(name)
        from migrate.stage import PLACES, TO_DO

        return self._stage.count(PLACES.index(name), TO_DO if action == "write" else None) or None
