"""While the first provider is out of use the second is asked; what was answered before is not asked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from leadgen.environment import Environment, read_environment
from leadgen.llm.breaker import FIRST_REST_S, OPENS_AFTER
from leadgen.llm.cache import Kept, content_key
from leadgen.llm.client import ModelClient
from leadgen.llm.enrich import Enricher, by_rules
from leadgen.llm.prompt import PROMPT_VERSION
from leadgen.llm.providers import Provider, providers_of
from leadgen.llm.spending import Price
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running
from tests.granting import LATER, Counter

HTTP = httpx.Client(trust_env=False)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = LeadData(
    title="Licensed plumber", body="Hays Pipe Works – Joe. We do drain cleaning, repipes and toilets.", city="austin"
)


class Fixed:
    def now(self) -> datetime:
        return NOW


@dataclass
class Service:
    """A stand-in and a provider that asks it, whose clock a test sets."""

    url: str
    provider: Provider
    now: list[float] = field(default_factory=lambda: [0.0])

    def fail(self, **rule: Any) -> None:
        HTTP.post(f"{self.url}/_standin/faults", json=rule).raise_for_status()

    def recover(self) -> None:
        HTTP.delete(f"{self.url}/_standin/faults").raise_for_status()

    def arrived(self) -> int:
        return len(HTTP.get(f"{self.url}/_standin/calls").json()["calls"])


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    apps = [build_app(Settings(tmp_path_factory.mktemp(name), models=(name,))) for name in ("first", "second")]
    with running(apps[0]) as one, running(apps[1]) as two:
        yield [one, two]


@pytest.fixture
def services(urls: list[str]) -> Iterator[tuple[Service, Service]]:
    made = []
    for name, url in zip(("first", "second"), urls, strict=True):
        HTTP.post(f"{url}/_standin/reset").raise_for_status()
        now = [0.0]
        client = ModelClient(f"{url}/v1", "local", name, 15.0, price=Price(1.0, 2.0), clock=Fixed())
        made.append(Service(url, Provider(name, client, monotonic=lambda now=now: now[0]), now))  # type: ignore[misc]
    yield made[0], made[1]
    for service in made:
        service.provider.client.close()


class Memory:
    """Answers kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.reads = self.writes = 0

    def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        self.reads += 1
        return {key: self.kept[key] for key in keys if key in self.kept}

    def keep(self, answers: Mapping[str, Kept]) -> None:
        self.writes += bool(answers)
        self.kept |= answers


def leads(number: int) -> list[LeadData]:
    return [LEAD.model_copy(update={"city": f"city {n}"}) for n in range(number)]


def enricher(governor: Counter, *services: Service, answers: Memory | None = None) -> Enricher:
    return Enricher(governor, [service.provider for service in services], Fixed(), answers=answers)


BOTH = {"first": f"first/{PROMPT_VERSION}", "second": f"second/{PROMPT_VERSION}", "rules": "rules"}


def described_by(results: Sequence[Any]) -> list[str]:
    return [next(name for name, by in BOTH.items() if by == result.lead.enriched_by) for result in results]


def test_what_the_first_fails_to_answer_the_second_is_asked_with_a_grant_under_its_own_name(
    services: tuple[Service, Service],
) -> None:
    first, second = services
    first.fail(kind="status", status=500)
    governor = Counter(10)
    results = enricher(governor, first, second).enrich([LEAD])
    assert described_by(results) == ["second"]
    assert governor.providers == ["first", "second"]
    assert (first.arrived(), second.arrived()) == (1, 1)


def test_a_first_that_fails_again_and_again_is_left_alone_then_tried_with_one_call(
    services: tuple[Service, Service],
) -> None:
    first, second = services
    first.fail(kind="status", status=503)
    asking = enricher(Counter(1000), first, second)
    asking.enrich(leads(OPENS_AFTER))
    assert first.arrived() == OPENS_AFTER
    assert described_by(asking.enrich(leads(3))) == ["second"] * 3
    assert first.arrived() == OPENS_AFTER, "its circuit is open"
    first.now[0] += FIRST_REST_S
    assert described_by(asking.enrich(leads(3))) == ["second"] * 3
    assert first.arrived() == OPENS_AFTER + 1, "one call found out that it still fails"
    first.recover()
    first.now[0] += 2 * FIRST_REST_S
    assert described_by(asking.enrich(leads(3))) == ["first", "second", "second"]
    assert described_by(asking.enrich(leads(3))) == ["first"] * 3


def test_a_first_that_asked_to_wait_is_not_called_and_nobody_waits_for_it(services: tuple[Service, Service]) -> None:
    first, second = services
    governor = Counter(10, held=("first",))
    assert described_by(enricher(governor, first, second).enrich(leads(2))) == ["second"] * 2
    assert first.arrived() == 0


def test_a_429_of_the_first_holds_it_and_the_lead_goes_to_the_second(services: tuple[Service, Service]) -> None:
    first, second = services
    first.fail(kind="status", status=429, retryAfter=90)
    governor = Counter(10)
    assert described_by(enricher(governor, first, second).enrich([LEAD])) == ["second"]
    assert governor.holds == [("first", NOW + timedelta(seconds=90))]


def test_a_lead_that_the_first_takes_later_waits_for_that_if_the_second_fails(
    services: tuple[Service, Service],
) -> None:
    first, second = services
    first.fail(kind="status", status=429, retryAfter=90)
    second.fail(kind="status", status=500)
    [result] = enricher(Counter(10), first, second).enrich([LEAD])
    assert (result.waiting_until, result.lead) == (NOW + timedelta(seconds=90), LEAD)


def test_leads_wait_while_both_asked_to_and_rules_stand_in_while_both_fail(services: tuple[Service, Service]) -> None:
    first, second = services
    [waiting] = enricher(Counter(10, held=("first", "second")), first, second).enrich([LEAD])
    assert (waiting.waiting_until, waiting.lead) == (LATER, LEAD)
    for service in services:
        service.fail(kind="status", status=500)
    asking = enricher(Counter(1000), first, second)
    for _ in range(2):
        results = asking.enrich(leads(OPENS_AFTER))
    assert described_by(results) == ["rules"] * OPENS_AFTER
    calls = first.arrived(), second.arrived()
    [result] = asking.enrich([LEAD])
    assert result.lead == by_rules(LEAD).model_copy(update={"note": result.note})
    assert "several times" in result.note
    assert (first.arrived(), second.arrived()) == calls


def test_a_limit_that_is_reached_is_not_gone_around_by_way_of_the_second(services: tuple[Service, Service]) -> None:
    governor = Counter(1)
    results = enricher(governor, *services).enrich(leads(3))
    assert [result.waiting_until for result in results] == [None, LATER, LATER]
    assert governor.providers == ["first"]


def test_grants_are_asked_for_by_campaign_once_and_each_lead_gets_one_of_its_own(
    services: tuple[Service, Service],
) -> None:
    governor = Counter(3)
    results = enricher(governor, services[0]).enrich(leads(4), campaigns=["a", "b", "a", "b"])
    assert governor.asked == [{"a": 2, "b": 2}]
    assert [result.waiting_until for result in results] == [None, None, None, LATER]
    assert governor.reports == 1


def test_the_most_a_call_can_use_is_reserved_before_and_what_it_did_use_told_after(
    services: tuple[Service, Service],
) -> None:
    governor = Counter(3)
    enricher(governor, services[0]).enrich(leads(2))
    uses = governor.uses
    assert len(uses) == 2
    for use in uses:
        assert 0 < use.prompt_tokens + use.completion_tokens <= governor.tokens[0]
        assert governor.prices[0] is not None
        assert 0 < use.micros <= governor.prices[0]


def test_a_price_nobody_knows_is_said_to_be_unknown_and_never_free(services: tuple[Service, Service]) -> None:
    first = services[0]
    first.provider.client.price = None
    governor = Counter(3)
    enricher(governor, first).enrich([LEAD])
    assert governor.prices == [None]


def test_a_repost_costs_no_grant_and_no_call(services: tuple[Service, Service]) -> None:
    first, memory, governor = services[0], Memory(), Counter(10)
    asking = enricher(governor, first, answers=memory)
    before = asking.enrich([LEAD])
    repost = LEAD.model_copy(
        update={"phone": "+15125550100", "note": "posted again", "contact_url": "https://x.example"}
    )
    after = asking.enrich([repost, LEAD])
    assert first.arrived() == 1
    assert len(governor.asked) == 1
    assert (memory.reads, memory.writes) == (2, 1)
    assert after[0].lead.enriched_by == BOTH["first"]
    assert after[0].lead.opener == before[0].lead.opener
    assert after[0].lead.phone == "+15125550100", "nothing of the earlier post comes along"


def test_an_answer_of_the_rules_is_not_kept(services: tuple[Service, Service]) -> None:
    first, memory = services[0], Memory()
    first.fail(kind="schema")
    assert described_by(enricher(Counter(10), first, answers=memory).enrich([LEAD])) == ["rules"]
    assert memory.kept == {}


def test_content_is_the_same_only_if_what_the_prompt_says_of_it_is() -> None:
    facts = WebsiteFacts("https://x.example", 60, "Old.", ("Old.",), text="Today is Monday.")
    key = content_key(LEAD, facts)
    assert content_key(LEAD.model_copy(update={"email": "joe@x.example", "note": "n"}), facts) == key
    assert content_key(LEAD, replace(facts, text="Today is Tuesday.")) == key
    loud = LEAD.model_copy(update={"title": f"★ {LEAD.title.upper()} ★", "body": LEAD.body.replace(" ", "  ") + "!!"})
    assert content_key(loud, facts) == key, "a repost in another dress"
    others = [
        content_key(LEAD, None),
        content_key(LEAD, replace(facts, score=61)),
        content_key(LEAD.model_copy(update={"title": "Plumber"}), facts),
        content_key(LEAD.model_copy(update={"body": LEAD.body + " Cheap."}), facts),
        content_key(LEAD.model_copy(update={"city": "dallas"}), facts),
    ]
    assert len({key, *others}) == 6


def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> Environment:
    for name, value in values.items():
        monkeypatch.setenv(f"LEADGEN_LLM_{name}", value)
    monkeypatch.setenv("LEADGEN_SOURCES", str(Path(__file__).parent))
    return read_environment()


def test_the_environment_names_two_services_and_what_they_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    found = providers_of(environment(
        monkeypatch, URL="https://api.one.example/v1", KEY="sk-1", MODEL="gpt-4o-mini",
        FALLBACK_URL="https://user:pass@two.example/v1", FALLBACK_KEY="sk-2", FALLBACK_MODEL="m", FALLBACK_PRICE="1/3",
    ))  # fmt: skip
    assert [one.name for one in found] == ["api.one.example/gpt-4o-mini", "two.example/m"]
    assert [one.client.price for one in found] == [Price(0.15, 0.60), Price(1.0, 3.0)]


def test_a_price_that_can_not_be_read_is_not_known_and_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    [one] = providers_of(environment(monkeypatch, URL="https://one.example/v1", MODEL="gpt-4o", PRICE="cheap"))
    assert one.client.price is None
    assert "LEADGEN_LLM_PRICE" in caplog.text


def test_without_a_service_or_a_model_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers_of(environment(monkeypatch, URL="https://one.example/v1", MODEL="")) == ()


def test_a_refusal_names_the_setting_of_the_provider_that_refused(services: tuple[Service, Service]) -> None:
    url = services[1].url
    client = ModelClient(f"{url}/v1", "wrong", "second", settings="LEADGEN_LLM_FALLBACK", clock=Fixed())
    [result] = Enricher(Counter(3), [Provider("second", client)], Fixed()).enrich([LEAD])
    client.close()
    assert "LEADGEN_LLM_FALLBACK_KEY" in result.note
