"""What is known of a sending mailbox, as far as signing in goes. The sender keeps its pacing in the same document."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from leadgen.model.documents import Document
from leadgen.model.ids import canonical_email, digest

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference


class MailboxState(StrEnum):
    """Whether mail can leave through a mailbox."""

    CONNECTED = "CONNECTED"
    NEEDS_REAUTH = "NEEDS_REAUTH"
    """Microsoft wants the person again: consent withdrawn, password changed, or the refresh token expired."""
    SIGNED_OUT = "SIGNED_OUT"


class MailboxAccount(Document):
    """The sign-in part of `mailboxes/{id}`. Holds no secret: the console reads it."""

    account: str
    """The address the mailbox sends from, in canonical form."""
    user_id: str
    """The operator who signed it in."""
    display_name: str = ""
    provider: str = "graph"
    state: MailboxState
    reason: str = ""
    connected_at: datetime | None = None
    updated_at: datetime | None = None


class VaultEntry(Document):
    """`tokenVault/{id}`: one mailbox's MSAL token cache, encrypted."""

    sealed: bytes
    updated_at: datetime


class FlowEntry(Document):
    """`oauthFlows/{id}`: one sign-in under way."""

    user_id: str
    sealed: bytes
    expires_at: datetime


def mailbox_id(account: str) -> str:
    """Id of `mailboxes/{id}` and `tokenVault/{id}`."""
    return digest("mailbox", canonical_email(account))


def mailbox_ref(db: Client, account: str) -> DocumentReference:
    """Where a mailbox is described."""
    return db.collection("mailboxes").document(mailbox_id(account))
