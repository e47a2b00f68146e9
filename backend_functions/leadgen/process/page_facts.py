"""What a page says of a business in structured data: JSON-LD, microdata, RDFa Lite, microformats and Open Graph."""

from __future__ import annotations

from typing import Any

from leadgen.process.facts import BusinessFacts, Gathered, as_text, coordinates, first, postal_address
from leadgen.process.json_ld import read_blocks
from leadgen.process.microdata import read_items
from leadgen.process.things import Page, advertisers, is_organisation, types_of

MAX_SERVICES = 50

_OFFERS = frozenset({"Service", "OfferCatalog", "Offer", "Product", "MenuItem"})
_CONTACTS = frozenset({"ContactPoint", "PostalAddress"})
_STATED = ("telephone", "email")


def read_facts(tree: Any, source: str, *, url: str = "", of_the_site: bool = True) -> BusinessFacts:
    """Facts of a parsed page (`LexborHTMLParser`). Broken notations are left aside; never raises.

    Args:
        tree: the page.
        source: its HTML.
        url: its address, or empty.
        of_the_site: whether the page belongs to the business itself; on a site's post the site's own facts are left
            out (see `things`).
    """
    roots: list[Any] = read_blocks(tree) if "ld+json" in source or "LD+JSON" in source else []
    roots += read_items(tree, source)
    meta = _meta(tree, source)
    gathered = Gathered()
    if roots:
        page = Page(url, meta.get("og:site_name", ""), of_the_site)
        for thing in advertisers(roots, page):
            _read_thing(thing, gathered)
    if of_the_site and meta:
        _read_meta(meta, gathered)
    return gathered.facts()


def _read_thing(thing: dict[str, Any], gathered: Gathered) -> None:
    types = types_of(thing)
    if types == ["WebSite"]:
        return
    gathered.add("type", types)
    for kind in _STATED:
        gathered.add(kind, thing.get(kind))
    _read_place(thing, gathered)
    organisation = is_organisation(thing)
    name = as_text(first(thing.get("name")))
    legal = as_text(first(thing.get("legalName")))
    if "Person" in types:
        gathered.people += [name] if name else []
    elif organisation:
        gathered.names += [name] if name else []
        gathered.legal_names += [legal] if legal else []
        gathered.add("url", thing.get("url"))
        gathered.add("same_as", thing.get("sameAs"))
        _read_details(thing, gathered)
    elif not _OFFERS.isdisjoint(types) and name:
        gathered.add("service", name)
    if _CONTACTS.isdisjoint(types):
        _read_services(thing, gathered)


def _read_place(thing: dict[str, Any], gathered: Gathered) -> None:
    found = postal_address(thing.get("address"))
    if found:
        gathered.addresses.append(found)
    if gathered.geo is None:
        gathered.geo = coordinates(thing.get("geo"))


def _read_details(thing: dict[str, Any], gathered: Gathered) -> None:
    gathered.price_range = gathered.price_range or as_text(first(thing.get("priceRange")))
    gathered.add("hours", thing.get("openingHours"))
    for entry in _listed(thing.get("openingHoursSpecification")):
        gathered.add("hours", _hours(entry))
    for key in ("knowsLanguage", "availableLanguage"):
        for entry in _listed(thing.get(key)):
            gathered.add("language", entry.get("name") if isinstance(entry, dict) and "name" in entry else entry)


def _read_services(thing: dict[str, Any], gathered: Gathered) -> None:
    for key in ("serviceType", "knowsAbout", "makesOffer", "servesCuisine"):
        for entry in _listed(thing.get(key)):
            named = isinstance(entry, dict) and key == "knowsAbout"
            gathered.add("service", entry.get("name") if named else entry)


def _listed(value: object) -> list[Any]:
    return value[:MAX_SERVICES] if isinstance(value, list) else [value]


def _hours(entry: object) -> str:
    """ "Monday,Tuesday 09:00-17:00" from an OpeningHoursSpecification."""
    if not isinstance(entry, dict):
        return ""
    days = entry.get("dayOfWeek")
    names = [as_text(day).rstrip("/").rsplit("/", 1)[-1] for day in _listed(days)[:7]]
    opens, closes = as_text(first(entry.get("opens"))), as_text(first(entry.get("closes")))
    return f"{','.join(filter(None, names))} {opens}-{closes}".strip() if opens and closes else ""


def _meta(tree: Any, source: str) -> dict[str, str]:
    if "og:" not in source and "business:" not in source:
        return {}
    found: dict[str, str] = {}
    for node in tree.css("meta[property]")[:100]:
        values: dict[str, str | None] = node.attributes
        name, content = (values.get("property") or "").lower(), as_text(values.get("content"))
        if content:
            found.setdefault(name, content)
    return found


def _read_meta(meta: dict[str, str], gathered: Gathered) -> None:
    """Open Graph (https://ogp.me) names the site a page is of, and Facebook's business object how to reach it."""
    gathered.names += [meta["og:site_name"]] if "og:site_name" in meta else []
    contact = "business:contact_data:"
    gathered.add("email", meta.get(f"{contact}email") or meta.get("og:email", ""))
    gathered.add("telephone", meta.get(f"{contact}phone_number") or meta.get("og:phone_number", ""))
    gathered.add("language", meta.get("og:locale", ""))
    parts = ("street_address", "locality", "region", "postal_code", "country_name")
    keys = ("streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry")
    values = {
        key: meta.get(f"{contact}{part}") or meta.get(f"og:{part}".replace("_", "-"), "")
        for key, part in zip(keys, parts, strict=True)
    }
    found = postal_address(values)
    if found:
        gathered.addresses.append(found)
    latitude = meta.get("place:location:latitude") or meta.get("og:latitude")
    longitude = meta.get("place:location:longitude") or meta.get("og:longitude")
    gathered.geo = gathered.geo or coordinates({"latitude": latitude, "longitude": longitude})
