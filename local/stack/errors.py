"""What can go wrong with the local stack."""

from __future__ import annotations


class StackError(RuntimeError):
    """The local stack cannot do what was asked; the message says why and what to do about it."""
