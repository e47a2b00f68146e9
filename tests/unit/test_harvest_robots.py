"""robots.txt, case by case as RFC 9309 has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from leadgen.harvest.robots import PARSED_BYTES, RobotsAnswer, RobotsCache, RobotsRules, load_rules
from leadgen.harvest.robots_txt import product_token

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORIGIN = URL("https://demo.example")
PAGE = URL("https://demo.example/private/1")
FORBIDDING = b"User-agent: *\nDisallow: /private\n"


async def _load(*answers: RobotsAnswer) -> tuple[RobotsRules, list[str]]:
    asked: list[str] = []
    left = list(answers)

    async def ask(url: URL) -> RobotsAnswer:
        asked.append(str(url))
        return left.pop(0)

    return await load_rules(ORIGIN, ask, NOW), asked


async def test_a_file_is_obeyed() -> None:
    rules, asked = await _load(RobotsAnswer(200, FORBIDDING))
    assert asked == ["https://demo.example/robots.txt"]
    assert not rules.allows(PAGE, "leadgen")
    assert rules.allows(URL("https://demo.example/open"), "leadgen")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
async def test_no_file_allows_everything(status: int) -> None:
    rules, _ = await _load(RobotsAnswer(status))
    assert rules.allows(PAGE, "leadgen")
    assert rules.expires == NOW + timedelta(hours=24)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
async def test_a_server_in_trouble_forbids_everything_for_a_while(status: int) -> None:
    rules, _ = await _load(RobotsAnswer(status))
    assert not rules.allows(URL("https://demo.example/open"), "leadgen")
    assert rules.unreachable
    assert NOW < rules.expires < NOW + timedelta(hours=1)


async def test_a_server_that_names_a_time_is_asked_again_then() -> None:
    rules, _ = await _load(RobotsAnswer(503, retry_at=NOW + timedelta(hours=2)))
    assert rules.expires == NOW + timedelta(hours=2)


async def test_five_redirects_are_followed() -> None:
    hops = [RobotsAnswer(301, location=f"https://hop{n}.example/r") for n in range(5)]
    rules, asked = await _load(*hops, RobotsAnswer(200, FORBIDDING))
    assert asked[-1] == "https://hop4.example/r"
    assert not rules.allows(PAGE, "leadgen")


async def test_more_redirects_count_as_no_file() -> None:
    hops = [RobotsAnswer(302, location="https://demo.example/robots.txt")] * 6
    rules, _ = await _load(*hops)
    assert rules.allows(PAGE, "leadgen")


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("Crawl-delay: 2.5", 2.5),
        ("Crawl-delay: nan", 0),
        ("Crawl-delay: -3", 0),
        ("Crawl-delay: 1e300", 86_400),
        ("", 0),
    ],
)
async def test_the_crawl_delay_is_a_sane_number(text: str, delay: float) -> None:
    rules, _ = await _load(RobotsAnswer(200, f"User-agent: *\n{text}\n".encode()))
    assert rules.crawl_delay_s("leadgen") == delay


async def test_bytes_that_are_no_text_do_no_harm() -> None:
    rules, _ = await _load(RobotsAnswer(200, b"\xff\xfe\x00" * 1000 + b"\n" + FORBIDDING))
    assert not rules.allows(PAGE, "leadgen")


def test_rules_are_kept_until_they_expire() -> None:
    cache = RobotsCache()
    rules = RobotsRules(None, unreachable=False, expires=NOW + timedelta(hours=24))
    cache.keep(ORIGIN, rules, NOW)
    assert cache.find(ORIGIN, NOW + timedelta(hours=23)) is rules
    assert cache.find(ORIGIN, NOW + timedelta(hours=24)) is None
    assert cache.find(URL("http://demo.example"), NOW) is None


def test_at_least_500_kib_are_parsed() -> None:
    assert PARSED_BYTES >= 500 * 1024


async def test_patterns_made_to_be_slow_are_not() -> None:
    # A matcher that goes back over what it passed would not come to an end here.
    slow = "\n".join(f"Disallow: /{'a*' * 200}b{number}" for number in range(50))
    rules, _ = await _load(RobotsAnswer(200, f"User-agent: *\n{slow}\nDisallow: /x".encode()))
    assert rules.allows(URL("https://demo.example/" + "a" * 3000), "leadgen")
    assert not rules.allows(URL("https://demo.example/x"), "leadgen")


def test_what_is_known_of_origins_has_a_bound() -> None:
    cache = RobotsCache()
    rules = RobotsRules(None, unreachable=False, expires=NOW + timedelta(hours=24))
    for number in range(3000):
        cache.keep(URL(f"https://host{number}.example"), rules, NOW)
    known = [number for number in range(3000) if cache.find(URL(f"https://host{number}.example"), NOW)]
    assert len(known) <= 1024
    assert known[-1] == 2999


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("Leadgen/0.1 (+mailto:ops@example.com)", "leadgen"),
        ("Leadgen (operated by Jane)", "leadgen"),
        ("Mozilla/5.0 (compatible; Leadgen/0.1; +https://example.com)", "leadgen"),
        ("", ""),
    ],
)
def test_the_name_for_robots_txt_is_the_product(user_agent: str, token: str) -> None:
    assert product_token(user_agent) == token
