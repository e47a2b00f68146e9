"""The local stack as its users see it: up, down, status, reset."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from local.stack import emulators, mailbox, ports, processes, toolchain
from local.stack.errors import StackError
from local.stack.state import (
    FAILED,
    READY,
    STOPPING,
    USUAL,
    Folder,
    PartHealth,
    StackInfo,
    SupervisorLock,
    default_root,
    version,
)
from local.stack.supervisor import ALREADY_RUNNING
from local.stack.ticks import DEFAULT_TICK_SECONDS

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")
_DOWN_TIMEOUT_S = 40.0
_RESET_TIMEOUT_S = 180.0


def _quiet(line: str) -> None:
    del line


class Stack:
    """A whole leadgen on this machine: the Firebase emulators, stand-ins, and the clock of scheduled functions.

    Data of Firestore and Auth is saved on `down` and every 30 s, and loaded on `up`; a SIGKILL of everything loses
    at most the changes since the last save. Pub/Sub messages under way are not kept, in any case.

    Args:
        name: lower-case letters, digits and hyphens; stacks of different names run side by side.
        root: folder of its data; by default the user's data folder, or LEADGEN_STACK_DIR.
        tick_seconds: how long a minute of the functions' schedules lasts; 60 is real time. By default
            LEADGEN_TICK_SECONDS, else 5.
        repository: checkout with firebase.json and node_modules.
        source: another functions folder than firebase.json names.
        standins: other stand-ins, as `module:attribute`.
        owned: end the stack when the process that called `up` ends, however that happens.

    Raises:
        StackError: the name is not usable.
    """

    def __init__(
        self,
        name: str = "default",
        root: Path | None = None,
        *,
        tick_seconds: float | None = None,
        repository: Path = toolchain.REPOSITORY,
        source: Path | None = None,
        standins: str = "local.stack.standins:DEFAULT",
        owned: bool = False,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise StackError(f"{name!r} is not a name for a stack: use up to 30 of a-z, 0-9 and inner hyphens")
        self.name = name
        self.root = (root or default_root(name)).absolute()
        self._folder = Folder(self.root)
        self._lock = SupervisorLock(self._folder)
        self.tick_seconds = tick_seconds if tick_seconds is not None else _tick_seconds()
        self._repository = repository
        self._source = source
        self._standins = standins
        self._owned = owned
        self._guardian: subprocess.Popen[bytes] | None = None

    def up(self, progress: Callable[[str], None] = _quiet, timeout_s: float = 180.0) -> StackInfo:
        """Start the stack unless it runs, and wait until it is warm.

        Args:
            progress: told what happens, one line at a time.
            timeout_s: seconds to wait.

        Raises:
            StackError: it did not start; the message says why.
        """
        deadline = time.monotonic() + timeout_s
        info = self._running()
        if info is not None and info.phase == READY:
            return info
        run = None
        if not self._lock.is_held():
            run = self._spawn()
        follow = _Follower(self._folder, progress)
        while True:
            follow.read()
            info = self._running()
            if info is not None and info.phase == READY:
                return info
            self._check_failure(run)
            if run is None and not self._lock.is_held():
                run = self._spawn()  # the supervisor we waited for was on its way out
            if time.monotonic() > deadline:
                raise StackError(f"the local stack was not ready within {timeout_s:.0f} s; see {self._folder.logs}")
            time.sleep(0.1)

    def _spawn(self) -> str:
        run = uuid.uuid4().hex
        self._folder.logs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "local.stack.guardian", "--", *self.supervisor_command()]
        environment = os.environ | {processes.RUN_VARIABLE: run, processes.PART_VARIABLE: "supervisor"}
        with (self._folder.logs / "supervisor.log").open("wb") as log:
            self._guardian = subprocess.Popen(
                command,
                cwd=toolchain.REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return run

    def supervisor_command(self) -> list[str]:
        """Command line of the supervisor of this stack."""
        line = [sys.executable, "-m", "local.stack", "supervise", "--name", self.name, "--root", str(self.root)]
        line += ["--tick-seconds", str(self.tick_seconds), "--repository", str(self._repository)]
        line += ["--standins", self._standins]
        if self._source is not None:
            line += ["--source", str(self._source.absolute())]
        if self._owned:
            line += ["--owner", f"{os.getpid()}:{processes.started()}"]
        return line

    def _check_failure(self, run: str | None) -> None:
        """Raise when the run we started, or wait for, has failed."""
        recorded = self._folder.read()
        if recorded is not None and recorded.phase == FAILED and (run is None or recorded.run == run):
            raise StackError(recorded.error or "the local stack failed")
        code = self._guardian.poll() if self._guardian else None
        if run is not None and code not in (None, ALREADY_RUNNING) and not self._lock.is_held():
            log = self._folder.logs / "supervisor.log"
            text = log.read_text(encoding="utf-8", errors="replace")[-2000:].strip() if log.exists() else ""
            raise StackError(f"the supervisor of the local stack ended (exit code {code}): {text or 'without a word'}")

    def down(self, timeout_s: float = _DOWN_TIMEOUT_S) -> None:
        """Save the data, end every process of the stack and wait until they are gone.

        Args:
            timeout_s: seconds after which they are killed; what was not saved by then is lost.

        Raises:
            StackError: something of it could not be ended.
        """
        run = str(self._folder.written().get("run") or "")
        deadline = time.monotonic() + timeout_s
        while (pid := self._lock.holder()) is not None:
            processes.terminate(pid)
            if time.monotonic() > deadline:
                processes.kill(processes.descendants(pid))
                break
            time.sleep(0.2)
        if run and not self._ended(run, deadline):
            raise StackError(f"some processes of the stack {self.name} could not be ended")
        if self._guardian is not None:
            self._guardian.wait(timeout=10)
            self._guardian = None
        self._folder.state_file.unlink(missing_ok=True)

    def _ended(self, run: str, deadline: float) -> bool:
        """Let the guardian end by itself for a moment, then end whatever is left."""
        patience = min(deadline, time.monotonic() + 3.0)
        while processes.marked(run) and time.monotonic() < patience:
            time.sleep(0.05)
        return processes.end_all(run)

    def status(self) -> StackInfo | None:
        """What runs and how it is doing; None when the stack is down. A stale state file counts as down."""
        info = self._running()
        if info is None:
            return None
        addresses = {
            "auth": info.auth_host,
            "firestore": info.firestore_host,
            "pubsub": info.pubsub_host,
            "functions": info.functions_url.split("/")[2] if info.functions_url else "",
        }
        parts = dict(info.parts)
        for name, address in addresses.items():
            if address:
                parts[name] = PartHealth("up" if ports.accepts_connections(address) else "down", address=address)
        return replace(info, parts=parts)

    def _running(self) -> StackInfo | None:
        info = self._folder.read()
        if info is None or info.version not in {"", version()}:
            self._refuse_other_version()
            return None
        if info.phase == FAILED or not info.is_supervised() or not self._lock.is_held():
            return None
        return info

    def _refuse_other_version(self) -> None:
        """Raise if what runs was started by another version; a file that outlived its supervisor is no matter."""
        written = self._folder.written()
        if written.get("phase") in {STOPPING, FAILED} or not written or written.get("pid") != self._lock.holder():
            return
        found = str(written.get("version") or "an earlier one")
        named = "" if self.name == USUAL else f" --stack {self.name}"
        raise StackError(
            f"the local stack {self.name} that runs was started by another version of leadgen ({found}; this is "
            f"{version()}). End it, its data is kept: leadgen{named} local down"
        )

    def reset(self, timeout_s: float = _RESET_TIMEOUT_S) -> None:
        """Empty Firestore, Auth, Pub/Sub's work and the stand-ins, whether the stack runs or not.

        Raises:
            StackError: it could not be emptied.
        """
        if self._lock.is_held():
            mailbox.ask_for_reset(self._folder, self._lock.is_held, timeout_s)
        else:
            self._folder.empty()

    def save(self) -> None:
        """Save Firestore and Auth of the running stack now.

        Raises:
            StackError: it does not run, or did not save.
        """
        info = self._running()
        if info is None:
            raise StackError(f"the stack {self.name} is not running, so there is nothing to save")
        emulators.save(self._folder, info.hub_url)


class _Follower:
    """Reads new lines of the progress file.

    Args:
        folder: the stack's folder.
        tell: gets each line.
    """

    def __init__(self, folder: Folder, tell: Callable[[str], None]) -> None:
        self._file = folder.progress_file
        self._tell = tell
        self._began = time.time() - 1.0
        self._seen = 0

    def read(self) -> None:
        """Pass new lines on."""
        try:
            if self._file.stat().st_mtime < self._began:
                return
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        for line in lines[self._seen :]:
            self._tell(line.partition(" ")[2])
        self._seen = len(lines)


def _tick_seconds() -> float:
    text = os.environ.get("LEADGEN_TICK_SECONDS", "")
    if not text:
        return DEFAULT_TICK_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise StackError(f"LEADGEN_TICK_SECONDS is {text!r}; it must be a number of seconds from 0.1 to 3600")
    return seconds
