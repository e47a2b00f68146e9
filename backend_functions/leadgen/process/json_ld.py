"""What a page says of a business in structured data: JSON-LD (schema.org) and the simplest microdata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_BLOCKS = 20
MAX_BLOCK = 200_000
MAX_THINGS = 500
MAX_DEPTH = 12

# Things that speak of the site the page is on, not of the advertiser.
_OF_THE_SITE = frozenset({"WebSite", "BreadcrumbList", "SearchAction", "ImageObject", "SiteNavigationElement"})
_NOT_FOLLOWED = frozenset(
    {"publisher", "isPartOf", "breadcrumb", "potentialAction", "review", "comment", "mainEntityOfPage"}
)
_COMMENTS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_PERSON = frozenset({"Person"})


@dataclass(frozen=True)
class BusinessFacts:
    """Facts as the page gives them; nothing is checked here."""

    business_name: str = ""
    person: str = ""
    telephones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    address: str = ""
    services: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class _Gathered:
    """Facts while they are gathered; each list keeps its order and holds a value once."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.people: list[str] = []
        self.values: dict[str, dict[str, None]] = {
            key: {} for key in ("telephone", "email", "url", "address", "service", "type")
        }

    def add(self, kind: str, value: object) -> None:
        values = value if isinstance(value, list) else [value]
        for entry in values[:20]:
            if isinstance(entry, (str, int)) and not isinstance(entry, bool):
                text = " ".join(str(entry).split())[:300]
                if text:
                    self.values[kind][text] = None

    def facts(self) -> BusinessFacts:
        kept = {key: tuple(values)[:50] for key, values in self.values.items()}
        return BusinessFacts(
            business_name=self.names[0] if self.names else "",
            person=self.people[0] if self.people else "",
            telephones=kept["telephone"],
            emails=tuple(re.sub(r"(?i)^mailto:", "", email) for email in kept["email"]),
            urls=kept["url"],
            address=kept["address"][0] if kept["address"] else "",
            services=kept["service"],
            types=kept["type"],
        )


def read_facts(tree: Any) -> BusinessFacts:
    """Facts of a parsed page (`LexborHTMLParser`). Broken blocks are left aside; never raises."""
    gathered = _Gathered()
    for node in tree.css("script[type*='ld+json' i]")[:MAX_BLOCKS]:
        for thing in _things(parse_block(node.text())):
            _read_thing(thing, gathered)
    _read_microdata(tree, gathered)
    return gathered.facts()


def parse_block(text: str) -> Any:
    """The value of a JSON-LD block as people write them: comments around it, raw line breaks, trailing commas.

    Returns:
        the parsed value, or None where it can't be read.
    """
    text = _COMMENTS.sub("", text[:MAX_BLOCK]).strip().rstrip(";")
    for candidate in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _things(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [(value, 0)]
    for _ in range(MAX_THINGS):
        if not waiting:
            return
        current, depth = waiting.pop(0)
        if depth > MAX_DEPTH:
            continue
        if isinstance(current, list):
            waiting += [(entry, depth + 1) for entry in current[:100]]
        elif isinstance(current, dict) and _OF_THE_SITE.isdisjoint(_types(current)):
            yield current
            nested = (entry for key, entry in current.items() if key not in _NOT_FOLLOWED)
            waiting += [(entry, depth + 1) for entry in nested if isinstance(entry, (dict, list))]


def _types(thing: dict[str, Any]) -> list[str]:
    types = thing.get("@type")
    return [str(entry)[:60] for entry in (types if isinstance(types, list) else [types]) if entry][:10]


def _read_thing(thing: dict[str, Any], gathered: _Gathered) -> None:
    types = _types(thing)
    gathered.add("type", types)
    for kind in ("telephone", "email", "address"):
        gathered.add(kind, _address(thing.get(kind)) if kind == "address" else thing.get(kind))
    name = thing.get("legalName") or thing.get("name")
    if isinstance(name, str) and name.strip():
        text = " ".join(name.split())[:200]
        if not _PERSON.isdisjoint(types):
            gathered.people.append(text)
        elif _is_business(thing, types):
            gathered.names.append(text)
        elif {"Service", "OfferCatalog", "Offer", "Product"} & set(types):
            gathered.add("service", text)
    if _is_business(thing, types):
        gathered.add("url", thing.get("url"))
        gathered.add("url", thing.get("sameAs"))
    for key in ("serviceType", "knowsAbout", "makesOffer"):
        gathered.add("service", thing.get(key))


def _is_business(thing: dict[str, Any], types: list[str]) -> bool:
    ends = (
        "Business",
        "Organization",
        "Corporation",
        "Service",
        "Contractor",
        "Store",
        "Shop",
        "Plumber",
        "Electrician",
    )
    if types == ["Service"]:
        return False
    return any(kind.endswith(ends) for kind in types) or bool(
        {"telephone", "email", "address"} & thing.keys()
        and not {"Person", "ContactPoint", "PostalAddress"} & set(types)
    )


def _address(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return value
    keys = ("streetAddress", "addressLocality", "addressRegion", "postalCode")
    return ", ".join(str(value[key]) for key in keys if isinstance(value.get(key), (str, int)))


def _read_microdata(tree: Any, gathered: _Gathered) -> None:
    for node in tree.css("[itemprop]")[:300]:
        values = node.attributes
        written = values.get("content") or values.get("href") or node.text(deep=True)[:300]
        for prop in (values.get("itemprop") or "").split():
            if prop in ("telephone", "email", "url", "address"):
                gathered.add(prop, re.sub(r"(?i)^(?:tel|mailto):", "", written))
            elif prop == "name" and not gathered.names and _in_business(node):
                gathered.names.append(" ".join(written.split())[:200])


def _in_business(node: Any) -> bool:
    scope = node.parent
    for _ in range(20):
        if scope is None or not scope.is_element_node:
            return False
        if "itemtype" in scope.attributes:
            kind = str(scope.attributes["itemtype"] or "").rstrip("/").rsplit("/", 1)[-1]
            return _is_business({}, [kind])
        scope = scope.parent
    return False
