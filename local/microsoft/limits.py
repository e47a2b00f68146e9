"""Exchange Online's limits per mailbox: requests at a time, and messages per minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local.microsoft.deliveries import Deliveries
from local.microsoft.errors import throttled
from local.microsoft.settings import KnobStore
from local.microsoft.times import retry_after

MESSAGE_WINDOW = 60.0


class Limits:
    """Refuses with 429 and Retry-After what is over a limit; limits that are not set refuse nothing."""

    def __init__(self, deliveries: Deliveries, clock: Callable[[], float], knobs: KnobStore) -> None:
        self._deliveries, self._clock, self._knobs = deliveries, clock, knobs
        self._running: Counter[str] = Counter()

    @contextmanager
    def request(self, mailbox: str) -> Iterator[None]:
        """Hold one of the mailbox's places while a request runs. Raises GraphError (429)."""
        allowed = self._knobs.current.max_concurrent
        if allowed is not None and self._running[mailbox] >= allowed:
            raise throttled("MailboxConcurrency", self._header(1))
        self._running[mailbox] += 1
        try:
            yield
        finally:
            self._running[mailbox] -= 1

    def check_message(self, mailbox: str) -> None:
        """See whether one more message may leave. Raises GraphError (429)."""
        allowed = self._knobs.current.max_messages_per_minute
        if allowed is None:
            return
        now = self._clock()
        recent = self._deliveries.since(mailbox, now - MESSAGE_WINDOW)
        if len(recent) >= allowed:
            free_at = recent[len(recent) - allowed] + MESSAGE_WINDOW
            raise throttled("MessageRate", self._header(free_at - now))

    def _header(self, seconds: float) -> str:
        return retry_after(seconds, self._knobs.current.retry_after_form, self._clock())
