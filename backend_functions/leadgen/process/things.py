"""Whose facts are they? Sorts the things of a page's structured data into the advertiser's and the site's own.

On a business's own page all organisations named are taken to be the business. On a post, the site that carries it
describes itself too, often with telephone and email. A thing is the site's own when it

* is a ``WebSite`` or something of its navigation, or stands behind a property that names who publishes the page;
* is an organisation whose own address (``url`` or ``@id``) is the root of the page's host;
* is an organisation with the name the page gives its site (``og:site_name``, the name of the ``WebSite``);
* is an organisation at the top, without an address of its own, beside another that an offer names as its seller,
  provider or author.

Reviews, comments and lists of other posts are nobody's facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from leadgen.process.facts import as_text, first

MAX_THINGS = 500
MAX_DEPTH = 16

_OF_THE_SITE = frozenset(
    {"WebSite", "BreadcrumbList", "SearchAction", "ImageObject", "SiteNavigationElement", "WPHeader", "WPFooter",
     "ItemList", "Review", "Rating", "AggregateRating", "Comment", "UserComments", "SpeakableSpecification"}
)  # fmt: skip
_PUBLISHING = frozenset(
    {
        "publisher",
        "isPartOf",
        "sourceOrganization",
        "sdPublisher",
        "copyrightHolder",
        "maintainer",
        "hostingOrganization",
    }
)
_NOT_FOLLOWED = frozenset(
    {"breadcrumb", "potentialAction", "review", "reviews", "comment", "mainEntityOfPage", "isRelatedTo", "isSimilarTo",
     "relatedLink", "aggregateRating", "competitor", "subjectOf", "memberOf", "affiliation", "alumniOf"}
)  # fmt: skip
_ROLES = frozenset(
    {"seller", "offeredBy", "provider", "author", "creator", "mainEntity", "hiringOrganization", "itemOffered",
     "performer", "organizer", "about", "employee", "founder", "owner", "landlord", "broker", "agent", "worksFor"}
)  # fmt: skip
_ORGANISATIONS = (
    "Organization", "Corporation", "Business", "Contractor", "Store", "Shop", "Service", "Plumber", "Electrician",
    "Restaurant", "Dentist", "Physician", "Attorney", "Hotel", "School", "Company", "Brand", "Salon", "Clinic",
    "Agency", "Agent", "Locksmith", "Painter", "Repair", "Spa", "Gym", "Cafe", "Bakery", "Bar",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """What tells the site from the advertiser.

    Args:
        url: address of the page, or empty.
        site_name: what the page calls its site, or empty.
        is_own: the page belongs to the business itself.
    """

    url: str = ""
    site_name: str = ""
    is_own: bool = True


@dataclass(frozen=True)
class _Seen:
    thing: dict[str, Any]
    role: str
    published: bool


def types_of(thing: dict[str, Any]) -> list[str]:
    """Types of a thing without what is in front of them ("http://schema.org/", "schema:")."""
    types = thing.get("@type")
    written = [str(entry)[:100] for entry in (types if isinstance(types, list) else [types]) if entry][:10]
    return [entry.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1] for entry in written]


def is_organisation(thing: dict[str, Any]) -> bool:
    """Whether a thing is a business, by its type or by what it has."""
    types = types_of(thing)
    if types == ["Service"]:
        return False
    if any(kind.endswith(_ORGANISATIONS) for kind in types):
        return True
    has = {"telephone", "email", "address"} & thing.keys()
    return bool(has) and {"Person", "ContactPoint", "PostalAddress", "JobPosting"}.isdisjoint(types)


def advertisers(roots: list[Any], page: Page) -> list[dict[str, Any]]:
    """The things that speak of the advertiser, in order."""
    named = _by_id(roots)
    seen = list(_walk(roots, named, page))
    if page.is_own:
        return [entry.thing for entry in seen]
    sites = {_name(thing) for thing in named.values() if "WebSite" in types_of(thing)}
    sites |= {_name(thing) for thing in _all(roots) if "WebSite" in types_of(thing)}
    sites = {name for name in (*sites, page.site_name.casefold()) if name}
    published = {id(entry.thing) for entry in seen if entry.published}
    has_party = any(entry.role in _ROLES and is_organisation(entry.thing) for entry in seen)
    return [
        entry.thing
        for entry in seen
        if id(entry.thing) not in published and not _is_the_sites(entry, page, sites, has_party=has_party)
    ]


def _is_the_sites(entry: _Seen, page: Page, sites: set[str], *, has_party: bool) -> bool:
    thing = entry.thing
    if not is_organisation(thing):
        return False
    if _name(thing) and _name(thing) in sites:
        return True
    addresses = [text for key in ("url", "@id") if (text := as_text(first(thing.get(key))))]
    if any(_is_root(text, page.url) for text in addresses):
        return True
    top_organisation = entry.role == "" and any(kind.endswith("Organization") for kind in types_of(thing))
    return has_party and top_organisation and not addresses


def _is_root(address: str, page_url: str) -> bool:
    """Whether an address is the front page of the host a page is on."""
    try:
        here, there = urlsplit(page_url), urlsplit(urljoin(page_url, address))
    except ValueError:
        return False
    if not here.hostname or not there.hostname or address.startswith("#"):
        return False
    same = there.hostname.removeprefix("www.") == here.hostname.removeprefix("www.")
    parent = here.hostname.endswith("." + there.hostname.removeprefix("www."))
    path = there.path.strip("/").lower()
    return (same or parent) and (path in ("", "index.html", "index.php", "home") or (len(path) == 2 and path.isalpha()))


def _name(thing: dict[str, Any]) -> str:
    return as_text(first(thing.get("name"))).casefold()


def _walk(roots: list[Any], named: dict[str, dict[str, Any]], page: Page) -> Iterator[_Seen]:
    waiting: list[tuple[Any, str, bool, int]] = [(root, "", False, 0) for root in roots]
    met: set[int] = set()
    place = 0
    while place < len(waiting) and place < MAX_THINGS * 4 and len(met) < MAX_THINGS:
        current, role, published, depth = waiting[place]
        place += 1
        if depth > MAX_DEPTH:
            continue
        if isinstance(current, list):
            waiting += [(entry, role, published, depth + 1) for entry in current[:100]]
            continue
        if not isinstance(current, dict):
            continue
        thing = _resolved(current, named)
        if published:
            yield _Seen(thing, role, not page.is_own)
        if id(thing) in met or _skipped(thing, role):
            continue
        met.add(id(thing))
        if not published:
            yield _Seen(thing, role, False)
        waiting += _below(thing, role, published, depth, page)


def _below(
    thing: dict[str, Any], role: str, published: bool, depth: int, page: Page
) -> Iterator[tuple[Any, str, bool, int]]:
    for key, value in list(thing.items())[:100]:
        if key in _NOT_FOLLOWED or not isinstance(value, (dict, list)):
            continue
        if key == "@graph":
            yield value, role, published, depth + 1
        else:
            by_site = key in _PUBLISHING
            if by_site and page.is_own and is_organisation(thing):
                continue  # a business has no publisher; whoever stands there made its pages
            yield value, key, (published or by_site) and not page.is_own, depth + 1


def _resolved(thing: dict[str, Any], named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The thing a reference (``{"@id": …}``) stands for."""
    identifier = thing.get("@id")
    if len(thing) == 1 and isinstance(identifier, str):
        return named.get(identifier, thing)
    return thing


def _skipped(thing: dict[str, Any], role: str) -> bool:
    types = types_of(thing)
    if role == "hasOfferCatalog" or "OfferCatalog" in types:
        return False
    if types == ["WebSite"] and "@graph" not in thing:
        return False  # walked for its publisher; it states nothing of the business itself
    return not _OF_THE_SITE.isdisjoint(types)


def _all(roots: list[Any]) -> Iterator[dict[str, Any]]:
    waiting = list(roots)
    for _ in range(MAX_THINGS * 4):
        if not waiting:
            return
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current[:100]
        elif isinstance(current, dict):
            yield current
            waiting += [value for value in list(current.values())[:100] if isinstance(value, (dict, list))]


def _by_id(roots: list[Any]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for thing in _all(roots):
        identifier = thing.get("@id")
        if isinstance(identifier, str) and len(thing) > 1:
            named.setdefault(identifier, thing)
    return named
