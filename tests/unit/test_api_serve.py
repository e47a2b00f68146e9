"""What an endpoint answers to bad requests: a problem document that names the field and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from leadgen.api import endpoints
from leadgen.api import serve as serving
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.schemas import Message
from leadgen.model.errors import LeadgenError, NotAllowed, NotSignedIn
from leadgen.model.roles import Role


@dataclass
class FakeRequest:
    body: bytes = b"{}"
    method: str = "POST"
    mimetype: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_length(self) -> int | None:
        return len(self.body)

    def get_data(self) -> bytes:
        return self.body


CALLER = Caller(uid="u1", email="op@example.com", role=Role.OPERATOR)


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "authenticate", lambda header, needed: CALLER)


def ask(name: str, body: Any = None, **kwargs: Any) -> tuple[int, dict[str, Any], str]:
    data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
    answer = serving.answer(endpoints.ENDPOINTS[name], FakeRequest(data, **kwargs))
    return answer.status, json.loads(answer.body), answer.content_type


def fields(problem: dict[str, Any]) -> dict[str, str]:
    return {entry["field"]: entry["allowed"] for entry in problem["fields"]}


@pytest.mark.usefixtures("signed_in")
class TestBadBodies:
    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"city": "austin", "templateId": 1}, {"numLeads": "must be given"}),
            ({"city": "austin", "templateId": 1, "numLeads": 0}, {"numLeads": "must be at least 1"}),
            ({"city": "austin", "templateId": 1, "numLeads": 10**9}, {"numLeads": "must be at most 10000"}),
            ({"city": "austin", "templateId": 1, "numLeads": "60"}, {"numLeads": "must be a whole number"}),
            ({"city": "austin", "templateId": True, "numLeads": 1}, {"templateId": "must be a whole number"}),
            ({"city": "austin", "templateId": 1, "numLeads": 1.5}, {"numLeads": "must be a whole number"}),
            ({"city": "", "templateId": 1, "numLeads": 1}, {"city": "must have at least 1 characters"}),
            ({"city": 7, "templateId": 1, "numLeads": 1}, {"city": "must be text"}),
            ({"city": "a", "templateId": 1, "numLeads": 1, "leads": 2}, {"leads": "is not a known field"}),
        ],
    )
    def test_each_wrong_field_is_named_with_what_is_allowed(self, body: dict[str, Any], named: dict[str, str]) -> None:
        status, problem, kind = ask("triggerHarvest", body)
        assert (status, kind) == (400, "application/problem+json")
        assert fields(problem) == named
        assert problem["type"] == "urn:leadgen:problem:invalid-input"

    @pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b'{"city": NaN}', b"\xff\xfe", b"[" * 200_000])
    def test_what_is_no_json_object_is_refused(self, body: bytes) -> None:
        status, problem, _ = ask("triggerHarvest", body)
        assert status == 400
        assert "JSON" in problem["detail"]

    def test_a_huge_body_is_refused_unread(self) -> None:
        status, _, _ = ask("triggerHarvest", b" " * (serving.MAX_BODY_BYTES + 1))
        assert status == 413

    def test_another_content_type_is_refused(self) -> None:
        assert ask("triggerHarvest", mimetype="text/plain")[0] == 415

    def test_a_control_character_in_a_value_does_not_reach_the_answer(self) -> None:
        body = {"city": "a", "templateId": "\x1b[2J", "numLeads": 1}
        _, problem, _ = ask("triggerHarvest", body)
        assert "\x1b" not in problem["fields"][0]["value"]

    def test_an_endless_idempotency_key_is_refused(self) -> None:
        body = {"city": "a", "templateId": 1, "numLeads": 1}
        assert ask("triggerHarvest", body, headers={"Idempotency-Key": "k" * 500})[0] == 400

    @pytest.mark.parametrize("lead", ["a/b", "__x__", "..", "", "x" * 200])
    def test_a_lead_id_that_is_none_never_becomes_a_document_path(self, lead: str) -> None:
        status, problem, _ = ask("resolveCaptcha", {"leadId": lead, "captchaSuccess": True})
        assert status == 400
        assert "leadId" in fields(problem)


@pytest.mark.usefixtures("signed_in")
def test_the_wrong_method_is_refused() -> None:
    assert ask("triggerHarvest", method="GET")[0] == 405
    assert ask("getConfig", method="POST")[0] == 405


def test_nobody_signed_in_is_401_before_the_body_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(header: str | None, needed: Role) -> Caller:
        raise NotSignedIn("no token")

    monkeypatch.setattr(serving, "authenticate", refuse)
    assert ask("triggerHarvest", b"{")[0] == 401


def _with_work(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    old = endpoints.ENDPOINTS["authenticateOutlook"]
    changed = endpoints.Endpoint(old.name, old.method, old.role, None, Message, work, old.summary)
    monkeypatch.setitem(endpoints.ENDPOINTS, "authenticateOutlook", changed)


@pytest.mark.usefixtures("signed_in")
def test_an_unexpected_failure_tells_an_incident_and_nothing_of_the_data(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def work(call: Call) -> Message:
        raise RuntimeError("secret-token-1234")

    _with_work(monkeypatch, work)
    status, problem, _ = ask("authenticateOutlook")
    assert status == 500
    assert "incident" in problem["detail"]
    assert "secret-token-1234" not in json.dumps(problem) + caplog.text
    assert "RuntimeError" in caplog.text


@pytest.mark.usefixtures("signed_in")
def test_a_store_that_does_not_answer_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.api_core.exceptions import ServiceUnavailable

    def work(call: Call) -> Message:
        raise ServiceUnavailable("down")

    _with_work(monkeypatch, work)
    assert ask("authenticateOutlook")[0] == 503


@pytest.mark.usefixtures("signed_in")
def test_errors_of_the_core_keep_their_status_and_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(call: Call) -> Message:
        raise NotAllowed("Not for you.", hint="Ask.")

    _with_work(monkeypatch, work)
    status, problem, _ = ask("authenticateOutlook")
    assert (status, problem["detail"], problem["hint"]) == (403, "Not for you.", "Ask.")
    assert isinstance(NotAllowed("x"), LeadgenError)


def test_the_nine_endpoints_of_the_plan_exist_with_their_methods() -> None:
    methods = {name: endpoints.ENDPOINTS[name].method for name in endpoints.ENDPOINTS}
    assert methods.items() >= {
        "triggerHarvest": "POST", "processLead": "POST", "queueEmail": "POST", "resolveCaptcha": "POST",
        "getTemplates": "GET", "authenticateOutlook": "POST", "handleOutlookCallback": "POST",
        "getConfig": "GET", "updateConfig": "PUT",
    }.items()  # fmt: skip


def test_only_an_administrator_changes_the_configuration() -> None:
    assert endpoints.ENDPOINTS["updateConfig"].role is Role.ADMIN
    seen_by_all = {"explainEmail", "previewTemplate"}
    changing = [n for n in endpoints.ENDPOINTS if not n.startswith("get") and n not in seen_by_all]
    assert all(endpoints.ENDPOINTS[n].role is not Role.VIEWER for n in changing)
