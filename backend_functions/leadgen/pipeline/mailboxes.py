"""How the agent obtains the way of sending for a mailbox, and what is done with mailboxes besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadgen.mail.clean import one_line
from leadgen.mail.providers.base import MailProvider, ProviderError, Refused
from leadgen.mail.providers.gmail import GmailProvider
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.providers.mime import Sender, wire_address
from leadgen.mail.providers.outbox import OutboxProvider
from leadgen.mail.providers.smtp import SmtpProvider
from leadgen.mail.providers.smtp_session import Server
from leadgen.mail.records import OUTBOX_ACCOUNT
from leadgen.model.documents import Mailbox
from leadgen.model.errors import FieldProblem, InvalidInput
from leadgen.outlook.smtp import SmtpSignIn, add, sign_in_of
from leadgen.outlook.upkeep import token_for

if TYPE_CHECKING:
    from leadgen.pipeline.context import Context


_TRIAL_S = 40.0
"""The person waits for it, and the function ends after a minute."""


def provider_for(context: Context, mailbox: Mailbox) -> MailProvider:
    """The way of sending for a mailbox; close it when the work is done.

    Nothing is read or asked before the first call, and what is wrong with the sign-in is said by that call: as
    `SignInNeeded` if only the mailbox's owner can help, as `Unreachable` if it may pass.
    """
    env, db, clock = context.env, context.db, context.clock
    if mailbox.account == OUTBOX_ACCOUNT or mailbox.provider == "outbox":
        return OutboxProvider(db, clock)
    sender = Sender(mailbox.sender, mailbox.display_name)
    if mailbox.provider == "smtp":
        return SmtpProvider(db, lambda: _server(context, sign_in_of(db, env, mailbox, clock)), sender, clock)

    def token(refused: bool) -> str:
        return token_for(db, env, mailbox, clock, refused=refused)

    if mailbox.provider == "gmail":
        return GmailProvider(token, env.gmail_url, sender, clock, ca_file=env.ca_file)
    return GraphProvider(token, env.graph_url, clock, ca_file=env.ca_file)


def _server(context: Context, sign_in: SmtpSignIn) -> Server:
    return Server(
        host=sign_in.host,
        port=sign_in.port,
        security=sign_in.security,
        username=sign_in.username,
        password=sign_in.password,
        ca_file=context.env.ca_file,
        local_hosts=context.env.local_hosts,
    )


def add_smtp(context: Context, user_id: str, address: str, display_name: str, sign_in: SmtpSignIn) -> Mailbox:
    """Try to sign in with an SMTP server, and keep the mailbox if that goes well.

    Raises:
        InvalidInput: the server can't be reached or refused the sign-in; nothing was kept.
        TokenKeyProblem, Unavailable: the password can't be encrypted.
    """
    server = _server(context, sign_in)
    sender = Sender(address, display_name)
    trial = SmtpProvider(context.db, lambda: server, sender, context.clock, timeout_s=_TRIAL_S)
    try:
        trial.try_sign_in()
    except ProviderError as error:
        raise InvalidInput(
            f"The mailbox was not added: {error}",
            hint="Check host, port, --tls or --starttls, user name and password; many services want one made for "
            "applications.",
        ) from error
    return add(context.db, context.env, user_id, address, display_name, sign_in, context.clock)


def check_address(text: str) -> str:
    """An address that mails can come from.

    Raises:
        InvalidInput: it is none.
    """
    address = text.strip()
    try:
        wire_address(address)
    except Refused as error:
        raise InvalidInput(
            "That is not an address mails can come from.",
            fields=(FieldProblem("address", one_line(text, 80), "an address such as ada@example.com"),),
        ) from error
    return address
