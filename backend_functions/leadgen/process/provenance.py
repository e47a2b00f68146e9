"""What is said about a lead, where it is said, and which of two values stands.

**The rule.** An empty field takes a value. A value that is there stays, unless it is clearly less certain than the new
one (by `CLEARLY` or more; certainties are rough guides). The address that a mail was made for stays in any case.
Whatever does not stand is kept among the alternatives, with where it comes from, up to `MAX_ALTERNATIVES`: the first
ones, because what an author said first is about them, and what a page repeats later often is not.

How certain a value is: a phone as its finder says; an email by the way it was written; 1 for what a person entered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from leadgen.model.documents import Alternative, Contact, LeadData, Provenance
from leadgen.model.status import ContactStatus
from leadgen.process.post import ExtractedPost

EXTRACTOR = "posts/2"
"""Name and version of what reads posts; raised when the same page may give other values."""
CERTAIN_ENOUGH = 0.5
"""Phones below this confidence are shown to people, but say nothing about anybody."""
CLEARLY = 0.1
MAX_ALTERNATIVES = 20
MAX_SNIPPET = 160
ENRICHED = 0.6
"""Certainty of what a model or the rules made of the text."""
_AROUND = 50
_OF_EMAIL = {
    "mailto": 1.0,
    "cloudflare": 0.98,
    "json_ld": 0.98,
    "entity": 0.95,
    "text": 0.95,
    "obfuscated": 0.8,
}
_BY_STRUCTURED_DATA = 0.9
_BY_PICTURE = 0.9
_BY_LINK = 0.7

_ATTRIBUTES = {
    "phone": "phone",
    "email": "email",
    "businessName": "business_name",
    "name": "name",
    "websiteUrl": "website_url",
    "imageHash": "image_hash",
}
FIELDS = frozenset(_ATTRIBUTES)
"""The fields of which it is noted where they come from; camelCase."""
_LEGAL_FORMS = re.compile(r"\b(?:llc|inc|ltd|co|corp|company|gmbh|plc|the)\b|[^\w]+|_")


@dataclass(frozen=True)
class Statement:
    """Something a source says about a lead.

    Args:
        field: one of `FIELDS`.
        value: in canonical form.
        provenance: where it is from.
    """

    field: str
    value: str
    provenance: Provenance


def said_by_post(post: ExtractedPost, url: str, image_hash: str, at: datetime, request_id: str) -> list[Statement]:
    """What a post says about its author, each with the text it stands in.

    Args:
        post: what was read.
        url: where it is.
        image_hash: of its picture, or "".
        at: when it was read.
        request_id: the campaign that came upon it.
    """

    def said(field: str, value: str, snippet: str, certainty: float) -> Statement:
        where = Provenance(
            source_url=url,
            snippet=snippet[:MAX_SNIPPET],
            at=at,
            extractor=EXTRACTOR,
            request_id=request_id,
            certainty=certainty,
        )
        return Statement(field, value, where)

    # Nobody answers a fax: it must not become the number of a contact that has none.
    found = [
        said("phone", p.e164, _around(post.body, p.start, p.end) or p.text, p.confidence)
        for p in post.phones
        if p.confidence >= CERTAIN_ENOUGH and p.kind != "fax"
    ]
    found += [
        said("email", e.address, _around_text(post.body, e.text), _OF_EMAIL.get(e.kind, ENRICHED)) for e in post.emails
    ]
    found += [said("websiteUrl", link, _around_text(post.body, link), _BY_LINK) for link in post.website_urls[:1]]
    if post.business_name:
        found.append(said("businessName", post.business_name, "structured data", _BY_STRUCTURED_DATA))
    if image_hash:
        found.append(said("imageHash", image_hash, next(iter(post.image_urls), ""), _BY_PICTURE))
    return found


def said_by_person(lead: LeadData, url: str, at: datetime, user: str) -> list[Statement]:
    """What a person handed in about a lead.

    Args:
        lead: the lead.
        url: where it was found, or "".
        at: when it was handed in.
        user: who did.
    """
    where = Provenance(source_url=url, snippet=f"handed in by {user}", at=at, extractor="person")
    values = {field: getattr(lead, attribute) for field, attribute in _ATTRIBUTES.items()}
    return [Statement(field, value, where) for field, value in values.items() if value]


def said_by_contact(contact: Contact) -> list[Statement]:
    """All that a contact says, for another that takes it over: what stands first, then the alternatives."""
    values = {field: stands_for(contact, field) for field in _ATTRIBUTES}
    stands = [Statement(field, value, origin_of_value(contact, field)) for field, value in values.items() if value]
    return stands + [Statement(a.field, a.value, a.provenance) for a in contact.alternatives]


def _around(body: str, start: int, end: int) -> str:
    return " ".join(body[max(0, start - _AROUND) : end + _AROUND].split()) if 0 <= start < end else ""


def _around_text(body: str, text: str) -> str:
    place = body.find(text)
    return _around(body, place, place + len(text)) or text


def stands_for(contact: Contact, field: str) -> str:
    """The value that stands in one of the `FIELDS`, or ""."""
    attribute = _ATTRIBUTES[field]
    holder = contact if hasattr(contact, attribute) else contact.lead_data_json
    value: str = getattr(holder, attribute)
    return value


def note_origins(contact: Contact, statements: Iterable[Statement]) -> None:
    """Note where the values of a new contact come from. What it does not show in a field is an alternative."""
    for statement in statements:
        if same(statement.field, stands_for(contact, statement.field), statement.value):
            contact.provenance.setdefault(statement.field, statement.provenance)
        else:
            _set_aside(contact, statement)


def absorb(contact: Contact, statements: Iterable[Statement], *, only_aside: frozenset[str] = frozenset()) -> None:
    """Take in what another source says, by the rule above.

    Args:
        contact: is changed.
        statements: what the source says.
        only_aside: fields in which nothing is to stand; what is said of them is kept among the alternatives.
    """
    for said in statements:
        present = stands_for(contact, said.field)
        if same(said.field, present, said.value) or _is_aside(contact, said):
            continue
        if said.field in only_aside or (present and _stays(contact, said)):
            _set_aside(contact, said)
            continue
        if present:
            _set_aside(contact, Statement(said.field, present, origin_of_value(contact, said.field)))
        _set(contact, said)


def origin_of_value(contact: Contact, field: str) -> Provenance:
    """Where a value comes from. Of one that nothing is noted about, a person is taken to be the source."""
    unknown = Provenance(source_url=contact.source_url, at=contact.created_at)
    return contact.provenance.get(field, unknown)


def known_values(contact: Contact, field: str) -> list[str]:
    """All values of a field that a contact is known by, the one that stands first."""
    values = [stands_for(contact, field), *(a.value for a in contact.alternatives if a.field == field)]
    return [value for value in values if value]


def same(field: str, one: str, other: str) -> bool:
    """Whether two values of a field mean the same."""
    if field in ("businessName", "name"):
        return plain_name(one) == plain_name(other)
    if field == "websiteUrl":
        return one.rstrip("/").casefold() == other.rstrip("/").casefold()
    return one.casefold() == other.casefold()


def plain_name(name: str) -> str:
    """A name without case, accents, punctuation and legal form, for comparison."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return _LEGAL_FORMS.sub("", letters)


def names_conflict(names: Iterable[str]) -> bool:
    """Whether these business names, those given, are of different businesses; one that begins like another is not."""
    plain = [n for name in names if (n := plain_name(name))]
    return any(not (a.startswith(b) or b.startswith(a)) for i, a in enumerate(plain) for b in plain[:i])


def _stays(contact: Contact, said: Statement) -> bool:
    if said.field == "email" and contact.template_id and contact.status is ContactStatus.PROCESSED:
        return True
    return origin_of_value(contact, said.field).certainty + CLEARLY > said.provenance.certainty


def _set(contact: Contact, said: Statement) -> None:
    for holder in (contact, contact.lead_data_json):
        if hasattr(holder, _ATTRIBUTES[said.field]):
            setattr(holder, _ATTRIBUTES[said.field], said.value)
    contact.provenance[said.field] = said.provenance


def _is_aside(contact: Contact, said: Statement) -> bool:
    return any(a.field == said.field and same(a.field, a.value, said.value) for a in contact.alternatives)


def _set_aside(contact: Contact, said: Statement) -> None:
    if len(contact.alternatives) < MAX_ALTERNATIVES and not _is_aside(contact, said):
        contact.alternatives.append(Alternative(field=said.field, value=said.value, provenance=said.provenance))
