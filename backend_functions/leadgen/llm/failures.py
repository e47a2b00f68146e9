"""How a model call can fail, and what each failure means for the lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

DEFAULT_WAIT_S = 30.0
"""How long to wait after a 429 that does not say."""
MAX_WAIT_S = 3600.0


class Failure(StrEnum):
    """Kinds of failure."""

    LAPSED = "lapsed"
    """The grant ran out before the request left; nothing was sent."""
    THROTTLED = "throttled"
    """429: the provider wants us to wait."""
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    """The provider could not be reached, or hung up."""
    SERVER = "server"
    """5xx: the provider failed."""
    REJECTED = "rejected"
    """4xx: key, model, address or quota are wrong; the same call will fail again until someone changes that."""
    BAD_OUTPUT = "bad output"
    """An answer came, but not one that fits the schema."""


WORTH_REPEATING = frozenset({Failure.CONNECTION, Failure.SERVER, Failure.BAD_OUTPUT})
"""Failures after which a second call may go through. A timeout is not among them: it has used up the time for one."""
WORTH_ANOTHER = frozenset({Failure.CONNECTION, Failure.SERVER, Failure.TIMEOUT, Failure.REJECTED, Failure.THROTTLED})
"""Failures after which another provider may do better."""


class ModelError(Exception):
    """A model call that gave no usable answer. Its text holds neither the key nor anything the model or a post wrote.

    Args:
        kind: what went wrong.
        detail: what happened and what to do, for a person to read.
        retry_at: when the provider wants to be asked again; only for `Failure.THROTTLED`.
    """

    def __init__(self, kind: Failure, detail: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.retry_at = retry_at


def retry_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a throttled call may be repeated (RFC 9110 §10.2.3: seconds or a date), within `MAX_WAIT_S`.

    A `retry-after-ms` header, which OpenAI-compatible services send too, goes first.
    """
    wait = _milliseconds(headers.get("retry-after-ms", ""))
    if wait is None:
        wait = _seconds_or_date(headers.get("retry-after", ""), now)
    if wait is None or wait != wait or wait < 0:
        wait = DEFAULT_WAIT_S
    return now + timedelta(seconds=min(wait, MAX_WAIT_S))


def _milliseconds(value: str) -> float | None:
    try:
        return float(value) / 1000
    except ValueError:
        return None


def _seconds_or_date(value: str, now: datetime) -> float | None:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def rejected_detail(status: int, code: str, settings: str = "LEADGEN_LLM") -> str:
    """What a refusal of the provider means and what to do about it.

    Args:
        status: of the HTTP answer.
        code: of the error in it, or "".
        settings: what the names of the settings of this provider begin with.
    """
    if code == "insufficient_quota":
        return f"The model's account has no quota left: add credit, or set {settings}_KEY to another account's key."
    if status in (401, 403):
        return f"The model's provider refused the key ({status}): check {settings}_KEY."
    if status == 404:
        return (
            f"The model's provider does not know the model or the address: check {settings}_MODEL and {settings}_URL."
        )
    return f"The model's provider refused the request ({status}): check that {settings}_MODEL supports JSON schemas."
