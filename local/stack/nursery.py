"""A process that has the workers' libraries imported already and forks itself for each worker.

The Functions emulator runs one process per function, and another for every event that finds all of them busy. A worker
spends most of its start on importing the same libraries (some 2 s of processor time and 80 MB each); forked from here
it starts in a fraction of that and shares their memory. main.py is loaded in each worker, as in production. What it
imports of the core is there already, as long as no file of it has changed. The list of functions is made in a fork too.

    python -m local.stack.nursery SOCKET
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack import manifest
from local.stack.own_code import OwnCode

# What it takes to make the list of functions, for which the emulators wait.
_LIBRARIES_AT_FIRST = (
    "firebase_functions.private.serving",
    "firebase_functions.https_fn",
    "firebase_functions.firestore_fn",
    "firebase_functions.pubsub_fn",
    "firebase_functions.scheduler_fn",
)
_LIBRARIES = (
    "functions_framework._cli",
    "functions_framework._http.gunicorn",
    "gunicorn.workers.gthread",
    "gunicorn.glogging",
    "firebase_admin.auth",
    "google.cloud.firestore",
    "google.cloud.pubsub_v1",
    "pydantic",
    "httpx",
    "jinja2",
    "phonenumbers",
    "email_validator",
    "msal",
    "cryptography.fernet",
    "selectolax.lexbor",
    "openai",
    "aiohttp",
    "numpy",
    "PIL.Image",
    "css_inline",
    "nh3",
)
# Longer than the emulator keeps an unused connection.
_IDLE_CONNECTION_S = 75


@dataclass
class _Worker:
    pid: int
    connection: socket.socket


@dataclass(frozen=True)
class _Request:
    """What a process is to be forked for: the list of functions if `manifest` names a file, else a worker."""

    folder: str
    manifest: str
    environment: dict[bytes, bytes]

    @classmethod
    def read(cls, sent: bytes) -> _Request:
        """As the launcher writes it.

        Raises:
            ValueError: it is not complete.
        """
        folder, manifest, *variables = sent.split(b"\0")
        environment = {name: value for name, _, value in (variable.partition(b"=") for variable in variables)}
        return cls(os.fsdecode(folder), os.fsdecode(manifest), environment)


class Nursery:
    """Accepts requests for workers on a Unix socket.

    Args:
        address: path of the socket.
        libraries: imported one by one while there is nothing else to do; after them what the functions import of their
            own code, once their list was asked for.
    """

    def __init__(self, address: Path, libraries: Iterable[str]) -> None:
        self._address = address
        self._libraries = deque(libraries)
        self._own_code = OwnCode()
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def run(self) -> None:
        """Serve until SIGTERM."""
        wake_read, wake_write = os.pipe()
        for end in (wake_read, wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with contextlib.suppress(FileNotFoundError):
            self._address.unlink()
        self._listener.bind(str(self._address))
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(wake_read, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(timeout=0 if self._libraries else None):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fd == wake_read:
                    os.read(wake_read, 4096)
                elif key.data in self._workers:
                    self._end(self._workers[key.data])
            self._reap()
            if self._libraries:
                _import(self._libraries.popleft())

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(5.0)
        try:
            head, streams, _, _ = socket.recv_fds(connection, 4, 3)
            request = _Request.read(_receive(connection, int.from_bytes(head, "big")))
        except (OSError, ValueError) as failure:
            sys.stderr.write(f"nursery: unusable request: {failure}\n")
            connection.close()
            return
        pid = os.fork()
        if pid == 0:
            self._become_worker(connection, streams, request)
        for stream in streams:
            os.close(stream)
        self._workers[pid] = _Worker(pid, connection)
        self._selector.register(connection, selectors.EVENT_READ, pid)
        if request.manifest:
            self._libraries.extend(self._own_code.of(Path(request.folder)))

    def _become_worker(self, connection: socket.socket, streams: list[int], request: _Request) -> None:
        """Do what was asked for in this forked process, and leave it by no other way than its exit."""
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            self._listener.close()
            connection.close()
            for other in self._workers.values():
                other.connection.close()
            for target, stream in enumerate(streams):
                os.dup2(stream, target)
                os.close(stream)
            os.environb.clear()
            os.environb.update(request.environment)
            time.tzset()
            os.chdir(request.folder)
            # The framework made its default from the folder it was imported in.
            os.environ.setdefault("FUNCTION_SOURCE", os.path.join(request.folder, "main.py"))
            self._own_code.forget_other(Path(request.folder))
            gc.enable()
            code = _discover(request.manifest) if request.manifest else _serve()
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _end(self, worker: _Worker) -> None:
        """The launcher has gone: its worker, and what the worker has forked, must go too."""
        self._selector.unregister(worker.connection)
        worker.connection.close()
        del self._workers[worker.pid]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is None:
                continue
            status = os.waitstatus_to_exitcode(raw)
            self._selector.unregister(worker.connection)
            with contextlib.suppress(OSError):
                worker.connection.sendall((status if status >= 0 else 128 - status).to_bytes(4, "big"))
            worker.connection.close()


def _receive(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size > 0:
        part = connection.recv(min(size, 65_536))
        if not part:
            raise OSError("the connection was closed too early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _serve() -> int:
    """What the command `functions-framework` does; FUNCTION_TARGET, PORT and the like come from the environment."""
    from functions_framework._cli import _cli

    _answer_health_checks()
    keep_idle_connections()
    try:
        _cli(args=[], prog_name="functions-framework")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _discover(file: str) -> int:
    """Write the list of functions that main.py declares, as firebase-tools reads it."""
    manifest.write(file)
    return 0


def _answer_health_checks() -> None:
    """Answer GET /__/health, which the emulator asks of a new worker, without calling the function.

    The functions framework would take it for a call: each new worker of a scheduled function would run it once more.
    """
    import functions_framework
    from werkzeug.routing import Rule

    configure: Any = functions_framework._configure_app

    def configured(app: Any, function: Any, signature_type: str) -> None:
        app.url_map.add(Rule("/__/health", endpoint="leadgen-health"))
        app.view_functions["leadgen-health"] = lambda: "ok"
        configure(app, function, signature_type)

    functions_framework._configure_app = configured


def keep_idle_connections() -> None:
    """Leave it to the emulator to close a connection to this worker that nobody uses.

    Both ends keep them: gunicorn for 2 s, the emulator (Node's global agent) for 5 s. An emulator with much to do wrote
    its next call into a connection the worker had just closed, and answered 500 for it.
    """
    from gunicorn.config import Keepalive

    Keepalive.default = _IDLE_CONNECTION_S


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as failure:  # a library less costs time, nothing else
        sys.stderr.write(f"nursery: {name} was not preloaded: {failure!r}\n")
    gc.freeze()  # the forked need not look through all of it again, which would copy the memory they share


def main() -> None:
    """Command line of the nursery."""
    # Workers must not find the repository's own packages through this process's folder.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    gc.disable()  # nothing is given back while everything is loaded
    for name in _LIBRARIES_AT_FIRST:
        _import(name)
    Nursery(Path(sys.argv[1]), _LIBRARIES).run()


if __name__ == "__main__":
    main()
