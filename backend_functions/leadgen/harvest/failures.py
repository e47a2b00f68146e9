"""What can go wrong with a fetch, and whether trying again may help."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from leadgen.model.errors import LeadgenError


class FetchKind(StrEnum):
    """The ways a fetch fails."""

    GONE = "gone"
    FORBIDDEN = "forbidden"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    ROBOTS_UNAVAILABLE = "robots_unavailable"
    BLOCKED_ADDRESS = "blocked_address"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_CONTENT = "bad_content"
    CLIENT_ERROR = "client_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    BAD_CERTIFICATE = "bad_certificate"
    """The site can't prove that it is the one it claims to be."""
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    PACED = "paced"
    """Our own pacing has no slot soon; nothing was asked of the site."""


_PASSING = frozenset(
    {
        FetchKind.ROBOTS_UNAVAILABLE,
        FetchKind.TIMEOUT,
        FetchKind.CONNECTION,
        FetchKind.THROTTLED,
        FetchKind.SERVER_ERROR,
        FetchKind.PACED,
    }
)


def kind_of_status(status: int) -> FetchKind:
    """What a status that brings no page means (RFC 9110 §15)."""
    if status in (404, 410):
        return FetchKind.GONE
    if status in (401, 403, 407, 451):
        return FetchKind.FORBIDDEN
    if status == 429:
        return FetchKind.THROTTLED
    if status in (408, 425):
        return FetchKind.TIMEOUT
    return FetchKind.SERVER_ERROR if status >= 500 else FetchKind.CLIENT_ERROR


class FetchError(LeadgenError):
    """A page could not be fetched.

    Args:
        kind: what went wrong.
        url: the page asked for, or the one it redirected to.
        reason: what happened, in words.
        retry_at: not to be tried again before this moment; `None` if nobody said so.
    """

    status = 502
    code = "fetch-failed"
    title = "A page could not be fetched"

    def __init__(self, kind: FetchKind, url: str, reason: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(f"{url}: {reason}")
        self.kind = kind
        self.url = url
        self.reason = reason
        self.retry_at = retry_at

    @property
    def retryable(self) -> bool:
        """Whether the same request may go through later."""
        return self.kind in _PASSING
