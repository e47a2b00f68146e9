"""What is written down about a stack: where it listens, who supervises it, how it is doing."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import platformdirs

from local.files import write_atomically
from local.stack import processes

FOLDER_VARIABLE = "LEADGEN_STACK_DIR"
USUAL = "default"
"""Name of the stack that is meant where none is named."""
STARTING, READY, STOPPING, FAILED = "starting", "ready", "stopping", "failed"
LAYOUT = 1
"""Grows when the way a stack is run changes so that one that was started before can't be used any more."""


@functools.cache
def version() -> str:
    """What a stack that is started now is of; a stack of another version may lack functions or speak otherwise."""
    try:
        return f"{metadata.version('leadgen')}/{LAYOUT}"
    except metadata.PackageNotFoundError:
        return f"/{LAYOUT}"


def default_root(name: str) -> Path:
    """Folder of the stack called `name`: the user's, or what LEADGEN_STACK_DIR says.

    LEADGEN_STACK_DIR is the folder of the usual stack. Others get one beside it, for two stacks in one folder would
    empty each other: the demo begins with a reset.
    """
    override = os.environ.get(FOLDER_VARIABLE)
    if override:
        return Path(override) if name == USUAL else Path(f"{override.rstrip(os.sep)}-{name}")
    return platformdirs.user_data_path("leadgen", appauthor=False) / "stacks" / name


@dataclass
class PartHealth:
    """How one part is doing: `up`, `down` or `restarting`, and what is worth knowing about it."""

    state: str
    pid: int | None = None
    address: str | None = None
    restarts: int = 0
    detail: str = ""


@dataclass
class StackInfo:
    """A running stack, as clients need to know it. Addresses without a scheme are host:port."""

    name: str
    run: str
    pid: int
    created: float
    phase: str
    project_id: str
    started_at: str
    firestore_host: str = ""
    auth_host: str = ""
    pubsub_host: str = ""
    functions_url: str = ""
    hub_url: str = ""
    classifieds_url: str = ""
    microsoft: dict[str, str] = field(default_factory=dict)
    llm_url: str = ""
    standins: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, PartHealth] = field(default_factory=dict)
    tick_seconds: float = 5.0
    warm_after_s: float | None = None
    saved_at: str | None = None
    error: str | None = None
    version: str = ""
    """Of the program that runs it."""

    def environment(self) -> dict[str, str]:
        """Environment variables that make a client, or a process that calls the core directly, use this stack."""
        return {
            "GOOGLE_CLOUD_PROJECT": self.project_id,
            "GCLOUD_PROJECT": self.project_id,
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "FIREBASE_AUTH_EMULATOR_HOST": self.auth_host,
            "PUBSUB_EMULATOR_HOST": self.pubsub_host,
            "LEADGEN_FUNCTIONS_URL": self.functions_url,
            **self.variables,
        }

    def is_supervised(self) -> bool:
        """Whether the supervisor that wrote this is still alive, and not another process with its pid."""
        return processes.is_same_process(self.pid, self.created)

    def to_json(self) -> str:
        """The state file's content."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> StackInfo:
        """Read a state file.

        Raises:
            ValueError: it is damaged or of another version.
        """
        try:
            content = json.loads(text)
            content["parts"] = {name: PartHealth(**part) for name, part in content.get("parts", {}).items()}
            return cls(**content)
        except (TypeError, AttributeError, KeyError) as damage:
            raise ValueError(f"not a state file of this version: {damage}") from damage


@dataclass(frozen=True)
class Folder:
    """The folder of a stack and the places in it."""

    root: Path

    @property
    def state_file(self) -> Path:
        """Where the supervisor says what runs."""
        return self.root / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def logs(self) -> Path:
        """One file per part."""
        return self.root / "logs"

    @property
    def progress_file(self) -> Path:
        """What the supervisor says while it starts, one line each."""
        return self.logs / "progress.log"

    @property
    def data(self) -> Path:
        """What Firestore and Auth held when they were saved last."""
        return self.root / "data"

    @property
    def sources(self) -> Path:
        """Source definitions the functions read."""
        return self.root / "sources"

    @property
    def tools(self) -> Path:
        """Launchers and the settings of firebase-tools."""
        return self.root / "tools"

    @property
    def temporary(self) -> Path:
        """Files of one run."""
        return self.root / "run"

    @property
    def requests(self) -> Path:
        """Where others ask the supervisor for something."""
        return self.root / "requests"

    def standin_data(self, name: str) -> Path:
        """State of one stand-in."""
        return self.root / "standins" / name

    def read(self) -> StackInfo | None:
        """The state file's content; None where there is none or it cannot be read."""
        try:
            return StackInfo.from_json(self.state_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def written(self) -> dict[str, Any]:
        """The state file as it is, whichever version has written it; empty where there is none."""
        try:
            content = json.loads(self.state_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, info: StackInfo) -> None:
        """Replace the state file."""
        write_atomically(self.state_file, info.to_json())

    def remembered_ports(self) -> dict[str, int]:
        """Ports of the last run: documents, cookies and source definitions name them."""
        try:
            content = json.loads((self.root / "ports.json").read_text(encoding="utf-8"))
            return {str(name): int(port) for name, port in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def remember_ports(self, ports: dict[str, int]) -> None:
        """Keep these for the next run."""
        write_atomically(self.root / "ports.json", json.dumps(ports, indent=2))

    def rotate_logs(self, keep: int = 3) -> None:
        """Move each log of the last run one number up (`x.log` → `x.log.1`), dropping the oldest."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in [path for path in self.logs.iterdir() if path.suffix == ".log" and path.name != "supervisor.log"]:
            for number in range(keep, 0, -1):
                older = log.with_name(f"{log.name}.{number}")
                newer = log if number == 1 else log.with_name(f"{log.name}.{number - 1}")
                if newer.exists():
                    newer.replace(older)

    def empty(self) -> None:
        """Delete what the stack has stored: Firestore, Auth and the stand-ins' state. Keys and ports stay."""
        stored = [self.data, self.data.with_name("data.new"), self.data.with_name("data.old"), self.root / "standins"]
        for path in stored:
            shutil.rmtree(path, ignore_errors=True)


class SupervisorLock:
    """A lock the system itself gives up when its holder dies, so that a stale one cannot exist.

    Args:
        folder: the stack's folder.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._handle: int | None = None

    def acquire(self, patience_s: float = 1.0) -> bool:
        """Take the lock; False when another process has it.

        Args:
            patience_s: seconds to try, for somebody who only looks (`holder`) has it for a moment.
        """
        self._folder.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience_s
        while not self._try(handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(handle)
                return False
            time.sleep(0.05)
        self._handle = handle
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def holder(self) -> int | None:
        """Pid of the process that has the lock; None when nobody has."""
        try:
            handle = os.open(self._folder.lock_file, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            if self._try(handle, fcntl.LOCK_SH):
                return None
            return int(os.read(handle, 32) or 0) or None
        except ValueError:
            return None
        finally:
            os.close(handle)

    def is_held(self) -> bool:
        """Whether a supervisor lives."""
        return self.holder() is not None

    @staticmethod
    def _try(handle: int, kind: int) -> bool:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
