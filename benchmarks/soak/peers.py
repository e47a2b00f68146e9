"""The same load under the rate limiters that others use, in the peers' environment."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.peers import python
from benchmarks.soak.counting import mean_in_window, most_in_window

_SCRIPT = Path(__file__).with_name("peer.py")
PROCESSES, THREADS = 8, 8
_READY_S = 20.0


@dataclass(frozen=True)
class Peer:
    """A limiter, and how it is shared.

    Args:
        name: of the limiter, for people.
        limiter: for `peer.py`.
        shared: how several processes share it, for people.
        served: whether a process of its own holds it.
    """

    name: str
    limiter: str
    shared: str
    served: bool = False


ONE = "one process holds it, all ask it"
EACH = "each process has its own"
PEERS = (
    Peer("limits, fixed window", "limits-fixed", ONE, served=True),
    Peer("limits, moving window", "limits-moving", ONE, served=True),
    Peer("aiolimiter", "aiolimiter", ONE, served=True),
    Peer("aiolimiter", "aiolimiter", EACH),
    Peer("pyrate-limiter", "pyrate-sqlite", "SQLite with a file lock"),
    Peer("pyrate-limiter", "pyrate", EACH),
)


@dataclass(frozen=True)
class PeerResult:
    """What a peer's soak showed; see `benchmarks.governor.Result`."""

    name: str
    shared: str
    limit: int
    max_in_window: int
    used_share: float


def run(peer: Peer, limit: int, window_s: int, url: str, folder: Path, rng: random.Random) -> PeerResult:
    """A peer's soak: two windows and a half, workers killed on the way.

    Args:
        peer: who.
        limit: N.
        window_s: length of the window.
        url: the model's stand-in.
        folder: for its files; empty.
        rng: whom to kill.
    """
    interpreter, file = str(python()), folder / "shared"
    httpx.post(f"{url}/_standin/reset", trust_env=False)
    processes: list[subprocess.Popen[bytes]] = []
    words = [str(file), peer.limiter, str(limit), str(window_s)]

    def start() -> None:
        command = [interpreter, str(_SCRIPT), "work", url, *words, str(THREADS)]
        processes.append(subprocess.Popen(command))

    server = subprocess.Popen([interpreter, str(_SCRIPT), "serve", *words]) if peer.served else None
    try:
        if server is not None:
            _await(file, server)
        for _ in range(PROCESSES):
            start()
        first = _first_call(url)
        while time.monotonic() < first + 2.5 * window_s:
            time.sleep(rng.uniform(0.5, 1.5) * window_s / 2)
            victim = processes.pop(rng.randrange(len(processes)))
            victim.kill()
            victim.wait()
            start()
    finally:
        for process in (*processes, *([server] if server is not None else [])):
            process.kill()
            process.wait()
    calls = sorted(one["monotonic"] for one in httpx.get(f"{url}/_standin/calls", trust_env=False).json()["calls"])
    steady = (first + 0.5 * window_s, first + 2.5 * window_s)
    share = mean_in_window(calls, steady, window_s) / limit
    return PeerResult(peer.name, peer.shared, limit, most_in_window(calls, window_s), round(share, 4))


def _await(file: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_S
    while not file.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit("The process that holds a peer's limiter did not start; its message is above.")
        time.sleep(0.05)


def _first_call(url: str) -> float:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        calls = httpx.get(f"{url}/_standin/calls", trust_env=False).json()["calls"]
        if calls:
            return float(calls[0]["monotonic"])
        time.sleep(0.2)
    raise SystemExit("No call of a peer arrived.")
