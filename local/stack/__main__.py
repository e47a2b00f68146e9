"""Command line of the stack: `run` in the foreground, and `supervise`, which its guardian starts.

python -m local.stack run [--name NAME] [--root DIR] [--tick-seconds N]
"""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from pathlib import Path

from local.stack import processes, toolchain
from local.stack.errors import StackError
from local.stack.guardian import Guardian
from local.stack.stack import Stack
from local.stack.supervisor import ALREADY_RUNNING, Options, Supervisor


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("action", choices=("run", "supervise"))
    parser.add_argument("--name", default="default")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--tick-seconds", type=float, help="how long a minute of the functions' schedules lasts")
    parser.add_argument("--repository", type=Path, default=toolchain.REPOSITORY)
    parser.add_argument("--source", type=Path, help="another functions folder than firebase.json names")
    parser.add_argument("--standins", default="local.stack.standins:DEFAULT")
    parser.add_argument("--owner", help=argparse.SUPPRESS)
    return parser.parse_args()


def _echo(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(stack: Stack) -> int:
    """In the foreground: this process becomes the guardian, which Ctrl+C reaches."""
    os.environ[processes.RUN_VARIABLE] = uuid.uuid4().hex
    os.environ[processes.PART_VARIABLE] = "supervisor"
    os.chdir(toolchain.REPOSITORY)
    code = Guardian([*stack.supervisor_command(), "--echo"], lifeline=False).run()
    if code == ALREADY_RUNNING:
        sys.stderr.write(f"the stack {stack.name} runs already\n")
    return code


def main() -> int:
    """Exit code: 0 after a clean end, 1 after a failure, 75 when the stack runs already."""
    echo = "--echo" in sys.argv
    if echo:
        sys.argv.remove("--echo")
    asked = _arguments()
    try:
        stack = Stack(
            asked.name,
            asked.root,
            tick_seconds=asked.tick_seconds,
            repository=asked.repository,
            source=asked.source,
            standins=asked.standins,
        )
        if asked.action == "run":
            return _run(stack)
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    owner = None
    if asked.owner:
        pid, _, created = asked.owner.partition(":")
        owner = (int(pid), float(created))
    options = Options(
        name=asked.name,
        root=stack.root,
        tick_seconds=stack.tick_seconds,
        repository=asked.repository,
        source=asked.source,
        standins=asked.standins,
        owner=owner,
    )
    return Supervisor(options, echo=_echo if echo else None).run()


if __name__ == "__main__":
    sys.exit(main())
