"""Limits and faults of the Graph stand-in: what a client must be ready for happens exactly when asked."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.microsoft.settings import Settings
from local.microsoft.testing import Clock, RunningStandin, running_standin

SEND = {"method": "POST", "path": "/v1.0/me/messages/*/send"}
BOB = [{"emailAddress": {"address": "bob@example.org"}}]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(tmp_path: Path, clock: Clock) -> Iterator[RunningStandin]:
    with running_standin(Settings(tmp_path, clock=clock)) as served:
        yield served


@pytest.fixture
def graph(standin: RunningStandin) -> Iterator[httpx.Client]:
    with standin.graph() as client:
        yield client


def draft(graph: httpx.Client) -> str:
    made: dict[str, Any] = graph.post("me/messages", json={"subject": "x", "toRecipients": BOB}).json()
    return str(made["id"])


def send(graph: httpx.Client, message: str) -> httpx.Response:
    return graph.post(f"me/messages/{message}/send")


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_messages_per_minute(standin: RunningStandin, graph: httpx.Client, clock: Clock, form: str) -> None:
    standin.control("PATCH", "settings", {"maxMessagesPerMinute": 3, "retryAfterForm": form})
    drafts = [draft(graph) for _ in range(4)]
    for message in drafts[:3]:
        assert send(graph, message).status_code == 202
        clock.advance(10)
    refused = send(graph, drafts[3])
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "ApplicationThrottled")
    value = refused.headers["Retry-After"]
    wait = int(value) if form == "seconds" else parsedate_to_datetime(value).timestamp() - clock.now
    assert wait == 30
    clock.advance(wait - 1)
    assert send(graph, drafts[3]).status_code == 429
    clock.advance(1)
    assert send(graph, drafts[3]).status_code == 202
    assert len(standin.deliveries()) == 4


def test_requests_at_a_time(standin: RunningStandin, graph: httpx.Client) -> None:
    standin.control("PATCH", "settings", {"maxConcurrent": 4})
    slow = {"match": {"path": "/v1.0/me/mailFolders"}, "delaySeconds": 60}
    standin.control("POST", "faults", slow)
    with standin.graph("grace@contoso.example") as other, ThreadPoolExecutor(4) as pool:
        held = [pool.submit(graph.get, "me/mailFolders") for _ in range(4)]
        while standin.control("GET", "faults")[0]["used"] < 4:
            pass
        refused = graph.get("me")
        assert refused.status_code == 429
        assert "MailboxConcurrency" in refused.json()["error"]["message"]
        assert int(refused.headers["Retry-After"]) >= 1
        assert other.get("me").status_code == 200
        standin.control("DELETE", "faults")
        assert [future.result().status_code for future in held] == [200] * 4
    assert graph.get("me").status_code == 200


def test_limits_are_off_until_they_are_set(standin: RunningStandin, graph: httpx.Client) -> None:
    assert [send(graph, draft(graph)).status_code for _ in range(31)] == [202] * 31


@pytest.mark.parametrize("status", [401, 429, 500, 503, 504])
def test_an_error_without_effect(standin: RunningStandin, graph: httpx.Client, status: int) -> None:
    message = draft(graph)
    standin.control("POST", "faults", {"match": {**SEND, "times": 1}, "fault": f"status:{status}", "retryAfter": 7})
    answer = send(graph, message)
    assert answer.status_code == status
    assert "error" in answer.json()
    assert answer.headers["Retry-After"] == "7"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert standin.deliveries() == []
    assert graph.get(f"me/messages/{message}").json()["isDraft"] is True
    assert send(graph, message).status_code == 202
    assert len(standin.deliveries()) == 1


def test_delivered_but_504_counts_one_delivery(standin: RunningStandin, graph: httpx.Client) -> None:
    message = draft(graph)
    standin.control("POST", "faults", {"match": SEND, "fault": "status:504", "afterEffect": True})
    assert send(graph, message).status_code == 504
    assert len(standin.deliveries()) == 1
    assert graph.get(f"me/messages/{message}").json()["isDraft"] is False
    assert send(graph, message).status_code == 504
    assert len(standin.deliveries()) == 1


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_dropped_connection(standin: RunningStandin, graph: httpx.Client, after_effect: bool) -> None:
    message = draft(graph)
    standin.control("POST", "faults", {"match": SEND, "drop": True, "afterEffect": after_effect})
    with pytest.raises(httpx.TransportError):
        send(graph, message)
    assert len(standin.deliveries()) == (1 if after_effect else 0)


def test_accepted_with_retry_after_was_sent(standin: RunningStandin, graph: httpx.Client) -> None:
    standin.control("POST", "faults", {"match": SEND, "retryAfter": 30})
    answer = send(graph, draft(graph))
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "30")
    assert len(standin.deliveries()) == 1


def test_accepted_and_lost(standin: RunningStandin, graph: httpx.Client) -> None:
    standin.control(
        "POST", "faults", {"match": SEND, "fault": "status:202", "retryAfter": "Fri, 01 Jan 2027 00:00:00 GMT"}
    )
    answer = send(graph, draft(graph))
    assert answer.status_code == 202
    assert answer.headers["Retry-After"].startswith("Fri")
    assert standin.deliveries() == []


def test_nth_times_and_counts(standin: RunningStandin, graph: httpx.Client) -> None:
    standin.control("POST", "faults", {"match": {"path": "/v1.0/me", "nth": 3, "times": 2}, "fault": "status:500"})
    assert [graph.get("me").status_code for _ in range(6)] == [200, 200, 500, 500, 200, 200]
    (rule,) = standin.control("GET", "faults")
    assert (rule["seen"], rule["used"]) == (6, 2)
    assert standin.control("DELETE", f"faults/{rule['id']}") == {"deleted": 1}
    assert standin.control("GET", "faults") == []


def test_probability_repeats_with_its_seed(standin: RunningStandin, graph: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        standin.control("DELETE", "faults")
        match = {"path": "/v1.0/me", "probability": 0.5, "seed": seed}
        standin.control("POST", "faults", {"match": match, "fault": "status:503"})
        return [graph.get("me").status_code for _ in range(20)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert set(run(1)) == {200, 503}


def test_sign_in_can_fail_too(standin: RunningStandin) -> None:
    standin.control("POST", "faults", {"match": {"path": "*/token"}, "fault": "status:503", "retryAfter": 2})
    form = {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "x"}
    answer = standin.http.post("/common/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize("rule", [{}, {"fault": "504"}, {"fault": "status:999"}, {"drop": True, "colour": "red"}])
def test_rules_that_make_no_sense_are_refused(standin: RunningStandin, rule: dict[str, Any]) -> None:
    assert standin.http.post("/_standin/faults", json=rule).status_code == 400


@pytest.mark.parametrize("change", [{"maxConcurrent": 0}, {"nothing": 1}, {"retryAfterForm": "never"}, []])
def test_knobs_that_make_no_sense_are_refused(standin: RunningStandin, change: Any) -> None:
    assert standin.http.patch("/_standin/settings", json=change).status_code == 400


def test_control_calls_with_wrong_content_say_what_is_wrong(standin: RunningStandin) -> None:
    for path, body in (
        ("consent", {}),
        ("consent", {"authUrl": "https://x/?client_id=a"}),
        ("consent", {"userCode": "NOSUCH"}),
        ("inbox", {"account": "nobody@x.example"}),
        ("inbox", {"account": "ada@contoso.example", "folder": "nowhere"}),
        ("revoke", {"account": "nobody@x.example"}),
        ("clients", {}),
    ):
        answer = standin.http.post(f"/_standin/{path}", json=body)
        assert answer.status_code in {400, 404}, path
        assert answer.json()["error"], path


def test_too_large_a_message_is_refused(graph: httpx.Client) -> None:
    data = base64.b64encode(b"x" * (4 * 1024 * 1024)).decode()
    assert graph.post("me/messages", json={"attachments": [{"name": "x", "contentBytes": data}]}).status_code == 413
