"""Websites of new leads are looked at side by side, once a day, and whatever they do, the lead goes on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Page
from leadgen.harvest.robots import RobotsCache
from leadgen.model.documents import LeadData
from leadgen.pipeline.website_reader import HomePageReader
from leadgen.pipeline.websites import WebsiteMemory, Websites
from leadgen.store.clock import SystemClock
from local.serving import running
from tests.support import FakeClock

GOOD = """<title>Acme Plumbing in Austin</title><meta name=viewport content="width=device-width">
<body>We repair what leaks all over Austin. Call 512-555-0134 or write to joe@acme.com. © 2026 Acme"""


class Sites:
    """Stands for the web: what answers at which address."""

    def __init__(self, **answers: str | FetchError | Exception) -> None:
        self.answers = {f"http://{name}.com/": answer for name, answer in answers.items()}
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def look(self, url: str) -> tuple[Page, float]:
        self.asked.append(url)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        answer = self.answers.get(url)
        if answer is None:
            raise FetchError(FetchKind.CONNECTION, url, "the connection failed")
        if isinstance(answer, Exception):
            raise answer
        return Page(url, url, 200, answer, answer.encode(), "text/html", {}), 0.3


def lead(url: str) -> LeadData:
    return LeadData(website_url=url)


def scored(
    sites: Sites, *urls: str, clock: FakeClock | None = None, memory: WebsiteMemory | None = None
) -> list[LeadData]:
    return Websites(lambda: sites, clock or FakeClock(), memory=memory).score([lead(url) for url in urls]).leads


def test_each_home_page_is_read_once_and_all_side_by_side() -> None:
    sites = Sites(acme=GOOD, bobs=GOOD)
    leads = scored(sites, "http://acme.com/prices", "http://bobs.com", "http://acme.com/", "")
    assert sorted(sites.asked) == ["http://acme.com/", "http://bobs.com/"]
    assert sites.most_at_once == 2
    assert leads[0].website_score == leads[2].website_score == 73
    assert leads[0].website_reason.startswith("It is not served over TLS")
    assert len(leads[0].website_reasons) > 5
    assert leads[3] == lead("")


def test_facts_for_the_prompt_are_found_by_the_leads_own_address() -> None:
    looked = Websites(lambda: Sites(acme=GOOD), FakeClock()).score([lead("http://acme.com/prices")])
    facts = looked.facts["http://acme.com/prices"]
    assert (facts.score, facts.title, facts.reachable) == (73, "Acme Plumbing in Austin", True)
    assert facts.text.startswith("We repair what leaks")


def test_a_website_is_looked_at_again_after_a_day_and_a_silent_one_after_an_hour() -> None:
    sites, clock, memory = Sites(acme=GOOD), FakeClock(), WebsiteMemory()
    for hours, asked in ((0, 2), (0.9, 2), (0.2, 3), (22.0, 4), (2, 6)):
        clock.advance(hours * 3600)
        scored(sites, "http://acme.com/", "http://dead.com:81/", clock=clock, memory=memory)
        assert len(sites.asked) == asked


@pytest.mark.parametrize(
    ("kind", "low", "words"),
    [
        (FetchKind.GONE, True, "broken"),
        (FetchKind.SERVER_ERROR, True, "broken"),
        (FetchKind.BAD_CERTIFICATE, True, "broken"),
        (FetchKind.TIMEOUT, True, "does not answer"),
        (FetchKind.ROBOTS_UNAVAILABLE, True, "does not answer"),
        (FetchKind.BAD_CONTENT, True, "no web page"),
        (FetchKind.FORBIDDEN, False, "lets no programs in"),
        (FetchKind.FORBIDDEN_BY_ROBOTS, False, "robots.txt"),
        (FetchKind.BLOCKED_ADDRESS, False, "not on the public internet"),
        (FetchKind.TOO_LARGE, False, "too large"),
        (FetchKind.PACED, False, "just now"),
        (FetchKind.THROTTLED, False, "just now"),
    ],
)
def test_a_website_that_fails_scores_low_and_one_that_lets_nobody_in_not_at_all(
    kind: FetchKind, low: bool, words: str
) -> None:
    url = "http://acme.com:8080/"
    sites = Sites()
    sites.answers[url] = FetchError(kind, url, "the site answered so")
    [found] = scored(sites, url)
    assert (found.website_score is not None) is low
    assert (found.website_score or 0) <= 10
    assert words in found.website_reason


def test_what_could_not_be_looked_at_just_now_is_tried_again() -> None:
    url, memory = "http://acme.com/", WebsiteMemory()
    sites = Sites(acme=FetchError(FetchKind.PACED, url, "later"))
    scored(sites, url, memory=memory)
    sites.answers[url] = GOOD
    assert scored(sites, url, memory=memory)[0].website_score == 73


def test_a_host_without_plain_http_is_asked_over_tls() -> None:
    sites = Sites()
    sites.answers["https://acme.com/"] = GOOD
    [found] = scored(sites, "http://acme.com/prices")
    assert sites.asked == ["http://acme.com/", "https://acme.com/"]
    assert found.website_score == 86


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.facebook.com/acme", "facebook"),
        ("https://www.yelp.com/biz/acme", "yelp"),
        ("ftp://acme.com/", "can't be read"),
        ("http://[::1", "can't be read"),
        ("javascript:alert(1)", "can't be read"),
        ("http://", "can't be read"),
    ],
)
def test_no_request_is_made_where_nothing_would_be_learnt(url: str, words: str) -> None:
    sites = Sites()
    [found] = scored(sites, url)
    assert sites.asked == []
    assert found.website_score is None
    assert words in found.website_reason


def test_a_page_that_breaks_a_parser_costs_no_lead() -> None:
    leads = scored(Sites(acme=RuntimeError("boom"), bobs=GOOD), "http://acme.com/", "http://bobs.com/")
    assert leads[0].website_score is None
    assert leads[1].website_score == 73


def test_a_reader_that_can_not_be_opened_costs_no_lead() -> None:
    class Closed(Sites):
        async def __aenter__(self) -> Self:
            raise OSError("no network")

    [found] = scored(Closed(), "http://acme.com/")
    assert found.website_score is None


# With the real reader, on the loopback interface


@pytest.fixture
def host() -> Iterator[str]:
    async def robots(request: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nDisallow: /closed")

    async def page(request: web.Request) -> web.Response:
        match request.match_info["name"]:
            case "good":
                return web.Response(text=GOOD, content_type="text/html")
            case "late":
                await asyncio.sleep(0.2)
                return web.Response(text=GOOD, content_type="text/html")
            case "moved":
                raise web.HTTPFound("/good")
            case "picture":
                return web.Response(body=b"\x89PNG", content_type="image/png")
            case "inside":
                raise web.HTTPFound("http://169.254.169.254/latest/meta-data/")
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/robots.txt", robots)
    app.router.add_get("/{name}", page)
    with running(app) as url:
        yield urlsplit(url).netloc


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_time_a_host_takes_is_measured_for_each_page_by_itself(host: str) -> None:
    websites = Websites(
        lambda: HomePageReader(SystemClock(), "Leadgen/0.1 (test)", frozenset({host}), RobotsCache()),
        FakeClock(),
        shared_hosts=[host],
    )
    looked = websites.score([lead(f"http://{host}/{name}") for name in ("late", "good")]).leads
    [late] = [reason for reason in looked[0].website_reasons if " s." in reason or " s for" in reason]
    assert float(late.split()[-2] if late.endswith(" s.") else late.split(":")[1].split()[0]) >= 0.2


def test_real_home_pages_are_read_politely_and_from_public_or_named_local_hosts_only(host: str) -> None:
    dead = f"127.0.0.1:{closed_port()}"
    local = frozenset({host, dead})
    websites = Websites(
        lambda: HomePageReader(SystemClock(), "Leadgen/0.1 (test)", local, RobotsCache()),
        FakeClock(),
        shared_hosts=[host],
    )
    urls = [f"http://{host}/{name}" for name in ("good", "moved", "closed", "picture", "inside", "missing")]
    good, moved, closed, picture, inside, missing, silent, private = websites.score(
        [lead(url) for url in [*urls, f"http://{dead}/", "http://10.0.0.1/"]]
    ).leads
    # Their speed counts, and this machine may be busy.
    assert all(score is not None and 60 <= score <= 73 for score in (good.website_score, moved.website_score))
    assert (closed.website_score, "robots.txt" in closed.website_reason) == (None, True)
    assert (picture.website_score, "no web page" in picture.website_reason) == (10, True)
    assert (inside.website_score, "public internet" in inside.website_reason) == (None, True)
    assert (missing.website_score, "404" in missing.website_reason) == (5, True)
    assert (silent.website_score, "does not answer" in silent.website_reason) == (5, True)
    assert (private.website_score, "public internet" in private.website_reason) == (None, True)
