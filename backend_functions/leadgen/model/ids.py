"""Document ids. Uniqueness is a document id: what must be unique is the name of a document made with `create()`.

Ids are hashes, so they hold no character Firestore forbids, are not monotonic (sequential ids heat one tablet), and
give away no address in a URL or a log line.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def digest(*parts: str) -> str:
    """A 32-digit hexadecimal hash of the parts; no two different lists of parts share their input."""
    joined = "\x1f".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def canonical_url(url: str) -> str:
    """The form in which a URL is compared: lower-case scheme and host, no default port, no fragment (RFC 3986 §6.2)."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, ""))


def canonical_email(address: str) -> str:
    """The form in which an address is compared: NFC, lower case. Nobody runs mailboxes that differ in case alone."""
    plain = address.strip().lower() if address.isascii() else unicodedata.normalize("NFC", address.strip()).lower()
    return _internationalised(plain) if "xn--" in plain else plain


def _internationalised(address: str) -> str:
    """The address with its domain in letters instead of its ASCII form (RFC 5891): both are the same mailbox."""
    import idna

    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except UnicodeError:
        return address


def post_id(url: str) -> str:
    """Id of `posts/{id}`: one per URL."""
    return digest("url", canonical_url(url))


def host_id(host: str) -> str:
    """Id of `hosts/{id}`: one per host and port."""
    return digest("host", host.lower())


def merge_id(contact: str, number: int) -> str:
    """Id of `contactMerges/{id}`: one for each time a contact was merged into another."""
    return digest("merge", contact, str(number))


def suppression_id(kind: str, value: str) -> str:
    """Id of `suppressions/{id}`: one per email, phone or domain that must not be written to."""
    return digest("suppression", kind, value.strip().lower())


def suppression_values(emails: Iterable[str], phones: Iterable[str]) -> list[tuple[str, str]]:
    """(kind, value) of everything on the list that would forbid writing to one of these: the addresses, the domains
    they are in, the phones."""
    pairs: list[tuple[str, str]] = []
    for email in map(canonical_email, emails):
        labels = email.rpartition("@")[2].split(".")
        pairs += [("email", email)]
        pairs += [("domain", ".".join(labels[start:])) for start in range(min(len(labels) - 1, 6))]
    pairs += [("phone", phone.strip()) for phone in phones]
    return [pair for pair in dict.fromkeys(pairs) if pair[1]]


def contact_id(kind: str, value: str) -> str:
    """Id of `contacts/{id}`, made from what identifies the person best: phone, else email, else image, else URL."""
    return digest("contact", kind, canonical_email(value) if kind == "email" else value)


def email_job_id(template_id: int, contact: str, step: int = 0) -> str:
    """Id of `emailQueue/{id}`: one mail per contact, template and step of a sequence, whoever asks and how often."""
    return digest("email", str(template_id), contact, str(step))


def keyed_id(user: str, purpose: str, key: str) -> str:
    """Id of a document made by a request that carried an Idempotency-Key: the same key makes the same document."""
    return digest("key", user, purpose, key)


def scheduled_request_id(schedule_id: str, planned: datetime) -> str:
    """Id of the campaign a schedule starts for a planned time: one per time, whoever starts it and how often."""
    return digest("schedule", schedule_id, str(int(planned.timestamp())))
