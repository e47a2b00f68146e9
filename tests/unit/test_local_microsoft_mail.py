"""The Graph mail stand-in: the mails themselves, what it refuses, replies and bounces, and the mailbox on disk."""

from __future__ import annotations

import base64
import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.microsoft.mime import to_mime
from local.microsoft.settings import Settings
from local.microsoft.testing import Clock, RunningStandin, running_standin
from tests.microsoft_mailbox import (
    ADA,
    GRACE,
    clock,
    create,
    delta_round,
    draft,
    error_of,
    graph,
    job_property,
    standin,
)

__all__ = ["clock", "graph", "standin"]


def test_only_x_headers_are_taken(standin: RunningStandin, graph: httpx.Client) -> None:
    wrong = [{"name": "List-Unsubscribe", "value": "<mailto:x@example.org>"}]
    refused = graph.post("me/messages", json=draft(internetMessageHeaders=wrong))
    assert error_of(refused) == (400, "InvalidInternetMessageHeader")
    many = [{"name": f"x-{n}", "value": "v"} for n in range(6)]
    refused = graph.post("me/messages", json=draft(internetMessageHeaders=many))
    assert error_of(refused) == (400, "InvalidInternetMessageHeaderCollection")
    made = create(graph, internetMessageHeaders=[{"name": "X-Campaign", "value": "spring"}])
    assert "internetMessageHeaders" not in made
    shown = graph.get(f"me/messages/{made['id']}", params={"$select": "internetMessageHeaders"}).json()
    assert shown["internetMessageHeaders"] == [{"name": "X-Campaign", "value": "spring"}]


def test_a_long_header_of_addresses_is_folded_between_them_and_never_encoded(
    standin: RunningStandin, graph: httpx.Client
) -> None:
    ways = ["<mailto:stop@contoso.example?subject=STOP>,", f"<https://leads.example/unsubscribe?token={'t' * 200}>"]
    properties = {
        "String 0x1045": " ".join(ways),
        "String 0x1042": "<first@x.example>",
        "String 0x1039": "<first@x.example>",
    }
    made = create(graph, singleValueExtendedProperties=[{"id": k, "value": v} for k, v in properties.items()])
    graph.post(f"me/messages/{made['id']}/send")
    raw = Path(standin.deliveries()[0]["eml"]).read_bytes()
    assert f"List-Unsubscribe: {ways[0]}\r\n {ways[1]}\r\n".encode() in raw
    assert b"\r\nIn-Reply-To: <first@x.example>\r\n" in raw
    assert b"\r\nReferences: <first@x.example>\r\n" in raw


def test_the_eml_on_disk_is_the_mail(standin: RunningStandin, graph: httpx.Client) -> None:
    made = create(
        graph,
        subject="Grüße,\r\nBcc: x@evil.example",
        internetMessageHeaders=[{"name": "x-campaign", "value": "spring\r\nBcc: y@evil.example"}],
        singleValueExtendedProperties=[
            {"id": "String 0x1045", "value": "<mailto:stop@contoso.example>"},
            {
                "id": "String {00020386-0000-0000-C000-000000000046} Name List-Unsubscribe-Post",
                "value": "List-Unsubscribe=One-Click",
            },
        ],
        replyTo=[{"emailAddress": {"address": "answers@contoso.example"}}],
        attachments=[
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": "a.txt",
                "contentType": "text/plain",
                "contentBytes": base64.b64encode(b"hi").decode(),
            }
        ],
    )
    graph.post(f"me/messages/{made['id']}/send")
    (delivery,) = standin.deliveries()
    path = Path(delivery["eml"])
    assert path.parent == standin.data_dir / "mailboxes" / ADA / "sent"
    assert path.name.startswith("0001-gru")
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    assert mail["Subject"] == "Grüße, Bcc: x@evil.example"
    assert mail["Bcc"] is None
    assert mail["From"] == "Ada Lovelace <ada@contoso.example>"
    assert mail["To"] == "Bob <bob@example.org>"
    assert mail["Reply-To"] == "answers@contoso.example"
    assert mail["Message-ID"] == made["internetMessageId"]
    assert mail["Date"].datetime.timestamp() == 1_760_000_000
    assert mail["x-campaign"] == "spring Bcc: y@evil.example"
    assert mail["List-Unsubscribe"] == "<mailto:stop@contoso.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, markup = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert plain.get_content().split() == ["Good", "morning", "Ada"]
    assert markup is not None
    assert "<b>morning</b>" in markup.get_content()
    assert [part.get_content() for part in mail.iter_attachments()] == ["hi"]
    assert graph.get(f"me/messages/{made['id']}/$value").content.startswith(b"From: Ada Lovelace")


TEXT = st.text(max_size=40)


@settings(max_examples=60, derandomize=True, database=None)
@given(subject=TEXT, name=TEXT, local=TEXT, domain=TEXT, value=TEXT, body=TEXT, kind=st.sampled_from(["text", "html"]))
def test_any_content_makes_a_mail_of_one_recipient(
    subject: str, name: str, local: str, domain: str, value: str, body: str, kind: str
) -> None:
    content = {
        "from": {"emailAddress": {"name": "Ada", "address": ADA}},
        "toRecipients": [{"emailAddress": {"name": name, "address": f"{local}@{domain}"}}],
        "subject": subject,
        "internetMessageId": "<1@contoso.example>",
        "internetMessageHeaders": [{"name": "x-test", "value": value}],
        "body": {"contentType": kind, "content": body},
    }
    mail = email.message_from_bytes(to_mime(content, 0), policy=email.policy.default)
    assert mail["Message-ID"] == "<1@contoso.example>"
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject", [])) == 1
    assert len(mail.get_all("From", [])) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"toRecipients": []}, (400, "ErrorInvalidRecipients")),
        ({"toRecipients": [{"emailAddress": {"address": "bad"}}]}, (400, "ErrorInvalidRecipients")),
        ({"toRecipients": [{"emailAddress": {"address": "a@x.org, b@x.org"}}]}, (400, "ErrorInvalidRecipients")),
        ({"from": {"emailAddress": {"address": GRACE}}}, (403, "ErrorSendAsDenied")),
    ],
)
def test_what_cannot_be_sent_stays_a_draft(
    standin: RunningStandin, graph: httpx.Client, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    made = create(graph, **change)
    assert error_of(graph.post(f"me/messages/{made['id']}/send")) == expected
    assert graph.get(f"me/messages/{made['id']}").json()["isDraft"] is True
    assert standin.deliveries() == []


@pytest.mark.parametrize(
    "body",
    [
        {"subject": 5},
        {"categories": [1]},
        {"subjekt": "x"},
        {"toRecipients": "bob@example.org"},
        {"body": {"contentType": "rtf", "content": ""}},
        {"singleValueExtendedProperties": [{"id": "Name only", "value": "x"}]},
        {"attachments": [{"name": "x", "contentBytes": "%%%"}]},
        {"createdDateTime": "2026-01-01T00:00:00Z"},
        [],
    ],
)
def test_malformed_messages_are_refused(graph: httpx.Client, body: Any) -> None:
    assert graph.post("me/messages", json=body).status_code == 400
    assert graph.post("me/messages", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


def test_patch_and_delete(graph: httpx.Client) -> None:
    made = create(graph)
    changed = graph.patch(f"me/messages/{made['id']}", json={"subject": "Better", "categories": ["x"]}).json()
    assert changed["subject"] == "Better"
    assert changed["changeKey"] != made["changeKey"]
    graph.post(f"me/messages/{made['id']}/send")
    frozen = graph.patch(f"me/messages/{made['id']}", json={"subject": "Other"})
    assert error_of(frozen) == (400, "ErrorInvalidPropertySet")
    assert graph.patch(f"me/messages/{made['id']}", json={"categories": []}).status_code == 200
    assert graph.delete(f"me/messages/{made['id']}").status_code == 204
    trash = graph.get("me/mailFolders/deleteditems").json()["id"]
    assert graph.get(f"me/messages/{made['id']}").json()["parentFolderId"] == trash
    assert graph.delete(f"me/messages/{made['id']}").status_code == 204
    assert error_of(graph.get(f"me/messages/{made['id']}")) == (404, "ErrorItemNotFound")


def test_send_mail_and_its_copy(standin: RunningStandin, graph: httpx.Client) -> None:
    assert graph.post("me/sendMail", json={"message": draft()}).status_code == 202
    assert graph.post("me/sendMail", json={"message": draft(), "saveToSentItems": False}).status_code == 202
    mime = b"To: carol@example.org\r\nSubject: As MIME\r\nList-Unsubscribe: <mailto:s@x.org>\r\n\r\nHello"
    sent = graph.post("me/sendMail", content=base64.b64encode(mime), headers={"Content-Type": "text/plain"})
    assert sent.status_code == 202
    assert [delivery["subject"] for delivery in standin.deliveries()] == ["Hello there", "Hello there", "As MIME"]
    assert graph.get("me/mailFolders/sentitems").json()["totalItemCount"] == 2
    assert b"List-Unsubscribe: <mailto:s@x.org>" in Path(standin.deliveries()[2]["eml"]).read_bytes()
    refused = graph.post("me/sendMail", json={"message": draft(toRecipients=[])})
    assert refused.status_code == 400
    assert graph.get("me/mailFolders/drafts").json()["totalItemCount"] == 0


def test_replies_and_bounces_arrive_in_the_conversation(standin: RunningStandin, graph: httpx.Client) -> None:
    made = create(graph)
    graph.post(f"me/messages/{made['id']}/send")
    reply = {"account": ADA, "from": "bob@example.org", "subject": "RE: Hello", "body": "Yes!"}
    standin.control("POST", "inbox", {**reply, "inReplyTo": made["internetMessageId"]})
    bounce = (
        f"From: postmaster@example.org\nTo: {ADA}\nSubject: Undeliverable\nIn-Reply-To: {made['internetMessageId']}\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nNo such user\n"
        "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; bob@example.org\n"
        "Status: 5.1.1\n\n--b--\n"
    )
    standin.control("POST", "inbox", {"account": ADA, "mime": bounce})
    lookup = f"conversationId eq '{made['conversationId']}'"
    inbox = graph.get("me/mailFolders/inbox/messages", params={"$filter": lookup, "$orderby": "subject"}).json()[
        "value"
    ]
    assert [message["subject"] for message in inbox] == ["RE: Hello", "Undeliverable"]
    assert inbox[1]["body"]["content"].strip() == "No such user"
    assert inbox[1]["isRead"] is False
    names = graph.get(f"me/messages/{inbox[1]['id']}", params={"$select": "internetMessageHeaders"}).json()
    assert {"In-Reply-To", "Content-Type"} <= {header["name"] for header in names["internetMessageHeaders"]}
    assert b"Status: 5.1.1" in graph.get(f"me/messages/{inbox[1]['id']}/$value").content


def test_answering_and_mail_between_the_accounts(standin: RunningStandin, graph: httpx.Client) -> None:
    to_grace = [{"emailAddress": {"address": GRACE}}]
    graph.post("me/sendMail", json={"message": draft(toRecipients=to_grace)})
    with standin.graph(GRACE) as other:
        (received,) = other.get("me/mailFolders/inbox/messages").json()["value"]
        assert received["from"]["emailAddress"]["address"] == ADA
        assert received["isDraft"] is False
        answer = other.post(f"me/messages/{received['id']}/createReply", json={"comment": "Thanks"}).json()
        assert answer["subject"] == "RE: Hello there"
        assert "Thanks" in answer["body"]["content"]
        assert other.post(f"me/messages/{answer['id']}/send").status_code == 202
        assert other.post(f"me/messages/{received['id']}/reply", json={"comment": "And again"}).status_code == 202
    assert [message["subject"] for message in graph.get("me/mailFolders/inbox/messages").json()["value"]] == [
        "RE: Hello there"
    ] * 2
    eml = Path(standin.deliveries(GRACE)[0]["eml"]).read_text()
    assert f"In-Reply-To: {received['internetMessageId']}" in eml


def test_a_token_opens_its_own_mailbox_with_its_own_scopes(standin: RunningStandin, graph: httpx.Client) -> None:
    made = create(graph)
    assert graph.get(f"users/{ADA}/messages/{made['id']}").status_code == 200
    assert error_of(graph.get(f"users/{GRACE}/messages")) == (403, "ErrorAccessDenied")
    with standin.graph(GRACE) as other:
        assert error_of(other.get(f"me/messages/{made['id']}")) == (404, "ErrorItemNotFound")
    reader = {"Authorization": f"Bearer {standin.sign_in(scope='Mail.Read')['access_token']}"}
    assert standin.http.get("/v1.0/me/messages", headers=reader).status_code == 200
    assert error_of(standin.http.post("/v1.0/me/messages", json=draft(), headers=reader)) == (403, "ErrorAccessDenied")
    assert error_of(graph.get("me/nothing")) == (400, "BadRequest")


def test_the_mailbox_survives_a_restart_and_reset_empties_it(tmp_path: Path, clock: Clock) -> None:
    chosen = Settings(tmp_path, clock=clock)
    with running_standin(chosen) as standin, standin.graph() as graph:
        made = create(graph, singleValueExtendedProperties=job_property("kept"))
        graph.post(f"me/messages/{made['id']}/send")
        _, link = delta_round(graph, "me/mailFolders/sentitems/messages/delta")
        standin.control("PATCH", "settings", {"sentLagSeconds": 3})
        waiting = create(graph)
        graph.post(f"me/messages/{waiting['id']}/send")
        before = standin.deliveries()
    clock.advance(3)
    with running_standin(chosen) as standin, standin.graph() as graph:
        assert standin.deliveries() == before
        assert len(before) == 2
        assert graph.get(f"me/messages/{made['id']}").json()["isDraft"] is False
        parts = urlsplit(link)
        entries, _ = delta_round(graph, f"{parts.path.removeprefix('/v1.0/')}?{parts.query}")
        assert [entry["id"] for entry in entries] == [waiting["id"]]
        assert standin.control("GET", "settings")["sentLagSeconds"] == 3
        standin.control("POST", "reset")
        assert standin.deliveries() == []
        assert not (tmp_path / "mailboxes").exists()
        assert standin.control("GET", "settings")["sentLagSeconds"] == 0
        assert graph.get("me").status_code == 401
        with standin.graph() as fresh:
            assert fresh.get("me/messages").json()["value"] == []


def test_the_viewer_shows_mail_and_trusts_none_of_it(standin: RunningStandin, graph: httpx.Client) -> None:
    evil = "<script>alert(1)</script>"
    made = create(graph, subject=evil, body={"contentType": "html", "content": f'"{evil}<p>Hi</p>'})
    graph.post(f"me/messages/{made['id']}/send")
    page = standin.http.get("/_standin/mailbox", params={"account": ADA, "message": made["id"]})
    assert page.status_code == 200
    assert "Hello" not in page.text
    assert evil not in page.text
    assert "&lt;script&gt;" in page.text
    assert '<iframe sandbox=""' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    source = standin.http.get("/_standin/mailbox/source", params={"account": ADA, "message": made["id"]})
    assert source.headers["Content-Type"] == "message/rfc822"
    assert standin.http.get("/_standin/mailbox", params={"folder": "../x"}).status_code == 404
    assert standin.http.get("/_standin/mailbox").status_code == 200
