"""The mail agent over SMTP and over the Gmail API, with answers lost: nothing leaves twice, nothing is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen.mail.providers.base import MailProvider
from leadgen.mail.providers.gmail import GmailProvider
from leadgen.mail.providers.mime import Sender
from leadgen.mail.providers.smtp import SmtpProvider
from leadgen.mail.providers.smtp_session import Server
from leadgen.mail.records import Mailbox
from leadgen.model.status import EmailStatus
from leadgen.outlook.google import GMAIL_SCOPE
from local.gmail.state import Fault as GmailFault
from local.gmail.testing import RunningGmail, running_gmail
from local.smtp.faults import Fault as SmtpFault
from local.smtp.testing import ACCOUNTS, RunningServer, running_server
from tests.mail_world import ADA, FAST, World

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class SmtpWorld(World):
    server: RunningServer

    def provider(self, mailbox: Mailbox) -> MailProvider:
        port = self.server.port
        hosts = frozenset({f"localhost:{port}"})
        known = Server("localhost", port, "starttls", ADA, ACCOUNTS[ADA], str(self.server.ca_file), hosts)
        return SmtpProvider(self.db, lambda: known, Sender(mailbox.sender), self, step_s=5.0, timeout_s=20.0)


class GmailWorld(World):
    server: RunningGmail

    def provider(self, mailbox: Mailbox) -> MailProvider:
        sender = Sender(mailbox.sender)
        return GmailProvider(
            lambda refused: "good", self.server.url, sender, self, ca_file=str(self.server.ca_file), timeout_s=20.0
        )


def furnished(world: World, provider: Any) -> None:
    world.settings = FAST.model_copy(update={"email_provider": provider})
    world.furnish(provider=provider)
    for number in range(1, 6):
        world.queue(number)


def test_over_smtp_only_what_nobody_can_know_is_parked(firestore_db: Client, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        nobody: Any = None
        world = SmtpWorld(firestore_db, nobody)
        world.server = server
        furnished(world, "smtp")
        for fault in (
            SmtpFault("connect", drop=True),
            SmtpFault("rcpt", reply="450 4.2.0 greylisted"),
            SmtpFault("content", reply="451 4.3.0 later"),
            SmtpFault("content", drop=True, after_effect=True),
        ):
            server.boxes.faults.add(fault)
        world.tick()
        world.until_settled()
        assert Counter(job.status for job in world.jobs()) == {EmailStatus.SENT: 4, EmailStatus.PARKED: 1}
        taken = Counter(one.recipients for one in server.boxes.deliveries)
        assert (len(taken), set(taken.values())) == (5, {1})


def test_over_gmail_a_lost_answer_is_looked_up_and_nothing_is_parked(firestore_db: Client, tmp_path: Path) -> None:
    with running_gmail(tmp_path) as server:
        server.state.access["good"] = {"account": ADA, "scope": GMAIL_SCOPE, "expires": 9e12}
        nobody: Any = None
        world = GmailWorld(firestore_db, nobody)
        world.server = server
        furnished(world, "gmail")
        send = {"method": "POST", "path": "*/drafts/send"}
        server.state.faults += [
            GmailFault(**send, drop=True, after_effect=True),
            GmailFault(**send, status=500),
            GmailFault(**send, status=504, after_effect=True),
            GmailFault(method="POST", path="*/drafts", status=429, reason="rateLimitExceeded"),
        ]
        world.tick()
        world.until_settled()
        assert Counter(job.status for job in world.jobs()) == {EmailStatus.SENT: 5}
        taken = Counter(str(one.mail["To"]) for one in server.state.delivered)
        assert (len(taken), set(taken.values())) == (5, {1})
        assert server.state.drafts == {}
