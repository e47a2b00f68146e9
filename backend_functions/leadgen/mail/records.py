"""The sender's own documents and its view of the shared ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.mail.pacing import Pace, unpack
from leadgen.model.documents import Document, EmailJob
from leadgen.model.ids import canonical_email, digest

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference

CONNECTED = "CONNECTED"
NEEDS_REAUTH = "NEEDS_REAUTH"
OUTBOX_ACCOUNT = "outbox"
"""Account name of the dry run, which has a mailbox document of its own so that its pace is kept too."""


class MailJob(EmailJob):
    """`emailQueue/{jobId}` as the sender sees it."""

    attempted_at: datetime | None = None
    """When the send that may or may not have happened was begun."""


class Mailbox(Document):
    """`mailboxes/{id}`: a sending account. Readable by the console; holds no secret."""

    account: str
    provider: str = "graph"
    state: str = CONNECTED
    reason: str = ""
    display_name: str = ""
    agent_owner: str = ""
    """Who sends from it at the moment; of two agents only the one named here may."""
    agent_epoch: int = 0
    """Fencing token: raised with every change of hands."""
    agent_until: datetime | None = None
    sent_log: bytes = b""
    """Moments of the last 24 hours' mails, packed (see `pacing.pack`)."""
    sent_last_day: int = 0
    """How many those were when the last one left."""
    since_pause: int = 0
    pace_chance: float = 0.0
    blocked_until: datetime | None = None
    blocked_reason: str = ""
    last_sent_at: datetime | None = None
    next_send_at: datetime | None = None
    wait_reason: str = ""
    """Why nothing leaves at the moment; empty when it does."""

    def pace(self, in_flight: int = 0) -> Pace:
        """What the pacing rules need to know."""
        return Pace(
            sent=unpack(self.sent_log),
            since_pause=self.since_pause,
            chance=self.pace_chance,
            blocked_until=self.blocked_until,
            blocked_reason=self.blocked_reason,
            in_flight=in_flight,
        )


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
    draft: bool
    created_at: datetime
    sent_at: datetime | None = None


def mailbox_ref(db: Client, account: str) -> DocumentReference:
    """Where a mailbox is described."""
    return db.collection("mailboxes").document(digest("mailbox", canonical_email(account)))


def claim_ref(db: Client, email: str) -> DocumentReference:
    """Where the claim on an address is."""
    return db.collection("mailedAddresses").document(digest("mailed", canonical_email(email)))


def outbox(db: Client) -> CollectionReference:
    """Mails of the dry run."""
    return db.collection("outbox")
