"""The inbox on a whole local stack: what somebody answers to a mail that left is read by the schedule, and followed."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from console.cli.app import app
from console.cli.demo import setting_up
from console.client.session import Session
from local.stack import StackInfo, warmup

_FIRST, _SECOND = 61, 62


def _document(session: Session, path: str) -> dict[str, Any]:
    return session.firestore().document(path).get().to_dict() or {}


def _until(look: Callable[[], Any], what: str, timeout_s: float = 60.0) -> Any:
    """What `look` gives as soon as that is something."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what} did not happen within {timeout_s:g} s")


def _tick(info: StackInfo, function: str) -> None:
    """What the scheduler does every few minutes."""
    parts = urlsplit(info.functions_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    trigger = f"us-central1-{function}-{warmup.generation(origin, info.project_id)}"
    answer = httpx.post(
        f"{origin}/functions/projects/{info.project_id}/triggers/{trigger}",
        json={},
        headers={"X-CloudScheduler": "true", "X-CloudScheduler-JobName": f"firebase-schedule-{function}-us-central1"},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code < 300, answer.text


class TestInbox:
    @pytest.fixture
    def sending(self, operator: Session, people: Callable[[str], Session], local_stack: StackInfo) -> Iterator[None]:
        """A mailbox that sends at once, and stops doing so at the end."""
        admin = people("admin")
        setting_up.sign_mailbox_in(operator, local_stack)
        before = admin.call("getConfig")
        changed = [*setting_up.SETTINGS, "emailProvider"]
        admin.call("updateConfig", setting_up.SETTINGS)
        yield
        admin.call("updateConfig", {name: before[name] for name in changed})

    def _mail(self, operator: Session, number: int) -> str:
        """Queue a mail to somebody new; its id."""
        lead = {"email": f"lead-{number}-{uuid.uuid4().hex[:8]}@answers.example", "name": f"Lead {number}"}
        wish = {"leadData": lead, "templateId": _FIRST, "city": "austin", "timezone": "America/Chicago"}
        return str(operator.call("queueEmail", wish)["emailId"])

    def _answer(self, info: StackInfo, mail: dict[str, Any], text: str) -> None:
        mime = (
            f"From: {mail['leadData']['email']}\nTo: {setting_up.ACCOUNT}\nSubject: Re: {mail['subject']}\n"
            f"Message-ID: <{uuid.uuid4().hex}@answers.example>\nIn-Reply-To: {mail['internetMessageId']}\n"
            f"Content-Type: text/plain\n\n{text}\n"
        )
        body = {"account": setting_up.ACCOUNT, "folder": "inbox", "mime": mime}
        with setting_up.microsoft(info) as http:
            http.post("/_standin/inbox", json=body).raise_for_status()

    def test_what_is_answered_to_a_mail_is_read_by_the_schedule_and_stops_its_sequence(
        self,
        sending: None,
        operator: Session,
        people: Callable[[str], Session],
        local_stack: StackInfo,
        tmp_path: Path,
    ) -> None:
        viewer = people("viewer")
        signed_in = {"LEADGEN_REFRESH_TOKEN": operator.sign_in.refresh_token, "LEADGEN_CONFIG_DIR": str(tmp_path)}

        def leadgen(*arguments: str) -> Any:
            done = CliRunner().invoke(app, [*arguments, "--json"], env=local_stack.environment() | signed_in)
            assert done.exit_code == 0, done.stderr
            return json.loads(done.stdout)

        for template in (_FIRST, _SECOND):
            body = {"templateName": f"T{template}", "baseSubject": "A question", "baseBodyHtml": "<p>Hello</p>"}
            operator.call("saveTemplate", {"templateId": template, **body})
        said = leadgen("templates", "sequence", str(_FIRST), "--step", f"{_SECOND}:3")
        assert said["followUps"] == [{"templateId": _SECOND, "afterDays": 3}]

        ids = [self._mail(operator, number) for number in range(2)]

        def sent(email_id: str) -> dict[str, Any] | None:
            mail = _document(viewer, f"emailQueue/{email_id}")
            return mail if mail["status"] == "SENT" else None

        replied, stopped = (_until(lambda one=one: sent(one), f"the sending of {one}") for one in ids)
        follow_ups = viewer.firestore().collection("emailQueue")
        self._answer(local_stack, replied, "Yes, call me on Monday.")
        self._answer(local_stack, stopped, "STOP")
        _tick(local_stack, "inboxTick")

        _until(lambda: _document(viewer, f"contacts/{replied['contactId']}").get("repliedAt"), "the reply")
        _until(lambda: _document(viewer, f"contacts/{stopped['contactId']}").get("optedOutAt"), "the STOP")
        assert _document(viewer, f"contacts/{stopped['contactId']}")["status"] == "SUPPRESSED"
        for email_id, reason in zip(ids, ("they answered", "they asked not to be written to"), strict=True):
            (follow_up,) = [
                one
                for one in ((snap.to_dict() or {}) for snap in follow_ups.stream())
                if one.get("follows") == email_id
            ]
            assert follow_up["status"] == "CANCELLED"
            assert follow_up["reason"].startswith(reason)
        listed = {(one["jobId"], one["kind"]) for one in leadgen("inbox", "list")}
        assert listed >= {(ids[0], "reply"), (ids[1], "opt_out")}

    @pytest.mark.parametrize("provider", ["gmail", "smtp"])
    def test_a_mailbox_of_the_other_kinds_signs_in_and_sends(
        self, sending: None, operator: Session, people: Callable[[str], Session], local_stack: StackInfo, provider: str
    ) -> None:
        others = local_stack.standins["microsoft"]
        if provider == "gmail":
            wish = {"authUrl": operator.call("authenticateGmail")["authUrl"], "account": others["gmail_accounts"][0]}
            trusted = ssl.create_default_context(cafile=others["ca_file"])
            consent = httpx.post(
                f"{others['gmail_url']}/_standin/consent", json=wish, verify=trusted, trust_env=False, timeout=30
            ).json()
            operator.call("handleGmailCallback", {"code": consent["code"], "state": consent["state"]})
        else:
            (address, password), *_ = others["smtp_accounts"].items()
            operator.call(
                "addSmtpMailbox",
                {
                    "address": address, "host": others["smtp_host"], "port": others["smtp_port"],
                    "security": "starttls", "password": password,
                },
            )  # fmt: skip
        operator.call(
            "saveTemplate",
            {"templateId": _FIRST, "templateName": "T", "baseSubject": "A question", "baseBodyHtml": "<p>Hello</p>"},
        )
        people("admin").call("updateConfig", {"emailProvider": provider})
        email_id = self._mail(operator, 9)
        _tick(local_stack, "emailTick")
        viewer = people("viewer")
        mail = _until(
            lambda: (found := _document(viewer, f"emailQueue/{email_id}"))["status"] == "SENT" and found, "the sending"
        )
        folder = Path(others["mail_folder"]).parent / provider
        assert any(mail["leadData"]["email"] in file.read_text() for file in folder.glob("*.eml"))
