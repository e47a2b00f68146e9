"""One call is one request, over in bounded time; each way of failing is told apart. All of it over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadgen.llm.client import ModelClient, parse_answer
from leadgen.llm.failures import Failure, ModelError, retry_time
from leadgen.llm.prompt import messages_for
from leadgen.model.documents import LeadData
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running

HTTP = httpx.Client(trust_env=False)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = LeadData(
    title="Licensed plumber", body="My name is Joe. We do drain cleaning, repipes and toilets.", city="austin"
)
KEY = "sk-very-secret"


class Fixed:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(build_app(Settings(tmp_path_factory.mktemp("model"), keys=(KEY,)))) as base:
        yield base


@pytest.fixture
def url(service: str) -> str:
    HTTP.post(f"{service}/_standin/reset").raise_for_status()
    return service


@pytest.fixture
def connect(url: str) -> Iterator[Callable[..., ModelClient]]:
    made: list[ModelClient] = []

    def build(key: str = KEY, model: str = "rules-1", timeout_s: float = 10.0, base: str = "") -> ModelClient:
        made.append(ModelClient(base or f"{url}/v1", key, model, timeout_s, clock=Fixed()))
        return made[-1]

    yield build
    for client in made:
        client.close()


def ask(client: ModelClient, within: float = 60.0) -> Any:
    return client.ask(messages_for(LEAD), begin_before=time.monotonic() + within)


def fault(url: str, **rule: Any) -> None:
    HTTP.post(f"{url}/_standin/faults", json=rule).raise_for_status()


def arrived(url: str) -> int:
    return len(HTTP.get(f"{url}/_standin/calls").json()["calls"])


def test_an_answer_becomes_an_enrichment(connect: Callable[..., ModelClient]) -> None:
    found = ask(connect())
    assert found.category == "Plumbing"
    assert found.contact_name == "Joe"
    assert found.services_rendered == ["drain cleaning", "repipes", "toilets"]
    assert found.language == "en"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"kind": "status", "status": 500}, Failure.SERVER),
        ({"kind": "status", "status": 503, "retryAfter": 9}, Failure.SERVER),
        ({"kind": "status", "status": 429, "retryAfter": 7}, Failure.THROTTLED),
        ({"kind": "status", "status": 429, "code": "insufficient_quota"}, Failure.REJECTED),
        ({"kind": "status", "status": 400}, Failure.REJECTED),
        ({"kind": "status", "status": 403}, Failure.REJECTED),
        ({"kind": "redirect"}, Failure.REJECTED),
        ({"kind": "malformed"}, Failure.BAD_OUTPUT),
        ({"kind": "schema"}, Failure.BAD_OUTPUT),
        ({"kind": "answer", "content": "I'd rather not."}, Failure.BAD_OUTPUT),
        ({"kind": "answer", "content": "[" * 5000}, Failure.BAD_OUTPUT),
        ({"kind": "answer", "content": '{"opener": "x", "email": "other@example.com"}'}, Failure.BAD_OUTPUT),
        ({"kind": "answer", "content": "{}" + " " * 1_100_000}, Failure.BAD_OUTPUT),
        ({"kind": "drop"}, Failure.CONNECTION),
        ({"kind": "truncated"}, Failure.CONNECTION),
    ],
)
def test_each_failure_is_told_apart_and_never_repeated_behind_our_back(
    url: str, connect: Callable[..., ModelClient], rule: dict[str, Any], kind: Failure
) -> None:
    fault(url, **rule)
    with pytest.raises(ModelError) as failed:
        ask(connect())
    assert failed.value.kind is kind
    assert arrived(url) == 1


def test_throttling_brings_the_time_the_provider_named(url: str, connect: Callable[..., ModelClient]) -> None:
    fault(url, kind="status", status=429, retryAfter=7)
    with pytest.raises(ModelError) as failed:
        ask(connect())
    assert failed.value.retry_at == NOW + timedelta(seconds=7)


@pytest.mark.parametrize("rule", [{"kind": "hang"}, {"kind": "drip", "seconds": 0.05}])
def test_a_call_that_never_ends_is_given_up_in_time(
    url: str, connect: Callable[..., ModelClient], rule: dict[str, Any]
) -> None:
    client = connect(timeout_s=0.5)
    client.prepare()
    fault(url, **rule)
    started = time.monotonic()
    with pytest.raises(ModelError) as failed:
        ask(client)
    assert failed.value.kind is Failure.TIMEOUT
    assert time.monotonic() - started < 5


def test_nothing_is_sent_once_the_grant_has_run_out(url: str, connect: Callable[..., ModelClient]) -> None:
    with pytest.raises(ModelError) as failed:
        ask(connect(), within=-0.001)
    assert failed.value.kind is Failure.LAPSED
    assert arrived(url) == 0


def test_a_grant_that_runs_out_while_connecting_stops_the_request_before_its_first_byte(
    url: str,
) -> None:
    """The clock passes the deadline between the check before connecting and the check before sending."""
    ticks = iter([0.0, 0.0, 0.0])
    client = ModelClient(f"{url}/v1", KEY, "rules-1", 10.0, monotonic=lambda: next(ticks, 100.0))
    with pytest.raises(ModelError) as failed:
        client.ask(messages_for(LEAD), begin_before=50.0)
    client.close()
    assert failed.value.kind is Failure.LAPSED
    assert arrived(url) == 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"key": "sk-wrong"}, "LEADGEN_LLM_KEY"),
        ({"model": "gpt-99"}, "LEADGEN_LLM_MODEL"),
        ({"key": "sk-\n"}, ""),
        ({"base": "http://127.0.0.1:1/v1"}, "reached"),
        ({"base": "not an address"}, ""),
    ],
)
def test_a_wrong_setting_is_named_and_the_key_never_shown(
    connect: Callable[..., ModelClient], wrong: dict[str, str], named: str
) -> None:
    with pytest.raises(ModelError) as failed:
        ask(connect(**wrong))
    assert named in failed.value.detail
    assert KEY not in str(failed.value)
    assert "sk-" not in failed.value.detail


@pytest.mark.parametrize(
    "content",
    [
        '```json\n{"category": "Roofing", "opener": "hi"}\n```',
        'Sure! {"category": "Roofing", "opener": "hi"} Anything else?',
    ],
)
def test_words_around_the_answer_cost_no_second_call(content: str) -> None:
    body = json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}).encode()
    assert parse_answer(body).category == "Roofing"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": null}]}', b"\xff\xfe",
     b'{"choices": 3}',
     b'{"choices": [{"message": {"content": null, "refusal": "no"}}]}',
     b'{"choices": [{"message": {"content": "{}"}, "finish_reason": "length"}]}',
     b'{"choices": [{"message": {"content": "{\\"websiteScore\\": NaN}"}}]}',
     b'{"choices": [{"message": {"content": "{\\"websiteScore\\": true}"}}]}',
     b'{"choices": [{"message": {"content": "{\\"websiteScore\\": 101}"}}]}',
     b'{"choices": [{"message": {"content": "{\\"category\\": \\"Crime\\"}"}}]}',
     b'{"choices": [{"message": {"content": "{\\"language\\": \\"<script>\\"}"}}]}'],
)  # fmt: skip
def test_whatever_the_body_is_it_is_bad_output_and_nothing_else(body: bytes) -> None:
    with pytest.raises(ModelError) as failed:
        parse_answer(body)
    assert failed.value.kind is Failure.BAD_OUTPUT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 02 Mar 2026 09:01:00 GMT"}, 60),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 0),
        ({}, 30),
        ({"retry-after": "soon"}, 30),
        ({"retry-after": "-5"}, 30),
        ({"retry-after": "nan"}, 30),
        ({"retry-after": "inf"}, 3600),
        ({"retry-after": "1e300"}, 3600),
    ],
)
def test_retry_after_is_read_in_all_its_forms_and_bounded(headers: dict[str, str], seconds: float) -> None:
    assert retry_time(headers, NOW) == NOW + timedelta(seconds=seconds)
