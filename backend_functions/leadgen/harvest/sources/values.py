"""The values a source definition is written in, and what is allowed for each, in words its author reads."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from leadgen.harvest.charsets import usable_charset
from leadgen.model.patterns import bounded_pattern

_NO_HTML = LexborHTMLParser("<html></html>")


def web_address(value: str) -> str:
    """An address that can be fetched.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        usable = usable and (parts.port is None or parts.port > 0) and value.isprintable() and " " not in value
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address that begins with http:// or https://, without a user name")
    return value


def web_address_or_path(value: str) -> str:
    """An address, or a path on the source's own site.

    Raises:
        ValueError: it is neither.
    """
    if value.startswith("/") and not value.startswith("//") and value.isprintable() and " " not in value:
        return value
    return web_address(value)


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: str) -> str:
    if value not in _timezones():
        raise ValueError("must be a timezone of the IANA database, such as America/Chicago")
    return value


def _selector(value: str) -> str:
    try:
        _NO_HTML.css(value)
    except (SelectolaxError, ValueError):
        raise ValueError("must be a CSS selector, such as li.post > a") from None
    return value


def _url_pattern(value: str) -> str:
    if value:
        bounded_pattern(value)
    return value


def _value_pattern(value: str) -> str:
    if value and bounded_pattern(value).groups != 1:
        raise ValueError("must have exactly one group, around the value: Price: (\\d+)")
    return value


def _charset(value: str) -> str:
    if not usable_charset(value):
        raise ValueError("must be a charset that pages are written in, such as windows-1252 or shift_jis")
    return value


_KEY = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_REGION = r"^[A-Z]{2}$"
_DOMAIN = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
_ATTRIBUTE = r"^([A-Za-z_:][A-Za-z0-9_:.-]{0,60})?$"
_JSON_LD = r"^([@A-Za-z_][\w:@-]*(\.[@A-Za-z_][\w:@-]*){0,7})?$"
_PARAMETER = r"^([A-Za-z0-9_.~\[\]-]+)?$"
PATTERN_WORDS = {
    _KEY: "must be lower-case letters, digits, - and _, such as new-york",
    _REGION: "must be the two capital letters of a country (ISO 3166), such as US",
    _DOMAIN: "must be a host name in lower case, such as posts.demo.example",
    _ATTRIBUTE: "must be the name of an attribute, such as data-phone",
    _JSON_LD: "must be keys joined by dots, such as LocalBusiness.telephone",
    _PARAMETER: "must be the name of a query parameter, such as page",
}
"""What the patterns of texts mean, for those who wrote one that does not fit."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(pattern=_KEY)]
Address = Annotated[str, StringConstraints(max_length=1000), AfterValidator(web_address)]
AddressOrPath = Annotated[str, StringConstraints(max_length=1000), AfterValidator(web_address_or_path)]
Selector = Annotated[str, StringConstraints(max_length=500), AfterValidator(lambda value: value and _selector(value))]
Timezone = Annotated[str, StringConstraints(max_length=100), AfterValidator(_timezone)]
Region = Annotated[str, StringConstraints(pattern=_REGION)]
Domain = Annotated[str, StringConstraints(max_length=253, pattern=_DOMAIN)]
Charset = Annotated[str, StringConstraints(max_length=40), AfterValidator(lambda value: value and _charset(value))]
UrlPattern = Annotated[str, AfterValidator(_url_pattern)]
ValuePattern = Annotated[str, AfterValidator(_value_pattern)]
Attribute = Annotated[str, StringConstraints(pattern=_ATTRIBUTE)]
JsonLdPath = Annotated[str, StringConstraints(max_length=300, pattern=_JSON_LD)]
Parameter = Annotated[str, StringConstraints(max_length=60, pattern=_PARAMETER)]


class Table(BaseModel):
    """A table of a definition: no other keys than these, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
