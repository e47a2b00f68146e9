"""`leadgen local`: the Firebase emulators, stand-ins for the services around leadgen, the clock of its schedules."""

from __future__ import annotations

from local.stack.errors import StackError
from local.stack.stack import Stack
from local.stack.state import PartHealth, StackInfo

__all__ = ["PartHealth", "Stack", "StackError", "StackInfo"]
