"""Email addresses of a page, however they are written, with those of relays and placeholders kept apart.

Kinds, from the surest to the least sure:

==========  ============================================================
mailto      the target of a link
cloudflare  decoded from ``data-cfemail`` or ``/cdn-cgi/l/email-protection``
json_ld     from structured data
entity      in the text, spelt in character references
text        in the text
obfuscated  in words or brackets: "name at domain dot com", "name [at] …"
relay       an address of a relay, in whatever form: it reaches one ad, and identifies nobody
==========  ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from leadgen.model.ids import canonical_email
from leadgen.process.document import Document
from leadgen.process.folding import fold_for_addresses
from leadgen.process.spelt_emails import read_spelt
from leadgen.process.wordlist import word_set

EmailKind = Literal["mailto", "cloudflare", "json_ld", "entity", "text", "obfuscated", "relay"]

MAX_EMAILS = 50
MAX_TEXT = 200_000
MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3 with erratum 1690."""

_DOMAIN = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_][\w-]{1,62}"
_AT = re.compile(r"@")
# RFC 5322 allows more signs before the "@", but there they separate words far more often ("a@b.com/c@d.com").
_BEFORE = re.compile(r"[\w.+'&%-]{1,64}\Z")
_AFTER = re.compile(_DOMAIN)
_LEADING = "'%&.-"
_PROTECTED_LINK = re.compile(r"/cdn-cgi/l/email-protection#([0-9a-fA-F]{6,600})")
_FILE_ENDINGS = word_set(
    """
    png jpg jpeg gif webp svg bmp ico avif tiff css js mjs json xml html htm php asp aspx pdf doc docx zip
    woff woff2 ttf mp4 mp3 webm min
    """
)
_RESERVED = ("example.com", "example.net", "example.org", "example.edu")
_PLACEHOLDER_DOMAINS = word_set(
    """
    domain.com yourdomain.com mydomain.com yourcompany.com yoursite.com yourwebsite.com website.com
    company.com mysite.com site.com address.com emailaddress.com domain.tld email.tld sentry.io wixpress.com
    sentry-next.wixpress.com test.com xyz.com abc.com
    """
)
_PLACEHOLDER_NAMES = word_set(
    """
    you your yourname your.name your-name youremail your.email name username user someone somebody example
    email firstname.lastname first.last john.doe johndoe jane.doe xxx abc test noreply no-reply donotreply do-
    not-reply
    """
)
_NO_REPLY = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply"})


@dataclass(frozen=True)
class FoundEmail:
    """An address and how it was written.

    Args:
        address: normalised; the domain in small letters, international ones in their own script.
        kind: see the module.
        text: as it was written.
    """

    address: str
    kind: EmailKind
    text: str


def find_emails(
    document: Document, relay_domains: Iterable[str] = (), *, allow_reserved_domains: bool = False
) -> list[FoundEmail]:
    """The addresses of a document, each once, the surest kind first and then in the order of the page.

    Args:
        document: what was read of the page.
        relay_domains: domains, with all below them, whose addresses only pass mail on.
        allow_reserved_domains: take addresses below the reserved names ``.example`` and ``example.com`` (RFC 2606), as
            a local demo does.

    Never raises.
    """
    relays = tuple(domain.strip().lower().strip(".") for domain in relay_domains if domain.strip())
    found: dict[str, FoundEmail] = {}
    for kind, written, text in _candidates(document):
        address = usable_address(written, allow_reserved_domains=allow_reserved_domains)
        if address is None or canonical_email(address) in found:
            continue
        known = "relay" if is_under(address.rsplit("@", 1)[1], relays) else kind
        found[canonical_email(address)] = FoundEmail(address, known, text[:320])
        if len(found) >= MAX_EMAILS:
            break
    return list(found.values())


def is_under(domain: str, parents: Iterable[str]) -> bool:
    """Whether a domain is one of the others or below one of them."""
    domain = domain.lower()
    return any(domain == parent or domain.endswith(f".{parent}") for parent in parents)


@lru_cache(maxsize=4_096)
def usable_address(written: str, *, allow_reserved_domains: bool = False) -> str | None:
    """The normalised address, or None where it is no address of a person or business.

    Syntax by email-validator (RFC 5321, 5322, 6531); names of files, placeholders and reserved domains are refused.
    """
    written = written.strip().strip("<>\"'")
    if not 6 <= len(written) <= MAX_LENGTH or written.count("@") != 1:
        return None
    try:
        checked = validate_email(written, check_deliverability=False, strict=True)
    except (EmailNotValidError, ValueError):
        return None
    domain = (checked.ascii_domain or checked.domain).lower()
    ending = domain.rsplit(".", 1)[-1]
    if ending in _FILE_ENDINGS or ending.isdigit() or domain in _RESERVED:
        return None
    if (ending == "example" or is_under(domain, _RESERVED)) and not allow_reserved_domains:
        return None
    local = checked.local_part.lower()
    if is_under(domain, _PLACEHOLDER_DOMAINS) or local in _NO_REPLY:
        return None
    if local in _PLACEHOLDER_NAMES and domain.split(".", 1)[0] in ("email", "mail", "gmail", "yahoo", "yourmail"):
        return None
    return f"{checked.local_part}@{checked.domain.lower()}"


def _candidates(document: Document) -> Iterator[tuple[EmailKind, str, str]]:
    for link in document.mail_links[:MAX_EMAILS]:
        for address in mailto_addresses(link.href):
            yield "mailto", address, link.text or address
    for encoded in _protected(document):
        decoded = decode_protected(encoded)
        if decoded:
            yield "cloudflare", decoded, decoded
    for address in document.facts.emails:
        yield "json_ld", address, address
    texts = [document.title, document.text, *document.attributes]
    for text in texts:
        for address in _in_text(fold_for_addresses(text[:MAX_TEXT]).text):
            yield _text_kind(address, document.source), address, address
    for text in texts:
        for address, written in read_spelt(fold_for_addresses(text[:MAX_TEXT]).text):
            yield "obfuscated", address, written


def _text_kind(address: str, source: str) -> EmailKind:
    return "entity" if source and address not in source and "&#" in source else "text"


def _in_text(text: str) -> Iterator[str]:
    """Plain addresses, found from their "@" outwards, so that a long text costs no more than its length."""
    for at in _AT.finditer(text):
        before = _BEFORE.search(text, max(0, at.start() - 64), at.start())
        after = _AFTER.match(text, at.end(), min(len(text), at.end() + 255))
        if before and after:
            local = before[0].lstrip(_LEADING)
            if local:
                yield f"{local}@{after[0].rstrip('-_')}"


def mailto_addresses(href: str) -> list[str]:
    """The recipients of a ``mailto:`` link (RFC 6068), those in its "to" field too."""
    target = href.split(":", 1)[-1].lstrip("/")[:2000]
    path, _, query = target.partition("?")
    fields = [field[3:] for field in query.replace("&amp;", "&").split("&") if field.lower().startswith("to=")]
    entries = [unquote(entry) for part in [path, *fields] for entry in re.split(r"[,;]|%2[Cc]", part)]
    return [re.sub(r".*<([^<>]*)>.*", r"\1", entry).strip() for entry in entries if "@" in entry][:10]


def _protected(document: Document) -> list[str]:
    linked = [match[1] for link in document.links if (match := _PROTECTED_LINK.search(link.href))]
    return list(dict.fromkeys([*document.protected, *linked]))[:MAX_EMAILS]


def decode_protected(encoded: str) -> str | None:
    """An address out of Cloudflare's email protection: the first byte is the key, the others are XORed with it."""
    try:
        data = bytes.fromhex(encoded.strip()[:600])
    except ValueError:
        return None
    if len(data) < 4:
        return None
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?", 1)[0]
