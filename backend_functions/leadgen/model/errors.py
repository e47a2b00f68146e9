"""Errors that a person reads: what happened, to what, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One field that is not as it must be.

    Args:
        field: path of the field as the sender wrote it, such as ``workingHours.start``.
        value: the offending value, shortened, never a secret.
        allowed: what would be right, in words.
    """

    field: str
    value: str
    allowed: str


class LeadgenError(Exception):
    """Base of every error that may reach a person.

    Args:
        detail: what happened and to what.
        hint: what to do about it.
        fields: the fields at fault, if any.
    """

    status = 500
    code = "internal"
    title = "Something went wrong"

    def __init__(self, detail: str, *, hint: str = "", fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.fields = fields


class InvalidInput(LeadgenError):
    """The request names something that is not allowed; nothing was changed."""

    status = 400
    code = "invalid-input"
    title = "The request is not valid"


class NotSignedIn(LeadgenError):
    """No usable identity came with the request."""

    status = 401
    code = "not-signed-in"
    title = "Not signed in"


class NotAllowed(LeadgenError):
    """The caller is known, but may not do this."""

    status = 403
    code = "not-allowed"
    title = "Not allowed"


class NotFound(LeadgenError):
    """What the request names does not exist."""

    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(LeadgenError):
    """The thing is in a state in which this can't be done, or someone else changed it first."""

    status = 409
    code = "conflict"
    title = "In conflict with the present state"


class Unavailable(LeadgenError):
    """Something we depend on does not answer; the same call may go through later."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"
