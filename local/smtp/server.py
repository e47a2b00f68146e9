"""The server: aiosmtpd with accounts, a list of what was delivered, and faults."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from local.smtp.faults import Fault, Faults, Step

HOST_NAME = "mail.example"
MAX_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Delivery:
    """A mail the server took.

    Args:
        account: who signed in.
        sender: MAIL FROM.
        recipients: RCPT TO.
        content: the mail as it came.
    """

    account: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.content, policy=default)


@dataclass
class Mailboxes:
    """Accounts, what was delivered, and what is to go wrong."""

    accounts: Mapping[str, str]
    deliveries: list[Delivery] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    conversations: int = 0
    on_delivery: Callable[[bytes], None] | None = None
    """Told of each mail that is delivered."""

    def deliver(self, delivery: Delivery) -> None:
        """A mail was taken."""
        self.deliveries.append(delivery)
        if self.on_delivery is not None:
            self.on_delivery(delivery.content)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Check a name and password; called by aiosmtpd."""
        del server, session, envelope, mechanism
        right = isinstance(data, LoginPassword) and self.accounts.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)


class Handler:
    """Says what aiosmtpd answers; its `handle_…` names are that library's."""

    def __init__(self, boxes: Mailboxes) -> None:
        self._boxes = boxes

    async def handle_MAIL(  # noqa: N802 the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL: only addresses of the account's own."""
        if address.lower() != str(session.auth_data).lower():
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 the library's name
        """The final dot."""
        fault = self._boxes.faults.hit("content")
        if fault is None or fault.after_effect:
            taken = tuple(str(one) for one in envelope.rcpt_tos)
            content = bytes(envelope.original_content or b"")
            self._boxes.deliver(Delivery(str(session.auth_data), str(envelope.mail_from), taken, content))
        if fault is not None:
            return await cast(Server, server).go_wrong(fault)
        return "250 2.0.0 queued"


class Server(SMTP):
    """aiosmtpd's protocol, with faults before each answer."""

    def __init__(self, boxes: Mailboxes, *, starttls: ssl.SSLContext | None) -> None:
        self._boxes = boxes
        boxes.conversations += 1
        # aiosmtpd warns of a sign-in without STARTTLS; it does not know where TLS began with the connection.
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
        super().__init__(
            Handler(boxes),
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname=HOST_NAME,
            ident="stand-in",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=True,
            auth_require_tls=starttls is not None,
            authenticator=boxes.authenticate,
            timeout=30,
        )

    async def go_wrong(self, fault: Fault) -> str:
        """Answer as a fault says; the reply to give, if the connection is still there."""
        transport = cast(asyncio.Transport, self.transport)
        if fault.drip:
            for byte in b"250-" + b"." * 400:
                if transport.is_closing():
                    break
                transport.write(bytes([byte]))
                await asyncio.sleep(fault.drip)
        if fault.drop or fault.drip:
            transport.abort()
        return fault.reply or "421 4.3.2 closing"

    async def _guarded(self, step: Step, proceed: Any, argument: str) -> None:
        fault = self._boxes.faults.hit(step)
        if fault is None:
            await proceed(argument)
        else:
            await self.push(await self.go_wrong(fault))

    async def push(self, status: Any) -> None:
        """Answer; the greeting can go wrong too."""
        if str(status).startswith("220 ") and self.session is not None and not self.session.host_name:
            fault = self._boxes.faults.hit("connect")
            status = await self.go_wrong(fault) if fault is not None else status
        await super().push(status)

    @syntax("AUTH <mechanism>")
    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 the library's name
        """AUTH."""
        await self._guarded("auth", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802 the library's name
        """MAIL."""
        await self._guarded("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802 the library's name
        """RCPT."""
        await self._guarded("rcpt", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 the library's name
        """DATA."""
        await self._guarded("data", super().smtp_DATA, arg)
