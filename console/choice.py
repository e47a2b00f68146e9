"""What the global options say: which backend, and as whom. Light: the console is shown before it is used."""

from __future__ import annotations

ROLES = ("operator", "admin", "viewer")


class Choice:
    """What the global options say.

    Args:
        profile: a deployed project of the settings file; empty for the stack of this machine.
        stack: which local stack.
        role: on the local stack, as whom.
    """

    def __init__(self, profile: str = "", stack: str = "default", role: str = ROLES[0]) -> None:
        self.profile = profile
        self.stack = stack
        self.role = role


choice = Choice()
"""What this process was started with."""
