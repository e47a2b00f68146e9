"""Saved mails (.eml, RFC 5322) and web archives (.mhtml, RFC 2557): the page or text in them."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from leadgen.harvest.charsets import decode_text

_MOST_PARTS = 200


@dataclass(frozen=True)
class SavedMail:
    """What a person reads of it.

    Args:
        text: of its page, or of its plain part where it has none.
        is_html: which of the two.
        url: where the page was saved from, or "".
        title: the subject.
    """

    text: str
    is_html: bool
    url: str
    title: str


def read_mail(content: bytes) -> SavedMail:
    """Read a saved mail or web archive, a damaged one as far as it goes. Never raises."""
    mail = message_from_bytes(content, policy=default)
    parts = [part for _, part in zip(range(_MOST_PARTS), mail.walk(), strict=False)]
    page = next((part for part in parts if part.get_content_type() == "text/html"), None)
    part = page or next((part for part in parts if part.get_content_type() == "text/plain"), None)
    title, url = (
        _header(mail, "subject"),
        _header(page, "content-location") or _header(mail, "snapshot-content-location"),
    )
    if part is None:
        return SavedMail("", False, "", title)
    return SavedMail(_decoded(part), page is not None, url if url.startswith(("http://", "https://")) else "", title)


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        charset = part.get_content_charset() or ""
    except (LookupError, ValueError):
        charset = ""
    return decode_text(payload, f"text/html; charset={charset}" if charset else "")


def _header(part: EmailMessage | None, name: str) -> str:
    try:
        return str(part[name] or "").strip()[:2000] if part is not None else ""
    except Exception:  # the standard library stumbles over some damaged headers
        return ""
