"""Looks at the websites of new leads: home pages side by side, each host once a day, and never at a lead's expense.

Whatever happens to a page, the lead goes on: it has a score, or a reason why there is none.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData
from leadgen.process.website import Failure, WebsiteScore, home_page, no_page, not_scored, score_website
from leadgen.process.website_signs import tells_nothing
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from leadgen.harvest.fetch import Page

LOOK_S = 8.0
"""One website takes no longer, with robots.txt, redirects and a second try over TLS."""
_KEPT = timedelta(days=1)
_FAILURE_KEPT = timedelta(hours=1)
_MOST_KEPT = 4096

_NO_PAGE: dict[FetchKind, Failure] = {
    FetchKind.GONE: "broken",
    FetchKind.CLIENT_ERROR: "broken",
    FetchKind.SERVER_ERROR: "broken",
    FetchKind.TOO_MANY_REDIRECTS: "broken",
    FetchKind.BAD_CERTIFICATE: "broken",
    FetchKind.CONNECTION: "silent",
    FetchKind.TIMEOUT: "silent",
    # Also when the host does not answer at all: robots.txt is asked for first.
    FetchKind.ROBOTS_UNAVAILABLE: "silent",
    FetchKind.BAD_CONTENT: "no-page",
}
_WORDS: dict[FetchKind, str] = {
    FetchKind.FORBIDDEN: "It lets no programs in, so it was not scored.",
    FetchKind.FORBIDDEN_BY_ROBOTS: "Its robots.txt asks programs to stay out, so it was not scored.",
    FetchKind.TOO_LARGE: "Its home page is too large to be read, so it was not scored.",
    FetchKind.BLOCKED_ADDRESS: "Its address is not on the public internet, so nobody looked.",
}
_BUSY = "It could not be looked at just now."

log = logging.getLogger("leadgen.websites")


class WebsiteReader(Protocol):
    """Reads home pages politely."""

    async def look(self, url: str) -> tuple[Page, float]:
        """A page, and how long its host took to answer, in seconds; raises `FetchError`."""
        ...


OpenWebsites = Callable[[], AbstractAsyncContextManager[WebsiteReader]]


@dataclass
class WebsiteMemory:
    """What this process saw of websites, by the address of the home page. Safe in threads."""

    _seen: dict[str, tuple[datetime, WebsiteScore]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, home: str, now: datetime) -> WebsiteScore | None:
        """What was seen lately, if anything."""
        with self._lock:
            kept = self._seen.get(home)
        return kept[1] if kept is not None and kept[0] > now else None

    def keep(self, home: str, score: WebsiteScore, now: datetime) -> None:
        """Remember a website: a day if there was a page, an hour if there was none."""
        with self._lock:
            if len(self._seen) >= _MOST_KEPT:
                self._seen = {key: kept for key, kept in self._seen.items() if kept[0] > now}
            while len(self._seen) >= _MOST_KEPT:
                self._seen.pop(next(iter(self._seen)))
            self._seen[home] = (now + (_KEPT if score.reachable else _FAILURE_KEPT), score)


@dataclass(frozen=True)
class Looked:
    """Leads with the scores of their websites, and what was found there, by `website_url`."""

    leads: list[LeadData]
    facts: dict[str, WebsiteFacts]


class Websites:
    """Scores the websites of leads.

    Args:
        open_reader: opens a polite reader; `None` where nobody looks, and no lead gets a score.
        clock: the present moment.
        shared_hosts: `host:port` of sites that keep the pages of many businesses, such as the sources' own.
        memory: what was seen lately; one of its own if not given.
    """

    def __init__(
        self,
        open_reader: OpenWebsites | None,
        clock: Clock,
        *,
        shared_hosts: Iterable[str] = (),
        memory: WebsiteMemory | None = None,
    ) -> None:
        self._open_reader = open_reader
        self._clock = clock
        self._shared_hosts = frozenset(host.lower() for host in shared_hosts)
        self._memory = memory or WebsiteMemory()

    def score(self, leads: Sequence[LeadData], region: str = "US") -> Looked:
        """Look at the leads' websites. Never raises; leads without a website come back as they are.

        Args:
            leads: new leads.
            region: ISO 3166 code of the country they are in.
        """
        if self._open_reader is None:
            return Looked(list(leads), {})
        found = self._found(self._open_reader, [lead.website_url for lead in leads if lead.website_url], region)
        facts = {url: _facts(url, score) for url, score in found.items()}
        return Looked([_with_score(lead, facts.get(lead.website_url)) for lead in leads], facts)

    def _found(self, open_reader: OpenWebsites, urls: list[str], region: str) -> dict[str, WebsiteScore]:
        homes: dict[str, str] = {}
        found: dict[str, WebsiteScore] = {}
        for url in dict.fromkeys(urls):
            home, why_not = self._home(url)
            if why_not:
                found[url] = not_scored(why_not)
            else:
                homes[url] = home
        scores = self._scores(open_reader, set(homes.values()), region)
        return found | {url: scores[home] for url, home in homes.items()}

    def _home(self, url: str) -> tuple[str, str]:
        """Home page of a website, or why it has none to look at."""
        address = url if "://" in url else f"http://{url}"
        try:
            parts = urlsplit(address)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            return "", "Its address can't be read."
        if name := tells_nothing(address):
            return "", f"It is a page of {name.partition('.')[0]}, which tells nothing of a website of its own."
        return home_page(address, self._shared_hosts), ""

    def _scores(self, open_reader: OpenWebsites, homes: set[str], region: str) -> dict[str, WebsiteScore]:
        now = self._clock.now()
        scores = {home: score for home in homes if (score := self._memory.find(home, now)) is not None}
        missing = sorted(homes - scores.keys())
        if not missing:
            return scores
        try:
            looked = asyncio.run(self._look_at_all(open_reader, missing, region))
        except Exception as error:
            log.error("websites can't be looked at: %s", type(error).__name__)
            looked = {}
        for home in missing:
            score = looked.get(home) or not_scored(_BUSY)
            scores[home] = score
            if score.reasons != (_BUSY,):
                self._memory.keep(home, score, now)
        return scores

    async def _look_at_all(self, open_reader: OpenWebsites, homes: list[str], region: str) -> dict[str, WebsiteScore]:
        async with open_reader() as reader:
            seen = await asyncio.gather(*(_look_at(reader, home) for home in homes))
        # Only now, so that reading one page does not count as the time another host took to answer.
        return {home: self._judged(home, one, region) for home, one in zip(homes, seen, strict=True)}

    def _judged(self, home: str, seen: WebsiteScore | tuple[Page, float], region: str) -> WebsiteScore:
        if isinstance(seen, WebsiteScore):
            return seen
        page, elapsed = seen
        today = self._clock.now().date()
        try:
            return score_website(page.text, page.final_url, elapsed, page.headers, today=today, region=region)
        except Exception as error:
            # A page that breaks a parser must not cost the lead.
            log.error("website %s can't be read: %s", home, type(error).__name__)
            return not_scored("Its home page can't be read.")


async def _look_at(reader: WebsiteReader, home: str) -> WebsiteScore | tuple[Page, float]:
    """The home page and the time its host took, or the score of not being there."""
    try:
        async with asyncio.timeout(LOOK_S):
            return await _look(reader, home)
    except TimeoutError:
        return no_page("silent", f"It did not answer within {LOOK_S:.0f} s.")
    except FetchError as error:
        return _without_page(error)
    except Exception as error:
        log.error("website %s can't be looked at: %s", home, type(error).__name__)
        return not_scored(_BUSY)


async def _look(reader: WebsiteReader, home: str) -> tuple[Page, float]:
    """The home page; over TLS where plain HTTP gets no answer, as a browser would."""
    try:
        return await reader.look(home)
    except FetchError as error:
        parts = urlsplit(home)
        unanswered = error.kind in (FetchKind.CONNECTION, FetchKind.ROBOTS_UNAVAILABLE)
        if parts.scheme != "http" or parts.port not in (None, 80) or not unanswered:
            raise
    return await reader.look(f"https://{parts.hostname}{home.split(parts.netloc, 1)[1]}")


def _without_page(error: FetchError) -> WebsiteScore:
    failure = _NO_PAGE.get(error.kind)
    if failure is None:
        return not_scored(_WORDS.get(error.kind, _BUSY))
    if failure == "silent":
        return no_page(failure, "It does not answer.")
    if failure == "no-page":
        return no_page(failure, "Its address leads to something that is no web page.")
    return no_page(failure, f"Its home page is broken: {error.reason}.")


def _facts(url: str, score: WebsiteScore) -> WebsiteFacts:
    return WebsiteFacts(
        url=url,
        score=score.score,
        reason=score.summary,
        reasons=score.reasons,
        reachable=score.reachable,
        title=score.title,
        description=score.description,
        text=score.text,
        mobile_ready=score.mobile_ready,
        has_contact=score.has_contact,
        has_structured_data=score.has_structured_data,
    )


def _with_score(lead: LeadData, facts: WebsiteFacts | None) -> LeadData:
    if facts is None:
        return lead
    return lead.model_copy(
        update={
            "website_score": facts.score,
            "website_reason": facts.reason,
            "website_reasons": list(facts.reasons),
        }
    )
