"""Everything a post shows, in one reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from leadgen.process.document import Document, Link, Page
from leadgen.process.emails import FoundEmail, find_emails
from leadgen.process.json_ld import BusinessFacts
from leadgen.process.language import guess_language
from leadgen.process.links import absolute, host_of, website_urls
from leadgen.process.phones import FoundPhone, find_phones

Gate = Literal["none", "mailto", "captcha", "form"]

MAX_BODY = 20_000
MAX_TITLE = 500
MAX_IMAGES = 24

_IN_PATH = re.compile(r"\d{7,}")
_UNUSUAL = re.compile(r"[^\t\n\x20-\x7e]+")
_IN_ATTRIBUTE = 0.9


@dataclass(frozen=True)
class PostSelectors:
    """Where a site's posts keep what: CSS selectors, and how the contact link is gated.

    Args:
        title: the heading.
        body: the advertiser's text.
        images: pictures (<img>, or <a> that leads to one).
        contact_link: the <a> that leads to the contact page; may be empty.
        contact_gate: what is behind that link.
    """

    title: str
    body: str
    images: str = ""
    contact_link: str = ""
    contact_gate: Gate = "none"


@dataclass(frozen=True)
class ExtractedPost:
    """What a post shows.

    Args:
        url: its address.
        title: heading, without control characters.
        body: plain text, blocks as lines, at most `MAX_BODY` characters.
        phones: numbers, the first one first.
        emails: addresses that can be written to.
        relay_emails: addresses that only pass mail on; they identify nobody.
        image_urls: absolute.
        contact_url: absolute address of the contact page, or empty.
        gate: what is behind it; "none" where this post has no such link.
        website_urls: the advertiser's own websites.
        business_name: from structured data, or empty.
        language: ISO 639-1 code, or empty.
        facts: structured data.
    """

    url: str
    title: str
    body: str
    phones: tuple[FoundPhone, ...]
    emails: tuple[FoundEmail, ...]
    relay_emails: tuple[FoundEmail, ...]
    image_urls: tuple[str, ...]
    contact_url: str
    gate: Gate
    website_urls: tuple[str, ...]
    business_name: str
    language: str
    facts: BusinessFacts


def extract_post(
    html: str,
    url: str,
    selectors: PostSelectors,
    *,
    region: str = "US",
    relay_domains: Iterable[str] = (),
    allow_reserved_domains: bool = False,
) -> ExtractedPost:
    """Read a post.

    Args:
        html: the page, decoded.
        url: its address; numbers in it are the post's ids, and its host's own addresses are the site's.
        selectors: where the site keeps what.
        region: where it was published, for numbers without a country code.
        relay_domains: domains whose addresses only pass mail on.
        allow_reserved_domains: take addresses under ``.example``, as a local demo does.

    Raises:
        InvalidInput: a selector can't be read.
    """
    page = Page(html)
    document = page.document(selectors.body, selectors.title)
    title = clean_text(document.title, one_line=True)[:MAX_TITLE]
    body = clean_text(document.text)[:MAX_BODY]
    document = replace(document, title=title, text=body)
    contact_url, gate, contact_mail = _contact(page, url, selectors)
    if contact_mail:
        document = replace(document, links=(*document.links, contact_mail))
    # Addresses at the site's own host are those of its staff or of its relay.
    relays = [*relay_domains, *([host] if "." in (host := host_of(url)) else [])]
    emails = find_emails(document, relays, allow_reserved_domains=allow_reserved_domains)
    usable = tuple(email for email in emails if email.kind != "relay")
    domains = [email.address.rsplit("@", 1)[1] for email in emails]
    return ExtractedPost(
        url=url,
        title=title,
        body=body,
        phones=tuple(_phones(document, url, region)),
        emails=usable,
        relay_emails=tuple(email for email in emails if email.kind == "relay"),
        image_urls=_images(page, url, selectors.images),
        contact_url=contact_url,
        gate=gate,
        website_urls=website_urls(document.links, body, url, domains),
        business_name=clean_text(document.facts.business_name, one_line=True),
        language=guess_language(body),
        facts=document.facts,
    )


def clean_text(text: str, *, one_line: bool = False) -> str:
    """The text without control, format and unpaired surrogate characters; line breaks stay unless `one_line`."""
    text = _UNUSUAL.sub(lambda match: "".join(filter(_is_shown, match[0])), text)
    return " ".join(text.split()) if one_line else text


def _is_shown(char: str) -> bool:
    # The zero-width joiner is part of many emoji.
    return char == "\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")


def _phones(document: Document, url: str, region: str) -> list[FoundPhone]:
    ids = _IN_PATH.findall(urlsplit(url).path + "?" + urlsplit(url).query)
    # The title is read apart, so that digits at its end and at the beginning of the text do not join.
    found = find_phones(document.text, region=region, tel_links=document.tel_links, exclude=ids)
    found += [_elsewhere(phone) for phone in find_phones(document.title, region=region, exclude=ids)]
    said = "\n\n".join(f"phone: {number}" for number in document.facts.telephones[:20])
    found += [_elsewhere(phone) for phone in find_phones(said, region=region, exclude=ids)]
    for phone in find_phones("\n\n".join(document.attributes), region=region, exclude=ids):
        found.append(_elsewhere(replace(phone, confidence=round(phone.confidence * _IN_ATTRIBUTE, 3))))
    first: dict[str, FoundPhone] = {}
    for phone in found:
        first.setdefault(phone.e164, phone)
    return list(first.values())


def _elsewhere(phone: FoundPhone) -> FoundPhone:
    """Positions count in the body only."""
    return replace(phone, start=-1, end=-1)


def _contact(page: Page, url: str, selectors: PostSelectors) -> tuple[str, Gate, Link | None]:
    for node in page.nodes(selectors.contact_link)[:5]:
        href = (node.attributes.get("href") or "").strip()
        if href.lower().startswith("mailto:"):
            return "", "mailto", Link(href, " ".join(node.text(deep=True).split())[:200])
        target = absolute(href, url) if href and not href.startswith("#") else None
        if target and selectors.contact_gate != "none":
            return target, selectors.contact_gate, None
    return "", "none", None


def _images(page: Page, url: str, selector: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in page.nodes(selector)[: MAX_IMAGES * 2]:
        values = node.attributes
        written = values.get("href") if node.tag == "a" else values.get("data-src") or values.get("src")
        target = absolute(written, url) if written else None
        if target:
            found[target] = None
    return tuple(found)[:MAX_IMAGES]
