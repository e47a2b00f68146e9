"""Sets leadgen up: a virtual environment, npm packages, a browser. Needs the system's Python and nothing else.

    python3 -m local.setup

A step that is done leaves a stamp with the fingerprint of what it was done from, and is skipped while that is the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
_STEP_TIMEOUT_S = 1800


class SetupError(RuntimeError):
    """A step failed; the message says what to do."""


def main() -> int:
    """Do what is missing. Exit code 1 when a step failed."""
    began = time.monotonic()
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise SetupError(
                f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed and this is {sys.version.split()[0]} "
                f"({sys.executable}); try: make setup PYTHON=/path/to/python3.11"
            )
        changed = [python_environment(), java_classes(), npm_packages(), browser()]
    except (SetupError, OSError, subprocess.TimeoutExpired) as failure:
        sys.stderr.write(f"setup: {failure}\n")
        return 1
    if any(changed):
        say(f"done in {time.monotonic() - began:.0f} s")
    return 0


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"setup: {text}\n")
    sys.stdout.flush()


def python_environment() -> bool:
    """.venv with the pinned packages and leadgen itself; True when something was done."""
    stamp = ENVIRONMENT / ".leadgen-stamp"
    wanted = fingerprint(ROOT / "requirements.lock", ROOT / "pyproject.toml", extra=f"{sys.version_info[:2]}{ROOT}")
    python = ENVIRONMENT / "bin" / "python"
    if python.exists() and read(stamp) == wanted:
        return False
    if not python.exists() or not same_version(python):
        say(f"creating {ENVIRONMENT.name} with Python {sys.version.split()[0]}")
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(ENVIRONMENT)], "the virtual environment could not be created")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    say("installing the pinned Python packages (a minute or two the first time)")
    run([*pip, "-r", str(ROOT / "requirements.lock")], "pip could not install requirements.lock")
    say("installing leadgen itself, editable")
    run([*pip, "--no-deps", "-e", str(ROOT)], "pip could not install leadgen")
    stamp.write_text(wanted, encoding="utf-8")
    return True


def same_version(python: Path) -> bool:
    """Whether an environment's Python is of our own minor version and runs."""
    probe = [str(python), "-c", "import sys; print(sys.version_info[:2])"]
    try:
        answer = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == str(sys.version_info[:2])


def java_classes() -> bool:
    """The archive of Java's own classes, on which what is kept of the emulators' builds; True when it was tried.

    Without it they start all the same, in about twice the time.
    """
    stamp = ENVIRONMENT / ".leadgen-java-stamp"
    wanted = read(ENVIRONMENT / ".leadgen-stamp")
    if read(stamp) == wanted:
        return False
    say("making the archive of Java's classes")
    code = (
        "from local.stack import java; "
        "java.make_archive(java.find()) or print('setup: this Java makes none; the emulators start slower')"
    )
    run([str(ENVIRONMENT / "bin" / "python"), "-c", code], "Java could not be found")
    stamp.write_text(wanted, encoding="utf-8")
    return True


def npm_packages() -> bool:
    """node_modules with firebase-tools as the lock file has it; True when something was done."""
    stamp = ROOT / "node_modules" / ".leadgen-stamp"
    wanted = fingerprint(ROOT / "package.json", ROOT / "package-lock.json")
    if read(stamp) == wanted and (ROOT / "node_modules" / "firebase-tools").is_dir():
        return False
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError(
            "npm is not on PATH; install Node.js 20 or newer (https://nodejs.org, Debian: apt-get install nodejs npm)"
        )
    say("installing firebase-tools with npm (some 300 MB)")
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    run([npm, "ci", *quiet], "npm could not install package-lock.json")
    stamp.write_text(wanted, encoding="utf-8")
    return True


def browser() -> bool:
    """A Chrome or Chromium; True when one had to be installed."""
    stamp = ENVIRONMENT / ".leadgen-browser"
    known = read(stamp)
    if known and Path(known).is_file():
        return False
    code = (
        "import sys; from local.setup.browser import ensure_browser; "
        "found = ensure_browser(lambda text: print('setup: ' + text, flush=True)); "
        "open(sys.argv[1], 'w').write(str(found or ''))"
    )
    run([str(ENVIRONMENT / "bin" / "python"), "-c", code, str(stamp)], "the browser could not be looked for")
    return True


def fingerprint(*files: Path, extra: str = "") -> str:
    """A digest of the files' content.

    Raises:
        SetupError: one is missing.
    """
    digest = hashlib.sha256(extra.encode())
    for file in files:
        try:
            digest.update(file.read_bytes())
        except OSError as failure:
            raise SetupError(f"{file} cannot be read: {failure}") from failure
    return digest.hexdigest()


def read(file: Path) -> str:
    """Content of a stamp; "" when there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def run(command: list[str], failure: str) -> None:
    """Run a step in the repository.

    Raises:
        SetupError: it failed; `failure` says what that means.
    """
    code = subprocess.run(command, cwd=ROOT, env=environment(), timeout=_STEP_TIMEOUT_S, check=False).returncode
    if code != 0:
        raise SetupError(f"{failure} (exit code {code} of: {' '.join(command)})")


def environment() -> dict[str, str]:
    """The environment of the steps: without the variables that would make pip write somewhere else."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once here, or again at each start of a worker
    if not kept.get("HOME"):
        kept["HOME"] = str(ROOT / ".local")
    return kept


if __name__ == "__main__":
    sys.exit(main())
