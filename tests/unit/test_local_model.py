"""The stand-in speaks OpenAI's protocol over HTTP to the official client, notes every call, and fails on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running

HTTP = httpx.Client(trust_env=False)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "category": {"type": "string", "enum": ["Plumbing", "Roofing", "Other"]},
        "servicesRendered": {"type": "array", "items": {"type": "string"}},
        "websiteScore": {"type": ["integer", "null"]},
        "unheardOf": {"type": "boolean"},
    },
    "required": ["category", "servicesRendered", "websiteScore", "unheardOf"],
}
AD = {"title": "Licensed plumber", "body": "Joe – Joe. We do drain cleaning, repipes and toilets.", "city": "austin"}
MESSAGES: list[Any] = [{"role": "system", "content": "Describe."}, {"role": "user", "content": json.dumps({"ad": AD})}]
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "ad", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(tmp_path_factory.mktemp("model"), wall=lambda: 1_000.0, monotonic=lambda: 5.5)
    with running(build_app(settings)) as base:
        yield base


@pytest.fixture
def url(service: str) -> str:
    HTTP.post(f"{service}/_standin/reset").raise_for_status()
    return service


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="local", base_url=f"{url}/v1", max_retries=0, timeout=5) as made:
        yield made


def ask(client: openai.OpenAI, **more: Any) -> Any:
    return client.chat.completions.create(**{"model": "rules-1", "messages": MESSAGES, **more})


def fault(url: str, **rule: Any) -> httpx.Response:
    return HTTP.post(f"{url}/_standin/faults", json=rule)


def calls(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = HTTP.get(f"{url}/_standin/calls").json()["calls"]
    return found


def test_the_official_client_gets_json_of_the_schema_it_asked_for_and_the_tokens_it_cost(
    client: openai.OpenAI,
) -> None:
    answer = ask(client, response_format=FORMAT)
    assert json.loads(answer.choices[0].message.content) == {
        "category": "Plumbing",
        "servicesRendered": ["drain cleaning", "repipes", "toilets"],
        "websiteScore": None,
        "unheardOf": False,
    }
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_the_same_prompt_gets_the_same_answer(client: openai.OpenAI) -> None:
    first, second = (ask(client, response_format=FORMAT).choices[0].message.content for _ in range(2))
    assert first == second


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["rules-1"]


def test_a_wrong_or_missing_key_is_refused_in_openais_form(url: str) -> None:
    with (
        openai.OpenAI(api_key="stolen", base_url=f"{url}/v1", max_retries=0) as wrong,
        pytest.raises(openai.AuthenticationError) as refused,
    ):
        ask(wrong)
    assert refused.value.code == "invalid_api_key"
    bare = HTTP.post(f"{url}/v1/chat/completions", json={})
    assert bare.status_code == 401
    assert set(bare.json()["error"]) == {"message", "type", "param", "code"}
    assert HTTP.get(f"{url}/v1/models").status_code == 401


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"stream": True}, "stream"),
        ({"n": 2}, "n"),
        ({"messages": []}, "messages"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.name"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "string"}}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_what_is_not_offered_is_refused_by_the_name_of_the_parameter(
    client: openai.OpenAI, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **change)
    assert refused.value.param == param


def test_a_model_it_does_not_have_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        ask(client, model="gpt-99")
    assert refused.value.code == "model_not_found"


def test_every_call_is_noted_with_its_arrival_whatever_became_of_it(url: str, client: openai.OpenAI) -> None:
    ask(client)
    fault(url, kind="status", status=503, times=1)
    with pytest.raises(openai.InternalServerError):
        ask(client)
    HTTP.post(f"{url}/v1/chat/completions", json={})
    noted = calls(url)
    assert [call["status"] for call in noted] == [200, 503, 401]
    assert {(call["monotonic"], call["wall"]) for call in noted} == {(5.5, 1_000.0)}
    assert noted[0]["promptHash"] == noted[1]["promptHash"] != ""
    assert noted[0]["model"] == "rules-1"


def test_the_notes_survive_a_restart_and_not_a_reset(tmp_path: Path) -> None:
    for expected in (1, 2):
        with running(build_app(Settings(tmp_path))) as base:
            HTTP.post(f"{base}/v1/chat/completions", json={})
            assert [call["number"] for call in calls(base)] == list(range(1, expected + 1))
    with running(build_app(Settings(tmp_path))) as base:
        fault(base, kind="drop")
        HTTP.post(f"{base}/_standin/reset")
        assert calls(base) == []
        assert HTTP.get(f"{base}/_standin/faults").json() == {"faults": []}
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_fault_strikes_from_its_nth_call_as_often_as_it_says(url: str, client: openai.OpenAI) -> None:
    fault(url, kind="status", status=500, nth=2, times=2)
    seen = []
    for _ in range(4):
        try:
            ask(client)
            seen.append(200)
        except openai.InternalServerError:
            seen.append(500)
    assert seen == [200, 500, 500, 200]


def test_faults_by_chance_are_the_same_for_the_same_seed(url: str, client: openai.OpenAI) -> None:
    def pattern() -> list[bool]:
        HTTP.post(f"{url}/_standin/reset")
        fault(url, kind="malformed", probability=0.5, seed=3)
        return [not ask_raw(url).text.endswith("}") for _ in range(12)]

    first = pattern()
    assert first == pattern()
    assert len(set(first)) == 2


def ask_raw(url: str, timeout_s: float = 10.0) -> httpx.Response:
    body = {"model": "rules-1", "messages": MESSAGES, "response_format": FORMAT}
    return HTTP.post(
        f"{url}/v1/chat/completions",
        json=body,
        headers={"Authorization": "Bearer local"},
        timeout=timeout_s,
    )


def test_throttling_says_how_long_to_wait(url: str) -> None:
    fault(url, kind="status", status=429, retryAfter=7)
    answer = ask_raw(url)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"


def test_a_hanging_call_never_answers_and_a_dropped_one_breaks_off(url: str) -> None:
    fault(url, kind="hang", times=1)
    fault(url, kind="drop", nth=2, times=1)
    fault(url, kind="truncated", nth=3, times=1)
    with pytest.raises(httpx.ReadTimeout):
        ask_raw(url, 0.3)
    with pytest.raises(httpx.RemoteProtocolError):
        ask_raw(url)
    with pytest.raises(httpx.RemoteProtocolError):
        ask_raw(url)
    assert ask_raw(url).status_code == 200
    assert [call["fault"] for call in calls(url)] == ["hang", "drop", "truncated", ""]


def test_answers_can_be_of_a_wrong_schema_or_exactly_as_ordered(url: str, client: openai.OpenAI) -> None:
    fault(url, kind="schema", times=1)
    fault(url, kind="answer", content="I'd rather not.", nth=2, times=1)
    assert ask(client, response_format=FORMAT).choices[0].message.content == '{"unexpected": true}'
    assert ask(client, response_format=FORMAT).choices[0].message.content == "I'd rather not."


@pytest.mark.parametrize(
    "rule", [{}, {"kind": "boom"}, {"kind": "status"}, {"kind": "drop", "nth": 0}, {"kind": "drop", "x": 1}]
)
def test_a_rule_that_makes_no_sense_is_refused(url: str, rule: dict[str, Any]) -> None:
    answer = fault(url, **rule)
    assert answer.status_code == 400
    assert answer.json()["problems"]
