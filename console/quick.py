"""The short way into the console: `leadgen` without a command paints before it loads what only commands need.

The command line's parser, the sign-in and the Google libraries take seconds to import on a slow machine. So options are
read here if they are the global ones and nothing else, and everything else begins after the first paint, in a worker.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.choice import ROLES, choice

if TYPE_CHECKING:
    from console.live.session import Session

_OPTIONS = {"--profile": "profile", "--stack": "stack", "--as": "role"}


def wanted(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for the console and nothing is wrong with them; takes them over if so.

    Args:
        arguments: what follows the program's name. ``--profile NAME`` and ``--profile=NAME`` mean the same.
    """
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in _OPTIONS or not (equals or rest):
            return False
        found[_OPTIONS[name]] = value if equals else rest.pop(0)
    if found.get("role", ROLES[0]) not in ROLES or not _is_profile(found.get("profile", "")):
        return False
    for field, value in found.items():
        setattr(choice, field, value)
    return True


def _is_profile(name: str) -> bool:
    """Whether a profile can be used; what is wrong with it is for the command line to say."""
    if not name:
        return True
    from console.client.profile import ProfileProblem, named_profile

    try:
        named_profile(name)
    except ProfileProblem:
        return False
    return True


def run() -> None:
    """Run the console until the operator leaves it."""
    gc.disable()  # Until the first paint: nothing is thrown away by then, and looking for it takes a twentieth.
    from console.app import console_app

    def session(tell: Callable[[str], None]) -> Session:
        from console.cli.target import open_session

        return open_session(tell)

    console_app(session).run()


def main() -> None:
    """Entry point of the `leadgen` command."""
    if sys.stdout.isatty() and wanted(sys.argv[1:]):
        run()
        return
    from console.cli.app import run as run_command

    run_command()
