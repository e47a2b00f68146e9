"""What the ways of sending have in common: headers arrive, threads hold, nothing breaks out of a line."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from leadgen.mail.providers.base import DraftState, Message
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.providers.mime import Sender, as_mime
from leadgen.mail.providers.outbox import OutboxProvider
from local.microsoft.settings import Settings
from local.microsoft.testing import RunningStandin, running_standin
from tests.memory_firestore import MemoryFirestore

JOB = "3f2a" * 8
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
WAYS = ("<mailto:ada@contoso.example?subject=STOP>,", f"<https://leads.example/unsubscribe?token={'t' * 150}>")
EVIL = "x\r\nBcc: eve@example.org\n\x00\u2028y"
MAIL = Message("bob@example.org", EVIL, EVIL, "<p>Hi</p>", "Hi", " ".join(WAYS), "<first@contoso.example>")


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[RunningStandin]:
    with running_standin(Settings(tmp_path / "microsoft")) as standin:
        yield standin


def check(mail: EmailMessage, raw: bytes) -> None:
    assert mail["Bcc"] is None
    assert mail["Subject"] == "x Bcc: eve@example.org y"
    assert mail["To"].addresses[0].display_name == "x Bcc: eve@example.org y"
    assert [mail[name] for name in ("In-Reply-To", "References")] == ["<first@contoso.example>"] * 2
    assert f"\r\nList-Unsubscribe: {WAYS[0]}\r\n {WAYS[1]}\r\n".encode() in raw


def test_graph_sends_the_headers_a_mail_needs(microsoft: RunningStandin) -> None:
    token = microsoft.sign_in()["access_token"]
    provider = GraphProvider(lambda refused: token, microsoft.graph_url, Clock(), ca_file=str(microsoft.ca_file))
    provider.send(provider.create_draft(MAIL, JOB).immutable_id)
    provider.close()
    raw = Path(microsoft.deliveries()[0]["eml"]).read_bytes()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    check(mail, raw)


def test_a_mail_as_it_travels_has_them_too() -> None:
    raw = as_mime(MAIL, JOB, Sender("ada@contoso.example", EVIL), NOW)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    check(mail, raw)
    assert mail["From"].addresses[0].addr_spec == "ada@contoso.example"
    assert mail["List-Unsubscribe-Post"] is None


def test_the_dry_run_keeps_everything_and_sends_nothing() -> None:
    db: Any = MemoryFirestore()
    provider = OutboxProvider(db, Clock())
    draft = provider.create_draft(MAIL, JOB)
    assert provider.look(draft.immutable_id).state is DraftState.DRAFT
    provider.send(draft.immutable_id)
    provider.send(draft.immutable_id)
    kept = db.all("outbox")[JOB]
    told = {"to": MAIL.to, "subject": MAIL.subject, "html": MAIL.html, "text": MAIL.text, "draft": False, "sentAt": NOW,
            "listUnsubscribe": MAIL.list_unsubscribe, "inReplyTo": MAIL.in_reply_to}  # fmt: skip
    assert told.items() <= kept.items()
    found = provider.find_by_job(JOB)
    assert found is not None
    assert found.state is DraftState.SENT
