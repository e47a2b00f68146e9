"""Email addresses of a page, however they are written, with those of relays and placeholders kept apart.

Kinds, from the surest to the least sure:

==========  ============================================================
mailto      the target of a link or a form
cloudflare  decoded from ``data-cfemail`` or ``/cdn-cgi/l/email-protection``
json_ld     from structured data
entity      in the text, spelt in character references
text        in the text, or in an attribute people read
encoded     put together by a script, or scrambled in a data attribute
obfuscated  in words or brackets: "name at domain dot com", "name [at] …"
relay       an address of a relay, in whatever form: it reaches one ad, and identifies nobody
==========  ============================================================

What only a program would see is no address: comments, hidden elements, settings of scripts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from leadgen.model.ids import canonical_email
from leadgen.process.document import Document
from leadgen.process.domains import is_end, read_domain
from leadgen.process.encoded_emails import from_attributes, from_scripts
from leadgen.process.folding import Folded, fold_for_addresses
from leadgen.process.placeholders import FILE_ENDINGS, KNOWN_RELAYS, RESERVED, is_placeholder, is_under
from leadgen.process.spelt_emails import read_spelt
from leadgen.process.spelt_words import NO_SPAM
from leadgen.process.unscramble import decode_protected
from leadgen.process.wordlist import word_set

__all__ = [
    "EmailKind",
    "FoundEmail",
    "decode_protected",
    "find_emails",
    "is_under",
    "mailto_addresses",
    "usable_address",
]

EmailKind = Literal["mailto", "cloudflare", "json_ld", "entity", "text", "encoded", "obfuscated", "relay"]

MAX_EMAILS = 50
MAX_TEXT = 200_000
MAX_MARKS = 2_000
"""At-signs of one text that are looked at."""
MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3 with erratum 1690."""

_AT = re.compile(r"@")
# RFC 5322 allows more signs before the "@", but there they separate words far more often ("a@b.com/c@d.com").
_BEFORE = re.compile(r"[\w.+'&%-]{1,64}\Z")
_LEADING = "'%&.-"
# Text of scripts written without blanks runs into an address: "邮箱bob@acme.com".
_LATIN_TAIL = re.compile(r"[\x00-\u2e7f]*\Z")
_IN_ADDRESS_OF_A_PAGE = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^\s,;|<>\"'()]*\Z", re.IGNORECASE)
_COMPOSE = re.compile(
    r"//(?:mail\.google|outlook\.(?:live|office)|compose\.mail\.yahoo)\.com/.*?[?&]to=([^&#]+)", re.IGNORECASE
)
_PROTECTED_LINK = re.compile(r"/cdn-cgi/l/email-protection#([0-9a-fA-F]{6,600})")
_RECIPIENTS = ("to=", "cc=", "bcc=")
_ROLES = word_set(
    """
    info contact sales office admin support hello hi help enquiries inquiries enquiry inquiry service services mail
    team booking bookings reservations reception billing accounts orders jobs hr press marketing webmaster postmaster
    abuse estimates quotes kontakt contacto contato ventas oficina bonjour accueil buero post privacy legal customercare
    """
)


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

    @property
    def is_role(self) -> bool:
        """Whether it names a desk ("info", "sales") and no person."""
        return self.address.rsplit("@", 1)[0].lower().split("+", 1)[0] in _ROLES


def find_emails(
    document: Document, relay_domains: Iterable[str] = (), *, allow_reserved_domains: bool = False
) -> list[FoundEmail]:
    """The addresses of a document, each once, the surest kind first and then in the order of the page.

    Args:
        document: what was read of the page.
        relay_domains: domains, with all below them, whose addresses only pass mail on. Those of well-known sites are
            known beside them.
        allow_reserved_domains: take addresses below the reserved names ``.example`` and ``example.com`` (RFC 2606), as
            a local demo does.

    Addresses nobody reads ("noreply@…") are left out. Never raises.
    """
    relays = tuple(domain.strip().lower().strip(".") for domain in relay_domains if domain.strip())
    found: dict[str, FoundEmail] = {}
    for kind, written, text in _candidates(document):
        address = usable_address(written, allow_reserved_domains=allow_reserved_domains)
        if address is None or canonical_email(address) in found:
            continue
        domain = address.rsplit("@", 1)[1]
        known = "relay" if is_under(domain, relays) or is_under(domain, KNOWN_RELAYS) else kind
        found[canonical_email(address)] = FoundEmail(address, known, text[:320])
        if len(found) >= MAX_EMAILS:
            break
    return list(found.values())


@lru_cache(maxsize=4_096)
def usable_address(written: str, *, allow_reserved_domains: bool = False) -> str | None:
    """The normalised address, or None where it is no address of a person or business.

    Syntax by email-validator (RFC 5321, 5322, 6531); a domain must end in a name of the DNS root zone. Names of files,
    placeholders, reserved domains and addresses nobody reads are refused.
    """
    written = written.strip().strip("<>\"'")
    if not 6 <= len(written) <= MAX_LENGTH * 2 or written.count("@") != 1:
        return None
    written = NO_SPAM.sub("", written).rstrip(".")
    if len(written) > MAX_LENGTH:
        return None
    try:
        checked = validate_email(written, check_deliverability=False, strict=True)
    except (EmailNotValidError, ValueError):
        return None
    domain = (checked.ascii_domain or checked.domain).lower()
    ending = domain.rsplit(".", 1)[-1]
    if ending in FILE_ENDINGS or not is_end(ending) or domain in RESERVED:
        return None
    if (ending == "example" or is_under(domain, RESERVED)) and not allow_reserved_domains:
        return None
    if is_placeholder(checked.local_part.lower(), domain):
        return None
    return f"{checked.local_part}@{checked.domain.lower()}"


def _candidates(document: Document) -> Iterator[tuple[EmailKind, str, str]]:
    yield from _linked(document)
    for written in document.facts.emails:
        plain = [written] if "@" in written else [address for address, _, _ in read_spelt(written)]
        for address in plain:
            yield "json_ld", address, written
    texts = [fold_for_addresses(text) for text in _texts(document)]
    for folded in texts:
        for address, start, end in _in_text(folded.text):
            yield _text_kind(address, document.source), address, _as_written(folded, start, end)
    yield from _encoded(document)
    for folded in texts:
        for address, start, end in read_spelt(folded.text):
            yield "obfuscated", address, _as_written(folded, start, end)


def _texts(document: Document) -> Iterator[str]:
    for text in (document.title, document.text, "\n\n".join(document.attributes)):
        if text:
            yield text[:MAX_TEXT]


def _linked(document: Document) -> Iterator[tuple[EmailKind, str, str]]:
    for link in document.mail_links[:MAX_EMAILS]:
        for address in mailto_addresses(link.href):
            yield "mailto", address, link.text or address
    for link in document.links:
        if "to=" in link.href and (composed := _COMPOSE.search(link.href)):
            yield "mailto", unquote(composed[1]), link.text or unquote(composed[1])
    for encoded in _protected(document):
        decoded = decode_protected(encoded)
        if decoded:
            yield "cloudflare", decoded, decoded


def _encoded(document: Document) -> Iterator[tuple[EmailKind, str, str]]:
    for address in from_scripts(document.scripts, plain_addresses):
        yield "encoded", address, address
    for address in from_attributes(document.data):
        yield "encoded", address, address
    for text in (document.title, document.text):
        if "&#" in text:
            for address in plain_addresses(html.unescape(text[:MAX_TEXT])):
                yield "entity", address, address


def _as_written(folded: Folded, start: int, end: int) -> str:
    first, last = folded.span(start, end)
    return folded.source[first:last]


def _text_kind(address: str, source: str) -> EmailKind:
    return "entity" if source and address not in source and "&" in source and address not in source.lower() else "text"


def plain_addresses(text: str) -> list[str]:
    """Addresses written plainly in a text, in order."""
    return [address for address, _, _ in _in_text(text)]


def _in_text(text: str) -> Iterator[tuple[str, int, int]]:
    """Plain addresses, found from their "@" outwards, so that a long text costs no more than its length."""
    for count, at in enumerate(_AT.finditer(text)):
        if count >= MAX_MARKS:
            return
        before = _BEFORE.search(text, max(0, at.start() - 64), at.start())
        after = read_domain(text, at.end()) if before else None
        if before is None or after is None:
            continue
        domain, end = after
        local = before[0].lstrip(_LEADING)
        if domain.isascii() and not local.isascii():
            local = _LATIN_TAIL.search(local)[0]  # type: ignore[index]
        if local.startswith("__"):
            local = local.lstrip("_")
        start = at.start() - len(local)
        if not local or text[start - 1 : start] == "@" or _is_in_page_address(text, start):
            continue
        yield f"{local}@{domain}", start, end


def _is_in_page_address(text: str, start: int) -> bool:
    """Whether what stands before "@" belongs to the address of a page: "https://key@sentry.io/1"."""
    near = text[max(0, start - 120) : start]
    return "://" in near and _IN_ADDRESS_OF_A_PAGE.search(near) is not None


def mailto_addresses(href: str) -> list[str]:
    """The recipients of a ``mailto:`` link (RFC 6068), those in its "to", "cc" and "bcc" fields too."""
    target = re.sub(r"^\s*(?:mailto:/{0,2}\s*)+", "", href[:2000], flags=re.IGNORECASE)
    path, _, query = target.partition("?") if "?" in target else target.partition("&")
    fields = query.replace("&amp;", "&").split("&")
    parts = [path, *(field.split("=", 1)[1] for field in fields if field.lower().startswith(_RECIPIENTS))]
    found: list[str] = []
    for part in parts:
        written = fold_for_addresses(unquote(part)).text
        plain = plain_addresses(written)
        found += plain or [address for address, _, _ in read_spelt(written)]
        if not plain:
            found += [entry.strip() for entry in written.split(",") if entry.count("@") == 1]
    return found[:10]


def _protected(document: Document) -> list[str]:
    linked = [match[1] for link in document.links if (match := _PROTECTED_LINK.search(link.href))]
    return list(dict.fromkeys([*document.protected, *linked]))[:MAX_EMAILS]
