"""Sending through the Gmail API, against a stand-in that speaks it; and the stand-in against Google's documentation."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadgen.mail.providers.base import (
    DraftState,
    Message,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Throttled,
    Unreachable,
)
from leadgen.mail.providers.gmail import GmailProvider
from leadgen.mail.providers.mime import Sender
from leadgen.model.errors import Unavailable
from leadgen.outlook.google import GMAIL_SCOPE
from leadgen.outlook.vault import MailboxNeedsSignIn
from local.gmail.state import Fault, State
from local.gmail.testing import ADA, RunningGmail, running_gmail

JOB = "3f2a" * 8
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
MAIL = Message("bob@example.org", "Bob", "Grüße", "<p>Hello</p>", "Hello", f"<mailto:{ADA}?subject=STOP>")
SEND = {"method": "POST", "path": "*/drafts/send"}


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGmail]:
    with running_gmail(tmp_path_factory.mktemp("gmail")) as running:
        yield running


@pytest.fixture
def gmail(server: RunningGmail) -> RunningGmail:
    fresh = State()
    server.state.__dict__.update(fresh.__dict__)
    for token in ("good", "better"):
        server.state.access[token] = {"account": ADA, "scope": GMAIL_SCOPE, "expires": 9e12}
    return server


Provider = Callable[..., GmailProvider]


@pytest.fixture
def provider(gmail: RunningGmail) -> Iterator[Provider]:
    made: list[GmailProvider] = []

    def make(token: Callable[[bool], str] = lambda refused: "good", timeout_s: float = 10.0) -> GmailProvider:
        one = GmailProvider(
            token, gmail.url, Sender(ADA, "Ada"), Clock(), ca_file=str(gmail.ca_file), timeout_s=timeout_s
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def test_a_draft_is_made_sent_and_found(gmail: RunningGmail, provider: Provider) -> None:
    one = provider()
    draft = one.create_draft(MAIL, JOB)
    assert draft.internet_message_id == f"<{JOB}@fabrikam.example>"
    assert one.look(draft.immutable_id).state is DraftState.DRAFT
    assert one.find_by_job(JOB) == draft
    one.send(draft.immutable_id)
    (sent,) = gmail.state.delivered
    assert (sent.mail["Subject"], sent.mail["To"]) == ("Grüße", "Bob <bob@example.org>")
    assert sent.mail["From"] == f"Ada <{ADA}>"
    assert one.look(draft.immutable_id).state is DraftState.SENT
    found = one.find_by_job(JOB)
    assert found is not None
    assert found.state is DraftState.SENT
    assert one.look(found.immutable_id).state is DraftState.SENT


def test_a_sent_mail_is_found_although_google_gave_it_another_message_id(
    gmail: RunningGmail, provider: Provider
) -> None:
    gmail.state.keeps_message_id = False
    one = provider()
    draft = one.create_draft(MAIL, JOB)
    one.send(draft.immutable_id)
    assert one.find_by_job(JOB) is None
    assert one.look(draft.immutable_id).state is DraftState.SENT


def test_a_draft_nobody_noted_is_found_and_discarded(gmail: RunningGmail, provider: Provider) -> None:
    one = provider()
    one.create_draft(MAIL, JOB)
    found = one.find_by_job(JOB)
    assert found is not None
    one.discard(found.immutable_id)
    one.discard(found.immutable_id)
    assert gmail.state.drafts == {}
    assert one.find_by_job(JOB) is None
    assert one.look(found.immutable_id).state is DraftState.MISSING


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize("how", [{"drop": True}, {"status": 500}, {"status": 503}, {"status": 504}])
def test_a_lost_answer_to_the_send_is_unknown_until_the_mailbox_is_asked(
    gmail: RunningGmail, provider: Provider, how: dict[str, Any], effect: bool
) -> None:
    one = provider()
    draft = one.create_draft(MAIL, JOB)
    gmail.state.faults.append(Fault(**SEND, **how, after_effect=effect))
    with pytest.raises(OutcomeUnknown):
        one.send(draft.immutable_id)
    assert one.look(draft.immutable_id).state is (DraftState.SENT if effect else DraftState.DRAFT)
    assert len(gmail.state.delivered) == int(effect)


def test_sending_a_draft_that_is_gone_is_unknown(gmail: RunningGmail, provider: Provider) -> None:
    one = provider()
    draft = one.create_draft(MAIL, JOB)
    one.send(draft.immutable_id)
    with pytest.raises(OutcomeUnknown):
        one.send(draft.immutable_id)
    assert len(gmail.state.delivered) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "reason": "rateLimitExceeded"}, Throttled),
        ({"status": 403, "reason": "userRateLimitExceeded"}, Throttled),
        ({"status": 403, "reason": "dailyLimitExceeded"}, Throttled),
        ({"status": 403, "reason": "insufficientPermissions"}, SignInNeeded),
        ({"status": 403, "reason": "domainPolicy"}, SignInNeeded),
        ({"status": 400, "reason": "failedPrecondition", "message": "Mail service not enabled"}, SignInNeeded),
        ({"status": 400, "reason": "invalidArgument", "message": "Invalid To header"}, Refused),
        ({"status": 401, "reason": "authError", "times": 2}, SignInNeeded),
    ],
)
@pytest.mark.parametrize("path", ["*/drafts", "*/drafts/send"])
def test_a_refusal_means_that_nothing_left(
    gmail: RunningGmail, provider: Provider, fault: dict[str, Any], error: type[Exception], path: str
) -> None:
    one = provider()
    draft = one.create_draft(MAIL, JOB)
    gmail.state.faults.append(Fault(method="POST", path=path, **fault))
    with pytest.raises(error):
        one.send(draft.immutable_id) if path.endswith("send") else one.create_draft(MAIL, JOB)
    assert gmail.state.delivered == []


def test_the_end_of_a_limit_is_read_from_header_or_text(gmail: RunningGmail, provider: Provider) -> None:
    one = provider()
    for fault, wait in (
        (Fault(status=429, headers={"Retry-After": "90"}), timedelta(seconds=90)),
        (Fault(status=429, message="User-rate limit exceeded.  Retry after 2026-11-22T15:07:00.250Z"),
         timedelta(minutes=7, milliseconds=250)),
        (Fault(status=429), timedelta(seconds=30)),
    ):  # fmt: skip
        gmail.state.faults.append(fault)
        with pytest.raises(Throttled) as caught:
            one.create_draft(MAIL, JOB)
        assert caught.value.until == NOW + wait


def test_a_refused_token_is_replaced_once(gmail: RunningGmail, provider: Provider) -> None:
    asked: list[bool] = []

    def token(refused: bool) -> str:
        asked.append(refused)
        return "better" if refused else "worn"

    provider(token).create_draft(MAIL, JOB)
    assert asked == [False, True]
    assert len(gmail.state.drafts) == 1


def test_no_token_is_told_apart_from_none_at_the_moment(gmail: RunningGmail, provider: Provider) -> None:
    def failing(error: Exception) -> Callable[[bool], str]:
        def token(refused: bool) -> str:
            raise error

        return token

    with pytest.raises(SignInNeeded):
        provider(failing(MailboxNeedsSignIn("gone"))).create_draft(MAIL, JOB)
    with pytest.raises(Unreachable):
        provider(failing(Unavailable("later"))).create_draft(MAIL, JOB)


def test_nobody_at_home_and_no_json_mean_that_nothing_left(gmail: RunningGmail, provider: Provider) -> None:
    nowhere = GmailProvider(lambda refused: "good", "https://127.0.0.1:9", Sender(ADA), Clock(), timeout_s=2.0)
    with pytest.raises(Unreachable):
        nowhere.create_draft(MAIL, JOB)
    with pytest.raises(Unreachable):
        nowhere.send("r1/2")
    nowhere.close()
    gmail.state.faults.append(Fault(status=500))
    with pytest.raises(Unreachable):
        provider().create_draft(MAIL, JOB)


def test_line_breaks_in_subject_and_name_make_no_headers(gmail: RunningGmail, provider: Provider) -> None:
    evil = "x\r\nBcc: eve@example.org\x00\u2028y"
    one = provider()
    one.send(one.create_draft(replace(MAIL, subject=evil, to_name=evil), JOB).immutable_id)
    assert gmail.state.delivered[0].mail["Bcc"] is None
    with pytest.raises(Refused):
        one.create_draft(replace(MAIL, to="a@b.example\r\nBcc: c@d.example"), JOB)


def test_the_stand_in_answers_as_google_documents(gmail: RunningGmail) -> None:
    raw = base64.urlsafe_b64encode(b"To: bob@example.org\r\nMessage-ID: <m@x>\r\n\r\nHi").decode()
    context = ssl.create_default_context(cafile=str(gmail.ca_file))
    with httpx.Client(base_url=f"{gmail.url}/gmail/v1/users/me", verify=context, trust_env=False) as http:
        denied = http.get("/drafts").json()["error"]
        assert (denied["code"], denied["errors"][0]["domain"]) == (401, "global")
        http.headers["Authorization"] = "Bearer good"
        draft = http.post("/drafts", json={"message": {"raw": raw}}).json()
        assert set(draft) == {"id", "message"}
        assert set(draft["message"]) == {"id", "threadId", "labelIds"}
        assert draft["message"]["labelIds"] == ["DRAFT"]
        assert http.get("/messages", params={"q": "rfc822msgid:m@x"}).json()["resultSizeEstimate"] == 1
        listed = http.get("/drafts", params={"q": "rfc822msgid:m@x"}).json()["drafts"]
        assert listed == [{"id": draft["id"], "message": {k: draft["message"][k] for k in ("id", "threadId")}}]
        assert "messages" not in http.get("/messages", params={"q": "rfc822msgid:other@x"}).json()
        sent = http.post("/drafts/send", json={"id": draft["id"]}).json()
        assert sent["labelIds"] == ["SENT"]
        assert sent["id"] != draft["message"]["id"]  # "a new message with an updated ID is created"
        assert sent["threadId"] == draft["message"]["threadId"]
        assert http.get(f"/drafts/{draft['id']}").json()["error"]["errors"][0]["reason"] == "notFound"
        [in_thread] = http.get(f"/threads/{sent['threadId']}", params={"format": "minimal"}).json()["messages"]
        assert in_thread.items() >= sent.items()
        gmail.state.access["good"]["scope"] = "openid"
        assert http.post("/drafts", json={}).json()["error"]["errors"][0]["reason"] == "insufficientPermissions"
