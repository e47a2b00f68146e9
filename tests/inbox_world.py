"""What the tests of reading mailboxes share: mails as they come in, and a reader for the mail agent's world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadgen.mail.inbox.graph import GraphInbox
from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.inbox.provider import Inbox, Listed, Page
from leadgen.mail.inbox.reading import InboxDeps, InboxReport, read_inboxes
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.records import Mailbox, MailJob, mailbox_ref
from leadgen.mail.sequences import inbox_ref
from leadgen.model.documents import Contact, InboxState
from leadgen.model.ids import suppression_id
from leadgen.store.client import Collections
from leadgen.store.records import change, read
from tests.mail_world import ADA, Death, World


@dataclass
class MortalInbox:
    """An inbox whose calls are acts (see `Death`)."""

    inner: Inbox
    death: Death
    folders: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.folders = self.inner.folders

    def page(self, folder: str, place: str, since: datetime) -> Page:
        return self.death.act(lambda: self.inner.page(folder, place, since), "page")  # type: ignore[no-any-return]

    def fetch(self, message: Listed) -> Incoming | None:
        return self.death.act(lambda: self.inner.fetch(message), "fetch")  # type: ignore[no-any-return]

    def sent_in(self, conversation: str) -> list[str]:
        return self.death.act(lambda: self.inner.sent_in(conversation), "sent_in")  # type: ignore[no-any-return]

    def close(self) -> None:
        self.inner.close()


@dataclass
class Post:
    """The mailbox of a world, and what comes into it."""

    world: World
    paused: list[str] = field(default_factory=list)
    count: int = 0

    def open(self, mailbox: Mailbox) -> Inbox:
        world = self.world
        graph = GraphProvider(world.token, world.microsoft.graph_url, world, ca_file=str(world.microsoft.ca_file))
        return MortalInbox(GraphInbox(graph, world.microsoft.graph_url), world.death)

    def pause(self, account: str, reason: str) -> bool:
        self.paused.append(reason)
        record = read(mailbox_ref(self.world.db, account), Mailbox)
        assert record is not None
        if record.value.paused:
            return False
        change(record, {"paused": True, "pausedReason": reason, "pausedBy": ""})
        return True

    def read(self, budget_s: float = 50.0) -> InboxReport:
        world = self.world
        return read_inboxes(
            InboxDeps(world.db, world, lambda: world.settings, self.open, self.pause, token_key="key"), budget_s
        )

    def arrive(self, mime: str, folder: str = "inbox") -> dict[str, Any]:
        body = {"account": ADA, "folder": folder, "mime": mime}
        answer: dict[str, Any] = self.world.microsoft.control("POST", "inbox", body)
        return answer

    def state(self) -> InboxState:
        record = read(inbox_ref(self.world.db, ADA), InboxState)
        assert record is not None
        return record.value

    def contact(self, job: MailJob) -> Contact:
        snapshot = Collections(self.world.db).contacts.document(job.contact_id).get()
        return Contact.from_firestore(snapshot.to_dict() or {})

    def counts(self) -> dict[str, int]:
        counts = Collections(self.world.db).requests.document("campaign").get().get("counts")
        return {name: counts.get(name, 0) for name in ("sent", "followUps", "replied", "bounced", "optedOut")}

    def suppressed(self, address: str) -> str:
        snapshot = Collections(self.world.db).suppressions.document(suppression_id("email", address)).get()
        return str(snapshot.get("reason")) if snapshot.exists else ""

    def events(self) -> list[dict[str, Any]]:
        return [snapshot.to_dict() or {} for snapshot in Collections(self.world.db).inbox_events.stream()]

    def everything(self) -> dict[str, Any]:
        """All that reading may change, but for the place up to which it read."""
        names = ("contacts", "emailQueue", "suppressions", "processorQueue", "inboxEvents")
        return {n: {s.id: s.to_dict() for s in self.world.db.collection(n).stream()} for n in names}

    def answer(self, job: MailJob, text: str, **headers: str) -> str:
        """A mail from the lead that answers ours."""
        self.count += 1
        named = {
            "From": f"Lead <{job.lead_data.email}>",
            "To": ADA,
            "Subject": f"Re: {job.subject}",
            "Message-ID": f"<answer{self.count}@lead.example>",
            "In-Reply-To": job.internet_message_id,
            "Date": "Tue, 24 Nov 2026 12:30:00 -0600",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\n" for name, value in named.items() if value)
        return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n"

    def bounce(self, job: MailJob, status: str = "5.1.1", words: str = "550 5.1.1 User unknown") -> str:
        """A non-delivery report (RFC 3464) about ours."""
        self.count += 1
        return (
            f"From: postmaster@lead.example\nTo: {ADA}\nSubject: Undeliverable: {job.subject}\n"
            f"Message-ID: <bounce{self.count}@lead.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            "--b\nContent-Type: text/plain\n\nYour message could not be delivered.\n"
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.lead.example\n\n"
            f"Final-Recipient: rfc822; {job.lead_data.email}\nAction: failed\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {words}\n\n"
            f"--b\nContent-Type: message/rfc822\n\nFrom: {ADA}\nTo: {job.lead_data.email}\n"
            f"Message-ID: {job.internet_message_id}\nSubject: {job.subject}\n\nHi\n--b--\n"
        )
