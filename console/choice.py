"""What the global options say: which backend, and as whom. Light: the console is shown before it is used."""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("operator", "admin", "viewer")


@dataclass
class Choice:
    """What the global options say.

    Args:
        profile: a deployed project of the settings file; empty for the stack of this machine.
        stack: which local stack.
        role: on the local stack, as whom.
    """

    profile: str = ""
    stack: str = "default"
    role: str = "operator"


choice = Choice()
"""What this process was started with."""
