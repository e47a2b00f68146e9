"""The polite, guarded fetcher: every page and picture the product reads from a site comes through here.

It asks robots.txt first, keeps each host's pace, reads public addresses only, bounds time, size and redirects, obeys
Retry-After, and says in `FetchError` what went wrong and whether trying again may help.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp.abc import AbstractResolver
from yarl import URL

from leadgen.harvest.addresses import AddressGuard, BlockedAddress
from leadgen.harvest.body import decode_text
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.pace import NoSlotSoon, Pacer, backoff_s, parse_retry_after
from leadgen.harvest.robots import PARSED_BYTES, RobotsAnswer, RobotsCache, RobotsRules, load_rules
from leadgen.harvest.transport import REDIRECTS, Answer, FetchLimits, Transport
from leadgen.store.clock import Clock

MOST_ATTEMPTS = 3
MOST_REDIRECTS = 5
LONGEST_RETRY_WAIT_S = 5.0
"""A longer Retry-After is handed to the caller: a function's paid time is not for sleeping."""
_BACKOFF_BASE_S, _BACKOFF_CAP_S = 0.5, 4.0


@dataclass(frozen=True)
class HostMemory:
    """What is known about hosts: their robots.txt and when they may be asked next. One per process."""

    robots: RobotsCache = field(default_factory=RobotsCache)
    pacer: Pacer = field(default_factory=Pacer)


@dataclass(frozen=True)
class Page:
    """A fetched page.

    Args:
        url: the URL asked for.
        final_url: the URL that answered, after redirects.
        status: HTTP status, 2xx.
        text: the decoded body.
        content: the body as bytes, decompressed.
        content_type: media type in lower case, without parameters.
        headers: response headers by lower-case name.
    """

    url: str
    final_url: str
    status: int
    text: str
    content: bytes
    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Wanted:
    accept: str
    media: tuple[str, ...]
    limit: int


class Fetcher:
    """Fetches pages and pictures politely. An async context manager, for one event loop.

    Args:
        clock: the present moment, for pacing, robots.txt and Retry-After.
        user_agent: names the product and how to reach its operator, such as ``Leadgen/0.1 (+mailto:ops@example.com)``;
            what precedes the first slash or blank is the name that robots.txt rules are looked up by.
        local_hosts: `host:port` pairs that may be fetched although they are loopback addresses.
        requests_per_second: requests per host, at most.
        delay_seconds: pause between the beginnings of two requests to a host, at least; a longer Crawl-delay wins.
        concurrency: requests to a host under way at a time, at most.
        memory: what the process knows about hosts; one of its own if not given.
        limits: bounds of time and size.
        sleep: waits, in seconds.
        rng: source of the jitter.
        resolver: looks host names up; the system's by default.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        local_hosts: frozenset[str] = frozenset(),
        requests_per_second: float = 2.0,
        delay_seconds: float = 0.0,
        concurrency: int = 2,
        memory: HostMemory | None = None,
        limits: FetchLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: random.Random | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._clock = clock
        self._token = user_agent.replace("/", " ").split()[0]
        self._guard = AddressGuard(local_hosts)
        self._interval_s = max(1.0 / requests_per_second, delay_seconds)
        self._concurrency = concurrency
        self._memory = memory or HostMemory()
        self._limits = limits or FetchLimits()
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._transport = Transport(self._guard, user_agent, self._limits, resolver)
        self._places: dict[str, asyncio.Semaphore] = {}
        self._robots_locks: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    async def get(self, url: str) -> Page:
        """Fetch a page.

        Args:
            url: absolute http or https URL.

        Raises:
            FetchError: it can't be had; `kind`, `retryable` and `retry_at` say what to make of it.
        """
        wanted = _Wanted(
            "text/html,application/xhtml+xml;q=0.9,text/plain;q=0.5",
            ("text/", "application/xhtml+xml", "application/xml"),
            self._limits.text_bytes,
        )
        answer = await self._fetch(url, wanted)
        text = decode_text(answer.content, answer.headers.get("content-type", ""))
        return Page(url, str(answer.url), answer.status, text, answer.content, answer.media_type, answer.headers)

    async def get_bytes(self, url: str) -> bytes:
        """Fetch a picture.

        Args:
            url: absolute http or https URL.

        Raises:
            FetchError: as for `get`.
        """
        wanted = _Wanted("image/*", ("image/", "application/octet-stream"), self._limits.image_bytes)
        return (await self._fetch(url, wanted)).content

    async def _fetch(self, url: str, wanted: _Wanted) -> Answer:
        try:
            async with asyncio.timeout(self._limits.overall_s):
                return await self._with_retries(url, wanted)
        except TimeoutError as error:
            raise FetchError(FetchKind.TIMEOUT, url, f"no answer within {self._limits.overall_s:g} s") from error

    async def _with_retries(self, url: str, wanted: _Wanted) -> Answer:
        attempt = 1
        while True:
            try:
                return await self._follow(url, wanted)
            except FetchError as error:
                pause = self._pause_s(error, attempt)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    def _pause_s(self, error: FetchError, attempt: int) -> float | None:
        """How long to wait before trying again, in seconds; `None` if that is left to the caller."""
        if not error.retryable or attempt >= MOST_ATTEMPTS:
            return None
        backoff = backoff_s(attempt, _BACKOFF_BASE_S, _BACKOFF_CAP_S, self._rng)
        if error.retry_at is None:
            return backoff
        asked = (error.retry_at - self._clock.now()).total_seconds()
        return max(asked, backoff) if asked <= LONGEST_RETRY_WAIT_S else None

    async def _follow(self, url: str, wanted: _Wanted) -> Answer:
        current = self._checked(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._polite_exchange(current, wanted)
            if answer.status not in REDIRECTS:
                return self._accepted(answer, wanted)
            current = self._checked(answer.location())
        raise FetchError(FetchKind.TOO_MANY_REDIRECTS, url, f"more than {MOST_REDIRECTS} redirects")

    def _checked(self, url: str | URL) -> URL:
        try:
            return self._guard.check_url(url)
        except BlockedAddress as error:
            raise FetchError(FetchKind.BLOCKED_ADDRESS, str(url), str(error)) from error

    async def _polite_exchange(self, url: URL, wanted: _Wanted) -> Answer:
        rules = await self._robots_rules(url.origin())
        if rules.unreachable:
            reason = "robots.txt of the site can't be had, and until it can nothing may be fetched"
            raise FetchError(FetchKind.ROBOTS_UNAVAILABLE, str(url), reason, retry_at=rules.expires)
        if not rules.allows(url, self._token):
            raise FetchError(FetchKind.FORBIDDEN_BY_ROBOTS, str(url), "robots.txt of the site forbids it")
        async with self._turn(url):
            await self._pace(url, rules.crawl_delay_s(self._token))
            return await self._transport.exchange(url, wanted.accept, wanted.limit)

    @asynccontextmanager
    async def _turn(self, url: URL) -> AsyncIterator[None]:
        """One of the host's places; waiting for it is bounded, so that a crowd gets an answer it can act on."""
        places = self._places.setdefault(_host(url), asyncio.Semaphore(self._concurrency))
        try:
            async with asyncio.timeout(self._limits.pace_wait_s):
                await places.acquire()
        except TimeoutError as error:
            retry_at = self._clock.now() + timedelta(seconds=self._limits.pace_wait_s)
            raise FetchError(FetchKind.PACED, str(url), "too much is asked of the site", retry_at=retry_at) from error
        try:
            yield
        finally:
            places.release()

    async def _pace(self, url: URL, crawl_delay_s: float) -> None:
        interval = max(self._interval_s, crawl_delay_s)
        try:
            wait = self._memory.pacer.reserve(_host(url), interval, self._clock.now(), self._limits.pace_wait_s)
        except NoSlotSoon as error:
            reason = "the site is to be read more slowly than this"
            raise FetchError(FetchKind.PACED, str(url), reason, retry_at=error.at) from error
        if wait > 0:
            await self._sleep(wait)

    async def _robots_rules(self, origin: URL) -> RobotsRules:
        cache = self._memory.robots
        async with self._robots_locks.setdefault(str(origin), asyncio.Lock()):
            now = self._clock.now()
            rules = cache.find(origin, now)
            if rules is None:
                rules = await load_rules(origin, lambda url: self._ask_robots(url, origin), now)
                cache.keep(origin, rules, now)
            return rules

    async def _ask_robots(self, url: URL, origin: URL) -> RobotsAnswer:
        try:
            checked = self._checked(url)
            answer = await self._transport.exchange(checked, "text/plain", PARSED_BYTES, truncate=True)
            location = str(answer.location()) if answer.status in REDIRECTS else ""
        except FetchError as error:
            if error.kind is FetchKind.BLOCKED_ADDRESS and url.origin() == origin:
                raise  # the host itself may not be asked anything, now or later
            return RobotsAnswer(0, retry_at=error.retry_at)
        return RobotsAnswer(answer.status, answer.content, location, self._retry_at(answer))

    def _accepted(self, answer: Answer, wanted: _Wanted) -> Answer:
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)
        media = answer.media_type
        if media and not media.startswith(wanted.media):
            raise FetchError(FetchKind.BAD_CONTENT, str(answer.url), f"unexpected content of type {media[:80]}")
        return answer

    def _refusal(self, answer: Answer) -> FetchError:
        kind = _kind_of_status(answer.status)
        retry_at = self._retry_at(answer) if kind in (FetchKind.THROTTLED, FetchKind.SERVER_ERROR) else None
        if retry_at is not None:
            self._memory.pacer.hold(_host(answer.url), retry_at)
        return FetchError(kind, str(answer.url), f"the site answered {answer.status}", retry_at=retry_at)

    def _retry_at(self, answer: Answer) -> datetime | None:
        return parse_retry_after(answer.headers.get("retry-after", ""), self._clock.now())


def _host(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"


def _kind_of_status(status: int) -> FetchKind:
    if status in (404, 410):
        return FetchKind.GONE
    if status in (401, 403, 407, 451):
        return FetchKind.FORBIDDEN
    if status == 429:
        return FetchKind.THROTTLED
    if status in (408, 425):
        return FetchKind.TIMEOUT
    if status >= 500:
        return FetchKind.SERVER_ERROR
    return FetchKind.CLIENT_ERROR
