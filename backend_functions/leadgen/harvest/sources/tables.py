"""The tables of a source definition, as docs/sources.md describes them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from leadgen.harvest.sources.turning import NextLink, NoPaging, Paging
from leadgen.harvest.sources.values import (
    Address,
    AddressOrPath,
    Attribute,
    Charset,
    Domain,
    JsonLdPath,
    Key,
    Region,
    Selector,
    Table,
    Text,
    Timezone,
    UrlPattern,
    ValuePattern,
)

_Domains = Annotated[tuple[Domain, ...], Field(strict=False, max_length=200)]


class Policy(Table):
    """Who read the site's terms, and what they allow."""

    acknowledged_by: str = ""
    acknowledged_on: date | None = None
    may_email: bool = False
    relay_domains: _Domains = ()
    """Domains of the site's own mail relay: an address there is nobody's identity."""


class ListingRules(Table):
    """How an HTML listing is read: its posts by selector, by a pattern of their addresses, or by both."""

    kind: Literal["html"] = "html"
    post_link: Selector = ""
    """CSS selector of the `<a>` that lead to posts."""
    post_pattern: UrlPattern = ""
    """Regular expression that the address of a post fits."""
    next_link: Selector = ""
    """CSS selector of the link to the next page: short for `paging` by next link."""
    paging: Paging | None = None

    @model_validator(mode="after")
    def _finds_posts_and_pages(self) -> Self:
        if not (self.post_link or self.post_pattern):
            raise ValueError("must have post_link (a CSS selector), post_pattern (a regular expression), or both")
        if self.next_link and self.paging is not None:
            raise ValueError("may have next_link or a paging table, not both")
        if isinstance(self.paging, NextLink) and not self.paging.selector:
            raise ValueError('must have paging.selector (a CSS selector) where paging.kind is "next_link"')
        return self

    @property
    def turning(self) -> NoPaging | Paging:
        """How the listing is turned from page to page."""
        if self.paging is not None:
            return self.paging
        return NextLink(selector=self.next_link) if self.next_link else NoPaging()


class FeedRules(Table):
    """How an RSS or Atom feed is read."""

    kind: Literal["rss"] = "rss"
    post_pattern: UrlPattern = ""
    paging: Paging | None = None

    @model_validator(mode="after")
    def _has_no_selector(self) -> Self:
        if isinstance(self.paging, NextLink) and self.paging.selector:
            raise ValueError("paging.selector: a feed's link to its next page needs no selector; leave it out")
        return self

    @property
    def turning(self) -> NoPaging | Paging:
        """How the feed is turned from page to page."""
        return self.paging if self.paging is not None else NextLink()


class SitemapRules(Table):
    """How a sitemap or an index of sitemaps is read (sitemaps.org)."""

    kind: Literal["sitemap"] = "sitemap"
    post_pattern: UrlPattern = ""
    sitemap_pattern: UrlPattern = ""
    """Regular expression that the sitemaps of an index to read fit; all of them if empty."""


def _kind(value: object) -> str:
    if isinstance(value, dict):
        kind = value.get("kind", "html")
        return kind if isinstance(kind, str) else ""
    return str(getattr(value, "kind", ""))


AnyListing = Annotated[
    Annotated[ListingRules, Tag("html")] | Annotated[FeedRules, Tag("rss")] | Annotated[SitemapRules, Tag("sitemap")],
    Discriminator(_kind),
]


class FieldTable(Table):
    """Where one value of a post is found."""

    selector: Selector = ""
    attribute: Attribute = ""
    """The value is this attribute of the element, not its text."""
    json_ld: JsonLdPath = ""
    """Path into the page's JSON-LD, such as `LocalBusiness.telephone` or `offers.price`."""
    regex: ValuePattern = ""
    """Its one group is the value."""
    of: Literal["text", "html", "url"] = "text"
    """What a `regex` alone reads: the post's text, the page's source, or the post's address."""

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if not (self.selector or self.json_ld or self.regex):
            raise ValueError("must have a selector, a json_ld path or a regex")
        if self.selector and self.json_ld:
            raise ValueError("may have a selector or a json_ld path, not both; a list tries one after the other")
        if self.attribute and not self.selector:
            raise ValueError("attribute: needs the selector of the element that has it")
        if self.of != "text" and (self.selector or self.json_ld):
            raise ValueError("of: only says what a regex without selector and json_ld reads")
        return self


def _as_list(value: Any) -> Any:
    entries = value if isinstance(value, list) else [value]
    return [{"selector": entry} if isinstance(entry, str) else entry for entry in entries]


FieldRules = Annotated[
    tuple[FieldTable, ...], BeforeValidator(_as_list), Field(strict=False, min_length=1, max_length=10)
]


class PostRules(Table):
    """How a post is read; CSS selectors, empty where the site has no such thing."""

    title: Selector = ""
    body: Selector = ""
    images: Selector = ""
    contact_link: Selector = ""
    contact_gate: Literal["none", "mailto", "captcha", "form"] = "none"
    fields: Annotated[dict[Key, FieldRules], Field(max_length=50)] = {}
    """Further values by name. Some names are known: see docs/sources.md."""

    @model_validator(mode="after")
    def _has_a_body(self) -> Self:
        if not self.body and "body" not in self.fields:
            raise ValueError("must have body (a CSS selector) or fields.body: the advertiser's text")
        return self


class SourceTable(Table):
    """`[source]`: the site."""

    id: Key
    name: Text
    base_url: Address
    hosts: _Domains = ()
    """Further hosts of the site; what is below one of them belongs to it too."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    delay_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 1.0
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 100
    region: Region = "US"
    timezone: Timezone | None = None
    charset: Charset = ""


def _as_city(value: Any) -> Any:
    return {"listing_url": value} if isinstance(value, str) else value


class CityTable(Table):
    """`[cities.KEY]`: where the listings of a city begin."""

    listing_url: AddressOrPath
    timezone: Timezone | None = None
    label: Text | None = None
    region: Region | None = None


class File(Table):
    """A whole definition."""

    source: SourceTable
    policy: Policy = Policy()
    cities: Annotated[dict[Key, Annotated[CityTable, BeforeValidator(_as_city)]], Field(min_length=1, max_length=5_000)]
    listing: AnyListing
    post: PostRules
