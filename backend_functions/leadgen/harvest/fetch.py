"""The polite, guarded fetcher: every page and picture the product reads from a site comes through here.

It asks robots.txt first, keeps each host's pace, reads public addresses only, bounds time, size and redirects, obeys
Retry-After, and says in `FetchError` what went wrong and whether trying again may help.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp.abc import AbstractResolver
from yarl import URL

from leadgen.harvest import wanted
from leadgen.harvest.addresses import AddressGuard, BlockedAddress
from leadgen.harvest.charsets import decode
from leadgen.harvest.failures import FetchError, FetchKind, kind_of_status
from leadgen.harvest.hosts.robots import RobotsAnswers
from leadgen.harvest.pace import NoSlotSoon, backoff_s, parse_retry_after
from leadgen.harvest.page import Page, Validators, validators_of
from leadgen.harvest.politeness import HostPace, LocalPace, Outcome
from leadgen.harvest.robots import PARSED_BYTES, RobotsAnswer, RobotsCache, RobotsRules, load_rules
from leadgen.harvest.robots_txt import product_token
from leadgen.harvest.time_limit import TimeLimit
from leadgen.harvest.transport import REDIRECTS, Answer, FetchLimits, Transport
from leadgen.harvest.wanted import Wanted
from leadgen.store.clock import Clock

__all__ = ["Fetcher", "HostMemory", "Page", "Validators"]

MOST_ATTEMPTS = 3
MOST_REDIRECTS = 5
LONGEST_RETRY_WAIT_S = 5.0
"""A longer Retry-After is handed to the caller: a function's paid time is not for sleeping."""
_LASTING = (FetchKind.BLOCKED_ADDRESS, FetchKind.BAD_CERTIFICATE)
_BACKOFF_BASE_S, _BACKOFF_CAP_S = 0.5, 4.0


@dataclass(frozen=True)
class HostMemory:
    """What is known about hosts: their robots.txt and when they may be asked next. One per process.

    Args:
        robots: the rules of the origins met so far.
        pace: keeps the pace of hosts; within this process by default.
        robots_answers: what other workers were answered when they asked for a robots.txt; `None` without others.
    """

    robots: RobotsCache = field(default_factory=RobotsCache)
    pace: HostPace = field(default_factory=LocalPace)
    robots_answers: RobotsAnswers | None = None


class _Site:
    """What a fetcher keeps of one origin: who is at it, and who asks for its robots.txt."""

    def __init__(self, url: URL, concurrency: int) -> None:
        self.origin = url.origin()
        self.host = f"{url.raw_host}:{url.port}"
        self.places = asyncio.Semaphore(concurrency)
        self.robots_lock = asyncio.Lock()


class Fetcher:
    """Fetches pages and pictures politely. An async context manager, for one event loop.

    Args:
        clock: the present moment, for pacing, robots.txt and Retry-After.
        user_agent: names the product and how to reach its operator, such as ``Leadgen/0.1 (+mailto:ops@example.com)``;
            robots.txt rules are looked up by the name in it (`product_token`).
        local_hosts: `host:port` pairs that may be fetched although they are loopback addresses.
        requests_per_second: requests per host, at most; `math.inf` where the other bounds are enough.
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
        self._token = product_token(user_agent)
        self._guard = AddressGuard(local_hosts)
        self._interval_s = max(1.0 / requests_per_second, delay_seconds)
        self._concurrency = concurrency
        self._memory = memory or HostMemory()
        self._limits = limits or FetchLimits()
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._overall = TimeLimit(self._limits.overall_s)
        self._waiting = TimeLimit(self._limits.pace_wait_s)
        self._transport = Transport(self._guard, user_agent, self._limits, resolver)
        self._sites: dict[tuple[str, str | None, int | None], _Site] = {}

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._overall.close()
        self._waiting.close()
        await self._transport.close()

    async def get(
        self, url: str, *, validators: Validators | None = None, charset: str = "", feed: bool = False
    ) -> Page:
        """Fetch a page: HTML, plain text, a feed or a sitemap.

        Args:
            url: absolute http or https URL.
            validators: those of the version known already; if it is still current, the page that comes is
                `not_modified` and has no body. They are only sent to the page that they came from.
            charset: the page is written in, whatever it says itself; only a byte order mark overrules it.
            feed: it is a feed or a sitemap, which may be larger than a page, and compressed.

        Raises:
            FetchError: it can't be had; `kind`, `retryable` and `retry_at` say what to make of it.
        """
        if feed:
            wanting = wanted.feed(self._limits.feed_bytes, url, validators)
        else:
            wanting = wanted.page(self._limits.text_bytes, url, validators)
        answer = await self._fetch(url, wanting)
        headers, final_url = answer.headers, str(answer.url)
        text, is_utf8 = decode(answer.content, headers.get("content-type", ""), charset)
        named = validators_of(headers, final_url, validators if answer.status == 304 else None)
        return Page(url, final_url, answer.status, text, answer.content, answer.media_type, headers, named, is_utf8)

    async def get_bytes(self, url: str) -> bytes:
        """Fetch a picture.

        Args:
            url: absolute http or https URL.

        Raises:
            FetchError: as for `get`.
        """
        return (await self._fetch(url, wanted.picture(self._limits.image_bytes))).content

    async def _fetch(self, url: str, wanting: Wanted) -> Answer:
        try:
            with self._overall.begin():
                return await self._with_retries(lambda: self._follow(url, wanting))
        except TimeoutError as error:
            raise FetchError(FetchKind.TIMEOUT, url, f"no answer within {self._limits.overall_s:g} s") from error

    async def _with_retries(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        attempt = 1
        while True:
            try:
                return await act()
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

    async def _follow(self, url: str, wanting: Wanted) -> Answer:
        current = self._checked(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._polite_exchange(current, wanting)
            if answer.status not in REDIRECTS:
                return self._accepted(answer, wanting)
            current = self._checked(answer.location())
        raise FetchError(FetchKind.TOO_MANY_REDIRECTS, url, f"more than {MOST_REDIRECTS} redirects")

    def _checked(self, url: str | URL) -> URL:
        try:
            return self._guard.check_url(url)
        except BlockedAddress as error:
            raise FetchError(FetchKind.BLOCKED_ADDRESS, str(url), str(error)) from error

    def _site(self, url: URL) -> _Site:
        key = (url.scheme, url.raw_host, url.port)
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = _Site(url, self._concurrency)
        return site

    async def _polite_exchange(self, url: URL, wanting: Wanted) -> Answer:
        site = self._site(url)
        rules = self._memory.robots.find(site.origin, self._clock.now()) or await self._robots_rules(site)
        if rules.unreachable:
            reason = "robots.txt of the site can't be had, and until it can nothing may be fetched"
            raise FetchError(FetchKind.ROBOTS_UNAVAILABLE, str(url), reason, retry_at=rules.expires)
        if not rules.allows(url, self._token):
            raise FetchError(FetchKind.FORBIDDEN_BY_ROBOTS, str(url), "robots.txt of the site forbids it")
        await self._take_place(site, url)
        try:
            await self._pace(site, url, rules.crawl_delay_s(self._token))
            return await self._reported_exchange(site, url, wanting)
        finally:
            site.places.release()

    async def _take_place(self, site: _Site, url: URL) -> None:
        """Wait for one of the host's places; not for long, so that a crowd gets an answer it can act on."""
        if not site.places.locked():
            await site.places.acquire()
            return
        try:
            with self._waiting.begin():
                await site.places.acquire()
        except TimeoutError as error:
            retry_at = self._clock.now() + timedelta(seconds=self._limits.pace_wait_s)
            raise FetchError(FetchKind.PACED, str(url), "too much is asked of the site", retry_at=retry_at) from error

    async def _pace(self, site: _Site, url: URL, crawl_delay_s: float) -> None:
        interval, now = max(self._interval_s, crawl_delay_s), self._clock.now()
        try:
            wait = await self._memory.pace.reserve(site.host, interval, now, self._limits.pace_wait_s)
        except NoSlotSoon as error:
            reason = "the site is to be read more slowly than this"
            raise FetchError(FetchKind.PACED, str(url), reason, retry_at=error.at) from error
        if wait > 0:
            await self._sleep(wait)

    async def _reported_exchange(self, site: _Site, url: URL, wanting: Wanted) -> Answer:
        """One request; how it went is told to whoever keeps the host's pace."""
        begun = asyncio.get_running_loop().time()
        try:
            answer = await self._transport.exchange(
                url, wanting.accept, wanting.limit, conditions=wanting.conditions(url)
            )
        except FetchError as error:
            if error.kind in (FetchKind.TIMEOUT, FetchKind.CONNECTION):
                self._report(site, begun, 0)
            raise
        self._report(site, begun, answer.status, self._retry_at(answer))
        return answer

    def _report(self, site: _Site, begun: float, status: int, retry_at: datetime | None = None) -> None:
        seconds = asyncio.get_running_loop().time() - begun
        self._memory.pace.report(site.host, Outcome(status, seconds, self._clock.now(), retry_at))

    async def _robots_rules(self, site: _Site) -> RobotsRules:
        cache = self._memory.robots
        async with site.robots_lock:
            now = self._clock.now()
            rules = cache.find(site.origin, now)
            if rules is None:
                rules = await load_rules(site.origin, lambda url: self._ask_robots(url, site.origin), now)
                cache.keep(site.origin, rules, now)
            return rules

    async def _ask_robots(self, url: URL, origin: URL) -> RobotsAnswer:
        shared, now = self._memory.robots_answers, self._clock.now()
        known = await shared.find(url, now) if shared is not None else None
        if known is not None:
            return known
        answer = await self._ask_site_robots(url, origin)
        if shared is not None:
            await shared.keep(url, answer, now)
        return answer

    async def _ask_site_robots(self, url: URL, origin: URL) -> RobotsAnswer:
        try:
            answer = await self._with_retries(lambda: self._request_robots(url))
            location = str(answer.location()) if answer.status in REDIRECTS else ""
        except FetchError as error:
            if error.kind in _LASTING and url.origin() == origin:
                raise  # the host itself can't be asked anything, now or later
            return RobotsAnswer(0, retry_at=error.retry_at)
        return RobotsAnswer(answer.status, answer.content, location)

    async def _request_robots(self, url: URL) -> Answer:
        answer = await self._transport.exchange(self._checked(url), "text/plain", PARSED_BYTES, truncate=True)
        if answer.status == 429 or answer.status >= 500:
            raise self._refusal(answer)
        return answer

    def _accepted(self, answer: Answer, wanting: Wanted) -> Answer:
        if answer.status == 304 and wanting.conditions(answer.url):
            return answer
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)
        if answer.status == 206:
            raise FetchError(
                FetchKind.BAD_CONTENT, str(answer.url), "the site sent a part, and the whole was asked for"
            )
        media = answer.media_type
        if media and not media.startswith(wanting.media):
            raise FetchError(FetchKind.BAD_CONTENT, str(answer.url), f"unexpected content of type {media[:80]}")
        return answer

    def _refusal(self, answer: Answer) -> FetchError:
        reason = f"the site answered {answer.status}"
        return FetchError(kind_of_status(answer.status), str(answer.url), reason, retry_at=self._retry_at(answer))

    def _retry_at(self, answer: Answer) -> datetime | None:
        """When a host in trouble wants to be asked again, if it said so."""
        said = answer.headers.get("retry-after") if answer.status == 429 or answer.status >= 500 else None
        return parse_retry_after(said, self._clock.now()) if said else None
