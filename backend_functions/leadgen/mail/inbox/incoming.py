"""A mail that came in, taken apart. Nothing in it is trusted, and nothing in it can make this fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from leadgen.mail.clean import one_line
from leadgen.model.ids import canonical_email

MAX_RAW = 2_000_000
"""Bytes of a mail that are read; what lies beyond are attachments."""
MAX_TEXT = 60_000
_MAX_PARTS = 60
_MAX_HEADER = 4_000
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_REPORT_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL_TYPES = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
Headers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Incoming:
    """A mail that came in.

    Args:
        headers: by lower-case name, decoded, one value for each time the header stands there.
        sender: the address of From, in canonical form; may be empty.
        text: the plain text, or else what the HTML says; of a report its first part.
        html: the HTML, if there is any and no plain text.
        media_type: of the whole, such as ``multipart/report``.
        report_type: parameter of ``multipart/report``: ``delivery-status``, ``disposition-notification`` …
        reports: groups of fields of the delivery status (RFC 3464 §2.1): first that of the mail, then one for each
            recipient; by lower-case name.
        original: headers of the mail that is sent back, if it is.
        original_text: the beginning of that mail as text.
        received_at: when it came in, if known.
        key: what it is known by in its mailbox; the same for the same mail in another folder.
        conversation: the mailbox's name for the thread, or empty.
        labels: what the mailbox calls it, if it does: ``SENT``, ``DRAFT``.
    """

    headers: Headers
    sender: str = ""
    text: str = ""
    html: str = ""
    media_type: str = "text/plain"
    report_type: str = ""
    reports: tuple[Mapping[str, str], ...] = ()
    original: Headers = field(default_factory=dict)
    original_text: str = ""
    received_at: datetime | None = None
    key: str = ""
    conversation: str = ""
    labels: frozenset[str] = frozenset()

    def header(self, name: str) -> str:
        """The first header of that name, on one line; empty if there is none."""
        return next(iter(self.headers.get(name.lower(), ())), "")

    @property
    def subject(self) -> str:
        """The subject, on one line."""
        return self.header("subject")

    @property
    def message_id(self) -> str:
        """The Message-ID in its angle brackets; empty if there is none."""
        return next(iter(message_ids(self.header("message-id"))), "")

    @property
    def answers(self) -> list[str]:
        """Message-IDs of the mails it answers, the nearest first (RFC 5322 §3.6.4)."""
        near = message_ids(" ".join(self.headers.get("in-reply-to", ())))
        thread = message_ids(" ".join(self.headers.get("references", ())))
        return list(dict.fromkeys([*near, *reversed(thread)]))

    @property
    def returned_ids(self) -> list[str]:
        """Message-IDs of the mail that is sent back, as far as a report tells them."""
        named = [*self.original.get("message-id", ()), *self.headers.get("x-ms-exchange-message-sent-representing", ())]
        named += [group.get("x-original-message-id", "") for group in self.reports]
        found = message_ids(" ".join(named))
        quoted = re.findall(r"(?im)^[> \t]*message-id:\s*(<[^<>\s]{1,500}>)", f"{self.text}\n{self.original_text}")
        return list(dict.fromkeys([*found, *quoted]))


def message_ids(text: str) -> list[str]:
    """All Message-IDs in a header's value."""
    return _MESSAGE_ID.findall(text)


def read_incoming(
    raw: bytes,
    *,
    received_at: datetime | None = None,
    key: str = "",
    conversation: str = "",
    labels: frozenset[str] = frozenset(),
) -> Incoming:
    """Take a mail apart.

    Args:
        raw: the mail as it came (RFC 5322), whole or its beginning.
        received_at: when it came in.
        key: see `Incoming`; its Message-ID if empty.
        conversation: see `Incoming`.
        labels: see `Incoming`.
    """
    mail = message_from_bytes(raw[:MAX_RAW])
    headers = _headers(mail)
    parts = list(_walk(mail))
    plain, html = _bodies(parts)
    original, original_text = _original(parts)
    senders = _addresses(headers.get("from", ()))
    ids = message_ids(next(iter(headers.get("message-id", ())), ""))
    return Incoming(
        headers=headers,
        sender=senders[0] if senders else "",
        text=plain[:MAX_TEXT],
        html=html[:MAX_TEXT],
        media_type=mail.get_content_type(),
        report_type=str(mail.get_param("report-type") or "").lower(),
        reports=tuple(_reports(parts)),
        original=original,
        original_text=original_text[:MAX_TEXT],
        received_at=received_at,
        key=(ids[0] if ids else "") or key,
        conversation=conversation,
        labels=labels,
    )


def _walk(mail: Message, depth: int = 0) -> Iterator[Message]:
    """The parts, without those of a mail that is enclosed."""
    yield mail
    if depth >= 8 or mail.get_content_type() in _REPORT_TYPES | _ORIGINAL_TYPES or not mail.is_multipart():
        return
    payload = mail.get_payload()
    for part in payload[:_MAX_PARTS] if isinstance(payload, list) else ():
        if isinstance(part, Message):
            yield from _walk(part, depth + 1)


def _headers(mail: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        found.setdefault(name.lower(), []).append(_decoded(value))
    return {name: tuple(values) for name, values in found.items()}


def _decoded(value: object) -> str:
    text = _unescaped(" ".join(str(value).split("\n")))[:_MAX_HEADER]
    with suppress(LookupError, ValueError, UnicodeError):  # an encoded word that is none
        text = str(make_header(decode_header(text)))
    return one_line(text.encode("utf-8", "replace").decode("utf-8"), _MAX_HEADER)


def _unescaped(value: str) -> str:
    """Bytes that are not ASCII stand in a header as they are: UTF-8 (RFC 6532), or what the sender took for granted."""
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _addresses(values: tuple[str, ...]) -> list[str]:
    return [canonical_email(one_line(address, 320)) for _, address in getaddresses(values) if "@" in address]


def _bodies(parts: list[Message]) -> tuple[str, str]:
    plain = [_text(part) for part in parts if part.get_content_type() == "text/plain" and not _attached(part)]
    html = [_text(part) for part in parts if part.get_content_type() == "text/html" and not _attached(part)]
    text = "\n\n".join(one for one in plain if one.strip())
    return text, "" if text else next((one for one in html if one.strip()), "")


def _attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset)
    except (LookupError, UnicodeError):
        text = payload.decode("cp1252" if charset in {"us-ascii", "iso-8859-1"} else "utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _reports(parts: list[Message]) -> Iterator[Mapping[str, str]]:
    for part in parts:
        if part.get_content_type() not in _REPORT_TYPES:
            continue
        payload = part.get_payload()
        groups = payload if isinstance(payload, list) else [message_from_string(str(payload))]
        for group in groups[:_MAX_PARTS]:
            if isinstance(group, Message) and len(group):
                yield {name.lower(): _decoded(value) for name, value in group.items()}


def _original(parts: list[Message]) -> tuple[Headers, str]:
    for part in parts[1:]:
        if part.get_content_type() not in _ORIGINAL_TYPES:
            continue
        payload = part.get_payload()
        if isinstance(payload, list) and payload and isinstance(payload[0], Message):
            inner = payload[0]
        else:
            inner = message_from_string(_text(part) or str(payload))
        return _headers(inner), "\n".join(_bodies(list(_walk(inner)))).strip()
    return {}, ""
