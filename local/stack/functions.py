"""The folder the Functions emulator runs: links to the source, an environment of its own, and the list of functions.

The emulator wants a `venv` and may find a `functions.yaml` beside main.py. Both depend on the interpreter that runs the
stack, so they are not written into the source folder: two stacks with two interpreters do not disturb one another, and
firebase-tools need not start another process to ask for the list. Edits of the code take effect at once, as each worker
is replaced; a new function, or another trigger, needs `down` and `up`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack import manifest, worker_launcher
from local.stack.errors import StackError

_DEFAULT_REGION = "us-central1"
_SKIPPED = {"venv", "__pycache__", "functions.yaml", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_DISCOVERY_TIMEOUT_S = 60.0
_LAUNCHER = Path(worker_launcher.__file__)


@dataclass(frozen=True)
class Function:
    """One function as its decorator declares it."""

    name: str
    region: str
    kind: str  # "http", "event" or "schedule"
    timeout_s: int = 60
    schedule: str | None = None
    timezone: str = "UTC"

    def route(self, generation: int) -> str:
        """Name under which the Functions emulator knows it; that of background functions counts reloads."""
        return self.name if self.kind == "http" else f"{self.name}-{generation}"

    def trigger(self, generation: int) -> str:
        """Key of its trigger in the Functions emulator."""
        return f"{self.region}-{self.route(generation)}"


def runtime() -> str:
    """Firebase's name of the Python that runs this."""
    return f"python{sys.version_info.major}{sys.version_info.minor}"


def stage(source: Path, folder: Path) -> None:
    """Make `folder` look like the functions folder `source`, with the environment of this interpreter.

    Args:
        source: folder with main.py.
        folder: written anew; edits of the source stay visible through links.

    Raises:
        StackError: there is no main.py.
    """
    if not (source / "main.py").is_file():
        raise StackError(f"{source} holds no main.py, so there are no Cloud Functions to run")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name not in _SKIPPED and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry.resolve())
    (folder / "requirements.txt").touch()  # by which firebase-tools recognises Python
    bin_folder = folder / "venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "activate").write_text(_activation(), encoding="utf-8")


def _activation() -> str:
    """Shell lines sourced before a worker's command.

    `exec` makes the worker take the shell's place: a signal meant for the worker would otherwise end only the shell.
    """
    python = shlex.quote(sys.executable)
    return (
        f"PATH={shlex.quote(str(Path(sys.prefix) / 'bin'))}:$PATH\n"
        f"VIRTUAL_ENV={shlex.quote(sys.prefix)}\n"
        "export PATH VIRTUAL_ENV\n"
        'if [ -n "$FUNCTION_TARGET" ]; then\n'
        f"    exec {python} -I -S {shlex.quote(str(_LAUNCHER))} {python}\n"
        "fi\n"
    )


def discover(folder: Path, environment: dict[str, str], nursery: str = "") -> list[Function]:
    """Ask main.py for its functions and write functions.yaml, which saves firebase-tools asking.

    Args:
        folder: a staged folder.
        environment: variables main.py may need at import.
        nursery: its socket; it has imported already most of what main.py imports. Without it a process is started.

    Raises:
        StackError: main.py cannot be imported, or takes longer than a minute.
    """
    file = folder / "functions.yaml"
    with tempfile.TemporaryFile() as said:
        try:
            code = _ask_main(folder, environment, nursery, file, said.fileno())
        except TimeoutError:
            raise StackError(f"importing {folder / 'main.py'} took longer than {_DISCOVERY_TIMEOUT_S:.0f} s") from None
        if code != 0 or not file.is_file():
            said.seek(0)
            text = said.read().decode("utf-8", "replace").strip()[-2000:]
            raise StackError(f"{(folder / 'main.py').resolve()} cannot be imported:\n{text}")
    return parse(json.loads(file.read_text(encoding="utf-8")))


def _ask_main(folder: Path, environment: dict[str, str], nursery: str, file: Path, output: int) -> int:
    """Exit code of the process that wrote the list. What it says goes to the file descriptor `output`."""
    variables = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
    with open(os.devnull, "rb") as nothing:
        streams = (nothing.fileno(), output, output)
        code = worker_launcher.ask(nursery, variables, str(folder), streams, str(file), _DISCOVERY_TIMEOUT_S)
    if code is not None:
        return code
    command = [sys.executable, "-P", manifest.__file__, str(file)]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=_DISCOVERY_TIMEOUT_S,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def parse(listed: dict[str, Any]) -> list[Function]:
    """Functions of a manifest (specVersion v1alpha1)."""
    found = []
    for name, endpoint in listed.get("endpoints", {}).items():
        schedule = endpoint.get("scheduleTrigger")
        kind = "schedule" if schedule else "event" if endpoint.get("eventTrigger") else "http"
        found.append(
            Function(
                name=name,
                region=(endpoint.get("region") or [_DEFAULT_REGION])[0],
                kind=kind,
                timeout_s=int(endpoint.get("timeoutSeconds") or 60),
                schedule=str(schedule["schedule"]) if schedule else None,
                timezone=str((schedule or {}).get("timeZone") or "UTC"),
            )
        )
    return found
