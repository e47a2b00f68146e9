"""`governor/llm`: the Governor's document, with its limit, its log and what a dashboard shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StrictInt

from leadgen.llm.window import Entry, Log
from leadgen.model.config import Settings
from leadgen.model.documents import Document

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_LIMIT: int = Settings().llm_transaction_limit

Limit = Annotated[StrictInt, Field(ge=0, le=6000)]
"""Calls in any rolling window; the bounds are those of `Settings.llm_transaction_limit`. 0 pauses all calls."""


class LogEntry(Document):
    """Grants given together: `at` in milliseconds since the epoch by the server's clock, how many, and to whom."""

    at: StrictInt
    n: Annotated[StrictInt, Field(ge=1)]
    owner: str = ""


class GovernorState(Document):
    """The whole document. A field that is not as it must be makes the Governor refuse, never guess."""

    limit: Limit = DEFAULT_LIMIT
    log: list[LogEntry] = []
    updated_at: datetime | None = None
    used_in_window: int = 0
    """Grants that counted when the document was last written."""
    last_refused_at: datetime | None = None
    """When someone last had to go without; noted every few seconds at most."""
    waiting_until: datetime | None = None
    """When the next grant was free, as seen by whoever last had to go without."""
    hold_until: datetime | None = None
    """Until then the provider itself asked everyone to wait (HTTP 429 with Retry-After)."""

    def entries(self) -> Log:
        """The log in the form the window arithmetic takes."""
        return tuple(Entry(item.at, item.n, item.owner) for item in self.log)


def stored_log(log: Sequence[Entry]) -> list[dict[str, Any]]:
    """A log in the form Firestore takes."""
    return [LogEntry(at=e.at, n=e.n, owner=e.owner).to_firestore() for e in log]


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(value: int) -> datetime:
    """The moment that many milliseconds after the epoch."""
    return _EPOCH + timedelta(milliseconds=value)


def configure_limit_changes(limit: int) -> dict[str, int]:
    """The change that sets the limit, to be written with `set(..., merge=True)`; it holds for the very next call.

    Args:
        limit: calls in any rolling minute, 0 to 6000; 0 pauses them.

    Raises:
        pydantic.ValidationError: the limit is not a whole number within the bounds.
    """
    return {"limit": Settings(llm_transaction_limit=limit).llm_transaction_limit}
