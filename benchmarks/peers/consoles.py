"""The consoles we are measured beside, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "consoles.txt"


def program(name: str) -> Path:
    """A peer's program. Installed on first use, and again when its version in the requirements changes.

    Args:
        name: ``harlequin`` or ``posting``.

    Raises:
        SystemExit: it can't be installed; says which command failed.
    """
    wanted = next(line for line in _REQUIREMENTS.read_text().splitlines() if line.startswith(f"{name}=="))
    environment = _HERE.parent.parent / f".venv-peer-{name}"
    stamp = environment / "requirement.txt"
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"Installing {wanted} into {environment.name} …", file=sys.stderr, flush=True)
        _run(sys.executable, "-m", "venv", str(environment))
        _run(str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted.split())
        stamp.write_text(wanted)
    return environment / "bin" / name


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(f"A peer can't be installed: `{' '.join(command)}` failed; its message is above.")
