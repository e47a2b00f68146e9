"""Between Graph's JSON message and the mail on the wire (RFC 5322, MIME)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from email import policy
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses
from typing import Any

from selectolax.lexbor import LexborHTMLParser

LIST_UNSUBSCRIBE = "String 0x1045"  # PidTagListUnsubscribe
_STANDARD = {
    LIST_UNSUBSCRIBE.lower(): "List-Unsubscribe",
    "string 0x1042": "In-Reply-To",  # PidTagInReplyToId
    "string 0x1039": "References",  # PidTagInternetReferences
}
_INTERNET_HEADERS = re.compile(r"^string \{00020386-0000-0000-c000-000000000046\} name (?P<name>\S+)$", re.IGNORECASE)
_HEADER_NAME = re.compile(r"^[!-9;-~]+$")  # RFC 5322, 2.2
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_OWN_HEADERS = {
    *("from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-disposition", "received", "return-path"),
}


def one_line(text: object) -> str:
    """Text fit for a header: no control characters, no line breaks, no half characters."""
    return _CONTROL.sub(" ", str(text or "")).encode("utf-8", "replace").decode("utf-8").strip()


def plain_text(body: dict[str, Any]) -> str:
    """A message body as text a person can read."""
    content = str(body.get("content") or "").encode("utf-8", "replace").decode("utf-8")
    if str(body.get("contentType", "text")).lower() != "html":
        return content
    flowing = re.sub(r"\s+", " ", content)  # in HTML a line break is a space
    spaced = re.sub(r"(</(?:p|h\d|ul|ol|table|blockquote)\b|<hr\b)", r"\n\n\1", flowing, flags=re.IGNORECASE)
    tree = LexborHTMLParser(re.sub(r"(<br\b|</(?:div|tr|li)\b)", r"\n\1", spaced, flags=re.IGNORECASE))
    for node in tree.css("script, style, head"):
        node.decompose()
    text = tree.body.text() if tree.body else ""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]*\n[ \t\xa0]*", "\n", text)).strip()


def recipients(values: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Name and address of each Graph recipient."""
    found = []
    for value in values or []:
        email = value.get("emailAddress") or {}
        found.append((one_line(email.get("name")), one_line(email.get("address"))))
    return found


def recipient(address: str, name: str | None = None) -> dict[str, Any]:
    """A Graph recipient."""
    return {"emailAddress": {"name": name or address, "address": address}}


def _addresses(values: list[dict[str, Any]]) -> list[Address]:
    result = []
    for name, address in recipients(values):
        if not ADDRESS.fullmatch(address):
            continue
        local, _, domain = address.rpartition("@")
        shown = "" if name == address else name
        try:
            # Addresses travel in ASCII (RFC 5890); a local part that is not ASCII is left to SMTPUTF8 (RFC 6531).
            result.append(Address(display_name=shown, username=local, domain=domain.encode("idna").decode("ascii")))
        except (ValueError, IndexError):
            continue
    return result


def _set_header(mail: EmailMessage, name: str, value: str) -> None:
    if _HEADER_NAME.match(name) and name.lower() not in _OWN_HEADERS and name not in mail:
        mail[name] = one_line(value)


def to_mime(content: dict[str, Any], sent: float) -> bytes:
    """The mail a recipient gets for a Graph message; `sent` in seconds since the epoch."""
    mail = EmailMessage(policy=_policy(content))
    mail["From"] = _addresses([content["from"]])
    for header, key in (("To", "toRecipients"), ("Cc", "ccRecipients"), ("Reply-To", "replyTo")):
        found = _addresses(content.get(key, []))
        if found:
            mail[header] = found
    mail["Subject"] = one_line(content.get("subject"))
    mail["Date"] = format_datetime(dt.datetime.fromtimestamp(sent, dt.UTC))
    mail["Message-ID"] = one_line(content["internetMessageId"])
    for header in ("In-Reply-To", "References"):
        if content.get(header):
            mail[header] = one_line(content[header])
    _add_headers(mail, content)
    _add_body(mail, content.get("body") or {})
    _add_attachments(mail, content.get("attachments", []))
    for part in mail.walk():
        if part is not mail:
            del part["MIME-Version"]  # belongs to the whole mail alone (RFC 2045, 4)
    return mail.as_bytes()


def _policy(content: dict[str, Any]) -> policy.EmailPolicy[EmailMessage]:
    people = [person for key in ("toRecipients", "ccRecipients", "replyTo") for person in content.get(key, [])]
    ascii_only = all(address.rpartition("@")[0].isascii() for _, address in recipients(people))
    return (policy.SMTP if ascii_only else policy.SMTPUTF8).clone(header_factory=_HEADERS)


class _Tokens:
    """A header folded between its tokens only: the library would encode a token longer than a line (RFC 2047)."""

    max_count = None
    parse = staticmethod(UnstructuredHeader.parse)
    value_parser = staticmethod(UnstructuredHeader.value_parser)

    def fold(self, *, policy: policy.EmailPolicy[EmailMessage]) -> str:
        """The header's line or lines."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
for _name in ("list-unsubscribe", "list-unsubscribe-post", "message-id", "in-reply-to", "references"):
    _HEADERS.map_to_type(_name, _Tokens)  # type: ignore[arg-type]


def _add_headers(mail: EmailMessage, content: dict[str, Any]) -> None:
    for header in content.get("internetMessageHeaders", []):
        _set_header(mail, str(header.get("name")), str(header.get("value")))
    for prop in content.get("singleValueExtendedProperties", []):
        named = _INTERNET_HEADERS.match(prop["id"])
        # Exchange writes these properties out as the headers they stand for.
        standard = _STANDARD.get(prop["id"].lower())
        if standard is not None and standard not in mail:
            mail[standard] = one_line(prop["value"])
        elif named:
            _set_header(mail, named["name"], prop["value"])


def _add_body(mail: EmailMessage, body: dict[str, Any]) -> None:
    mail.set_content(plain_text(body), cte="quoted-printable")
    if str(body.get("contentType", "")).lower() == "html":
        markup = str(body.get("content") or "").encode("utf-8", "replace").decode("utf-8")
        mail.add_alternative(markup, subtype="html", cte="quoted-printable")


def _add_attachments(mail: EmailMessage, attachments: list[dict[str, Any]]) -> None:
    for attachment in attachments:
        main, _, sub = one_line(attachment.get("contentType") or "application/octet-stream").partition("/")
        if main not in {"application", "audio", "font", "image", "text", "video"}:
            main, sub = "application", "octet-stream"
        data = base64.b64decode(attachment.get("contentBytes") or "")
        name = one_line(attachment.get("name")) or "attachment"
        mail.add_attachment(data, maintype=main, subtype=sub or "octet-stream", filename=name)


def _people(mail: EmailMessage, header: str) -> list[dict[str, Any]]:
    values = [str(value) for value in mail.get_all(header, [])]
    return [recipient(address, name) for name, address in getaddresses(values) if address]


def from_mime(data: bytes) -> dict[str, Any]:
    """A Graph message out of a mail. Nothing is refused: whatever cannot be read is left out."""
    mail = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(mail, EmailMessage)  # what policy.default makes
    content: dict[str, Any] = {
        "subject": one_line(mail.get("Subject")),
        "body": _body(mail),
        "toRecipients": _people(mail, "To"),
        "ccRecipients": _people(mail, "Cc"),
        "bccRecipients": _people(mail, "Bcc"),
        "replyTo": _people(mail, "Reply-To"),
        "internetMessageHeaders": [
            {"name": name, "value": one_line(value)}
            for name, value in mail.items()
            if name.lower() not in {"mime-version", "content-transfer-encoding", "bcc"}
        ],
    }
    senders = _people(mail, "From")
    if senders:
        content["from"] = senders[0]
    if mail.get("Message-ID"):
        content["internetMessageId"] = one_line(mail["Message-ID"])
    for header in ("In-Reply-To", "References"):
        if mail.get(header):
            content[header] = one_line(mail[header])
    return content


def _body(mail: EmailMessage) -> dict[str, Any]:
    part = mail.get_body(preferencelist=("html", "plain"))
    if part is None:
        return {"contentType": "text", "content": ""}
    try:
        text = part.get_content()
    except (LookupError, ValueError, KeyError):
        raw = part.get_payload(decode=True)
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return {"contentType": "html" if part.get_content_subtype() == "html" else "text", "content": str(text)}


def preview(body: dict[str, Any]) -> str:
    """The first 255 characters of the body as text."""
    return plain_text(body).replace("\n", "\r\n")[:255]


def decode_base64(text: bytes) -> bytes | None:
    """Base64 as Graph takes MIME in; None when it is none."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
