"""robots.txt as RFC 9309 has it: how the file is had, and for how long it holds. `robots_txt` reads it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from yarl import URL

from leadgen.harvest.robots_txt import RobotsFile

PARSED_BYTES = 500 * 1024
"""A crawler must parse at least 500 KiB (RFC 9309 §2.5); the rest is left aside."""
MOST_REDIRECTS = 5
"""At least five redirects are followed (RFC 9309 §2.3.1.2)."""
_KEPT = timedelta(hours=24)
"""RFC 9309 §2.4: not to be used for longer."""
_ASK_AGAIN = timedelta(minutes=10)
_MOST_ORIGINS = 1024
_LONGEST_DELAY_S = 86_400.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class RobotsAnswer:
    """What one request for a robots.txt brought.

    Args:
        status: HTTP status; 0 when the server could not be reached.
        body: the file, its first `PARSED_BYTES` bytes.
        location: where a redirect points; absolute.
        retry_at: when the server wants to be asked again, if it said so.
        asked_at: when it was asked, if that was earlier, by another worker.
    """

    status: int
    body: bytes = b""
    location: str = ""
    retry_at: datetime | None = None
    asked_at: datetime | None = None


Ask = Callable[[URL], Awaitable[RobotsAnswer]]


@dataclass(frozen=True)
class RobotsRules:
    """The rules of one origin (scheme, host and port).

    Args:
        parsed: the file; `None` if there is none, which allows everything.
        unreachable: the file could not be had because of the server, which forbids everything (RFC 9309 §2.3.1.4).
        expires: when the file is asked for again.
    """

    parsed: RobotsFile | None
    unreachable: bool
    expires: datetime

    def allows(self, url: URL, token: str) -> bool:
        """Whether the product of that token may fetch the URL."""
        if self.unreachable:
            return False
        return self.parsed is None or self.parsed.rules_for(token).allows(url.raw_path_qs)

    def crawl_delay_s(self, token: str) -> float:
        """Pause between two requests that the site asks for, in seconds; 0 if it asks for none."""
        if self.parsed is None:
            return 0.0
        # More than a day is nobody's honest wish.
        return min(self.parsed.rules_for(token).delay_s, _LONGEST_DELAY_S)


class RobotsCache:
    """The rules of the origins met so far. Shared by all fetchers of a process; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[URL, RobotsRules] = {}

    def find(self, origin: URL, now: datetime) -> RobotsRules | None:
        """The rules of an origin, unless they are unknown or too old."""
        rules = self._rules.get(origin)
        return rules if rules is not None and rules.expires > now else None

    def keep(self, origin: URL, rules: RobotsRules, now: datetime) -> None:
        """Remember the rules of an origin."""
        with self._lock:
            if len(self._rules) >= _MOST_ORIGINS:
                fresh = [(key, one) for key, one in self._rules.items() if one.expires > now]
                self._rules = dict(fresh[-_MOST_ORIGINS // 2 :])
            self._rules[origin] = rules


async def load_rules(origin: URL, ask: Ask, now: datetime) -> RobotsRules:
    """Fetch the robots.txt of an origin.

    Args:
        origin: scheme, host and port.
        ask: makes one request without following redirects; never raises for what the server does.
        now: the present moment.
    """
    url = origin.with_path("/robots.txt")
    for _ in range(MOST_REDIRECTS + 1):
        answer = await ask(url)
        if answer.status not in _REDIRECTS or not answer.location:
            return _rules_of(answer, answer.asked_at or now)
        url = URL(answer.location)
    return RobotsRules(None, unreachable=False, expires=now + _KEPT)


def _rules_of(answer: RobotsAnswer, now: datetime) -> RobotsRules:
    if 200 <= answer.status < 300:
        return RobotsRules(RobotsFile(answer.body), unreachable=False, expires=now + _KEPT)
    # 429 is a 4xx, but it says "not now", and asking more of a server that says so would be rude.
    if 300 <= answer.status < 500 and answer.status != 429:
        return RobotsRules(None, unreachable=False, expires=now + _KEPT)
    again = max(answer.retry_at or now, now + _ASK_AGAIN)
    return RobotsRules(None, unreachable=True, expires=min(again, now + _KEPT))
