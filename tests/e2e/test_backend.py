"""The functions on the emulators, called as people with roles: identity, idempotency, rules, the Outlook flow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api_core.exceptions import PermissionDenied
from typer.testing import CliRunner, Result

from console.cli.app import app
from console.cli.demo import setting_up
from console.client.admin import Admin
from console.client.problems import BackendError, SignInProblem
from console.client.profile import Profile
from console.client.schedules import read_schedules
from console.client.session import Session
from console.client.signin import SignIn, sign_in
from local.stack import StackInfo
from tests.backend_inbox import TestInbox
from tests.backend_people import LEAD, is_suppressed, operator, people, profile, raw, uid_in, unsigned
from tests.review_on_stack import TestReview

__all__ = ["TestInbox", "TestReview", "operator", "people", "profile"]

Leadgen = Callable[..., Result]


class TestIdentity:
    def test_nobody_gets_in_without_a_token_of_this_project(self, profile: Profile) -> None:
        foreign = unsigned(
            aud="other", iss="https://securetoken.google.com/other", sub="x", iat=1, exp=2**40, role="admin"
        )
        expired = unsigned(
            aud=profile.project_id, iss=f"https://securetoken.google.com/{profile.project_id}", sub="x", iat=1, exp=2,
            role="admin", auth_time=1,
        )  # fmt: skip
        for token in (None, "x", "a.b.c", foreign, expired):
            answer = raw(profile, "updateConfig", token, "PUT")
            assert answer.status_code == 401, token
            assert answer.headers["content-type"] == "application/problem+json"

    def test_a_role_decides_what_one_may_do(self, people: Callable[[str], Session], profile: Profile) -> None:
        viewer = people("viewer")
        assert "llmTransactionLimit" in viewer.call("getConfig")
        for endpoint, body in (("updateConfig", {"dailyCap": 1}), ("triggerHarvest", {})):
            with pytest.raises(BackendError) as caught:
                viewer.call(endpoint, body)
            assert caught.value.title == "Not allowed"
        with pytest.raises(BackendError) as caught:
            people("operator").call("updateConfig", {"dailyCap": 1})
        assert "admin" in caught.value.detail

    def test_a_user_without_a_role_gets_nothing(self, profile: Profile) -> None:
        Admin(profile).create_user("nobody@example.com", "secret-123")
        session = Session(profile, SignIn(profile, sign_in(profile, "nobody@example.com", "secret-123")))
        with pytest.raises(BackendError) as caught:
            session.call("getConfig")
        assert "set-role" in caught.value.hint

    def test_a_revoked_sign_in_is_refused_at_once(self, profile: Profile) -> None:
        admin = Admin(profile)
        admin.create_user("leaver@example.com", "secret-123")
        admin.set_role("leaver@example.com", "operator")
        person = SignIn(profile, sign_in(profile, "leaver@example.com", "secret-123"))
        token = person.id_token()
        assert raw(profile, "getConfig", token, "GET").status_code == 200
        httpx.post(
            f"{profile.auth_url}/projects/{profile.project_id}/accounts:update",
            json={"localId": uid_in(token), "disableUser": True},
            headers={"Authorization": "Bearer owner"},
            trust_env=False,
        ).raise_for_status()
        assert raw(profile, "getConfig", token, "GET").status_code == 401


class TestRules:
    @pytest.mark.parametrize(
        "collection", ["contacts", "processorQueue", "schedules", "emailQueue", "templates", "activity"]
    )
    def test_every_role_reads_what_the_console_shows(self, people: Callable[[str], Session], collection: str) -> None:
        list(people("viewer").firestore().collection(collection).limit(1).stream())

    @pytest.mark.parametrize(
        "collection", ["tokenVault", "oauthFlows", "identityIndex", "posts", "hosts", "mailedAddresses", "x"]
    )
    def test_secrets_and_claims_are_read_by_nobody(self, people: Callable[[str], Session], collection: str) -> None:
        with pytest.raises(PermissionDenied):
            list(people("admin").firestore().collection(collection).limit(1).stream())

    @pytest.mark.parametrize("path", ["contacts/x", "config/settings", "emailQueue/x", "schedules/x", "governor/llm"])
    def test_nobody_writes_past_the_functions(self, people: Callable[[str], Session], path: str) -> None:
        with pytest.raises(PermissionDenied):
            people("admin").firestore().document(path).set({"a": 1})

    def test_without_a_role_nothing_is_read(self, profile: Profile) -> None:
        Admin(profile).create_user("stranger@example.com", "secret-123")
        session = Session(profile, SignIn(profile, sign_in(profile, "stranger@example.com", "secret-123")))
        with pytest.raises(PermissionDenied):
            list(session.firestore().collection("contacts").limit(1).stream())


class TestCampaigns:
    def test_the_same_key_starts_one_campaign(self, operator: Session) -> None:
        key, body = str(uuid.uuid4()), {"city": "denver", "templateId": 1, "numLeads": 1}
        first = operator.call("triggerHarvest", body, idempotency_key=key)
        again = operator.call("triggerHarvest", body, idempotency_key=key)
        assert again["requestId"] == first["requestId"]
        with pytest.raises(BackendError) as caught:
            operator.call("triggerHarvest", {**body, "numLeads": 2}, idempotency_key=key)
        assert "Idempotency-Key" in caught.value.title

    def test_an_unknown_city_names_those_there_are(self, operator: Session) -> None:
        with pytest.raises(BackendError) as caught:
            operator.call("triggerHarvest", {"city": "atlantis", "templateId": 1, "numLeads": 1})
        assert "austin" in caught.value.hint

    def test_an_unknown_template_is_named(self, operator: Session) -> None:
        with pytest.raises(BackendError) as caught:
            operator.call("triggerHarvest", {"city": "austin", "templateId": 99, "numLeads": 1})
        assert caught.value.fields[0]["field"] == "templateId"


class TestSchedules:
    def test_a_schedule_is_made_listed_started_by_the_tick_and_removed(
        self, operator: Session, people: Callable[[str], Session], local_stack: StackInfo
    ) -> None:
        when = {"days": list(range(7)), "time": "04:00"}
        body = {"city": "denver", "templateId": 1, "numLeads": 1, "when": when, "maxRuns": 1}
        made = operator.call("scheduleCampaign", body, idempotency_key=str(uuid.uuid4()))
        mine = made["scheduleId"]
        db = people("viewer").firestore()
        (listed,) = [one for one in read_schedules(db) if one.id == mine]
        assert listed.schedule.next_run_at == datetime.fromisoformat(made["nextRunAt"])
        with pytest.raises(BackendError):
            people("viewer").call("changeSchedule", {"scheduleId": mine, "action": "remove"})
        self._make_due(local_stack, mine)
        deadline = time.monotonic() + 60
        while listed.schedule.last_run is None and time.monotonic() < deadline:
            time.sleep(0.5)
            (listed,) = [one for one in read_schedules(db) if one.id == mine]
        assert listed.campaign is not None, "the stack's ticks drive the schedules"
        assert (listed.schedule.runs, str(listed.schedule.status)) == (1, "ENDED")
        operator.call("changeSchedule", {"scheduleId": mine, "action": "remove"})
        assert not [one for one in read_schedules(db) if one.id == mine]

    def _make_due(self, local_stack: StackInfo, schedule_id: str) -> None:
        """Set its time to now, past the functions: nobody waits for four in the morning."""
        path = f"projects/{local_stack.project_id}/databases/(default)/documents/schedules/{schedule_id}"
        now = {"timestampValue": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:00Z")}
        httpx.patch(
            f"http://{local_stack.firestore_host}/v1/{path}",
            params={"updateMask.fieldPaths": ["nextRunAt", "dueAt"]},
            json={"fields": {"nextRunAt": now, "dueAt": now}},
            headers={"Authorization": "Bearer owner"},
            trust_env=False,
        ).raise_for_status()


class TestLeads:
    def test_a_lead_handed_in_twice_is_one_contact(self, operator: Session) -> None:
        first = operator.call("processLead", {"leadData": LEAD, "sourceUrl": "https://a.example/1"})
        again = operator.call("processLead", {"leadData": LEAD, "sourceUrl": "https://a.example/1"})
        repost = operator.call("processLead", {"leadData": LEAD, "sourceUrl": "https://a.example/2"})
        assert first["created"]
        assert not again["created"]
        assert first["leadId"] == again["leadId"] == repost["leadId"]
        assert repost["outcome"] == "DUPLICATE"

    def test_a_lead_that_can_not_be_reached_is_refused(self, operator: Session) -> None:
        with pytest.raises(BackendError) as caught:
            operator.call("processLead", {"leadData": {"name": "X"}})
        assert caught.value.fields[0]["field"] == "leadData"

    def test_a_mail_is_queued_once_per_template(self, operator: Session) -> None:
        body = {
            "leadData": {"email": "once@smith.example"}, "templateId": 1, "city": "austin", "timezone": "US/Central",
        }  # fmt: skip
        first, again = operator.call("queueEmail", body), operator.call("queueEmail", body)
        assert first["created"]
        assert not again["created"]
        assert first["emailId"] == again["emailId"]

    def test_the_suppressed_are_not_queued(self, operator: Session) -> None:
        operator.call("suppress", {"kind": "domain", "value": "never.example"})
        body = {
            "leadData": {"email": "a@never.example"}, "templateId": 1, "city": "austin", "timezone": "America/Chicago",
        }  # fmt: skip
        with pytest.raises(BackendError) as caught:
            operator.call("queueEmail", body)
        assert "suppressed" in caught.value.detail

    def test_a_captcha_is_resolved_once(self, operator: Session) -> None:
        lead = {"contactUrl": "https://a.example/contact/77", "title": "Gutters cleaned"}
        made = operator.call("processLead", {"leadData": lead, "sourceUrl": "https://a.example/77", "templateId": 1})
        assert made["outcome"] in ("REVIEW", "WAITING")
        report = {"leadId": made["leadId"], "captchaSuccess": True, "extractedEmail": "Gutter@Shine.example"}
        done = operator.call("resolveCaptcha", report)
        assert (done["status"], bool(done["emailId"])) == ("PROCESSED", True)
        assert operator.call("resolveCaptcha", report) == done
        with pytest.raises(BackendError) as caught:
            operator.call("resolveCaptcha", {**report, "extractedEmail": "other@shine.example"})
        assert "gutter@shine.example" in caught.value.detail


class TestConfiguration:
    @pytest.fixture
    def admin(self, people: Callable[[str], Session]) -> Iterator[Session]:
        session = people("admin")
        before = session.call("getConfig")["dailyCap"]
        yield session
        session.call("updateConfig", {"dailyCap": before})

    def test_a_change_is_in_force_at_once_and_a_stale_one_is_refused(self, admin: Session) -> None:
        old = admin.call("getConfig")
        new = admin.call("updateConfig", {"dailyCap": 123, "llmTransactionLimit": 77}, revision=old["revision"])
        assert (new["dailyCap"], new["revision"]) == (123, old["revision"] + 1)
        assert admin.firestore().document("governor/llm").get().to_dict()["limit"] == 77
        with pytest.raises(BackendError) as caught:
            admin.call("updateConfig", {"dailyCap": 124}, revision=old["revision"])
        assert "admin@" in caught.value.detail

    def test_an_admin_tries_the_model_with_one_call(
        self, admin: Session, people: Callable[[str], Session], local_stack: StackInfo
    ) -> None:
        with pytest.raises(BackendError):
            people("operator").call("testModel")
        [one] = admin.call("testModel")
        assert (one["ok"], one["model"]) == (True, local_stack.variables["LEADGEN_LLM_MODEL"])

    def test_one_bad_value_changes_nothing(self, admin: Session) -> None:
        before = admin.call("getConfig")
        with pytest.raises(BackendError) as caught:
            admin.call("updateConfig", {"dailyCap": 5, "llmTransactionLimit": -1})
        assert caught.value.fields[0] == {
            "field": "llmTransactionLimit", "value": "-1", "allowed": "must be at least 0",
        }  # fmt: skip
        assert admin.call("getConfig") == before


class TestOutlook:
    def _consent(self, info: StackInfo, url: str, **more: Any) -> dict[str, Any]:
        with setting_up.microsoft(info) as http:
            answer = http.post("/_standin/consent", json={"authUrl": url, "account": setting_up.ACCOUNT, **more})
        answer.raise_for_status()
        return dict(answer.json())

    def test_a_mailbox_signs_in_and_a_callback_works_once_and_for_its_owner(
        self, operator: Session, people: Callable[[str], Session], local_stack: StackInfo
    ) -> None:
        given = self._consent(local_stack, operator.call("authenticateOutlook")["authUrl"])
        callback = {"code": given["code"], "state": given["state"]}
        with pytest.raises(BackendError):
            people("admin").call("handleOutlookCallback", callback)
        assert setting_up.ACCOUNT in operator.call("handleOutlookCallback", callback)["message"]
        with pytest.raises(BackendError) as caught:
            operator.call("handleOutlookCallback", callback)
        assert "leadgen auth outlook" in caught.value.hint

    def test_a_refusal_is_told_without_echoing_the_page(self, operator: Session, local_stack: StackInfo) -> None:
        state = self._consent(local_stack, operator.call("authenticateOutlook")["authUrl"])["state"]
        with pytest.raises(BackendError) as caught:
            operator.call(
                "handleOutlookCallback",
                {"state": state, "error": "access_denied", "errorDescription": "<script>alert(1)</script>"},
            )
        assert "<script>" not in caught.value.detail + caught.value.hint


class TestOptOut:
    def test_looking_at_the_page_does_nothing_and_the_button_opts_out(
        self, operator: Session, local_stack: StackInfo, profile: Profile
    ) -> None:
        from leadgen.mail.optout import make_token

        address = f"reader-{uuid.uuid4().hex[:6]}@example.com"
        token = make_token(local_stack.variables["LEADGEN_TOKEN_KEY"], address)
        url = f"{profile.functions_url}/unsubscribe"
        page = httpx.get(url, params={"token": token}, trust_env=False, timeout=30)
        assert page.status_code == 200
        assert address in page.text
        assert not is_suppressed(operator, address)
        assert httpx.post(url, params={"token": token}, trust_env=False, timeout=30).status_code == 200
        assert is_suppressed(operator, address)

    def test_a_changed_token_is_refused(self, profile: Profile) -> None:
        answer = httpx.post(
            f"{profile.functions_url}/unsubscribe", params={"token": "AAAA"}, trust_env=False, timeout=30
        )
        assert answer.status_code == 400


class TestCommandLine:
    """The headless twin, told of the emulators by the standard variables."""

    @pytest.fixture
    def leadgen(self, local_stack: StackInfo, people: Callable[[str], Session], tmp_path: Path) -> Leadgen:
        def run(*arguments: str, role: str = "operator", **changed: str) -> Result:
            environment = self._environment(local_stack, people(role), tmp_path) | changed
            return CliRunner().invoke(app, list(arguments), env=environment)

        return run

    def _environment(self, info: StackInfo, session: Session, folder: Path) -> dict[str, str]:
        token = session.sign_in.refresh_token
        return info.environment() | {"LEADGEN_REFRESH_TOKEN": token, "LEADGEN_CONFIG_DIR": str(folder)}

    def test_a_campaign_is_started_and_waited_for(self, leadgen: Leadgen, operator: Session) -> None:
        done = leadgen("run", "--city", "portland", "--template", "1", "--leads", "2", "--wait", "--json")
        assert done.exit_code == 0, done.stderr
        facts = json.loads(done.stdout)
        assert (facts["status"], facts["endReason"], facts["counts"]["found"]) == ("COMPLETED", "TARGET_MET", 2)
        listed = json.loads(leadgen("status", "--json").stdout)["campaigns"]
        assert facts["requestId"] in [campaign["requestId"] for campaign in listed]

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["run", "--city", "atlantis", "--template", "1", "--leads", "1"], 1, "atlantis"),
            (["run", "--city", "austin", "--template", "1", "--leads", "0"], 2, "leads"),
            (["config", "get", "nonsense"], 2, "nonsense"),
            (["config", "set", "dailyCap"], 2, "NAME=VALUE"),
            (["config", "set", "dailyCap=5"], 1, "admin"),
            (["templates", "show", "99"], 1, "99"),
            (["suppress", "add", "not an address"], 1, "value"),
            (["cancel", "0" * 32], 1, "no campaign"),
            (["--profile", "nowhere", "status"], 2, "settings file"),
        ],
    )
    def test_what_goes_wrong_is_said_with_its_exit_code(
        self, leadgen: Leadgen, operator: Session, arguments: list[str], code: int, said: str
    ) -> None:
        done = leadgen(*arguments)
        assert (done.exit_code, done.stdout) == (code, ""), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_configuration_is_set_and_read(self, leadgen: Leadgen) -> None:
        assert leadgen("config", "set", "senderName=Grace", role="admin").exit_code == 0
        assert json.loads(leadgen("config", "get", "senderName", "--json").stdout) == {"senderName": "Grace"}

    def test_a_template_is_saved_and_a_bad_one_refused(self, leadgen: Leadgen, tmp_path: Path) -> None:
        body = tmp_path / "body.html"
        body.write_text("<p>Hi {{ greetingName }}</p>", encoding="utf-8")
        options = ["templates", "save", "7", "--body", str(body), "--name", "Seven", "--subject"]
        assert leadgen(*options, "Hello").exit_code == 0
        assert json.loads(leadgen("templates", "show", "7", "--json").stdout)["version"] == 1
        refused = leadgen(*options, "Hello {{ nonsense }}")
        assert refused.exit_code == 1
        assert "nonsense" in refused.stderr

    def test_nobody_signed_in_is_3_and_a_backend_that_is_down_is_4(self, leadgen: Leadgen) -> None:
        assert leadgen("cities", LEADGEN_REFRESH_TOKEN="no").exit_code == 3
        assert leadgen("cities", LEADGEN_FUNCTIONS_URL="http://127.0.0.1:9").exit_code == 4

    def test_a_mailbox_is_signed_in_through_the_loopback_redirect(
        self, local_stack: StackInfo, people: Callable[[str], Session], tmp_path: Path
    ) -> None:
        command = [str(Path(sys.executable).with_name("leadgen")), "auth", "outlook", "--no-browser"]
        environment = os.environ | self._environment(local_stack, people("operator"), tmp_path)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as cli:
            try:
                assert cli.stdout is not None
                url = cli.stdout.readline().strip()
                with setting_up.microsoft(local_stack) as http:
                    consent = http.post("/_standin/consent", json={"authUrl": url, "account": "grace@contoso.example"})
                assert httpx.get(consent.json()["redirect"], trust_env=False, timeout=30).status_code == 200
                _, said = cli.communicate(timeout=60)
            finally:
                cli.kill()
        assert cli.returncode == 0, said
        assert "grace@contoso.example is signed in" in said
        mailboxes = people("viewer").firestore().collection("mailboxes").stream()
        assert ("grace@contoso.example", "ACTIVE") in [
            ((m.to_dict() or {})["account"], (m.to_dict() or {})["state"]) for m in mailboxes
        ]


def test_a_sign_in_that_does_not_hold_is_told(profile: Profile) -> None:
    with pytest.raises(SignInProblem):
        SignIn(profile, "not-a-token").id_token()


def test_every_endpoint_of_the_openapi_document_answers(profile: Profile) -> None:
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method in operations:
            assert raw(profile, path.strip("/"), None, method.upper()).status_code == 401, path
