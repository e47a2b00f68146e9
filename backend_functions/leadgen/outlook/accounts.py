"""Where mailboxes, their secrets and sign-ins under way are stored."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.model.documents import Document, Mailbox
from leadgen.model.ids import canonical_email, digest
from leadgen.store.client import Collections
from leadgen.store.records import Raced, Record, change, create, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference


class VaultEntry(Document):
    """`tokenVault/{id}`: one mailbox's secret, encrypted."""

    account: str
    sealed: bytes
    updated_at: datetime
    refresh_at: datetime | None = None
    """When the upkeep looks at it next, used or not."""
    refresher: str = ""
    """Who is refreshing it at the moment: refresh tokens rotate, so only one may."""
    refresher_until: datetime | None = None


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
    return Collections(db).mailboxes.document(mailbox_id(account))


def vault_ref(db: Client, account: str) -> DocumentReference:
    """Where its secret is."""
    return Collections(db).token_vault.document(mailbox_id(account))


def read_mailbox(db: Client, account: str) -> Record[Mailbox] | None:
    """A mailbox, if there is one of that account."""
    return read(mailbox_ref(db, account), Mailbox)


SIGN_IN_FIELDS = frozenset(
    {"account", "provider", "address", "displayName", "userId", "server", "state", "reason", "connectedAt", "updatedAt"}
)
"""What signing in decides; the rest of the document is the operator's (pause, cap, ramp) and the sender's."""


def connect(db: Client, mailbox: Mailbox) -> None:
    """Write the sign-in part of a mailbox and leave all else as it is."""
    ref = mailbox_ref(db, mailbox.account)
    fields = {key: value for key, value in mailbox.to_firestore().items() if key in SIGN_IN_FIELDS}

    def attempt() -> None:
        existing = read(ref, Mailbox)
        if existing is not None:
            change(existing, fields)
        elif not create(ref, mailbox):
            raise Raced("the mailbox was created at the same time")

    retrying(attempt)
