"""How long until a local Firebase answers: `leadgen local up` beside the plain Firebase command line.

Both start the same emulators with the same functions, from empty, in turn, and are timed until every HTTP function has
answered. The last line is JSON: medians in seconds, and plain ÷ ours.

    python benchmarks/local_stack.py [--runs N]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.stack import Stack, StackInfo, functions, java, processes, toolchain, web
from local.stack.state import Folder

PATIENCE_S = 240.0


def ours(root: Path) -> tuple[float, StackInfo]:
    """Seconds until the stack is up and warm, and what it was."""
    stack = Stack("bench", root, owned=True)
    began = time.monotonic()
    info = stack.up()
    seconds = time.monotonic() - began
    stack.down()
    return seconds, info


def plain(root: Path, info: StackInfo) -> float:
    """Seconds until the plain command line's functions answer: same ports, same functions, none of our shortcuts."""
    folder, runtime = Folder(root), java.find()
    tools = toolchain.find_firebase_tools(toolchain.REPOSITORY)
    files = toolchain.find_emulators(tools).environment(folder.tools)
    names = [function.name for function in functions.discover(root / "functions", os.environ | info.environment())]
    names = [name for name in names if not name.startswith("on") and not name.endswith("Tick")]
    (root / "functions" / "functions.yaml").unlink()
    environment = os.environ | info.environment() | files | {"CI": "1", "JAVA_HOME": str(runtime.home)}
    environment |= {"PATH": f"{runtime.home / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(folder.temporary)}
    for emulator in ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"):
        environment.pop(emulator, None)
    folder.temporary.mkdir(exist_ok=True)
    run = f"bench-{os.getpid()}"
    command = [str(toolchain.find_node()), str(tools), "emulators:start", "--only", "auth,functions,firestore,pubsub"]
    command += ["--project", info.project_id, "--config", str(root / "firebase.json"), "--non-interactive"]
    began = time.monotonic()
    with (root / "logs" / "plain.log").open("wb") as log:
        firebase = subprocess.Popen(
            command,
            cwd=root,
            env=environment | {processes.RUN_VARIABLE: run},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _until_warm(info.functions_url, names, began)
        return time.monotonic() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(firebase.pid, signal.SIGKILL)
        firebase.wait()
        processes.end_all(run)


def _until_warm(url: str, names: list[str], began: float) -> None:
    def touch(name: str) -> None:
        while time.monotonic() - began < PATIENCE_S:
            with contextlib.suppress(OSError):
                status, text = web.request("GET", f"{url}/{name}/robots.txt", timeout_s=60)
                if status in (401, 404, 405) and "does not exist" not in text:
                    return
            time.sleep(0.2)
        raise TimeoutError(f"{name} did not answer within {PATIENCE_S:.0f} s")

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(touch, names))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    mine: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            root = Path(folder) / f"run{number}"
            seconds, info = ours(root)
            mine.append(seconds)
            theirs.append(plain(root, info))
            print(f"run {number + 1}: ours {mine[-1]:.1f} s, plain {theirs[-1]:.1f} s", flush=True)
    up, other = statistics.median(mine), statistics.median(theirs)
    print(
        json.dumps({"up_s": round(up, 1), "plain_up_s": round(other, 1), "ratio": round(other / up, 2), "runs": runs})
    )


if __name__ == "__main__":
    main()
