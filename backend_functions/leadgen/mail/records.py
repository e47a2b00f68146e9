"""The sender's own documents and its view of the shared ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.mail.pacing import Pace, unpack
from leadgen.model.documents import Document, EmailJob
from leadgen.model.documents import Mailbox as MailboxAccount
from leadgen.model.ids import canonical_email, digest
from leadgen.model.status import MailboxState

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference

CONNECTED = MailboxState.ACTIVE
NEEDS_REAUTH = MailboxState.NEEDS_REAUTH
OUTBOX_ACCOUNT = "outbox"
"""Account name of the dry run, which has a mailbox document of its own so that its pace is kept too."""


class MailJob(EmailJob):
    """`emailQueue/{jobId}` as the sender sees it."""


class Mailbox(MailboxAccount):
    """`mailboxes/{id}` as the sender sees it."""

    sent_log: bytes = b""
    """Moments of the last 24 hours' mails, packed (see `pacing.pack`)."""
    sent_last_day: int = 0
    """How many those were when the last one left."""
    since_pause: int = 0
    pace_chance: float = 0.0
    counted_epoch: int = 0
    """The last mail that `sentLog` counts: the agent that sent it …"""
    counted_seq: int = 0
    """… and which of its mails it was. Later ones are found by their own documents."""
    blocked_until: datetime | None = None
    blocked_reason: str = ""
    last_sent_at: datetime | None = None
    next_send_at: datetime | None = None
    wait_reason: str = ""
    """Why nothing leaves at the moment; empty when it does."""

    def pace(self, in_flight: int = 0) -> Pace:
        """What the pacing rules need to know."""
        paused = self.paused_reason or (f"paused by {self.paused_by}" if self.paused_by else "the mailbox is paused")
        return Pace(
            sent=unpack(self.sent_log),
            since_pause=self.since_pause,
            chance=self.pace_chance,
            blocked_until=self.blocked_until,
            blocked_reason=self.blocked_reason,
            in_flight=in_flight,
            daily_cap=self.daily_cap,
            ramp_start=self.ramp_start,
            paused=f"{self.account}: {paused}" if self.paused else "",
        )


class AgentState(Document):
    """`sending/agent`: who sends mail at the moment. One agent at a time, told apart by an epoch.

    An agent that ends in order leaves no owner behind. Where there is one whose time is up, it died: then `preparing`
    says which drafts it may have left, and `openEpoch` from which agent on the mails' own documents must be looked
    through for mails that no mailbox has counted.
    """

    owner: str = ""
    epoch: int = 0
    """Fencing token: raised with every change of hands."""
    until: datetime | None = None
    open_epoch: int = 0
    preparing: list[str] = []
    """Mails that are being drafted; written before the first of them is."""
    judged_by: str = ""
    """Hash of the rules by which the waiting mails' times were worked out."""
    updated_at: datetime | None = None


class AddressClaim(Document):
    """`mailedAddresses/{hash of the address}`: which mail has the address, or had it last."""

    job_id: str
    claimed_at: datetime


class OutboxEntry(Document):
    """`outbox/{jobId}`: what a dry run would have sent."""

    to: str
    to_name: str
    subject: str
    html: str
    text: str
    list_unsubscribe: str = ""
    in_reply_to: str = ""
    draft: bool
    created_at: datetime
    sent_at: datetime | None = None


def mailbox_ref(db: Client, account: str) -> DocumentReference:
    """Where a mailbox is described."""
    return db.collection("mailboxes").document(digest("mailbox", canonical_email(account)))


def claim_ref(db: Client, email: str) -> DocumentReference:
    """Where the claim on an address is; no client reads it."""
    return db.collection("mailedAddresses").document(digest("mailed", canonical_email(email)))


def outbox(db: Client) -> CollectionReference:
    """Mails of the dry run."""
    return db.collection("outbox")
