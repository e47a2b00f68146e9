"""The process that starts the parts of a stack, watches them, saves their data, and ends them."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from local.stack import emulators, functions, java, mailbox, ports, processes, standins, toolchain, warmup
from local.stack.errors import StackError
from local.stack.parts import Part
from local.stack.state import FAILED, READY, STARTING, STOPPING, Folder, PartHealth, StackInfo, SupervisorLock, version
from local.stack.ticks import DEFAULT_TICK_SECONDS, Ticker
from local.stack.watched import WatchedStandIn

ALREADY_RUNNING = 75  # exit code: another supervisor has this stack (EX_TEMPFAIL, sysexits.h)
OUTLOOK_REDIRECT = "outlook_redirect"  # name of the port a Microsoft sign-in comes back to; the client listens there
SAVE_EVERY_S = 30.0
_LOOK_EVERY_S = 0.25


@dataclass(frozen=True)
class Options:
    """How a stack is run.

    Args:
        name: its name; part of the project id.
        root: its folder.
        tick_seconds: how long a minute of the schedules lasts.
        repository: checkout with firebase.json, rules, functions and node_modules.
        source: another functions folder than firebase.json names.
        standins: the stand-ins, as `module:attribute`.
        owner: pid and start time of a process without which the stack shall not live.
    """

    name: str
    root: Path
    tick_seconds: float = DEFAULT_TICK_SECONDS
    repository: Path = toolchain.REPOSITORY
    source: Path | None = None
    standins: str = "local.stack.standins:DEFAULT"
    owner: tuple[int, float] | None = None


class Ended(Exception):
    """The supervisor was asked to end while it was busy."""


class Supervisor:
    """One run of a stack.

    Args:
        options: how to run it.
        echo: told what happens, beside the progress file.
    """

    def __init__(self, options: Options, echo: Callable[[str], None] | None = None) -> None:
        self.options = options
        self.folder = Folder(options.root)
        self._echo = echo
        self._lock = SupervisorLock(self.folder)
        self._stop = threading.Event()
        self._writing = threading.Lock()
        self._parent = os.getppid()
        self._run = os.environ.get(processes.RUN_VARIABLE) or uuid.uuid4().hex
        self._standins: dict[str, WatchedStandIn] = {}
        self._ticker: Ticker | None = None
        self._socket_folder: Path | None = None
        self._functions: list[functions.Function] = []
        self._firebase = self._part("firebase", self.folder.logs)
        self._nursery = self._part("nursery", toolchain.REPOSITORY)
        self.info = StackInfo(
            name=options.name,
            run=self._run,
            pid=os.getpid(),
            created=processes.started(),
            phase=STARTING,
            project_id=f"demo-leadgen-{options.name}",
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tick_seconds=options.tick_seconds,
            version=version(),
        )

    # -- life ----------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Start everything, watch it until asked to end, end everything. An exit code."""
        if not self._lock.acquire():
            return ALREADY_RUNNING
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            return self._run_locked()
        finally:
            self._lock.release()

    def _run_locked(self) -> int:
        began = time.monotonic()
        lost = self._sweep_last_run()
        shutil.rmtree(self.folder.temporary, ignore_errors=True)
        self.folder.temporary.mkdir(parents=True)
        shutil.rmtree(self.folder.requests, ignore_errors=True)  # a reset nobody waits for any more must not happen
        self.folder.rotate_logs()
        self.folder.progress_file.write_text("", encoding="utf-8")
        if lost:
            self._say(lost)
        self._write()
        code = 0
        try:
            self._start()
            self.info.warm_after_s = round(time.monotonic() - began, 1)
            self.info.phase = READY
            self._say(f"ready after {self.info.warm_after_s} s")
            self._write()
            self._watch()
        except Ended:
            pass
        except (StackError, OSError, ValueError) as failure:
            code = 1
            self.info.error = str(failure)
            self._say(f"failed: {failure}")
        except Exception as failure:
            code = 1
            self.info.error = f"unexpected: {failure!r}"
            raise
        finally:
            self._shut_down()
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()

    def _sweep_last_run(self) -> str:
        """End what a run left behind whose guardian and supervisor were both killed. What was lost with it, or ""."""
        last = self.folder.written()
        run, phase = str(last.get("run") or ""), last.get("phase")
        if run and run != self._run:
            processes.end_all(run)
        if phase not in {READY, STOPPING}:
            return ""
        saved = last.get("saved_at") or "its start"
        return (
            f"the last run was killed: Firestore is as it was at {saved}, so mails that left since may leave again here"
        )

    # -- start ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        node = toolchain.find_node()
        firebase_tools = toolchain.find_firebase_tools(self.options.repository)
        runtime = java.find()
        servers = standins.load(self.options.standins)
        remembered = self.folder.remembered_ports()
        names = (*emulators.PORT_NAMES, *(server.name for server in servers), OUTLOOK_REDIRECT)
        self.info.ports = ports.choose(names, remembered)
        self._name_emulators()
        configuration = emulators.write_configuration(
            self.folder, self.options.repository / "firebase.json", self.info.ports, self.options.source
        )
        nursery = self._start_nursery()
        self._start_standins(servers)
        self.folder.remember_ports(self.info.ports)
        self.info.variables |= {
            "LEADGEN_TOKEN_KEY": standins.token_key(self.folder),
            "LEADGEN_MICROSOFT_REDIRECT_URI": f"http://localhost:{self.info.ports[OUTLOOK_REDIRECT]}/outlook/callback",
            "LEADGEN_PUBLIC_URL": self.info.functions_url,
        }
        files = toolchain.find_emulators(firebase_tools)
        environment = emulators.environment(self.folder, runtime, files, self.info.variables, nursery)
        environment |= {"GOOGLE_CLOUD_PROJECT": self.info.project_id}
        # Before firebase-tools looks for the list of functions, which would make it start a process for that.
        self._wait_for(lambda: Path(nursery).exists() or not self._nursery.is_alive(), 30, "nursery")
        self._functions = functions.discover(self.folder.root / "functions", environment, nursery)
        data = emulators.saved_data(self.folder)
        self._say("starting the Firebase emulators" + (" with the data of the last run" if data else ""))
        command = emulators.command(node, firebase_tools, configuration, self.info.project_id, data)
        self._firebase.start(command, environment)
        self._wait_for_firebase()
        problems = self._warm()
        if problems:
            raise StackError(f"{problems[0]}\n{self._firebase.tail()}")
        self._ticker = Ticker(
            self._functions, self._functions_origin, self.info.project_id, self.options.tick_seconds, self._say
        )
        self._ticker.start()

    def _name_emulators(self) -> None:
        chosen = self.info.ports
        self._functions_origin = f"http://{ports.HOST}:{chosen['functions']}"
        self.info.firestore_host = f"{ports.HOST}:{chosen['firestore']}"
        self.info.auth_host = f"{ports.HOST}:{chosen['auth']}"
        self.info.pubsub_host = f"{ports.HOST}:{chosen['pubsub']}"
        self.info.hub_url = f"http://{ports.HOST}:{chosen['hub']}"
        self.info.functions_url = f"{self._functions_origin}/{self.info.project_id}/us-central1"

    def _part(self, name: str, folder: Path) -> Part:
        return Part(name, self._run, self.folder.logs / f"{name}.log", folder)

    def _start_nursery(self) -> str:
        # A Unix socket's path may have some 100 bytes only, so it is not in the stack's folder.
        self._socket_folder = _short_folder(self.options.root)
        address = str(self._socket_folder / "nursery")
        self._nursery.start(_module("local.stack.nursery", address), emulators.scrubbed_environment())
        return address

    def _start_standins(self, servers: tuple[standins.StandIn, ...]) -> None:
        self._say("starting the stand-ins: " + ", ".join(server.name for server in servers))
        for server in servers:
            part = self._part(server.name, toolchain.REPOSITORY)
            watched = WatchedStandIn(server, part, self.info.ports[server.name], self.folder)
            self._standins[server.name] = watched
            watched.start()
        for watched in self._standins.values():
            self._wait_for(watched.has_started_or_ended, 20, watched.server.name)
            watched.note(self.info)

    def _wait_for_firebase(self) -> None:
        log = self._firebase.log
        self._wait_for(lambda: emulators.is_ready(log) or not self._firebase.is_alive(), 120, "the Firebase emulators")
        failure = emulators.function_failure(log)
        if not self._firebase.is_alive() or failure:
            hint = ""
            if "import" in self._firebase.tail().lower() and emulators.saved_data(self.folder):
                hint = "\nIf the saved data is damaged, `leadgen local reset` starts with empty data."
            raise StackError(f"the Firebase emulators did not start:\n{failure or self._firebase.tail()}{hint}")

    def _wait_for(self, condition: Callable[[], object], timeout_s: float, what: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            self._check_asked_to_end()
            if time.monotonic() > deadline:
                raise StackError(f"{what} did not start within {timeout_s:.0f} s; see {self.folder.logs}")
            self._stop.wait(0.1)

    def _warm(self) -> list[str]:
        current = warmup.generation(self._functions_origin, self.info.project_id)
        if self._ticker is not None:
            self._ticker.generation = current
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warmup")
        try:
            arguments = (self._functions, self._functions_origin, self.info.project_id, current, self._say)
            warming = pool.submit(warmup.warm, *arguments)
            self._wait_for(warming.done, 150, "the functions")
            return warming.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # when the emulators end, so do the requests to them

    # -- watch ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        next_save = time.monotonic() + SAVE_EVERY_S
        while not self._stop.wait(_LOOK_EVERY_S):
            self._check_asked_to_end()
            if not self._firebase.is_alive():
                code = self._firebase.exit_code()
                raise StackError(f"the Firebase emulators ended (exit code {code}):\n{self._firebase.tail()}")
            for watched in self._standins.values():
                watched.mend(self.info, self._say)
            for asked in mailbox.pending(self.folder):
                mailbox.answer(self.folder, asked, self._reset)
                next_save = time.monotonic()
            if time.monotonic() >= next_save:
                self._save()
                next_save = time.monotonic() + SAVE_EVERY_S
            self._write(only_changes=True)

    def _check_asked_to_end(self) -> None:
        owner = self.options.owner
        orphaned = os.getppid() != self._parent or (owner is not None and not processes.is_same_process(*owner))
        if self._stop.is_set() or orphaned:
            raise Ended

    def _save(self) -> None:
        try:
            emulators.save(self.folder, self.info.hub_url)
            self.info.saved_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._write()  # The next run tells it, should this one be killed.
        except (StackError, OSError) as failure:
            self._say(str(failure))

    def _reset(self) -> None:
        """Empty everything while it runs: stop events, delete, start with fresh workers."""
        if self._ticker is not None:
            self._ticker.pause()
        quiet = emulators.switch_triggers(self.info.hub_url, on=False)
        try:
            for watched in self._standins.values():
                standins.reset(watched.server.name, self.info.standins[watched.server.name])
            emulators.clear(self.info.project_id, self.info.firestore_host, self.info.auth_host)
            self._save()
        finally:
            emulators.switch_triggers(self.info.hub_url, on=True)
            problems = self._warm()
            if self._ticker is not None:
                self._ticker.resume(self._ticker.generation)
        if not quiet:
            raise StackError("some functions were still running a minute later; what they write now stays. Try again")
        if problems:
            raise StackError("; ".join(problems))

    # -- end -----------------------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        self.info.phase = STOPPING if self.info.error is None else FAILED
        self._write()
        if self._ticker is not None:
            self._ticker.stop()
        if self._firebase.is_alive() and self._ticker is not None:  # otherwise what was loaded may be incomplete
            self._say("saving Firestore and Auth")
            self._save()
        for watched in self._standins.values():
            watched.part.ask_to_end()
        # firebase-tools is not asked to end by itself: it would leave its Python workers behind, and when its Pub/Sub
        # emulator is slow to end it kills every Pub/Sub emulator on the machine.
        self._firebase.end(asked=java.keeps_at_its_end)
        self._nursery.end()
        for watched in self._standins.values():
            watched.part.end(grace_s=3.0)
        processes.end_all(self._run, spare=(self._parent,))
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        shutil.rmtree(self.folder.temporary, ignore_errors=True)
        if self.info.error is None:
            self.folder.state_file.unlink(missing_ok=True)
        else:
            self._write()
        self._say("ended")

    # -- words ---------------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        stamp = datetime.now(UTC).strftime("%H:%M:%S")
        with self._writing, self.folder.progress_file.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} {text}\n")
        if self._echo is not None:
            self._echo(text)

    def _write(self, only_changes: bool = False) -> None:
        before = self.info.to_json() if only_changes else None
        self.info.parts = self._health()
        if before != self.info.to_json():
            self.folder.write(self.info)

    def _health(self) -> dict[str, PartHealth]:
        parts = {name: watched.health() for name, watched in self._standins.items()}
        for part in (self._firebase, self._nursery):
            parts[part.name] = PartHealth("up" if part.is_alive() else "down", part.pid)
        if self._ticker is not None:
            parts["ticks"] = PartHealth("up", detail=f"a schedule's minute lasts {self.options.tick_seconds:g} s")
        return parts


def _short_folder(root: Path) -> Path:
    """A folder with a short path, for its owner only; always the same, so that killed runs leave one at most."""
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"leadgen-{os.getuid()}-{digest}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_symlink() and folder.stat().st_uid == os.getuid():
            folder.chmod(0o700)
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="leadgen-"))


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
