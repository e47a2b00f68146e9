"""How a listing is turned from page to page: the `[listing.paging]` table of a definition."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from leadgen.harvest.sources.values import Parameter, Selector, Table, web_address_or_path

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_KNOWN = frozenset({"page", "offset", "city"})


def _template(value: str) -> str:
    if not value:
        return value
    names = _PLACEHOLDER.findall(value)
    if any(name not in _KNOWN for name in names) or len({"page", "offset"} & set(names)) != 1:
        raise ValueError("must be an address or path with {page} or {offset} in it, and {city} where it is needed")
    web_address_or_path(_PLACEHOLDER.sub("1", value))
    return value


_Template = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_template)]


class NoPaging(Table):
    """The listing is one page."""

    kind: Literal["none"] = "none"


class NextLink(Table):
    """Each page links to the next one; a feed does so by itself (RFC 5005), without a selector."""

    kind: Literal["next_link"] = "next_link"
    selector: Selector = ""


class _Counted(Table):
    parameter: Parameter = ""
    """Name of the query parameter that holds the number."""
    url: _Template = ""
    """Address of a page, where the number is no query parameter."""

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if bool(self.parameter) == bool(self.url):
            raise ValueError('must have either parameter = "…" or url = "…": where the number goes')
        return self


class PageNumber(_Counted):
    """Pages are numbered."""

    kind: Literal["page"] = "page"
    first: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    step: Annotated[int, Field(ge=1, le=1_000)] = 1


class Offset(_Counted):
    """A page is named by the number of posts before it."""

    kind: Literal["offset"] = "offset"
    first: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    step: Annotated[int, Field(ge=1, le=10_000)]


def _kind(value: object) -> str:
    if isinstance(value, dict):
        kind = value.get("kind", "next_link")
        return kind if isinstance(kind, str) else ""
    return str(getattr(value, "kind", ""))


Paging = Annotated[
    Annotated[NoPaging, Tag("none")]
    | Annotated[NextLink, Tag("next_link")]
    | Annotated[PageNumber, Tag("page")]
    | Annotated[Offset, Tag("offset")],
    Discriminator(_kind),
]
