"""The Governor's promise under load: at most N calls begin in any rolling window, and nearly all of N is used.

Eight processes of eight threads each call a model as fast as they are let, against the Firestore emulator. Processes
are killed at random and started anew, and N is changed on the way. What counts is when the calls arrived, as the
model's stand-in noted it. Windows are shortened (`--window`), so that a minute's limit is tried in seconds.

    python benchmarks/governor.py [--limits 20 60 600] [--window S] [--no-peers]

The first limit is also tried with other rate limiters under the same load (`benchmarks.soak.peer`): `limits`,
`aiolimiter` and `pyrate-limiter`. Their N stands still, as they can't change it.

The last line is JSON: for the last limit what arrived at most in a window, the share of N that was used while N stood
still, and Firestore writes per call meanwhile; the same for all limits and for the peers.
"""

from __future__ import annotations

import argparse
import bisect
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.soak import peers, worker
from benchmarks.soak.counting import mean_in_window, most_in_window
from benchmarks.soak.peers import PROCESSES, THREADS
from leadgen.llm.state import configure_limit_changes
from leadgen.llm.window import Pace
from local.stack.firestore_alone import firestore_emulator

PROJECT = "demo-governor"
PEERS_WINDOW_S = 6
CHANGED_TO = 0.5
"""What N is changed to for a while: this share of it."""


@dataclass(frozen=True)
class Result:
    """What a soak showed.

    Args:
        limit: N.
        max_in_window: calls that arrived in any window in which only N was in force.
        over_changed_limit: how far a window went beyond the greatest limit in force in it, at most; 0 is right.
        used_share: calls in a window while N stood still, on average over all such windows, ÷ N.
        writes_per_call: changes of the Governor's document ÷ calls, meanwhile.
        calls: calls that arrived.
        kills: processes killed.
    """

    limit: int
    max_in_window: int
    over_changed_limit: int
    used_share: float
    writes_per_call: float
    calls: int
    kills: int


@contextmanager
def standin(folder: Path) -> Iterator[str]:
    """The model's stand-in, in a process of its own."""
    ready = folder / "ready.json"
    command = [
        sys.executable,
        "-m",
        "local.model",
        "--port",
        "0",
        "--data-dir",
        str(folder),
        "--ready-file",
        str(ready),
    ]
    process = subprocess.Popen(command)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("The model's stand-in did not start; its message is above.")
            time.sleep(0.05)
        yield json.loads(ready.read_text())["url"]
    finally:
        process.terminate()
        process.wait()


class Soak:
    """One limit's soak.

    Args:
        limit: N.
        pace: the Governor's lengths.
        url: the model's stand-in.
        seconds: how long N stands still before it is changed.
        rng: whom to kill, and when.
    """

    def __init__(self, limit: int, pace: Pace, url: str, seconds: float, rng: random.Random) -> None:
        self._limit, self._pace, self._url, self._seconds, self._rng = limit, pace, url, seconds, rng
        self._context = multiprocessing.get_context("forkserver")
        self._workers: list[Any] = []
        self._started = 0
        self._kills = 0
        self._writes: list[float] = []

    def run(self) -> Result:
        """Run it."""
        from google.cloud.firestore import Client

        httpx.post(f"{self._url}/_standin/reset", trust_env=False)
        document = Client(project=PROJECT).document("governor/llm")
        document.delete()
        document.set(configure_limit_changes(self._limit), merge=True)
        watch = document.on_snapshot(self._count_write)
        changes = [(time.monotonic(), self._limit)]
        try:
            for _ in range(PROCESSES):
                self._start()
            time.sleep(self._pace.window_s + 3)
            steady = (time.monotonic(), time.monotonic() + self._seconds)
            self._kill_now_and_then(steady[1])
            for limit in (max(1, int(self._limit * CHANGED_TO)), self._limit):
                document.set(configure_limit_changes(limit), merge=True)
                changes.append((time.monotonic(), limit))
                self._kill_now_and_then(time.monotonic() + self._pace.window_s)
        finally:
            watch.unsubscribe()
            for process in self._workers:
                process.kill()
                process.join()
        calls = httpx.get(f"{self._url}/_standin/calls", trust_env=False, timeout=60).json()["calls"]
        return self._result(sorted(call["monotonic"] for call in calls), changes, steady)

    def _start(self) -> None:
        self._started += 1
        task = worker.Task(f"w{self._started}", PROJECT, self._url, self._pace, THREADS, self._started)
        process = self._context.Process(target=worker.run, args=(task,), daemon=True)
        process.start()
        self._workers.append(process)

    def _kill_now_and_then(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self._rng.uniform(0.5, 1.5) * self._pace.window_s / 2))
            if time.monotonic() < until:
                victim = self._workers.pop(self._rng.randrange(len(self._workers)))
                victim.kill()
                victim.join()
                self._kills += 1
                self._start()

    def _count_write(self, *_: object) -> None:
        self._writes.append(time.monotonic())

    def _result(self, calls: list[float], changes: list[tuple[float, int]], steady: tuple[float, float]) -> Result:
        window = self._pace.window_s
        over = 0
        for index, first in enumerate(calls):
            inside = bisect.bisect_left(calls, first + window) - index
            allowed = _greatest(changes, first - self._pace.horizon_s - self._pace.use_within_s, first + window)
            over = max(over, inside - allowed)
        share = mean_in_window(calls, steady, window) / self._limit
        return Result(
            self._limit,
            most_in_window(calls, window),
            max(0, over),
            round(share, 4),
            round(_within(self._writes, steady) / max(1, _within(calls, steady)), 3),
            len(calls),
            self._kills,
        )


def _within(moments: list[float], interval: tuple[float, float]) -> int:
    return sum(interval[0] <= moment < interval[1] for moment in moments)


def _greatest(changes: list[tuple[float, int]], begin: float, end: float) -> int:
    """The greatest limit in force at any moment of an interval. (Grants given before a change may begin after it.)"""
    ends = [moment for moment, _ in changes[1:]] + [float("inf")]
    return max(limit for (since, limit), until in zip(changes, ends, strict=True) if since < end and until > begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limits", type=int, nargs="+", default=[20, 60, 600], metavar="N")
    parser.add_argument("--window", type=float, help="length of the window in seconds; else as suits the limit")
    parser.add_argument("--windows", type=int, default=3, help="for how many windows N stands still")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave the other limiters out")
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    multiprocessing.set_forkserver_preload(["benchmarks.soak.worker", "google.cloud.firestore"])
    print(f"{PROCESSES} × {THREADS}, seed {options.seed}", flush=True)
    results: list[Result] = []
    others: list[peers.PeerResult] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["FIRESTORE_EMULATOR_HOST"] = stack.enter_context(firestore_emulator())
        url = stack.enter_context(standin(folder))
        for limit in options.limits:
            window = options.window or _window(limit)
            # A kill burns what the victim holds, whatever the window: grants are given no longer ahead than needed.
            pace = Pace(window_s=window, use_within_s=1.0, travel_s=0.4, horizon_s=0.5, patience_s=5.0)
            soak = Soak(limit, pace, url, options.windows * window, random.Random(options.seed + limit))
            results.append(soak.run())
            print(f"{limit} calls in a window of {window:g} s: {results[-1]}", flush=True)
        for number, peer in enumerate(peers.PEERS if options.peers else ()):
            files = folder / f"peer{number}"
            files.mkdir()
            rng = random.Random(options.seed + number)
            others.append(peers.run(peer, options.limits[0], PEERS_WINDOW_S, url, files, rng))
            print(others[-1], flush=True)
    _table(results, others)
    print(
        json.dumps(
            {
                **asdict(results[-1]),
                "all": [asdict(one) for one in results],
                "peers": [asdict(one) for one in others],
            }
        )
    )


def _window(limit: int) -> float:
    """A window short enough for a short run, and long enough that two cores can make so many calls in it."""
    return 10.0 if limit < 300 else 20.0


def _table(results: list[Result], others: list[peers.PeerResult]) -> None:
    row = "{:<24} {:<34} {:>6} {:>14} {:>11} {:>12}"
    print()
    print(row.format("limiter", "shared by", "limit", "most in window", "used share", "writes/call"))
    for own in results:
        shown = (own.limit, own.max_in_window, f"{own.used_share:.3f}", f"{own.writes_per_call:.2f}")
        print(row.format("the Governor", "one Firestore document", *shown))
    for other in others:
        shown_ = (other.limit, other.max_in_window, f"{other.used_share:.3f}", "-")
        print(row.format(other.name, other.shared, *shown_))
    print()


if __name__ == "__main__":
    main()
