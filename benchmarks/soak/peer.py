"""The soak's load under another rate limiter. Runs in the peers' environment, which has none of ours.

    python peer.py serve FILE LIMITER LIMIT WINDOW     one limiter in a process of its own, which all instances ask
    python peer.py work MODEL_URL FILE LIMITER LIMIT WINDOW THREADS

`limits` has no store for several processes but servers (Redis, Memcached, MongoDB), `aiolimiter` has none at all: for
them one process holds the limiter and the others ask it, which is the most exact they can be. `pyrate-limiter` has
SQLite with a file lock. Each can also be given to every process for itself, which is how a program that is copied to
several instances comes to use it.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Acquire = Callable[[], None]
_BODY = json.dumps({"model": "rules-1", "messages": [{"role": "user", "content": "A plumber in Austin."}]})
_HEADERS = {"Authorization": "Bearer local", "Content-Type": "application/json"}
_ASK_AGAIN_S = 0.02


def limits_fixed(limit: int, window_s: int) -> Acquire:
    """`limits`, fixed windows."""
    from limits import RateLimitItemPerSecond, storage, strategies  # type: ignore[import-not-found]

    return _asking(strategies.FixedWindowRateLimiter(storage.MemoryStorage()), RateLimitItemPerSecond(limit, window_s))


def limits_moving(limit: int, window_s: int) -> Acquire:
    """`limits`, moving windows."""
    from limits import RateLimitItemPerSecond, storage, strategies

    return _asking(strategies.MovingWindowRateLimiter(storage.MemoryStorage()), RateLimitItemPerSecond(limit, window_s))


def _asking(limiter: Any, item: Any) -> Acquire:
    def acquire() -> None:
        while not limiter.hit(item, "model"):
            time.sleep(_ASK_AGAIN_S)

    return acquire


def aiolimiter(limit: int, window_s: int) -> Acquire:
    """`aiolimiter`, in an event loop of its own."""
    from aiolimiter import AsyncLimiter  # type: ignore[import-not-found]

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    limiter = AsyncLimiter(limit, window_s)
    return lambda: asyncio.run_coroutine_threadsafe(limiter.acquire(), loop).result()


def pyrate(limit: int, window_s: int) -> Acquire:
    """`pyrate-limiter`, in memory."""
    from pyrate_limiter import Duration, Limiter, Rate  # type: ignore[import-not-found]

    limiter = Limiter(Rate(limit, Duration.SECOND * window_s))

    def acquire() -> None:
        while not limiter.try_acquire("model", blocking=False):
            time.sleep(_ASK_AGAIN_S)

    return acquire


def pyrate_sqlite(file: str, limit: int, window_s: int) -> Acquire:
    """`pyrate-limiter`, SQLite with a file lock."""
    from pyrate_limiter import Duration, Limiter, Rate, SQLiteBucket

    rates = [Rate(limit, Duration.SECOND * window_s)]
    bucket = SQLiteBucket.init_from_file(rates, db_path=f"{file}.sqlite", create_new_table=True, use_file_lock=True)
    limiter, turn = Limiter(bucket), threading.Lock()

    def acquire() -> None:
        # Its file lock is between processes; between threads it wants another one. Asking without waiting fails with
        # this lock.
        with turn:
            limiter.try_acquire("model", blocking=True)

    return acquire


LIMITERS: dict[str, Callable[[int, int], Acquire]] = {
    "limits-fixed": limits_fixed,
    "limits-moving": limits_moving,
    "aiolimiter": aiolimiter,
    "pyrate": pyrate,
}


class Shared:
    """A limiter as others see it who ask its process."""

    def __init__(self, acquire: Acquire) -> None:
        self._acquire = acquire

    def acquire(self) -> None:
        """Wait for a call."""
        self._acquire()


class _Manager(BaseManager):
    pass


def serve(file: str, name: str, limit: int, window_s: int) -> None:
    """Hold a limiter that others ask, until killed."""
    shared = Shared(LIMITERS[name](limit, window_s))
    _Manager.register("limiter", lambda: shared, exposed=["acquire"])
    server = _Manager(("127.0.0.1", 0), b"soak").get_server()
    Path(f"{file}.part").write_text(json.dumps(server.address))
    Path(f"{file}.part").rename(file)
    server.serve_forever()


def _ask_shared(file: str) -> Acquire:
    host, port = json.loads(Path(file).read_text())
    _Manager.register("limiter", exposed=["acquire"])
    manager = _Manager((host, port), b"soak")
    manager.connect()
    acquire: Acquire = getattr(manager, "limiter")().acquire  # noqa: B009 - registered at run time
    return acquire


def work(url: str, file: str, name: str, limit: int, window_s: int, threads: int) -> None:
    """Ask and call for ever."""
    if name == "pyrate-sqlite":
        acquire = pyrate_sqlite(file, limit, window_s)
    else:
        acquire = _ask_shared(file) if Path(file).exists() else LIMITERS[name](limit, window_s)
    for _ in range(threads):
        threading.Thread(target=_calls, args=(url, acquire)).start()


def _calls(url: str, acquire: Acquire) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    connection.connect()
    while True:
        acquire()
        connection.request("POST", "/v1/chat/completions", _BODY, _HEADERS)
        connection.getresponse().read()


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "serve":
        serve(words[0], words[1], int(words[2]), int(words[3]))
    else:
        work(words[0], words[1], words[2], int(words[3]), int(words[4]), int(words[5]))
