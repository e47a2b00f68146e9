"""The polite reader of home pages: one small request per host, with a time limit, and a stopwatch."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from types import TracebackType
from typing import Self

from leadgen.harvest.fetch import Fetcher, HostMemory, Page
from leadgen.harvest.politeness import HostPace, LocalPace, Outcome
from leadgen.harvest.robots import RobotsCache
from leadgen.harvest.transport import FetchLimits
from leadgen.store.clock import Clock

LIMITS = FetchLimits(connect_s=2.5, read_s=5.0, exchange_s=5.0, overall_s=8.0, pace_wait_s=3.0)
"""The answer may take 5 s; the rest is for robots.txt, redirects and our own waiting."""
_REQUESTS_PER_SECOND = 4.0
"""Per host. A website is one page; only where many share a host is there a second one."""


_ELAPSED: ContextVar[float] = ContextVar("elapsed", default=0.0)
"""How long this task's last request took, in seconds."""


class StopWatch:
    """A pace of hosts that also takes the time of each request.

    Args:
        pace: keeps the pace.
    """

    def __init__(self, pace: HostPace) -> None:
        self._pace = pace

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """The host's next slot, as `HostPace` has it."""
        return await self._pace.reserve(host, interval_s, now, longest_wait_s)

    def report(self, host: str, outcome: Outcome) -> None:
        """Learn how a request went; called by the task that made it."""
        _ELAPSED.set(outcome.seconds)
        self._pace.report(host, outcome)


class HomePageReader:
    """Reads home pages. An async context manager.

    Args:
        clock: the present moment.
        user_agent: names the product and its operator.
        local_hosts: `host:port` pairs that may be fetched although they are loopback addresses.
        robots: the rules of hosts this process has met.
        pace: keeps the pace of hosts; of its own if not given.
    """

    def __init__(
        self,
        clock: Clock,
        user_agent: str,
        local_hosts: frozenset[str],
        robots: RobotsCache,
        pace: HostPace | None = None,
    ) -> None:
        self._fetcher = Fetcher(
            clock=clock,
            user_agent=user_agent,
            local_hosts=local_hosts,
            requests_per_second=_REQUESTS_PER_SECOND,
            concurrency=4,
            memory=HostMemory(robots=robots, pace=StopWatch(pace or LocalPace())),
            limits=LIMITS,
        )

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._fetcher.__aexit__(kind, error, trace)

    async def look(self, url: str) -> tuple[Page, float]:
        """A page, and how long its host took to answer (without our own waiting), in seconds; raises `FetchError`."""
        page = await self._fetcher.get(url)
        return page, _ELAPSED.get()
