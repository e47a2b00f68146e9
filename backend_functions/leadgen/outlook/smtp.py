"""The sign-in of an SMTP server: kept in the vault like tokens, host and port beside the password.

Host, port and user name are taken from the vault alone: whoever could change them in the mailbox's document would be
sent the password.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.outlook import vault
from leadgen.outlook.signed_in import keep
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

Security = Literal["tls", "starttls"]


@dataclass(frozen=True)
class SmtpSignIn:
    """How to sign in with an SMTP server.

    Args:
        host: its name; its certificate must be for it.
        port: 465 for TLS from the start, 587 for STARTTLS (RFC 8314).
        security: which of the two. There is no third: a password never travels in the clear.
        username: often the address.
        password: often one made for this application alone.
    """

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)


def add(
    db: Client, env: Environment, user_id: str, address: str, display_name: str, sign_in: SmtpSignIn, clock: Clock
) -> Mailbox:
    """Keep an SMTP mailbox whose sign-in was tried.

    Args:
        db: the Firestore client.
        env: the vault's keys.
        user_id: the operator.
        address: where its mails come from.
        display_name: shown beside it.
        sign_in: the server.
        clock: the present moment.

    Raises:
        TokenKeyProblem, Unavailable: the password can't be encrypted.
    """
    secret, server = {"smtp": asdict(sign_in)}, f"{sign_in.host}:{sign_in.port}"
    return keep(
        db, env, clock, "smtp", address, secret,
        user_id=user_id, address=address.strip(), display_name=display_name, server=server,
    )  # fmt: skip


def sign_in_of(db: Client, env: Environment, mailbox: Mailbox, clock: Clock) -> SmtpSignIn:
    """The sign-in of an SMTP mailbox.

    Raises:
        MailboxNeedsSignIn: there is none; the mailbox is marked NEEDS_REAUTH.
        TokenKeyProblem, Unavailable: the vault can't be opened.
    """
    kept = vault.secret_of(db, env, mailbox, clock).get("smtp")
    try:
        return SmtpSignIn(**(kept if isinstance(kept, dict) else {}))
    except TypeError:
        raise vault.give_up(db, mailbox, "its password is gone from the vault", clock.now()) from None
