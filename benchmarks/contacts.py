"""The contacts' screen with 100,000 contacts: how soon it stands, and how soon a key shows while contacts change.

* open_s: from the key 5 to rows on screen, from the local copy (the worst of the runs).
* key_p50_ms, key_p95_ms: from a key that moves the cursor to its line painted, while `--rate` documents a second are
  written into the copy by another thread, as the sync writes them. Beside it textual's DataTable with the same rows
  and keys and a changed cell per document, as far as it goes: `--peer-rows` rows at `--peer-rate` changes a second.

The screen is the real one, in a real app without a terminal; what is measured is the work up to the painted line.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from textual.app import App, ComposeResult  # noqa: E402
from textual.widgets import DataTable  # noqa: E402

from console.contacts import keeper, place, records  # noqa: E402
from console.contacts.copy import Copy, Cursor  # noqa: E402
from console.contacts.sync import Progress  # noqa: E402
from tests.snapshots import recorded  # noqa: E402

NOW = datetime.now(UTC)
SIZE = (120, 36)


def document(number: int, at: datetime) -> dict[str, Any]:
    """A contact of usual size."""
    known = {"sourceUrl": f"https://austin.example/post/{number}", "snippet": "call five one two", "extractor": "p/4",
             "certainty": 0.9, "at": at}  # fmt: skip
    return {
        "businessName": f"Lone Star Plumbing {number}", "name": f"Ada {number}", "phone": f"+1512{number:07}",
        "email": f"office{number}@lone-star.example", "city": ("austin", "dallas", "denver")[number % 3],
        "category": "Plumbing", "status": "PROCESSED", "createdAt": at, "lastUpdated": at,
        "leadDataJson": {"body": "Licensed and insured, free estimates. " * 12, "websiteScore": number % 101},
        "provenance": dict.fromkeys(("phone", "email", "businessName"), known),
    }  # fmt: skip


def filled(path: Path, count: int) -> float:
    """Fill a copy; seconds of CPU."""
    began = time.process_time()
    copy = Copy(path, "me")
    for start in range(0, count, 500):
        rows = [
            records.row(f"{n:032x}", document(n, NOW - timedelta(seconds=count - n)), 1)
            for n in range(start, min(count, start + 500))
        ]
        copy.put(rows, Cursor(start + 1, "x"))
    copy.close()
    return time.process_time() - began


class Writer:
    """Changes contacts in the copy, as the sync does."""

    def __init__(self, copy: Copy, count: int, rate: int) -> None:
        self._copy, self._count, self._rate = copy, count, rate
        self._ending = threading.Event()
        self.written = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self.rate = self.written / (time.monotonic() - self._began)

    def _run(self) -> None:
        part = max(1, self._rate // 20)
        while not self._ending.is_set():
            due = self._began + self.written / self._rate
            self._ending.wait(max(0.0, due - time.monotonic()))
            at = datetime.now(UTC)
            numbers = [(self.written + n) * 7919 % self._count for n in range(part)]
            self._copy.put([records.row(f"{n:032x}", document(n, at), time.time_ns()) for n in numbers])
            self.written += part


async def until(pilot: Any, true: Any, limit_s: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, "it never came"
        await pilot.pause()


async def opened(path: Path) -> tuple[float, float]:
    """Seconds from the key to rows on screen, and those of CPU in all threads."""
    copies: list[Copy] = []

    def open_keeper(_session: Any) -> Any:
        copies.append(Copy(path, "me"))
        return SimpleNamespace(copy=copies[0], progress=Progress(copies[0].count()), problem="", note="",
                               offer=lambda *_: None, stop=lambda: None, ask=lambda _: None)  # fmt: skip

    keeper.open_keeper = open_keeper
    app, _ = recorded.recorded_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session is not None)
        began, worked = time.monotonic(), time.process_time()
        app.action_show("contacts")
        await until(pilot, lambda: bool(app.screen.query("#people")) and app.screen.query_one("#people")._seen)
        took = time.monotonic() - began, time.process_time() - worked
    copies[0].close()
    return took


async def keys(path: Path, count: int, rate: int, presses: int) -> tuple[list[tuple[float, float]], float]:
    """Milliseconds from each key to its painted line, those of CPU in this thread, and documents written a second."""
    copy = Copy(path, "me")
    keeper.open_keeper = lambda _s: SimpleNamespace(  # type: ignore[assignment,return-value]
        copy=copy, progress=Progress(copy.count()), problem="", note="", offer=lambda *_: None, stop=lambda: None,
        ask=lambda _: None)  # fmt: skip
    app, _ = recorded.recorded_app()
    app._clock = SimpleNamespace(now=lambda: datetime.now(UTC), monotonic=time.monotonic)
    took: list[tuple[float, float]] = []
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session is not None)
        app.action_show("contacts")
        await until(pilot, lambda: bool(app.screen.query("#people")) and app.screen.query_one("#people")._seen)
        table = app.screen.query_one("#people")
        with Writer(copy, count, rate) as writer:
            await asyncio.sleep(1.0)
            for number in range(presses):
                took.append(await pressed(table, "pagedown" if number % 10 == 9 else "down"))
    copy.close()
    return took, writer.rate


async def pressed(table: Any, key: str) -> tuple[float, float]:
    """Milliseconds from a key to the line under the cursor painted, and those of this thread's CPU."""
    from textual import events

    painted = asyncio.Event()
    usual, before = table.render_line, table.cursor
    done: list[tuple[float, float]] = []

    def render_line(y: int) -> Any:
        strip = usual(y)
        if table.cursor != before and not done:
            done.append(((time.monotonic() - began) * 1000, (time.thread_time() - worked) * 1000))
            painted.set()
        return strip

    table.render_line = render_line
    began, worked = time.monotonic(), time.thread_time()
    table.app.post_message(events.Key(key, None))
    try:
        await asyncio.wait_for(painted.wait(), 10)
        return done[0]
    finally:
        table.render_line = usual
        await asyncio.sleep(0.05)


class Peer(App[None]):
    """A DataTable of the same rows."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._count = rows

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill it."""
        table = self.query_one(DataTable)
        for name in ("business", "phone", "email", "status"):
            table.add_column(name, key=name, width=22)
        for n in range(self._count):
            table.add_row(f"Lone Star {n}", f"+1512{n:07}", f"office{n}@lone-star.example", "ready", key=str(n))
        table.focus()


async def peer(rows: int, rate: int, presses: int) -> list[float]:
    """The same keys in a DataTable while cells change."""
    from textual import events

    app = Peer(rows)
    took: list[float] = []
    async with app.run_test(size=SIZE) as pilot:
        table = app.query_one(DataTable)

        async def change() -> None:
            number = 0
            while True:
                for _ in range(max(1, rate // 20)):
                    number += 1
                    table.update_cell(str(number * 7919 % rows), "status", f"sent {number}")
                await asyncio.sleep(0.05)

        task = asyncio.create_task(change())
        await pilot.pause()
        for _ in range(presses):
            before, began = table.cursor_row, time.monotonic()
            painted = asyncio.Event()
            usual = table.render_line

            def render_line(y: int, *, usual: Any = usual, before: int = before, painted: Any = painted) -> Any:
                strip = usual(y)
                if table.cursor_row != before:
                    painted.set()
                return strip

            table.render_line = render_line  # type: ignore[method-assign]
            app.post_message(events.Key("down", None))
            await asyncio.wait_for(painted.wait(), 20)
            took.append((time.monotonic() - began) * 1000)
            table.render_line = usual  # type: ignore[method-assign]
            await asyncio.sleep(0.05)
        task.cancel()
    return took


def part(values: list[float], share: float) -> float:
    """A quantile."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=1000, help="documents changed each second")
    parser.add_argument("--keys", type=int, default=120)
    parser.add_argument("--runs", type=int, default=3, help="how often the screen is opened")
    parser.add_argument("--peer-rows", type=int, default=1000)
    parser.add_argument("--peer-rate", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LEADGEN_CACHE_DIR"] = folder
        path = place.folder() / "bench.sqlite"
        fill_s = filled(path, options.contacts)
        size_mb = path.stat().st_size / 1e6
        opens = [asyncio.run(opened(path)) for _ in range(options.runs)]
        took, rate = asyncio.run(keys(path, options.contacts, options.rate, options.keys))
        beside = asyncio.run(peer(options.peer_rows, options.peer_rate, min(40, options.keys)))
    facts = {
        "contacts": options.contacts,
        "copy_mb": round(size_mb, 1),
        "fill_cpu_s": round(fill_s, 1),
        "open_100k_s": round(max(one[0] for one in opens), 3),
        "open_100k_cpu_s": round(max(one[1] for one in opens), 3),
        "documents_per_s": round(rate),
        "key_p50_ms": part([one[0] for one in took], 0.5),
        "key_p95_ms": part([one[0] for one in took], 0.95),
        "key_cpu_p50_ms": part([one[1] for one in took], 0.5),
        "key_cpu_p95_ms": part([one[1] for one in took], 0.95),
        "datatable_rows": options.peer_rows,
        "datatable_changes_per_s": options.peer_rate,
        "datatable_key_p50_ms": part(beside, 0.5),
        "datatable_key_p95_ms": part(beside, 0.95),
    }
    for name, value in facts.items():
        print(f"{name:24} {value}")
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
