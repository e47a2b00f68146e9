"""What the operator reported, on its way to the backend: one after another, and nothing is lost while it is down.

A call that got no answer may or may not have been done. It is made again under the same key, which the backend answers
as the first time; what comes after it waits, so a report is never overtaken by its own undoing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from console.live.session import BackendError

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
KEPT = 30
"""Calls that are kept to be shown after they are done."""


class State(Enum):
    """How a call stands."""

    WAITING = auto()
    SENDING = auto()
    DONE = auto()
    REFUSED = auto()


@dataclass
class Sent:
    """A call.

    Args:
        endpoint: which.
        lead: the lead it is about.
        name: who that is.
        body: what is sent.
        key: the idempotency key, for a report.
        state: how it stands.
        tries: how often it was made without an answer.
        retry_at: when it is made again, in monotonic seconds.
        said: what the backend answered, or why it did not.
        status: what the lead became.
        undone: whether the report was taken back, or is about to be.
    """

    endpoint: str
    lead: str
    name: str
    body: dict[str, Any]
    key: str | None = None
    state: State = State.WAITING
    tries: int = 0
    retry_at: float = 0.0
    said: str = ""
    status: str = ""
    undone: bool = False

    @property
    def is_report(self) -> bool:
        """Whether it says what was found."""
        return self.endpoint == "resolveCaptcha"

    @property
    def address(self) -> str:
        """The address reported; "" for a failure."""
        return str(self.body.get("extractedEmail", ""))

    @property
    def is_open(self) -> bool:
        """Whether the backend has not answered yet."""
        return self.state in {State.WAITING, State.SENDING}


@dataclass
class Outbox:
    """Calls in order, the oldest first."""

    calls: list[Sent] = field(default_factory=list)

    def add(self, call: Sent) -> None:
        """Put one at the end."""
        done = [old for old in self.calls if not old.is_open]
        for old in done[: max(0, len(done) - KEPT + 1)]:
            self.calls.remove(old)
        self.calls.append(call)

    @property
    def open(self) -> list[Sent]:
        """What the backend has not answered yet."""
        return [call for call in self.calls if call.is_open]

    def due(self, now: float) -> Sent | None:
        """The call to be made now; it counts as being made from here on."""
        first = next(iter(self.open), None)
        if first is None or first.state is State.SENDING or now < first.retry_at:
            return None
        first.state = State.SENDING
        return first

    def failed(self, call: Sent, error: BackendError, now: float) -> None:
        """It was refused, or got no answer and will be made again."""
        said = " ".join(part for part in (error.detail or error.title, error.hint) if part)
        call.said = said
        if not error.is_passing:
            call.state = State.REFUSED
            return
        call.state = State.WAITING
        call.retry_at = now + min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(call.tries, 6))
        call.tries += 1

    def hurry(self) -> None:
        """Make what waits again at once."""
        for call in self.open:
            call.retry_at = 0.0

    def last_report(self) -> Sent | None:
        """The report that would be taken back now."""
        reports = (c for c in reversed(self.calls) if c.is_report and not c.undone and c.state is not State.REFUSED)
        return next(reports, None)

    def reported(self) -> set[str]:
        """Leads of which a report is still on its way."""
        return {call.lead for call in self.open if call.is_report}
