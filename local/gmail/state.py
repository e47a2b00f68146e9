"""What the stand-in knows: people, grants, messages, drafts, and what is to go wrong."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Person:
    """Somebody with a Gmail account."""

    address: str
    name: str


PEOPLE = (Person("ada@fabrikam.example", "Ada Lovelace"), Person("grace@fabrikam.example", "Grace Hopper"))


@dataclass
class Message:
    """A message (users.messages): id and thread are hexadecimal, labels say where it is."""

    account: str
    raw: bytes
    labels: list[str]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    thread: str = field(default_factory=lambda: secrets.token_hex(8))
    arrived: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    history: int = 0
    """The mailbox's history record in which it was added."""

    @property
    def mail(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def message_id(self) -> str:
        """Its Message-ID without the brackets."""
        return str(self.mail["Message-ID"] or "").strip().removeprefix("<").removesuffix(">")


@dataclass
class Fault:
    """One thing that goes wrong.

    Args:
        method: of the requests it is for; `*` for any.
        path: pattern for their path.
        status: answered; 0 for the real answer.
        reason: Google's word for it, such as `userRateLimitExceeded`.
        message: Google's sentence.
        headers: sent along.
        after_effect: the request is carried out first.
        drop: close the connection instead of answering.
        times: how often.
    """

    method: str = "*"
    path: str = "*"
    status: int = 0
    reason: str = "backendError"
    message: str = "Something is wrong."
    headers: dict[str, str] = field(default_factory=dict)
    after_effect: bool = False
    drop: bool = False
    times: int = 1


@dataclass
class State:
    """Everything the handlers work with."""

    people: tuple[Person, ...] = PEOPLE
    clock: Callable[[], float] = time.time
    client_id: str = "leadgen.apps.googleusercontent.example"
    client_secret: str = "g00gle"
    access_lifetime: float = 3599.0
    rotate_refresh_tokens: bool = False
    keeps_message_id: bool = True
    """Whether a mail keeps the Message-ID it was drafted with."""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    access: dict[str, dict[str, Any]] = field(default_factory=dict)
    refresh: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    drafts: dict[str, Message] = field(default_factory=dict)
    delivered: list[Message] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    history: int = 1000
    """The present history id; it rises with every message that is added."""
    oldest_history: int = 0
    """History before that id is forgotten."""
    page_size: int = 100
    on_delivery: Callable[[bytes], None] | None = None
    """Told of each mail that is delivered."""

    def deliver(self, message: Message) -> None:
        """A mail leaves."""
        self.delivered.append(message)
        if self.on_delivery is not None:
            self.on_delivery(message.raw)

    def forget(self) -> None:
        """Grants, mails and faults."""
        for held in (self.codes, self.access, self.refresh, self.messages, self.drafts):
            held.clear()
        self.delivered.clear()
        self.faults.clear()

    def add(self, message: Message) -> Message:
        """Put a message into its mailbox."""
        self.history += 7  # "not contiguous with random gaps in between valid IDs"
        message.history, message.arrived = self.history, self.clock()
        self.messages[message.id] = message
        return message

    def receive(self, account: str, raw: bytes, *, label: str = "INBOX") -> Message:
        """A mail comes in; it joins the thread of the mail it answers (…/guides/threads)."""
        message = Message(account, raw, [label, "UNREAD"])
        answered = f"{message.mail['In-Reply-To'] or ''} {message.mail['References'] or ''}"
        for other in self.messages.values():
            if other.account == account and other.message_id and f"<{other.message_id}>" in answered:
                message.thread = other.thread
        return self.add(message)

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault for a request; it is used up by this."""
        for fault in self.faults:
            if fault.times > 0 and fault.method in {"*", method} and fnmatchcase(path, fault.path):
                fault.times -= 1
                return fault
        return None


STATE = web.AppKey("state", State)


class GoogleError(Exception):
    """An error in the shape of the Gmail API (…/gmail/api/guides/handle-errors)."""

    def __init__(self, status: int, reason: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.headers = status, reason, message, headers or {}

    def response(self) -> web.Response:
        """The answer."""
        listed = [{"domain": "global", "reason": self.reason, "message": self.message}]
        error = {"code": self.status, "message": self.message, "errors": listed}
        return web.json_response({"error": error}, status=self.status, headers=self.headers)
