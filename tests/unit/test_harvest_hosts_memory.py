"""What a worker shares about hosts with the others, and what it keeps to itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from yarl import URL

from leadgen.harvest.hosts.memory import ChosenPace
from leadgen.harvest.hosts.robots import FirestoreRobots, kept_until
from leadgen.harvest.politeness import Outcome
from leadgen.harvest.robots import RobotsAnswer, load_rules
from tests.support import START


class Recorder:
    """A pace that only remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        self.seen.append(host)
        return 0.0

    def report(self, host: str, outcome: Outcome) -> None:
        self.seen.append(f"{host} {outcome.status}")


async def test_hosts_of_the_operators_own_machine_are_paced_by_each_process_for_itself() -> None:
    shared, local = Recorder(), Recorder()
    pace = ChosenPace(shared, local, frozenset({"127.0.0.1:8080"}))
    for host in ("127.0.0.1:8080", "example.com:443"):
        await pace.reserve(host, 1.0, START, 30.0)
        pace.report(host, Outcome(200, 0.1, START))
    assert shared.seen == ["example.com:443", "example.com:443 200"]
    assert local.seen == ["127.0.0.1:8080", "127.0.0.1:8080 200"]


async def test_their_robots_txt_is_neither_looked_for_nor_kept_in_the_store() -> None:
    robots = FirestoreRobots(None, unshared=frozenset({"127.0.0.1:8080"}))  # type: ignore[arg-type]
    url = URL("http://127.0.0.1:8080/robots.txt")
    assert await robots.find(url, START) is None
    await robots.keep(url, RobotsAnswer(200), START)


async def test_a_store_that_is_down_makes_a_worker_ask_the_host_itself() -> None:
    robots, url = FirestoreRobots(None), URL("https://example.com/robots.txt")  # type: ignore[arg-type]
    assert await robots.find(url, START) is None
    await robots.keep(url, RobotsAnswer(200), START)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (RobotsAnswer(200), timedelta(hours=24)),
        (RobotsAnswer(404), timedelta(hours=24)),
        (RobotsAnswer(503), timedelta(minutes=10)),
        (RobotsAnswer(0), timedelta(minutes=10)),
        (RobotsAnswer(429, retry_at=START + timedelta(hours=2)), timedelta(hours=2)),
        (RobotsAnswer(503, retry_at=START + timedelta(days=9)), timedelta(hours=24)),
    ],
)
def test_an_answer_is_kept_a_day_at_most_and_a_failure_less(answer: RobotsAnswer, kept: timedelta) -> None:
    assert kept_until(answer, START) == START + kept


async def test_rules_from_an_answer_another_worker_got_are_as_old_as_the_answer() -> None:
    asked = START - timedelta(hours=20)

    async def ask(url: URL) -> RobotsAnswer:
        return RobotsAnswer(200, b"User-agent: *\nDisallow: /x", asked_at=asked)

    rules = await load_rules(URL("https://example.com"), ask, START)
    assert rules.expires == asked + timedelta(hours=24)
