"""Nothing is left behind: whatever ends, the guardian ends all that was started, wherever it has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local.stack import processes, toolchain
from local.stack.parts import Part

PATIENCE_S = 20.0
# A tree like firebase-tools': a shell with a child, a grandchild in a session of its own, and an orphan.
TREE = """
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(300)"]
subprocess.Popen(sleeper)
subprocess.Popen(sleeper, start_new_session=True)
subprocess.run(["sh", "-c", f"'{sys.executable}' -c 'import time; time.sleep(300)' &"])
open(sys.argv[1], "w").write("started")
time.sleep(300)
"""


def wait_until(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def run() -> Iterator[str]:
    name = uuid.uuid4().hex
    yield name
    processes.end_all(name)


def start(run: str, script: Path, started: Path, *options: str) -> subprocess.Popen[bytes]:
    script.write_text(TREE)
    process = subprocess.Popen(
        [sys.executable, "-m", "local.stack.guardian", *options, "--", sys.executable, str(script), str(started)],
        cwd=toolchain.REPOSITORY,
        env=os.environ | {processes.RUN_VARIABLE: run},
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert wait_until(lambda: started.exists() and len(processes.marked(run)) == 5)
    return process


def child_of(guardian: subprocess.Popen[bytes]) -> psutil.Process:
    return next(p for p in psutil.Process(guardian.pid).children() if "started" in " ".join(p.cmdline()))


def test_a_closed_lifeline_ends_everything(run: str, tmp_path: Path) -> None:
    guardian = start(run, tmp_path / "tree.py", tmp_path / "started", "--lifeline")
    assert guardian.stdin is not None
    guardian.stdin.close()
    guardian.wait(timeout=PATIENCE_S)
    assert processes.marked(run) == []


def test_a_killed_child_takes_its_whole_tree_along(run: str, tmp_path: Path) -> None:
    guardian = start(run, tmp_path / "tree.py", tmp_path / "started")
    child_of(guardian).kill()
    assert guardian.wait(timeout=PATIENCE_S) == 128 + signal.SIGKILL
    assert processes.marked(run) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_everything(run: str, tmp_path: Path, number: signal.Signals) -> None:
    guardian = start(run, tmp_path / "tree.py", tmp_path / "started")
    guardian.send_signal(number)
    assert guardian.wait(timeout=PATIENCE_S) == 128 + signal.SIGTERM
    assert processes.marked(run) == []


def test_what_a_killed_guardian_leaves_is_found_by_its_mark(run: str, tmp_path: Path) -> None:
    guardian = start(run, tmp_path / "tree.py", tmp_path / "started")
    guardian.kill()
    guardian.wait(timeout=PATIENCE_S)
    assert processes.marked(run)
    assert processes.end_all(run)
    assert processes.marked(run) == []


def test_another_run_is_not_touched(run: str, tmp_path: Path) -> None:
    guardian = start(run, tmp_path / "tree.py", tmp_path / "started")
    assert processes.end_all(uuid.uuid4().hex)
    assert len(processes.marked(run)) == 5
    assert guardian.poll() is None
    guardian.terminate()
    guardian.wait(timeout=PATIENCE_S)


def test_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.stack.guardian", "--", sys.executable, "-c", "raise SystemExit(7)"]
    assert subprocess.run(command, cwd=toolchain.REPOSITORY, timeout=PATIENCE_S, check=False).returncode == 7


def test_a_part_ends_with_all_it_has_started(run: str, tmp_path: Path) -> None:
    (tmp_path / "tree.py").write_text(TREE)
    part = Part("tree", run, tmp_path / "tree.log", tmp_path)
    part.start([sys.executable, str(tmp_path / "tree.py"), str(tmp_path / "started")], os.environ)
    assert wait_until(lambda: len(processes.marked(run, "tree")) == 4)
    part.end()
    assert processes.marked(run) == []
    assert not part.is_alive()


def test_a_part_that_ends_by_itself_is_noticed_and_its_words_kept(run: str, tmp_path: Path) -> None:
    part = Part("short", run, tmp_path / "short.log", tmp_path)
    part.start([sys.executable, "-c", "print('last words'); raise SystemExit(3)"], os.environ)
    assert wait_until(lambda: not part.is_alive())
    assert part.exit_code() == 3
    assert part.tail() == "last words"
