"""Sending through SMTP, against a server that speaks it: what left, what did not, and what nobody can know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
from leadgen.mail.providers.mime import Sender
from leadgen.mail.providers.smtp import SmtpProvider
from leadgen.mail.providers.smtp_session import Server
from leadgen.model.errors import Unavailable
from leadgen.outlook.vault import MailboxNeedsSignIn
from local.smtp.faults import Fault
from local.smtp.testing import ACCOUNTS, RunningServer, running_server
from tests.memory_firestore import MemoryFirestore

ADA = "ada@contoso.example"
JOB = "3f2a" * 8
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
LINK = "https://leads.example/unsubscribe?token=" + "t" * 120
MAIL = Message(
    to="bob@example.org",
    to_name="Bob",
    subject="Your roof",
    html="<p>Grüße</p>\n.\n<p>.</p>",
    text="Grüße\n.\n..",
    list_unsubscribe=f"<mailto:{ADA}?subject=STOP>, <{LINK}>",
)


class Clock:
    def now(self) -> datetime:
        return NOW


class World:
    """A mailbox server, an empty database, and a provider between them."""

    def __init__(self, server: RunningServer, security: Any = "starttls") -> None:
        self.server, self.db = server, MemoryFirestore()
        self.sign_in = Server(
            "localhost", server.port, security, ADA, ACCOUNTS[ADA], str(server.ca_file), self.hosts(server)
        )

    @staticmethod
    def hosts(server: RunningServer) -> frozenset[str]:
        return frozenset({f"localhost:{server.port}"})

    def provider(self, **changes: Any) -> SmtpProvider:
        whole = changes.pop("timeout_s", 20.0)
        known = replace(self.sign_in, **changes)
        db: Any = self.db
        return SmtpProvider(db, lambda: known, Sender(ADA, "Ada"), Clock(), step_s=5.0, timeout_s=whole)

    def fault(self, step: Any, **facts: Any) -> None:
        self.server.boxes.faults.add(Fault(step, **facts))

    @property
    def delivered(self) -> int:
        return len(self.server.boxes.deliveries)

    def state(self) -> DraftState:
        return self.provider().look(JOB).state


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("smtp")) as running:
        yield running


@pytest.fixture
def world(server: RunningServer) -> World:
    server.boxes.deliveries.clear()
    server.boxes.faults.clear()
    return World(server)


def test_a_mail_arrives_whole_and_with_its_headers(world: World) -> None:
    provider = world.provider()
    draft = provider.create_draft(MAIL, JOB)
    assert (world.state(), world.delivered) == (DraftState.DRAFT, 0)
    provider.send(draft.immutable_id)
    (delivery,) = world.server.boxes.deliveries
    assert (delivery.account, delivery.sender, delivery.recipients) == (ADA, ADA, ("bob@example.org",))
    mail = delivery.mail
    assert mail["Message-ID"] == draft.internet_message_id == f"<{JOB}@contoso.example>"
    assert (mail["From"], mail["To"], mail["Subject"]) == (f"Ada <{ADA}>", "Bob <bob@example.org>", "Your roof")
    assert mail["List-Unsubscribe"].split() == [f"<mailto:{ADA}?subject=STOP>,", f"<{LINK}>"]
    assert f"\r\n <{LINK}>\r\n".encode() in delivery.content  # never as encoded words, which nobody decodes there
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().splitlines() == MAIL.text.splitlines()
    assert page.get_content().splitlines() == MAIL.html.splitlines()
    assert world.state() is DraftState.SENT


def test_the_same_draft_is_not_handed_over_twice(world: World) -> None:
    provider = world.provider()
    provider.create_draft(MAIL, JOB)
    provider.send(JOB)
    world.provider().send(JOB)
    assert world.delivered == 1


@pytest.mark.parametrize(
    ("step", "reply", "error"),
    [
        ("connect", "554 5.3.2 no service here", Unreachable),
        ("connect", "421 4.3.2 busy", Throttled),
        ("auth", "454 4.7.0 later", Throttled),
        ("auth", "535 5.7.8 wrong", SignInNeeded),
        ("mail", "451 4.3.0 later", Throttled),
        ("mail", "550 5.7.1 you may not send", SignInNeeded),
        ("mail", "552 5.3.4 too big", Refused),
        ("rcpt", "450 4.2.0 greylisted", Unreachable),
        ("rcpt", "421 4.7.0 too many", Throttled),
        ("rcpt", "550 5.1.1 no such user", Refused),
        ("data", "451 4.3.0 later", Unreachable),
        ("data", "554 5.6.0 no", Refused),
        ("content", "451 4.7.0 later", Unreachable),
        ("content", "554 5.7.1 spam", Refused),
    ],
)
def test_a_refusal_means_that_nothing_left(world: World, step: str, reply: str, error: type[Exception]) -> None:
    provider = world.provider()
    provider.create_draft(MAIL, JOB)
    world.fault(step, reply=reply)
    with pytest.raises(error, match=reply[:3]):
        provider.send(JOB)
    assert (world.delivered, world.state()) == (0, DraftState.DRAFT)
    provider.send(JOB)
    assert world.delivered == 1


@pytest.mark.parametrize("step", ["connect", "auth", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_mail_means_that_nothing_left(world: World, step: str) -> None:
    provider = world.provider()
    provider.create_draft(MAIL, JOB)
    world.fault(step, drop=True)
    with pytest.raises(Unreachable):
        provider.send(JOB)
    assert world.state() is DraftState.DRAFT
    provider.send(JOB)
    assert world.delivered == 1


@pytest.mark.parametrize("delivered", [True, False])
def test_a_connection_lost_after_the_mail_is_never_sent_again(world: World, delivered: bool) -> None:
    provider = world.provider()
    provider.create_draft(MAIL, JOB)
    world.fault("content", drop=True, after_effect=delivered)
    with pytest.raises(OutcomeUnknown):
        provider.send(JOB)
    # Nobody can tell the two cases apart, so the mailbox knows neither draft nor mail: a person decides.
    assert world.state() is DraftState.MISSING
    assert world.provider().find_by_job(JOB) is None
    with pytest.raises(OutcomeUnknown):
        world.provider().send(JOB)
    assert world.delivered == int(delivered)


@pytest.mark.parametrize(("step", "error"), [("rcpt", Unreachable), ("content", OutcomeUnknown)])
def test_a_server_that_drips_does_not_hold_us(world: World, step: str, error: type[Exception]) -> None:
    provider = world.provider(timeout_s=0.6)
    provider.create_draft(MAIL, JOB)
    world.fault(step, drip=0.05)
    with pytest.raises(error, match="too long"):
        provider.send(JOB)


def test_an_agent_that_died_while_handing_over_leaves_an_unknown_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    world.provider().create_draft(MAIL, JOB)
    monkeypatch.setattr(SmtpProvider, "_note", die)
    with pytest.raises(Died):
        world.provider().send(JOB)
    assert (world.delivered, world.state()) == (1, DraftState.MISSING)


def test_a_wrong_password_needs_its_owner_and_is_not_repeated(world: World) -> None:
    provider = world.provider(password="wr0ng")
    with pytest.raises(SignInNeeded) as caught:
        provider.try_sign_in()
    assert "wr0ng" not in str(caught.value)
    assert "535" in str(caught.value)


def test_a_certificate_nobody_vouches_for_is_refused(world: World) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        world.provider(ca_file="").try_sign_in()


def test_tls_from_the_start_works_and_no_tls_does_not(tmp_path: Path) -> None:
    with running_server(tmp_path, security="tls") as server:
        world = World(server, "tls")
        world.provider().create_draft(MAIL, JOB)
        world.provider().send(JOB)
        assert world.delivered == 1
    with (
        running_server(tmp_path, security="none") as server,
        pytest.raises(Unreachable, match="STARTTLS"),
    ):
        World(server).provider().try_sign_in()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_a_name_that_leads_into_this_machine_or_to_its_metadata_is_refused(world: World, host: str) -> None:
    with pytest.raises(Unreachable, match="no mail server"):
        world.provider(host=host, local_hosts=frozenset()).try_sign_in()
    assert world.delivered == 0


def test_a_sign_in_that_is_gone_is_told_apart_from_a_vault_that_does_not_answer(world: World) -> None:
    def provider(error: Exception) -> SmtpProvider:
        def fail() -> Server:
            raise error

        db: Any = world.db
        return SmtpProvider(db, fail, Sender(ADA), Clock())

    world.provider().create_draft(MAIL, JOB)
    with pytest.raises(SignInNeeded):
        provider(MailboxNeedsSignIn("gone")).send(JOB)
    with pytest.raises(Unreachable):
        provider(Unavailable("later")).send(JOB)


def test_an_address_that_is_not_ascii_travels_where_the_server_can(world: World) -> None:
    provider = world.provider()
    provider.create_draft(replace(MAIL, to="zoë@müller.example"), JOB)
    provider.send(JOB)
    assert world.server.boxes.deliveries[0].recipients == ("zoë@xn--mller-kva.example",)


@pytest.mark.parametrize("to", ["", "bob", "bob@", "@x", "bob@example.org\r\nRCPT TO:<eve@x>", "a@b, c@d", "b\x00@c.d"])
def test_what_is_no_address_is_refused(world: World, to: str) -> None:
    with pytest.raises(Refused):
        world.provider().create_draft(replace(MAIL, to=to), JOB)


def test_line_breaks_in_subject_and_name_make_no_headers(world: World) -> None:
    provider = world.provider()
    evil = "x\r\nBcc: eve@example.org\n\x00\u2028Bcc: eve@example.org"
    provider.create_draft(replace(MAIL, subject=evil, to_name=evil, list_unsubscribe=evil), JOB)
    provider.send(JOB)
    (delivery,) = world.server.boxes.deliveries
    assert delivery.mail["Bcc"] is None
    assert b"\nBcc:" not in delivery.content
    assert delivery.mail["Subject"] == "x Bcc: eve@example.org Bcc: eve@example.org"


def test_drafts_do_not_stay_for_ever(world: World) -> None:
    world.provider().create_draft(MAIL, JOB)
    assert world.db.all("mailDrafts")[JOB]["expiresAt"] == NOW + timedelta(days=30)
    world.provider().discard(JOB)
    assert world.db.all("mailDrafts") == {}
