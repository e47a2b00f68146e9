"""Everything a post shows, in one reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from leadgen.process.addresses import with_address
from leadgen.process.document import BusinessFacts, Document, Link, Page
from leadgen.process.emails import FoundEmail, find_emails
from leadgen.process.fields import FieldRules, read_fields
from leadgen.process.language import guess_language
from leadgen.process.links import absolute, host_of, website_urls
from leadgen.process.phones import FoundPhone, find_phones

Gate = Literal["none", "mailto", "captcha", "form"]

MAX_BODY = 20_000
MAX_TITLE = 500
MAX_IMAGES = 24
MAX_FIELD = 2_000
MAX_FURTHER = 20
"""Further values of a post that are kept with a lead."""
MAX_FURTHER_LENGTH = 300
_KNOWN_FIELDS = frozenset({"title", "body", "phone", "email", "business_name", "website", "images", "contact_url"})

_IN_PATH = re.compile(r"\d{7,}")
_UNUSUAL = re.compile(r"[^\t\n\x20-\x7e]+")
_PROTECTED = re.compile(r"[0-9a-fA-F]{10,600}")
_DIALS = ("tel:", "sms:", "callto:")
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
        fields: where further values are found, by their names. Some names are known and feed what is extracted:
            ``title``, ``body``, ``phone``, ``email``, ``business_name``, ``website``, ``images`` and ``contact_url``.
    """

    title: str
    body: str
    images: str = ""
    contact_link: str = ""
    contact_gate: Gate = "none"
    fields: FieldRules = field(default_factory=dict)


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
        fields: the first value of each field that the site's definition names and the post has.
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
    fields: Mapping[str, str] = field(default_factory=dict)

    def further(self) -> dict[str, str]:
        """The fields that feed nothing else, such as a price or a place: the first `MAX_FURTHER`, each cut to size."""
        names = [name for name, value in self.fields.items() if value and name not in _KNOWN_FIELDS][:MAX_FURTHER]
        return {name: self.fields[name][:MAX_FURTHER_LENGTH] for name in names}


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
    document = page.document(selectors.body, selectors.title, url)
    declared: dict[str, tuple[str, ...]] = {}
    if selectors.fields:
        declared = read_fields(page, f"{document.title}\n{document.text}", url, selectors.fields)
        document = _with_declared(document, declared)
    title = clean_text(document.title, one_line=True)[:MAX_TITLE]
    body = clean_text(document.text[: MAX_BODY * 2])[:MAX_BODY]
    document = replace(document, title=title, text=body)
    contact_url, gate, contact = _contact(page, url, selectors, declared.get("contact_url", ()))
    if contact:
        document = replace(document, links=(*document.links, contact))
    # Addresses at the site's own host are those of its staff or of its relay.
    relays = [*relay_domains, *([host] if "." in (host := host_of(url)) else [])]
    emails = find_emails(document, relays, allow_reserved_domains=allow_reserved_domains)
    usable = tuple(email for email in emails if email.kind != "relay")
    domains = [email.address.rsplit("@", 1)[1] for email in emails]
    fields = {name: clean_text(values[0], one_line=name != "body")[:MAX_FIELD] for name, values in declared.items()}
    return ExtractedPost(
        url=url,
        title=title,
        body=body,
        phones=tuple(phones_of(document, url, region, declared.get("phone", ()))),
        emails=usable,
        relay_emails=tuple(email for email in emails if email.kind == "relay"),
        image_urls=_images(page, url, selectors.images, declared.get("images", ())),
        contact_url=contact_url,
        gate=gate,
        website_urls=website_urls(document.links, body, url, domains, stated=document.facts.urls),
        business_name=fields.get("business_name") or clean_text(document.facts.business_name, one_line=True),
        language=guess_language(body),
        facts=with_address(document.facts, body),
        fields=fields,
    )


def _with_declared(document: Document, declared: Mapping[str, Sequence[str]]) -> Document:
    """The document with what the site's definition found in it, in the places where it is looked for."""
    mails = [_mail_link(value) for value in declared.get("email", ()) if "@" in value]
    spelt = [value for value in declared.get("email", ()) if "@" not in value]
    sites = [Link(_site_address(value), "website") for value in declared.get("website", ())]
    return replace(
        document,
        title=next(iter(declared.get("title", ())), document.title),
        text="\n".join(declared.get("body", ())) or document.text,
        # The definition's links come first: they are what its author meant.
        links=(*mails, *sites, *document.links),
        attributes=(*spelt, *document.attributes),
        protected=(*(value for value in spelt if _PROTECTED.fullmatch(value)), *document.protected),
    )


def _site_address(value: str) -> str:
    """A website as people write it: mostly without its scheme."""
    return value if "://" in value[:10] or value.startswith("/") else f"http://{value}"


def _mail_link(value: str) -> Link:
    address = value if value.lower().startswith("mailto:") else f"mailto:{value}"
    return Link(address[:2000], value[:300])


def clean_text(text: str, *, one_line: bool = False) -> str:
    """The text without control, format and unpaired surrogate characters; line breaks stay unless `one_line`."""
    text = _UNUSUAL.sub(lambda match: "".join(filter(_is_shown, match[0])), text)
    return " ".join(text.split()) if one_line else text


def _is_shown(char: str) -> bool:
    # The zero-width joiner is part of many emoji.
    return char == "\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")


def phones_of(document: Document, url: str, region: str, declared: Sequence[str] = ()) -> list[FoundPhone]:
    """The numbers of a document, wherever they stand: text, links, title, structured data, attributes.

    Args:
        document: what was read of the page.
        url: its address, or ""; long numbers in it are ids.
        region: ISO 3166 code, for numbers without a country code.
        declared: values that the site's definition says are telephone numbers.
    """
    ids = _IN_PATH.findall(urlsplit(url).path + "?" + urlsplit(url).query)
    dialled = [value for value in declared if value.lower().startswith(_DIALS)]
    named = "\n\n".join(f"phone: {value[:300]}" for value in declared if value not in dialled)
    dials = [value.split(":", 1)[1] for value in dialled]
    found = [_elsewhere(phone) for phone in find_phones(named, region=region, tel_links=dials, exclude=ids)]
    # The title is read apart, so that digits at its end and at the beginning of the text do not join.
    found += find_phones(document.text, region=region, tel_links=document.tel_links, exclude=ids)
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


def _contact(page: Page, url: str, selectors: PostSelectors, declared: Sequence[str]) -> tuple[str, Gate, Link | None]:
    """Address and gate of the contact page, and the contact itself where the link is one."""
    for written, text in (*((value, "") for value in declared[:5]), *_contact_links(page, selectors.contact_link)):
        lower = written.lower()
        if lower.startswith("mailto:"):
            return "", "mailto", Link(written, text)
        if lower.startswith(_DIALS):
            return "", "none", Link(written, text)
        target = absolute(written, url) if written and not written.startswith("#") else None
        if target and selectors.contact_gate != "none":
            return target, selectors.contact_gate, None
    return "", "none", None


def _contact_links(page: Page, selector: str) -> Iterator[tuple[str, str]]:
    """Where the contact elements lead: links, forms, and buttons that a script follows."""
    for node in page.nodes(selector)[:5]:
        values = node.attributes
        written = values.get("href") or (values.get("action") if node.tag == "form" else values.get("data-href"))
        yield (written or "").strip()[:2000], " ".join(node.text(deep=True).split())[:200]


def _images(page: Page, url: str, selector: str, declared: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    shown = (_picture(node) for node in page.nodes(selector)[: MAX_IMAGES * 2])
    for written in (*declared, *shown):
        target = absolute(written, url) if written else None
        if target:
            found[target] = None
    return tuple(found)[:MAX_IMAGES]


def _picture(node: Any) -> str | None:
    values: dict[str, str | None] = node.attributes
    return values.get("href") if node.tag == "a" else values.get("data-src") or values.get("src")
