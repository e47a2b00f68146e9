"""What is wrong with a definition, in the words of its author: the file, the key, the value, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from leadgen.harvest.sources.tables import (
    CityTable,
    FeedRules,
    FieldTable,
    File,
    ListingRules,
    Policy,
    PostRules,
    SitemapRules,
    SourceTable,
)
from leadgen.harvest.sources.turning import NextLink, NoPaging, Offset, PageNumber
from leadgen.harvest.sources.values import PATTERN_WORDS
from leadgen.model.errors import FieldProblem, InvalidInput

_SHOWN_CHARACTERS = 80
_TABLES: dict[str, type[BaseModel]] = {
    "html": ListingRules,
    "rss": FeedRules,
    "sitemap": SitemapRules,
    "none": NoPaging,
    "next_link": NextLink,
    "page": PageNumber,
    "offset": Offset,
}
_TOP: dict[str, type[BaseModel]] = {"source": SourceTable, "policy": Policy, "post": PostRules}
_TYPE_WORDS = {
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "date_type": "must be a date without quotes, such as 2026-01-31",
}
_KINDS = {"listing": "html, rss or sitemap", "paging": "next_link, page, offset or none"}


def problem(file: str, content: Mapping[str, Any], error: Mapping[str, Any]) -> FieldProblem:
    """A validation error as its author reads it.

    Args:
        file: name of the file.
        content: the definition as written.
        error: of pydantic's `ValidationError.errors()`.
    """
    kind = error["type"]
    key = ".".join(_as_written(content, error["loc"], is_missing=kind == "missing")) or "(the whole file)"
    where = f"{file}: {key}"
    if kind == "missing":
        return FieldProblem(where, "(missing)", "a value; this key is required")
    if kind == "extra_forbidden":
        return FieldProblem(where, shown(error["input"]), _other_keys(error["loc"]))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        table = str(error["loc"][-1])
        written = error["input"].get("kind") if isinstance(error["input"], Mapping) else error["input"]
        return FieldProblem(f"{where}.kind", shown(written), f"must be {_KINDS.get(table, 'a known kind')}")
    allowed = _allowed(error)
    if kind == "value_error" and isinstance(error["input"], Mapping):
        name, colon, rest = allowed.partition(": ")
        if colon and name.replace(".", "").replace("_", "").isalnum():
            return FieldProblem(f"{where}.{name}", shown(_inside(error["input"], name)), rest)
        return FieldProblem(where, "(this table)", allowed)
    return FieldProblem(where, shown(error["input"]), allowed)


def _allowed(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind == "string_pattern_mismatch":
        return PATTERN_WORDS.get(error["ctx"]["pattern"], str(error["msg"]))
    return _TYPE_WORDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")


def invalid(problems: Iterable[FieldProblem]) -> InvalidInput:
    """The error that names all problems."""
    found = tuple(problems)
    lines = "; ".join(f"{one.field} is {one.value}, allowed: {one.allowed}" for one in found)
    return InvalidInput(
        f"The source definitions are not valid: {lines}.",
        hint="Correct the named keys; nothing is harvested until all definitions are valid.",
        fields=found,
    )


def shown(value: object) -> str:
    """A value for an error message, shortened, on one line."""
    try:
        text = " ".join(str(value).split())
    except (RecursionError, ValueError):  # a deeply nested value, or a number of thousands of digits
        return "(a value too large to show)"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _inside(table: Mapping[str, Any], path: str) -> object:
    value: Any = table
    for name in path.split("."):
        value = value.get(name, "(missing)") if isinstance(value, Mapping) else "(missing)"
    return value


def _as_written(content: Any, loc: tuple[Any, ...], *, is_missing: bool) -> list[str]:
    """The path in the file: the parser's own steps (kinds of a union, entries of a short form) are left out."""
    path: list[str] = []
    for number, part in enumerate(loc):
        in_list = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if in_list or (isinstance(content, Mapping) and part in content):
            content = content[part]
        elif not (is_missing and number == len(loc) - 1):
            continue
        path.append(str(part))
    return path


def _other_keys(loc: tuple[Any, ...]) -> str:
    """What could have been meant by a key that does not exist."""
    names = list(_table_of([str(part) for part in loc]).model_fields)
    close = difflib.get_close_matches(str(loc[-1]), names, 1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"no such key; {meant}Allowed here: {', '.join(names)}"


def _table_of(parts: list[str]) -> type[BaseModel]:
    if len(parts) == 1:
        return File
    match parts[0]:
        case "cities":
            return CityTable
        case "listing":
            return _TABLES[parts[-2]]
        case "post" if len(parts) > 2:
            return FieldTable
        case top:
            return _TOP[top]
