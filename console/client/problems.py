"""What can go wrong between the console and the backend, in words for the operator."""

from __future__ import annotations

from console.live.session import BackendError, SignedOut


class SignInProblem(BackendError, SignedOut):
    """Nobody is signed in, or the sign-in no longer holds."""


__all__ = ["BackendError", "SignInProblem"]
