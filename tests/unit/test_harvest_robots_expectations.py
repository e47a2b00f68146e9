"""What the two best-known robots.txt parsers are expected to do, and ours does: Google's and Protego's.

The expectations are those of Google's documentation and of the open-source parser it publishes, and of Protego's
documentation and tests, written down here in this project's words and with its own names. Each is met, or stands in
`DIFFERENCES` with the reason.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from yarl import URL

from leadgen.harvest.robots import RobotsRules
from leadgen.harvest.robots_txt import RobotsFile, product_token
from tests.robots_cases.case import OWLS, Case
from tests.robots_cases.google import GOOGLE
from tests.robots_cases.protego import PROTEGO

EXPIRES = datetime(2026, 3, 3, tzinfo=UTC)


def _answer(case: Case, path: str) -> bool:
    body = case.file if isinstance(case.file, bytes) else "\n".join(map(str.strip, case.file.split("\n"))).encode()
    rules = RobotsRules(RobotsFile(body), unreachable=False, expires=EXPIRES)
    url = path if "://" in path.partition("?")[0] else f"http://site.example{path}"
    return rules.allows(URL(url), product_token(case.agent))


DIFFERENCES: list[tuple[Case, str]] = [
    (
        Case(
            "google",
            "a header of two words has no group by its first",
            "User-Agent: *\nDisallow: /\nUser-Agent: Scout Two\nAllow: /a/\nDisallow: /",
            (),
            ("/a/b",),
            "Scout Two",
        ),
        "Google's parser is handed any string as the agent; ours is only ever asked by the product token of our own "
        "header, which ends at the first blank (RFC 9309 section 2.2.1), so 'Scout Two' asks as 'scout'.",
    ),
    (
        Case(
            "google",
            "digits end an agent's name",
            "User-Agent: MJ12scout\nDisallow: /a\n",
            (),
            ("/a",),
            "MJ",
        ),
        "Google reads [A-Za-z_-] of a line's agent, so 'MJ12scout' names 'MJ'. Crawlers do have digits in their "
        "names and sites write them out; we compare the whole word, or one would be bound by another's rules.",
    ),
    (
        Case(
            "google",
            "a character beyond ASCII in the URL itself matches no rule",
            "User-agent: scout\nDisallow: /\nAllow: /a/Ω",
            (),
            ("/a/Ω",),
        ),
        "Google's parser expects its caller to escape URLs and says so. Ours escapes them itself, as RFC 9309 section "
        "2.2.2 demands before comparison; such a URL is never sent bare.",
    ),
    (
        Case(
            "google",
            "what is escaped without need is not the same without",
            "User-agent: scout\nDisallow: /\nAllow: /a/%62%61%7A",
            (),
            ("/a/baz",),
        ),
        "RFC 9309 section 2.2.2 lists this very pair as a match, and Protego expects it; Google's test calls it "
        "something not to rely on.",
    ),
    (
        Case(
            "protego",
            "an unknown line parts agents",
            "User-agent: ada\nDisallow: /a\nUser-agent: *\nNonsense: /b\nUser-agent: bob\nDisallow: /",
            ("/c",),
            (),
            "stranger",
        ),
        "RFC 9309 section 2.2.4: other lines must not interfere with groups; Google expects the opposite of Protego.",
    ),
    (
        Case("protego", "an asterisk inside an agent's name", "user-agent: sc*out\ndisallow: /a", (), ("/a",)),
        "RFC 9309 section 2.2.1 knows the asterisk as a whole name only; nobody's product token matches this line.",
    ),
    *(
        (
            Case(
                "protego",
                f"an agent is bound by a group that names its beginning ({agent})",
                OWLS,
                (allowed,),
                (),
                agent,
            ),
            "Google's specification of 2010. RFC 9309 section 2.2.1 matches the product token, not its beginning: a "
            "group for 'owl' must not bind 'owl-images' of somebody else. Whoever has no group obeys that for all.",
        )
        for agent, allowed in {"owl-news2": "/1", "owl-new": "/3", "owl-images": "/3"}.items()
    ),
]


@pytest.mark.parametrize("case", [*GOOGLE, *PROTEGO], ids=str)
def test_every_expectation_is_met(case: Case) -> None:
    assert {path: _answer(case, path) for path in case.allowed} == dict.fromkeys(case.allowed, True)
    assert {path: _answer(case, path) for path in case.forbidden} == dict.fromkeys(case.forbidden, False)


@pytest.mark.parametrize(
    ("case", "reason"), DIFFERENCES, ids=lambda value: str(value) if isinstance(value, Case) else ""
)
def test_every_difference_is_one_and_has_its_reason(case: Case, reason: str) -> None:
    assert not any(_answer(case, path) for path in case.allowed)
    assert all(_answer(case, path) for path in case.forbidden)
    assert len(reason) > 80


@pytest.mark.parametrize(
    ("file", "agent", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 10\nUser-agent: scout\nCrawl-delay: 15", "stranger", 10),
        ("User-agent: *\nDisallow: /a\nCrawl-delay: 10\nUser-agent: scout\nCrawl-delay: 15", "scout", 15),
        ("User-agent: *\nCrawl-delay: soon", "scout", 0),
        ("User-agent: *\nDisallow: /a", "scout", 0),
        ("Crawl-delay: 5.2\nUser-Agent: scout\nDisallow: /a", "scout", 0),
        ("User-agent: scout\nRequest-rate: 1/10s", "scout", 10),
        ("User-agent: scout\nRequest-rate: 100/15m", "scout", 9),
        ("User-agent: scout\nRequest-rate: 400/1h", "scout", 9),
        ("User-agent: scout\nRequest-rate: 9000/1d", "scout", 9.6),
        ("User-agent: scout\nRequest-rate: 1/10s 1820-1940", "scout", 10),
        ("User-agent: scout\nRequest-rate: 90/180", "scout", 2),
        ("User-agent: scout\nRequest-rate: 1/5", "scout", 5),
        ("User-agent: scout\nRequest-rate: 0/5", "scout", 0),
        ("User-agent: ada\nRequest-rate: 1/10s\nUser-agent: scout\nDisallow: /", "scout", 0),
        ("user agent scout\nrequest rate 1/10s 1820-1940", "scout", 10),
        ("user-agent: scout\ncrawl-delay: 2\n\nuser-agent: scout\ncrawl-delay: 7", "scout", 7),
        ("user-agent: scout\ncrawl-delay: inf", "scout", 86_400),
    ],
)
def test_the_pause_a_site_asks_for_is_found(file: str, agent: str, delay: float) -> None:
    rules = RobotsRules(RobotsFile(file.encode()), unreachable=False, expires=EXPIRES)
    assert rules.crawl_delay_s(agent) == delay
