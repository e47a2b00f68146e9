"""`leadgen local`: the Firebase emulators, stand-ins for the services around leadgen, the clock of its schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.stack.errors import StackError
    from local.stack.stack import Stack
    from local.stack.state import PartHealth, StackInfo

__all__ = ["PartHealth", "Stack", "StackError", "StackInfo"]
_MODULES = {"PartHealth": "state", "Stack": "stack", "StackError": "errors", "StackInfo": "state"}


def __getattr__(name: str) -> Any:
    """What is listed above, imported when it is asked for: the guardian and the nursery need none of it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
