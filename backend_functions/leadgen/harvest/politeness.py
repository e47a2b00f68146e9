"""The seam between the fetcher and whatever keeps the pace of hosts: in this process, or shared by all workers."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from leadgen.harvest.pace import Pacer


class Outcome(NamedTuple):
    """How one request to a host went, for whoever adapts the pace to it.

    Args:
        status: HTTP status; 0 when no whole answer came (refused, reset, timed out).
        seconds: from sending the request to its end, as an event loop measures time.
        at: when it ended, by the fetcher's clock.
        retry_at: when the host wants to be asked again, if it said so (Retry-After).
    """

    status: int
    seconds: float
    at: datetime
    retry_at: datetime | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether the host asks for less, or fails: 429, 5xx, or no answer."""
        return self.status == 429 or self.status >= 500 or self.status == 0


class HostPace(Protocol):
    """Keeps the pace of hosts. `LocalPace` does it for one process; others may share it between workers.

    The fetcher calls `reserve` before every request to a host (pages, pictures, each hop of a redirect, each retry;
    not robots.txt), waits as long as it says, and calls `report` once for every request it made.
    """

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """Take the host's next slot. Quick in the usual case: it is awaited once per request.

        Args:
            host: host and port, such as ``example.com:443``.
            interval_s: pause between the beginnings of two requests that this caller's rules ask for, in seconds
                (configuration, source, Crawl-delay, whichever is longest); 0 asks for none. The host may be paced
                more slowly, never faster.
            now: the present moment.
            longest_wait_s: the caller waits no longer than this, in seconds.

        Returns:
            How long to wait before the request may begin, in seconds; 0 or more.

        Raises:
            NoSlotSoon: the wait would be longer; no slot was taken.
        """
        ...

    def report(self, host: str, outcome: Outcome) -> None:
        """Learn how a request went. Must not block or raise: it is called on the event loop."""
        ...


class LocalPace:
    """The pace of hosts within this process.

    Args:
        pacer: where the slots are kept; one of its own if not given.
    """

    def __init__(self, pacer: Pacer | None = None) -> None:
        self._pacer = pacer or Pacer()

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """The host's next slot, as `HostPace` has it."""
        return self._pacer.reserve(host, interval_s, now, longest_wait_s)

    def report(self, host: str, outcome: Outcome) -> None:
        """Hold the host for as long as it asked to be left alone."""
        if outcome.retry_at is not None:
            self._pacer.hold(host, outcome.retry_at)
