"""A mail on the wire (RFC 5322, MIME): for providers that take it as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime

from leadgen.mail.clean import one_line
from leadgen.mail.providers.base import Message, Refused

_ONE_CLICK = "List-Unsubscribe=One-Click"
_MAX_NAME = 200
_MAX_SUBJECT = 500


@dataclass(frozen=True)
class Sender:
    """Whom a mail is from.

    Args:
        address: the mailbox's address.
        name: shown beside it; may be empty.
    """

    address: str
    name: str = ""


class _Tokens:
    """A header of tokens such as addresses in angle brackets. It is folded between them and nowhere else.

    The standard library would turn a token longer than a line into encoded words (RFC 2047), which nobody decodes in
    these headers.
    """

    max_count = None

    @staticmethod
    def parse(value: str, kwds: dict[str, object]) -> None:
        """What the registry asks for; see `email.headerregistry`."""
        UnstructuredHeader.parse(value, kwds)

    @staticmethod
    def value_parser(value: str) -> object:
        """Likewise."""
        return UnstructuredHeader.value_parser(value)

    def fold(self, *, policy: EmailPolicy[EmailMessage]) -> str:
        """The header's line or lines."""
        tokens = str(self).split()
        return f"{self.name}: {f'{policy.linesep} '.join(tokens)}{policy.linesep}"  # type: ignore[attr-defined]


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "list-unsubscribe-post", "message-id", "in-reply-to", "references"):
        registry.map_to_type(name, _Tokens)  # type: ignore[arg-type]
    return registry


_HEADERS = _registry()
_ASCII, _UTF8 = SMTP.clone(header_factory=_HEADERS), SMTPUTF8.clone(header_factory=_HEADERS)


def message_id(job_id: str, sender: Sender) -> str:
    """The Message-ID of a job's mail: the same for every attempt, so that a second copy would be known as one."""
    return f"<{job_id}@{wire_address(sender.address).rpartition('@')[2]}>"


def wire_address(address: str) -> str:
    """An address as it travels: the domain in ASCII (RFC 5890), the local part as it is.

    Raises:
        Refused: it is no address.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or one_line(address) != address or any(char in address for char in ' <>,;:"()[]\\'):
        raise Refused("the address is not one a mail can be sent to")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise Refused("the domain of the address can't be written in ASCII") from error


def needs_utf8(*addresses: str) -> bool:
    """Whether a local part is not ASCII, so that only servers with SMTPUTF8 (RFC 6531) can carry the mail."""
    return not all(address.rpartition("@")[0].isascii() for address in addresses)


def as_mime(message: Message, job_id: str, sender: Sender, now: datetime, *, one_click: bool = False) -> bytes:
    """The mail with CRLF line ends.

    Args:
        message: what to send.
        job_id: becomes the Message-ID.
        sender: whom it is from.
        now: the Date header.
        one_click: claim RFC 8058 where there is an https opt-out link; the sending server's DKIM must cover it.

    Raises:
        Refused: an address is none.
    """
    mail = EmailMessage(policy=_UTF8 if needs_utf8(message.to, sender.address) else _ASCII)
    mail["From"] = _address(sender.address, sender.name)
    mail["To"] = _address(message.to, message.to_name)
    mail["Subject"] = one_line(message.subject, _MAX_SUBJECT)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(job_id, sender)
    if message.in_reply_to:
        mail["In-Reply-To"] = one_line(message.in_reply_to)
        mail["References"] = one_line(message.references or message.in_reply_to)
    if message.list_unsubscribe:
        mail["List-Unsubscribe"] = one_line(message.list_unsubscribe)
        if one_click and "<https://" in message.list_unsubscribe:
            mail["List-Unsubscribe-Post"] = _ONE_CLICK
    mail.set_content(_whole(message.text), cte="quoted-printable")
    mail.add_alternative(_whole(message.html), subtype="html", cte="quoted-printable")
    for part in mail.iter_parts():
        del part["MIME-Version"]  # belongs to the whole mail alone (RFC 2045 §4)
    return mail.as_bytes()


def _address(address: str, name: str) -> Address:
    local, _, domain = wire_address(address).rpartition("@")
    try:
        return Address(display_name=one_line(name, _MAX_NAME), username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise Refused("the address is not one a mail can be sent to") from error


def _whole(text: str) -> str:
    """Without half characters, which have no form on the wire."""
    return text.encode("utf-8", "replace").decode("utf-8")
