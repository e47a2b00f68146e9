"""The end of every sign-in, whatever the provider: the secret goes into the vault, then the mailbox is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.model.documents.mail import ProviderName
from leadgen.model.ids import canonical_email
from leadgen.model.status import MailboxState
from leadgen.outlook import vault
from leadgen.outlook.accounts import connect
from leadgen.outlook.vault import Secret
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_LONGEST_NAME = 200
LONGEST_ADDRESS = 320


def is_address(text: str) -> bool:
    """Whether a provider's answer may be the address of a mailbox."""
    return "@" in text and len(text) <= LONGEST_ADDRESS


def keep(
    db: Client, env: Environment, clock: Clock, provider: ProviderName, account: str, secret: Secret, *,
    user_id: str, address: str = "", display_name: str = "", server: str = "",
) -> Mailbox:  # fmt: skip
    """Keep a mailbox that has just been signed in.

    Args:
        db: the Firestore client.
        env: the vault's keys.
        clock: the present moment.
        provider: how mail leaves from it.
        account: what it signs in as.
        secret: its tokens, or the sign-in of its server.
        user_id: the operator.
        address: where its mails come from, if not from `account`.
        display_name: shown beside it.
        server: SMTP only, for display.

    Raises:
        TokenKeyProblem, Unavailable: the secret can't be encrypted.
    """
    now = clock.now()
    mailbox = Mailbox(
        account=canonical_email(account),
        provider=provider,
        address=address,
        display_name=display_name[:_LONGEST_NAME],
        user_id=user_id,
        server=server,
        state=MailboxState.ACTIVE,
        connected_at=now,
        updated_at=now,
    )
    vault.store(db, env, mailbox, secret, now)
    connect(db, mailbox)
    return mailbox
