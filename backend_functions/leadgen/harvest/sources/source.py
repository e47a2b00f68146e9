"""A site that can be harvested, as the rest of the product knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from leadgen.harvest.sources.tables import FeedRules, ListingRules, Policy, PostRules, SitemapRules

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class City:
    """A city a source has listings for.

    Args:
        key: its name in requests, lower case.
        label: its name for people.
        listing_url: absolute address of its first listing page.
        timezone: IANA name.
        region: ISO 3166 code of the country its phone numbers are written for; the source's if empty.
    """

    key: str
    label: str
    listing_url: str
    timezone: str
    region: str = ""


@dataclass(frozen=True)
class Source:
    """A site that can be harvested.

    Args:
        id: its name in documents.
        name: its name for people.
        base_url: its address.
        listing: how its listings are read.
        post: how its posts are read.
        cities: where its listings begin.
        concurrency: requests under way at a time, at most.
        delay_seconds: pause between the beginnings of two requests, at least.
        max_pages: listing pages one campaign reads, at most.
        region: ISO 3166 code of the country its phone numbers are written for.
        policy: who read its terms, and what they allow.
        hosts: further hosts that are the site's.
        charset: what its pages are written in, whatever they say themselves; empty where they say it right.
        file: name of the file that defines it.
    """

    id: str
    name: str
    base_url: str
    listing: ListingRules | FeedRules | SitemapRules
    post: PostRules
    cities: tuple[City, ...]
    concurrency: int = 1
    delay_seconds: float = 1.0
    max_pages: int = 100
    region: str = "US"
    policy: Policy = field(default_factory=Policy)
    hosts: tuple[str, ...] = ()
    charset: str = ""
    file: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody took responsibility for harvesting this site."""
        return bool(self.policy.acknowledged_by.strip()) and self.policy.acknowledged_on is not None

    def city(self, key: str) -> City | None:
        """The city of that key, in whatever case it is written; `None` if the source does not cover it."""
        wanted = key.strip().lower()
        return next((city for city in self.cities if city.key == wanted), None)

    def region_of(self, city: str) -> str:
        """The country whose phone numbers a city's posts write without a country code."""
        found = self.city(city)
        return (found.region if found else "") or self.region

    def owns(self, url: str) -> bool:
        """Whether an address is on the site: what was acknowledged for one site is no leave to read another.

        The site's are the hosts of `base_url`, of the cities' listings and of `hosts`, without a leading ``www.``,
        and all hosts below them; on the usual ports or those these addresses name.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        domains, ports = self._places
        if port not in (None, _DEFAULT_PORTS.get(parts.scheme)) and port not in ports:
            return False
        return any(host == domain or host.endswith(f".{domain}") for domain in domains)

    @cached_property
    def _places(self) -> tuple[frozenset[str], frozenset[int]]:
        parts = [urlsplit(url) for url in (self.base_url, *(city.listing_url for city in self.cities))]
        domains = {(one.hostname or "").removeprefix("www.") for one in parts} | set(self.hosts)
        return frozenset(domains - {""}), frozenset(one.port for one in parts if one.port is not None)
