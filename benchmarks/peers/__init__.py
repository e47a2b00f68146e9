"""The programs we are measured beside, in an environment of their own so that the product never comes to need them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_ENVIRONMENT = _HERE.parent.parent / ".venv-peers"


def python() -> Path:
    """The interpreter that has the peers installed. Made on first use, and again when the requirements change.

    Raises:
        SystemExit: the peers can't be installed; says which command failed.
    """
    interpreter = _ENVIRONMENT / "bin" / "python"
    stamp = _ENVIRONMENT / "requirements.sha256"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"Installing the peers of {_REQUIREMENTS.name} into {_ENVIRONMENT.name} …", file=sys.stderr, flush=True)
        _run(sys.executable, "-m", "venv", str(_ENVIRONMENT))
        _run(str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(_REQUIREMENTS))
        stamp.write_text(wanted)
    return interpreter


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(f"The peers can't be installed: `{' '.join(command)}` failed; its message is above.")
