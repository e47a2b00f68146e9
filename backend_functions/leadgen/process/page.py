"""Everything a whole page shows of a business, wherever it stands: header, footer, attributes, structured data."""

from __future__ import annotations

import html as entities
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from leadgen.process.document import MAX_TEXT, Document, Page
from leadgen.process.emails import FoundEmail, find_emails
from leadgen.process.json_ld import parse_block
from leadgen.process.links import MAX_WEBSITES, absolute, host_of, website_urls
from leadgen.process.phones import FoundPhone
from leadgen.process.post import MAX_IMAGES, MAX_TITLE, clean_text, phones_of
from leadgen.process.website_signs import tells_nothing

MAX_JSON_LD = 50
"""Structured data blocks of one page that are given back."""
MAX_JSON_LD_LENGTH = 100_000
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d{1,5}\)(https?://[^\s>]{4,2000}?)\s*-->", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|p|br|a|span|table|td|ul|li|h[1-6]|meta|title)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ExtractedPage:
    """What a page shows.

    Args:
        title: of the page, without control characters.
        phones: numbers, those of the text first.
        emails: addresses, the surest kind first.
        json_ld: the page's JSON-LD as it is written, one value per thing.
        websites: websites other than the page's own that are no social networks, and those its structured data names.
        images: addresses of its pictures; as written where nothing says where the page was.
    """

    title: str
    phones: tuple[FoundPhone, ...]
    emails: tuple[FoundEmail, ...]
    json_ld: tuple[Any, ...]
    websites: tuple[str, ...]
    images: tuple[str, ...]


def extract_page(
    html: str, url: str = "", *, region: str = "US", allow_reserved_domains: bool = False
) -> ExtractedPage:
    """Read a whole page.

    Args:
        html: the page, decoded.
        url: where it was fetched; "" for a saved page, which may say itself where it comes from.
        region: ISO 3166 code of the country whose numbers may be written without a country code.
        allow_reserved_domains: take addresses under ``.example``, as a local demo does.

    Never raises for what a page says.
    """
    page = Page(html)
    base = _base(page, html, url)
    document = page.document(url=base)
    emails = find_emails(document, allow_reserved_domains=allow_reserved_domains)
    domains = [email.address.rsplit("@", 1)[1] for email in emails]
    return ExtractedPage(
        title=clean_text(document.title, one_line=True)[:MAX_TITLE],
        phones=tuple(phones_of(document, base, region)),
        emails=tuple(emails),
        json_ld=json_ld_of(page),
        websites=_websites(document, base, domains),
        images=_images(page, base),
    )


def extract_text(text: str, *, region: str = "US", allow_reserved_domains: bool = False) -> ExtractedPage:
    """Read plain text, such as a saved mail or note; its first line is the title.

    Args:
        text: the text, decoded.
        region: as for `extract_page`.
        allow_reserved_domains: as for `extract_page`.
    """
    text = text[:MAX_TEXT].replace("\x00", "")
    document = Document(text=text)
    emails = find_emails(document, allow_reserved_domains=allow_reserved_domains)
    domains = [email.address.rsplit("@", 1)[1] for email in emails]
    first_line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return ExtractedPage(
        title=clean_text(first_line, one_line=True)[:MAX_TITLE],
        phones=tuple(phones_of(document, "", region)),
        emails=tuple(emails),
        json_ld=(),
        websites=_websites(document, "", domains),
        images=(),
    )


def looks_like_html(text: str) -> bool:
    """Whether a text of unknown kind is a page: it has tags, or is spelt in nothing but entities."""
    return _MARKUP.search(text[:20_000]) is not None


def json_ld_of(page: Page) -> tuple[Any, ...]:
    """The page's JSON-LD values; blocks that no reader could take for JSON are left out."""
    found: list[Any] = []
    for node in page.nodes("script[type*='ld+json' i]")[:MAX_JSON_LD]:
        value = parse_block(node.text() or "")
        found += value if isinstance(value, list) else [value]
    return tuple(value for value in found[:MAX_JSON_LD] if isinstance(value, dict) and _is_sound(value))


def _is_sound(value: Any) -> bool:
    """Whether a value can be written as JSON again: NaN can't, nor can what is nested without end."""
    try:
        return len(json.dumps(value, allow_nan=False)) <= MAX_JSON_LD_LENGTH
    except (ValueError, RecursionError):
        return False


def _base(page: Page, html: str, url: str) -> str:
    """Where relative links of the page start; "" where nothing says so."""
    here = url
    if not here and (saved := _SAVED_FROM.search(html[:4000])):
        here = entities.unescape(saved[1])
    if not here:
        canonical = page.nodes("link[rel=canonical i][href]")[:1] + page.nodes("meta[property='og:url' i][content]")[:1]
        values = [node.attributes.get("href") or node.attributes.get("content") or "" for node in canonical]
        here = next((value for value in values if value.startswith(("http://", "https://"))), "")
    declared = next((node.attributes.get("href") or "" for node in page.nodes("base[href]")[:1]), "")
    return (absolute(declared, here) if declared else None) or here


def _websites(document: Document, base: str, mail_domains: Iterable[str]) -> tuple[str, ...]:
    linked = website_urls(document.links, document.text, base, mail_domains)
    named = (address for url in document.facts.urls if (address := absolute(url, base)) and not tells_nothing(address))
    first: dict[str, str] = {}
    for address in (*linked, *named):
        first.setdefault(f"{host_of(address)}{urlsplit(address).path.rstrip('/')}", address)
    return tuple(first.values())[:MAX_WEBSITES]


def _images(page: Page, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in page.nodes("img")[: MAX_IMAGES * 4]:
        values = node.attributes
        written = (values.get("data-src") or values.get("src") or "").strip()
        if not written or written[:5].lower() == "data:":
            continue
        target = absolute(written, base) or ("" if base else written[:2000])
        if target:
            found[clean_text(target, one_line=True)] = None
    return tuple(found)[:MAX_IMAGES]
