"""Facts of a business as a page states them, gathered from several notations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_VALUES = 50
MAX_TEXT = 300
_KINDS = ("telephone", "email", "url", "same_as", "service", "type", "hours", "language")
_SCHEME = re.compile(r"(?i)^\s*(?:mailto|tel|callto|sms):/{0,2}")
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?\Z")


@dataclass(frozen=True)
class PostalAddress:
    """A postal address in parts; what the page does not state is empty."""

    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.street, self.city, self.region, self.postal_code) if part)


@dataclass(frozen=True)
class BusinessFacts:
    """Facts as the page gives them; nothing is checked here.

    Args:
        business_name: what it is called in public.
        person: a person named for it.
        telephones: numbers as written.
        emails: addresses as written.
        urls: its own pages, and those about it (``sameAs``) behind them.
        address: its postal address in one line.
        services: what it offers.
        types: schema.org types of what was read.
        legal_name: its registered name.
        same_as: its pages elsewhere.
        postal: the address in parts.
        opening_hours: in schema.org's notation or as written.
        geo: latitude and longitude in degrees.
        price_range: as written, as "$$".
        languages: languages spoken or written, as written.
    """

    business_name: str = ""
    person: str = ""
    telephones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    address: str = ""
    services: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    legal_name: str = ""
    same_as: tuple[str, ...] = ()
    postal: PostalAddress = PostalAddress()
    opening_hours: tuple[str, ...] = ()
    geo: tuple[float, float] | None = None
    price_range: str = ""
    languages: tuple[str, ...] = ()


@dataclass
class Gathered:
    """Facts while they are gathered; each list keeps its order and holds a value once."""

    names: list[str] = field(default_factory=list)
    legal_names: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    addresses: list[tuple[str, PostalAddress]] = field(default_factory=list)
    geo: tuple[float, float] | None = None
    price_range: str = ""
    _values: dict[str, dict[str, None]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})

    def add(self, kind: str, value: object) -> None:
        """Add a text, a number, or a list of them; anything else says nothing."""
        for entry in (value if isinstance(value, list) else [value])[:20]:
            text = as_text(entry)
            if kind in ("telephone", "email"):
                text = _SCHEME.sub("", text)
            if text and len(self._values[kind]) < MAX_VALUES:
                self._values[kind][text] = None

    def values(self, kind: str) -> tuple[str, ...]:
        """What was added of a kind."""
        return tuple(self._values[kind])

    def facts(self) -> BusinessFacts:
        """What was gathered; of names and addresses the first, the fullest address before a lesser one."""
        line, postal = max(self.addresses, key=lambda entry: _fullness(entry[1]), default=("", PostalAddress()))
        same_as = self.values("same_as")
        return BusinessFacts(
            business_name=next(iter([*self.names, *self.legal_names]), ""),
            person=next(iter(self.people), ""),
            telephones=self.values("telephone"),
            emails=self.values("email"),
            urls=tuple(dict.fromkeys([*self.values("url"), *same_as])),
            address=line or str(postal),
            services=self.values("service"),
            types=self.values("type"),
            legal_name=next(iter(self.legal_names), ""),
            same_as=same_as,
            postal=postal,
            opening_hours=self.values("hours"),
            geo=self.geo,
            price_range=self.price_range,
            languages=self.values("language"),
        )


def _fullness(postal: PostalAddress) -> int:
    return sum(bool(part) for part in (postal.street, postal.city, postal.region, postal.postal_code))


def as_text(value: object) -> str:
    """A text or number on one line; empty for anything else. A language-tagged value gives its text."""
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return " ".join(str(value)[: MAX_TEXT * 4].split())[:MAX_TEXT]


def first(value: object) -> object:
    """The value, or the first of a list."""
    return (value[0] if value else None) if isinstance(value, list) else value


def postal_address(value: object) -> tuple[str, PostalAddress] | None:
    """An address in schema.org's notation, as (one line where it was written as one, its parts)."""
    value = first(value)
    if isinstance(value, Mapping):
        street, city, region, code = (as_text(first(value.get(key))) for key in _ADDRESS_KEYS)
        country = first(value.get("addressCountry"))
        nation = as_text(first(country.get("name"))) if isinstance(country, Mapping) else as_text(country)
        postal = PostalAddress(street, city, region, code, nation)
        return ("", postal) if street or city or region or code else None
    line = as_text(value)
    return (line, PostalAddress()) if line and not line.startswith(("http://", "https://", "#")) else None


_ADDRESS_KEYS = ("streetAddress", "addressLocality", "addressRegion", "postalCode")


def coordinates(value: object) -> tuple[float, float] | None:
    """Latitude and longitude of schema.org's GeoCoordinates."""
    place: Any = first(value)
    if not isinstance(place, Mapping):
        return None
    pair = [as_text(first(place.get(key))) for key in ("latitude", "longitude")]
    if not all(map(_NUMBER.match, pair)):
        return None
    latitude, longitude = float(pair[0]), float(pair[1])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
