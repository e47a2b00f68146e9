"""One call is one request, over in bounded time; each way of failing is told apart. All of it over HTTP."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadgen.environment import read_environment
from leadgen.llm.book import Book
from leadgen.llm.client import MAX_TOKENS, ModelClient, Usage, parse_answer, parse_usage
from leadgen.llm.failures import Failure, ModelError, retry_time
from leadgen.llm.prices import most_tokens, price_of
from leadgen.llm.prompt import messages_for
from leadgen.llm.providers import Provider
from leadgen.llm.schema import Enrichment
from leadgen.llm.spending import Price, Use
from leadgen.model.documents import LeadData
from leadgen.model.errors import InvalidInput
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running
from tests.granting import slots_in

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
        made.append(ModelClient(base or f"{url}/v1", key, model, timeout_s, price=Price(1.0, 2.0), clock=Fixed()))
        return made[-1]

    yield build
    for client in made:
        client.close()


def ask(client: ModelClient, within: float = 60.0, book: Book | None = None) -> Enrichment:
    [slot] = slots_in(book or Book(time.monotonic), 1, lasts=within)
    return client.ask(messages_for(LEAD), slot).enrichment


def told(book: Book) -> tuple[int, Use]:
    """How many calls a book says began, and what they used."""
    news = book.take_news()
    amendments, settlements = news.amendments(), news.settlements
    assert amendments, "the slot was told nothing"
    return sum(one.n for one in amendments), sum((one.use for one in settlements), Use())


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


def test_nothing_is_sent_once_the_grant_has_run_out_and_it_is_given_back(
    url: str, connect: Callable[..., ModelClient]
) -> None:
    book = Book(time.monotonic)
    with pytest.raises(ModelError) as failed:
        ask(connect(), within=-0.001, book=book)
    assert failed.value.kind is Failure.LAPSED
    assert arrived(url) == 0
    assert told(book) == (0, Use())


def test_a_grant_that_runs_out_while_connecting_stops_the_request_before_its_first_byte(url: str) -> None:
    """The clock passes the deadline between the check before connecting and the check before sending."""
    ticks = iter([0.0, 0.0, 0.0, 0.0])
    client = ModelClient(f"{url}/v1", KEY, "rules-1", 10.0, monotonic=lambda: next(ticks, 100.0))
    book = Book(lambda: 0.0)
    [slot] = slots_in(book, 1, lasts=50.0)
    with pytest.raises(ModelError) as failed:
        client.ask(messages_for(LEAD), slot)
    client.close()
    assert failed.value.kind is Failure.LAPSED
    assert arrived(url) == 0
    assert told(book)[0] == 0


def test_a_call_waits_until_its_slot_opens(url: str) -> None:
    now = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert arrived(url) == 0
        now[0] += seconds

    client = ModelClient(f"{url}/v1", KEY, "rules-1", 10.0, monotonic=lambda: now[0], sleep=sleep)
    [slot] = slots_in(Book(lambda: now[0]), 1, opens_in=0.75, lasts=1.0)
    client.ask(messages_for(LEAD), slot)
    client.close()
    assert slept == [pytest.approx(0.75)]
    assert arrived(url) == 1


def test_a_slot_is_begun_when_the_bytes_leave_and_ended_with_what_the_answer_says(
    connect: Callable[..., ModelClient],
) -> None:
    events: list[str] = []

    class Watched:
        opens_at, lapses_at = 0.0, time.monotonic() + 60

        def skipped(self) -> None:
            events.append("skipped")

        def begun(self) -> None:
            events.append("begun")

        def answered(self) -> None:
            events.append("answered")

        def ended(self, use: Use) -> None:
            events.append("ended")

    answer = connect().ask(messages_for(LEAD), Watched())
    assert events[:2] == ["begun", "answered"]
    assert events.count("begun") == 1
    assert events[-1] == "ended"
    use = answer.use
    assert use.prompt_tokens > 100
    assert use.completion_tokens > 10
    assert use.micros == use.prompt_tokens + 2 * use.completion_tokens


@pytest.mark.parametrize(
    ("rule", "began", "most"),
    [
        ({"kind": "status", "status": 500}, 1, True),
        ({"kind": "drop"}, 1, True),
        ({"kind": "malformed"}, 1, True),
        ({"kind": "status", "status": 403}, 1, False),
        ({"kind": "status", "status": 429}, 1, False),
    ],
)
def test_a_call_that_failed_counts_as_the_most_it_can_have_used_unless_it_was_refused(
    url: str, connect: Callable[..., ModelClient], rule: dict[str, Any], began: int, most: bool
) -> None:
    fault(url, **rule)
    client, book = connect(), Book(time.monotonic)
    with pytest.raises(ModelError):
        ask(client, book=book)
    expected = client.most(messages_for(LEAD)) if most else Use(1)
    assert told(book) == (began, expected)
    assert expected.completion_tokens == (MAX_TOKENS if most else 0)


def test_a_call_that_could_not_connect_gives_its_grant_back(connect: Callable[..., ModelClient]) -> None:
    book = Book(time.monotonic)
    with pytest.raises(ModelError) as failed:
        ask(connect(base="http://127.0.0.1:1/v1"), book=book)
    assert failed.value.kind is Failure.CONNECTION
    assert told(book) == (0, Use())


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"prompt_tokens": 12, "completion_tokens": 3}, Usage(12, 3)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": -1, "completion_tokens": 3}, None),
        ({"prompt_tokens": True, "completion_tokens": 3}, None),
        ({"prompt_tokens": 1e9, "completion_tokens": 3}, None),
        ({"prompt_tokens": 10**12, "completion_tokens": 3}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_an_answer_says_it_used_is_believed_only_if_it_can_be_true(said: Any, found: Usage | None) -> None:
    assert parse_usage(json.dumps({"usage": said}).encode()) == found


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_answer_says_nothing_of_its_use(body: bytes) -> None:
    assert parse_usage(body) is None


def test_a_prompt_is_never_counted_for_fewer_tokens_than_it_has() -> None:
    # Counted with cl100k_base, the vocabulary of GPT-4: 9, and 6 for each escape at the very most.
    english = "The quick brown fox jumps over the lazy dog."
    assert 10 <= most_tokens([{"content": english}]) <= len(english)
    chinese = json.dumps("水管工" * 100)
    assert most_tokens([{"content": chinese}]) >= len(chinese)
    assert most_tokens([{"content": "1234567890" * 10}]) >= 100


def test_prices_are_those_of_the_list_unless_the_operator_says_otherwise() -> None:
    assert price_of("gpt-4o-mini") == price_of("gpt-4o-mini-2024-07-18") == Price(0.15, 0.60)
    assert price_of("rules-1") is None
    assert price_of("gpt-4o-mini", "0.2/1") == Price(0.2, 1.0)
    for wrong in ("cheap", "1", "-1/2", "nan/1", "inf/1", "1/2/3"):
        with pytest.raises(InvalidInput, match="LEADGEN_LLM_PRICE"):
            price_of("rules-1", wrong)


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


@pytest.mark.parametrize("rule", [None, {"kind": "status", "status": 401}, {"kind": "status", "status": 500},
                                  {"kind": "drop"}, {"kind": "schema"}])  # fmt: skip
def test_the_key_is_in_no_log_at_any_level_in_no_error_and_in_no_traceback(
    url: str, connect: Callable[..., ModelClient], caplog: pytest.LogCaptureFixture, rule: dict[str, Any] | None
) -> None:
    if rule is not None:
        fault(url, **rule)
    with caplog.at_level(logging.DEBUG):
        for name in ("openai", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        client = connect()
        shown = [repr(client), str(vars(Provider("one", client)))]
        try:
            ask(client)
        except ModelError as error:
            shown += [str(error), repr(error), error.detail, "".join(traceback.format_exception(error))]
    assert caplog.records, "nothing was logged, so nothing was tested"
    for text in [caplog.text, *shown, *(str(record.__dict__) for record in caplog.records)]:
        assert KEY not in text


def test_the_environment_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADGEN_LLM_KEY", KEY)
    monkeypatch.setenv("LEADGEN_LLM_FALLBACK_KEY", KEY + "2")
    environment = read_environment()
    assert environment.llm_key == KEY
    assert KEY not in repr(environment)
