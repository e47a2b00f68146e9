"""The console beside others: first paint, from a write to the screen, and what it reads.

First paint: from the start of the program in a pseudo-terminal of 120 × 36 to the first picture (a text of it stands in
what the terminal was sent), beside a minimal Textual app, harlequin and posting; in turns, so that all meet the same
machine. The least of the rounds is told, for what else runs only adds to it; processor seconds are told as well.
From a write to the screen: a campaign is written into a Firestore emulator by this process until its city stands in
what the console sent to its terminal. Reads: see `benchmarks.console_reads`. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from benchmarks import console_reads  # noqa: E402
from benchmarks.console_pty import Painted, Terminal, first_paint  # noqa: E402
from benchmarks.peers import consoles  # noqa: E402
from local.stack.firestore_alone import firestore_emulator  # noqa: E402

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("painted")
Minimal().run()
"""
WATCHED = """
from benchmarks.console_reads import Session
from console.app import LeadgenApp
LeadgenApp(Session).run()
"""
PROFILE = (
    '[profiles.bench]\nproject_id = "demo-console-bench"\napi_key = "none"\nfunctions_url = "https://127.0.0.1:9"\n'
)


def first_paints(rounds: int, folder: Path, with_peers: bool) -> dict[str, list[Painted]]:
    """Every program's first paints, in turns."""
    (folder / "settings.toml").write_text(PROFILE, encoding="utf-8")
    environment = {
        **os.environ,
        "LEADGEN_CONFIG_DIR": str(folder),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "LEADGEN_REFRESH_TOKEN": "none",
    }
    program = str(Path(sys.executable).with_name("leadgen"))
    commands: dict[str, tuple[list[str], str]] = {
        "minimal": ([sys.executable, "-c", MINIMAL], "painted"),
        "leadgen": ([program, "--profile", "bench"], "Pipeline"),
    }
    if with_peers:
        commands["harlequin"] = ([str(consoles.program("harlequin")), "--no-download-tzdata"], "Query Editor")
        commands["posting"] = ([str(consoles.program("posting")), "--collection", str(folder)], "Collection")
    for name, (command, text) in list(commands.items()):
        try:
            first_paint(command, environment, text)  # Fills the caches of compiled modules and of the disk.
        except TimeoutError as error:
            if name in {"minimal", "leadgen"}:
                raise
            print(f"{name} did not paint and is left out: {error}")
            del commands[name]
    found: dict[str, list[Painted]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, text) in commands.items():
            found[name].append(first_paint(command, environment, text))
    return found


def write_to_screen(writes: int) -> list[float]:
    """Milliseconds from a write's beginning to its text in the terminal."""
    writer = console_reads.Session().firestore()
    writer.collection("processorQueue").document("first").set(console_reads.campaign("begin", datetime.now(UTC)))
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'backend_functions'}"}
    terminal = Terminal([sys.executable, "-c", WATCHED], environment)
    took = []
    try:
        terminal.wait_for("begin")
        for number in range(writes):
            # Not in step with the screen's own four flushes a second.
            time.sleep(0.31 + (number * 0.618) % 0.25)
            terminal.drain()
            city = f"q{number:03}z"
            begun = time.perf_counter()
            writer.collection("processorQueue").document(city).set(
                console_reads.campaign(city, datetime.now(UTC)), timeout=10
            )
            took.append((terminal.wait_for(city) - begun) * 1000)
    finally:
        terminal.end()
        console_reads.dispose(writer, [])
    return took


def contacts_figures(count: int) -> dict[str, Any]:
    """Opening so many contacts, and the time from a key to its paint, by `benchmarks/contacts.py`."""
    command = [sys.executable, str(ROOT / "benchmarks" / "contacts.py"), "--contacts", str(count)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    lines = run.stdout.strip().splitlines()
    if run.returncode != 0 or not lines:
        print(f"Contacts could not be measured: {run.stderr[-500:]}")
        return {"open_100k_s": None, "key_p95_ms": None}
    facts = json.loads(lines[-1])
    names = ("open_100k_s", "open_100k_cpu_s", "key_p95_ms", "key_cpu_p95_ms")
    return {name: facts.get(name) for name in names}


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="first paints of each program")
    parser.add_argument("--writes", type=int, default=60, help="writes that are waited for on the screen")
    parser.add_argument(
        "--documents", type=int, default=1000, help="documents in each collection when reads are counted"
    )
    parser.add_argument("--contacts", type=int, default=100_000, help="contacts of the local copy that is opened")
    parser.add_argument("--no-peers", action="store_true", help="leave harlequin and posting out")
    wanted = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        paints = first_paints(wanted.rounds, Path(folder), not wanted.no_peers)
    for name, ones in paints.items():
        wall, cpu = min(one.wall_s for one in ones), min(one.cpu_s for one in ones)
        print(
            f"{name:10} first paint {wall:.2f} s "
            f"(median {statistics.median(o.wall_s for o in ones):.2f}), {cpu:.2f} s CPU"
        )
        key = "" if name == "leadgen" else f"{name}_"
        result |= {f"{key}first_paint_s": round(wall, 3), f"{key}first_paint_cpu_s": round(cpu, 3)}
    with firestore_emulator() as address:
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        took = write_to_screen(wanted.writes)
        print(
            f"write to screen: p50 {statistics.median(took):.0f} ms, p95 {_p95(took):.0f} ms, most {max(took):.0f} ms"
        )
        result["write_to_screen_p95_ms"] = round(_p95(took))
        result |= console_reads.count(wanted.documents)
    result |= contacts_figures(wanted.contacts)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
