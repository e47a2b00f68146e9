"""Source definitions: a new site is a file, not code.

A definition says where the listings are, how posts and their fields are found, how the contact is gated, how fast the
site may be read, and what its policy allows. A source whose policy nobody acknowledged harvests nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urljoin, urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from leadgen.model.errors import FieldProblem, InvalidInput, NotAllowed, NotFound

_SHOWN_CHARACTERS = 80
_NO_HTML = LexborHTMLParser("<html></html>")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("must be an address that begins with http:// or https://, without a user name")
    return value


def _web_address_or_path(value: str) -> str:
    return value if value.startswith("/") and not value.startswith("//") else _web_address(value)


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be a timezone of the IANA database, such as America/Chicago")
    return value


def _selector(value: str) -> str:
    try:
        _NO_HTML.css(value)
    except SelectolaxError:
        raise ValueError("must be a CSS selector, such as li.post > a") from None
    return value


_Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
_Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
_Address = Annotated[str, AfterValidator(_web_address)]
_AddressOrPath = Annotated[str, AfterValidator(_web_address_or_path)]
_Selector = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_selector)]
_OptionalSelector = Annotated[str, StringConstraints(max_length=500), AfterValidator(lambda it: it and _selector(it))]
_Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Policy(_Table):
    """Who read the site's terms, and what they allow."""

    acknowledged_by: str = ""
    acknowledged_on: date | None = None
    may_email: bool = False
    relay_domains: Annotated[tuple[_Domain, ...], Field(strict=False)] = ()
    """Domains of the site's own mail relay: an address there is nobody's identity."""


class ListingRules(_Table):
    """How a listing page is read. Both are CSS selectors of `<a>`."""

    post_link: _Selector
    next_link: _Selector


class PostRules(_Table):
    """How a post is read; CSS selectors, empty where the site has no such thing."""

    title: _Selector
    body: _Selector
    images: _OptionalSelector = ""
    contact_link: _OptionalSelector = ""
    contact_gate: Literal["none", "mailto", "captcha", "form"] = "none"


class _SourceTable(_Table):
    id: _Key
    name: _Text
    base_url: _Address
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    delay_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 1.0
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 100
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"


class _CityTable(_Table):
    listing_url: _AddressOrPath
    timezone: Annotated[str, AfterValidator(_timezone)]
    label: _Text


class _File(_Table):
    source: _SourceTable
    policy: Policy = Policy()
    cities: Annotated[dict[_Key, _CityTable], Field(min_length=1)]
    listing: ListingRules
    post: PostRules


@dataclass(frozen=True)
class City:
    """A city a source has listings for.

    Args:
        key: its name in requests, lower case.
        label: its name for people.
        listing_url: absolute address of its first listing page.
        timezone: IANA name.
    """

    key: str
    label: str
    listing_url: str
    timezone: str


@dataclass(frozen=True)
class Source:
    """A site that can be harvested.

    Args:
        id: its name in documents.
        name: its name for people.
        base_url: its address.
        concurrency: requests under way at a time, at most.
        delay_seconds: pause between the beginnings of two requests, at least.
        max_pages: listing pages one campaign reads, at most.
        region: ISO 3166 code of the country its phone numbers are written for.
    """

    id: str
    name: str
    base_url: str
    listing: ListingRules
    post: PostRules
    cities: tuple[City, ...]
    concurrency: int = 1
    delay_seconds: float = 1.0
    max_pages: int = 100
    region: str = "US"
    policy: Policy = field(default_factory=Policy)

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody took responsibility for harvesting this site."""
        return bool(self.policy.acknowledged_by.strip()) and self.policy.acknowledged_on is not None

    def city(self, key: str) -> City | None:
        """The city of that key, in whatever case it is written; `None` if the source does not cover it."""
        wanted = key.strip().lower()
        return next((city for city in self.cities if city.key == wanted), None)


def load_sources(folder: Path) -> tuple[Source, ...]:
    """Read all source definitions (`*.toml`) of a folder, in the order of their file names.

    Args:
        folder: the folder; one without definitions gives an empty tuple.

    Raises:
        InvalidInput: there is no such folder, or a definition is not as it must be; every wrong value is named with
            its file, key and what is allowed.
    """
    if not folder.is_dir():
        raise InvalidInput(
            f"There is no folder of source definitions at {folder}.",
            hint="Set LEADGEN_SOURCES to a folder that holds *.toml files.",
        )
    sources: list[Source] = []
    problems: list[FieldProblem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            source = _read_source(path)
        except InvalidInput as error:
            problems.extend(error.fields)
            continue
        if any(source.id == other.id for other in sources):
            problems.append(FieldProblem(f"{path.name}: source.id", source.id, "an id no other definition has"))
        sources.append(source)
    if problems:
        raise _invalid(problems)
    return tuple(sources)


def source_for_city(sources: Iterable[Source], city: str) -> tuple[Source, City]:
    """The source to harvest for a city, and the city; where several cover it, the first that is acknowledged.

    Args:
        sources: the loaded definitions.
        city: key of the city, in any case.

    Raises:
        NotFound: no source covers the city; the message names those that are covered.
    """
    known = list(sources)
    matches = [(source, found) for source in known if (found := source.city(city)) is not None]
    if matches:
        return next((match for match in matches if match[0].is_acknowledged), matches[0])
    names = ", ".join(sorted({one.key for source in known for one in source.cities})) or "none"
    raise NotFound(f"No source has listings for {_shown(city)}.", hint=f"Cities with listings: {names}.")


def require_acknowledged(source: Source) -> None:
    """Refuse a source whose policy nobody acknowledged.

    Raises:
        NotAllowed: `acknowledged_by` or `acknowledged_on` is missing.
    """
    if not source.is_acknowledged:
        raise NotAllowed(
            f"The source {source.name} is switched off: nobody has acknowledged its policy.",
            hint="Read the site's terms; if they allow it, set policy.acknowledged_by and policy.acknowledged_on "
            "in its source definition.",
        )


def _read_source(path: Path) -> Source:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise _invalid([FieldProblem(path.name, _shown(error), "a readable TOML file (UTF-8)")]) from error
    try:
        return _to_source(_File.model_validate(content))
    except ValidationError as error:
        raise _invalid([_problem(path.name, dict(one)) for one in error.errors()]) from error


def _problem(file: str, error: dict[str, Any]) -> FieldProblem:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return FieldProblem(f"{file}: {key}", "(missing)", "a value; this key is required")
    if error["type"] == "extra_forbidden":
        return FieldProblem(f"{file}: {key}", _shown(error["input"]), "no such key; check its spelling")
    return FieldProblem(f"{file}: {key}", _shown(error["input"]), error["msg"].removeprefix("Value error, "))


def _invalid(problems: list[FieldProblem]) -> InvalidInput:
    lines = "; ".join(f"{one.field} is {one.value}, allowed: {one.allowed}" for one in problems)
    return InvalidInput(
        f"The source definitions are not valid: {lines}.",
        hint="Correct the named keys; nothing is harvested until all definitions are valid.",
        fields=tuple(problems),
    )


def _to_source(file: _File) -> Source:
    base_url = file.source.base_url
    return Source(
        **file.source.model_dump(),
        policy=file.policy,
        listing=file.listing,
        post=file.post,
        cities=tuple(
            City(key, city.label, urljoin(base_url, city.listing_url), city.timezone)
            for key, city in file.cities.items()
        ),
    )


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
