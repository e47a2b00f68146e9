"""Moving 50,000 contacts of the earlier program to Firestore, beside the obvious way, with and without comparing.

* ours: `migrate`: rows are looked through for people met twice, converted in a second process (numbers to E.164, times
  to UTC, duplicates merged, marks for the identity log) into a journal, written meanwhile as serialised protobuf with
  preconditions, and then compared, document for document.
* obvious: `sqlite3` → one dictionary per row with the columns renamed, the JSON parsed and ISO times read → batches of
  500 `set()` of google-cloud-firestore. It uses none of our converters: it makes no number E.164, refuses nothing,
  merges nothing, writes no marks and can't go on where it stopped. So it does less, and is the harder to beat for that.

Both write to the same emulator, each from a process of its own, one after the other, `--rounds` times, and the better
of each counts, because machines are shared. CPU seconds (of our processes, and of the emulator) are given beside the
rows a second: they say the same on a busy machine.

With `--memory-rows` so many rows are moved in one more process, to a target that takes commits and forgets them (an
emulator would keep them all in the memory of this machine), and the memory of all processes together is looked at on
the way. With `--kills` a run is killed (SIGKILL) so often and resumed, and what it wrote is compared with an
undisturbed run.

    python benchmarks/migrate.py [--contacts N] [--memory-rows N] [--kills N] [--seed N]

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path[:] = [folder for folder in sys.path if Path(folder).name != "benchmarks"]  # there `migrate` is this file

import psutil  # noqa: E402
from google.cloud import firestore  # noqa: E402

from local.stack.firestore_alone import firestore_emulator  # noqa: E402
from migrate.moving import Migration, Wish, prepare  # noqa: E402
from migrate.pace import Pace  # noqa: E402
from migrate.sample import Sample  # noqa: E402
from migrate.stage import PLACES, Stage  # noqa: E402
from migrate.target import Target, messages  # noqa: E402


def _client(address: str, project: str) -> firestore.Client:
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    db = firestore.Client(project=project)
    next(iter(db.collection("warm").limit(1).stream()), None)
    return db


class Memory:
    """The most memory that this process and those it started held at one time; a `Watch` of a migration."""

    def __init__(self) -> None:
        self._command = psutil.Process().cmdline()
        self._calls = 0
        self.rows = 0
        self.peak_mb = 0

    def __call__(self, action: str, _table: str, number: int) -> None:
        self.rows += number if action == "read" else 0
        self._calls += 1
        if self._calls % 5 == 1:
            self.look()

    def look(self) -> int:
        """What they hold now, in MiB."""
        held = psutil.Process().memory_info().rss
        for number in _children():
            with suppress(psutil.NoSuchProcess):
                one = psutil.Process(number)
                if one.cmdline() != self._command:  # else it is the moment of a fork
                    held += one.memory_info().rss
        self.peak_mb = max(self.peak_mb, held >> 20)
        return held >> 20


def _children() -> list[int]:
    """Processes that this one started (the one that converts starts none); a look at all of the machine costs more."""
    found = (Path(path, "children").read_text() for path in Path("/proc/self/task").iterdir())
    return [int(number) for numbers in found for number in numbers.split()]


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it started and that ended."""
    of = os.times()
    return of.user + of.system + of.children_user + of.children_system


def _emulator() -> psutil.Process:
    return next(one for one in psutil.Process().children(recursive=True) if "java" in one.name())


def _emulator_s(emulator: int) -> float:
    """CPU seconds of the emulator."""
    return float(sum(psutil.Process(emulator).cpu_times()[:2]))


def _ours(address: str, project: str, contacts: Path, folder: Path, emulator: int) -> dict[str, float]:
    db = _client(address, project)
    stage, memory = Stage(folder / f"{project}.sqlite3"), Memory()
    began, cpu, theirs = time.monotonic(), _cpu_s(), _emulator_s(emulator)
    with prepare(Wish(contacts=contacts)) as plan:
        migration = Migration(plan, stage, memory)
        migration.move(db, Pace(), Target(db))
        written, cpu, theirs = time.monotonic() - began, _cpu_s() - cpu, _emulator_s(emulator) - theirs
        migration.verify(db)
        verified = time.monotonic() - began
    assert migration.report.is_verified
    report = migration.report.tables[0]
    stage.close()
    return {
        "rows": report.read,
        "rejected": report.rejected,
        "merged": report.merged,
        "written": written,
        "verified": verified,
        "cpu": cpu,
        "emulator": theirs,
        "rss_mb": memory.peak_mb,
    }


def _obvious(address: str, project: str, contacts: Path) -> dict[str, float]:
    db = _client(address, project)
    began, cpu, rows = time.monotonic(), _cpu_s(), 0
    connection = sqlite3.connect(contacts)
    connection.row_factory = sqlite3.Row
    cursor = connection.execute("SELECT * FROM contacts")
    while page := cursor.fetchmany(500):
        batch = db.batch()
        for row in page:
            rows += 1
            batch.set(db.collection("contacts").document(str(row["id"])), _as_it_is(row))
        batch.commit()
    connection.close()
    return {"rows": rows, "written": time.monotonic() - began, "cpu": _cpu_s() - cpu, "rss_mb": Memory().look()}


def _as_it_is(row: sqlite3.Row) -> dict[str, Any]:
    try:
        lead = json.loads(row["lead_data_json"] or "{}")
    except ValueError:
        lead = {}
    return {
        "phone": str(row["phone"]),
        "name": row["name"],
        "email": row["email"],
        "lastSent": _moment(row["last_sent"]),
        "sourceUrl": row["source_url"],
        "imageHash": row["image_hash"],
        "businessName": row["business_name"],
        "category": row["category"],
        "servicesRendered": (row["services_rendered"] or "").split(", "),
        "status": row["status"],
        "city": row["city"],
        "leadDataJson": {
            **(lead if isinstance(lead, dict) else {}),
            **{name: row[name] for name in ("name", "email", "category", "city", "business_name")},
        },
        "createdAt": _moment(row["created_at"]),
    }


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except (ValueError, TypeError):
        return None


class Nowhere(Target):
    """Takes commits and forgets them."""

    def commit(self, writes: Sequence[bytes]) -> Any:
        """Whatever is written, it was."""
        answer = messages().CommitResponse()
        for _ in writes:
            answer.write_results.add().update_time.GetCurrentTime()
        return answer


def _memory(address: str, contacts: Path, folder: Path) -> dict[str, float]:
    """Memory after a tenth of the rows, at the end, and the most, of all processes together."""
    db = _client(address, "demo-memory")
    memory, early = Memory(), 0

    def watch(action: str, table: str, rows: int) -> None:
        nonlocal early
        memory(action, table, rows)
        if not early and memory.rows >= total / 10:
            early = memory.look()

    stage = Stage(folder / "memory.sqlite3")
    with prepare(Wish(contacts=contacts)) as plan:
        total = plan.parts[0].mapping.rows or 0
        Migration(plan, stage, watch).move(db, Pace(), Nowhere(db))
    stage.close()
    return {"rows": memory.rows, "early_mb": early, "late_mb": memory.look(), "peak_mb": memory.peak_mb}


def _apart(action: Any, *values: Any) -> dict[str, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        result: dict[str, float] = pool.submit(action, *values).result()
        return result


def _kill(address: str, folder: Path, contacts: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Run the command, kill it at random moments, and compare the end with an undisturbed run."""
    whole, killed = "demo-whole", "demo-killed"
    took = _command(address, whole, folder / "home-whole", contacts, None)
    deaths = 0
    while deaths < kills:
        after = rng.uniform(0.3, 1.0) * took / 3 + rng.uniform(0, took / 2)
        deaths += _command(address, killed, folder / "home-killed", contacts, after) < 0
        if rng.random() < 0.3:  # begin anew, so that deaths are early and late
            db = _client(address, killed)
            for name in (*PLACES, "migrations", "identityIndex"):
                db.recursive_delete(db.collection(name))
    _command(address, killed, folder / "home-killed", contacts, None)
    return {"kills": deaths, "equal": _documents(address, whole) == _documents(address, killed)}


def _command(address: str, project: str, home: Path, contacts: Path, kill_after: float | None) -> float:
    """Seconds it took; -1 if it was killed."""
    variables = {
        **os.environ,
        "FIRESTORE_EMULATOR_HOST": address,
        "GOOGLE_CLOUD_PROJECT": project,
        "LEADGEN_CONFIG_DIR": str(home),
    }
    home.mkdir(exist_ok=True)
    command = [
        sys.executable,
        str(Path(__file__).with_name("migrate_command.py")),
        str(contacts),
        str(home / "rejects.jsonl"),
    ]
    began = time.monotonic()
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return -1
    assert process.returncode in (0, 5), process.returncode
    return time.monotonic() - began


def _documents(address: str, project: str) -> dict[str, dict[str, Any]]:
    db = _client(address, project)
    return {name: {s.id: s.to_dict() for s in db.collection(name).stream()} for name in PLACES}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2, help="of which the better counts")
    parser.add_argument("--killed-contacts", type=int, default=5_000, help="how many are moved under --kills")
    parser.add_argument("--memory-rows", type=int, default=0, help="convert so many more, and look at the memory")
    parser.add_argument("--kills", type=int, default=0, help="SIGKILLs of one run")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of death; 0 draws one")
    wish = parser.parse_args()
    seed = wish.seed or random.SystemRandom().randrange(1, 10**9)
    with tempfile.TemporaryDirectory() as name, firestore_emulator() as address:
        folder, emulator = Path(name), _emulator().pid
        contacts, _, _ = Sample(wish.contacts, dirt=0.02).write(folder / "legacy")
        ours, obvious = [], []
        for number in range(wish.rounds):
            before = _emulator_s(emulator)
            obvious.append(_apart(_obvious, address, f"demo-obvious{number}", contacts))
            obvious[-1]["emulator"] = _emulator_s(emulator) - before
            print("obvious", json.dumps(obvious[-1]), flush=True)
            ours.append(_apart(_ours, address, f"demo-ours{number}", contacts, folder, emulator))
            print("ours", json.dumps(ours[-1]), flush=True)
        best, plain = min(ours, key=lambda r: r["written"]), min(obvious, key=lambda r: r["written"])
        rows = best["rows"]
        figures: dict[str, Any] = {
            "rows": rows,
            "rejected": best["rejected"],
            "rows_per_s": round(rows / best["written"]),
            "with_verify_rows_per_s": round(rows / best["verified"]),
            "obvious_rows_per_s": round(rows / plain["written"]),
            "ratio": round(plain["written"] / best["written"], 2),
            "ratio_with_verify": round(plain["written"] / best["verified"], 2),
            "cpu_us_per_row": round(best["cpu"] / rows * 1e6),
            "emulator_us_per_row": round(best["emulator"] / rows * 1e6),
            "obvious_emulator_us_per_row": round(plain["emulator"] / rows * 1e6),
            "obvious_cpu_us_per_row": round(plain["cpu"] / rows * 1e6),
            "rss_mb": max(r["rss_mb"] for r in ours),
            "obvious_rss_mb": max(r["rss_mb"] for r in obvious),
        }
        if wish.memory_rows:
            many, _, _ = Sample(wish.memory_rows, dirt=0.02).write(folder / "many")
            figures["memory"] = _apart(_memory, address, many, folder)
        if wish.kills:
            few, _, _ = Sample(wish.killed_contacts, dirt=0.05).write(folder / "few")
            figures["seed"] = seed
            figures["killed"] = _kill(address, folder, few, wish.kills, random.Random(seed))
    for key, value in figures.items():
        print(f"{key:24} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
