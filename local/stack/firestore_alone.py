"""The Firestore emulator by itself, for tests that need no functions: ready in some three seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.stack import emulators, java, ports, toolchain, web
from local.stack.errors import StackError

_START_TIMEOUT_S = 60.0


@contextmanager
def firestore_emulator(rules: Path | None = None, log: Path | None = None) -> Iterator[str]:
    """Run the emulator for as long as the block lasts, and no longer even if this process is killed.

    Args:
        rules: security rules to enforce; without them everything is allowed.
        log: file its output goes to.

    Yields:
        host:port, as FIRESTORE_EMULATOR_HOST wants it.

    Raises:
        StackError: Java or the emulator is missing, or it did not start.
    """
    runtime = java.find()
    jar = toolchain.runnable_jar(toolchain.find_firestore_jar(), java.KEPT)
    chosen = ports.choose(["firestore", "websocket"])
    command = [sys.executable, "-m", "local.stack.guardian", "--lifeline", "--", str(runtime.program)]
    command += [*java.flags(runtime, jar, java.KEPT), "-Duser.language=en", "-jar", str(jar)]
    command += [f"--host={ports.HOST}", f"--port={chosen['firestore']}", f"--websocket_port={chosen['websocket']}"]
    command += [f"--rules={rules}"] if rules else []
    output = log.open("wb") if log else None
    try:
        process = subprocess.Popen(
            command,
            cwd=toolchain.REPOSITORY,
            env=emulators.scrubbed_environment(),
            stdin=subprocess.PIPE,
            stdout=output or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if output is not None:
            output.close()
    address = f"{ports.HOST}:{chosen['firestore']}"
    try:
        _wait_until_ready(process, address, log)
        yield address
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the guardian's lifeline
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path | None) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            if web.request("GET", f"http://{address}/", timeout_s=2)[0] == 200:
                return
        except OSError:
            pass
        if process.poll() is not None:
            text = log.read_text(encoding="utf-8", errors="replace")[-1500:] if log else ""
            raise StackError(f"the Firestore emulator ended at its start (exit code {process.returncode}) {text}")
        if time.monotonic() > deadline:
            raise StackError(f"the Firestore emulator did not answer at {address} within {_START_TIMEOUT_S:.0f} s")
        time.sleep(0.05)
