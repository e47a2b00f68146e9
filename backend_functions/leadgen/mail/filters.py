"""The filters of mail templates: a short list, each bounded in what it takes and in what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from markupsafe import escape

from leadgen.mail.lead_fields import Fields

MAX_VALUE = 50_000
_MAX_DIGITS = 12

_FROM_JINJA = "abs capitalize count first int last length list sort string trim truncate upper"
_TAKE_LISTS = frozenset(
    ("count", "d", "default", "first", "join", "last", "length", "list", "sort", "unique", "argument")
)

MAKE_TEXT = frozenset(
    ("capitalize", "e", "escape", "join", "lower", "replace", "string", "title", "trim", "truncate", "upper")
)
"""Filters that make a text of whatever they are given."""


def check_size(size: int) -> None:
    """Refuse a value that grows too large."""
    if size > MAX_VALUE:
        raise SecurityError(f"a value of the template grows beyond {MAX_VALUE} characters")


def fit_for(name: str, value: Any) -> int:
    """The size of what a filter is to work on.

    Raises:
        SecurityError: the filter can't work on this kind of value.
    """
    if isinstance(value, str):
        return len(value)
    if value is None or isinstance(value, (int, float, Undefined)):
        return 1
    if isinstance(value, (list, tuple, range)) and name in _TAKE_LISTS:
        return len(value)
    raise SecurityError(f"`{name}` works on a text or a number; of a list, take one item or join it")


def scalar(value: Any) -> Any:
    """The value, if it is a text or a number; a list as a whole has no place in a mail."""
    if isinstance(value, (str, int, float, Undefined)) or value is None:
        return value
    if isinstance(value, Fields):
        raise SecurityError("`fields` can't be shown as a whole; name one of them, such as fields.price")
    raise SecurityError("a list can't be shown as it is; write it with |join(', ') or in a loop")


def own_filters(*, html: bool) -> dict[str, Callable[..., Any]]:
    """The filters by name. In plain text nothing is escaped, so that both forms of a mail say the same."""
    named: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in _FROM_JINJA.split()}
    named |= {"join": _join, "replace": _replace, "default": _default, "d": _default, "round": _round}
    named |= {"lower": _lower, "title": _title}
    return (
        named | {"wordcount": _wordcount, "unique": _unique} | dict.fromkeys(("e", "escape"), escape if html else str)
    )


def _join(values: Iterable[Any], separator: str = "") -> str:
    parts = [str(scalar(value)) for value in values]
    check_size(sum(map(len, parts)) + len(separator) * len(parts))
    return str(separator).join(parts)


def _replace(text: Any, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    check_size(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
    return str(str.replace(text, old, new))


def _default(value: Any, instead: Any = "", boolean: bool = True) -> Any:
    """Other than in jinja2 an empty field counts as missing: of a lead it means that nothing is known."""
    del boolean
    return value if not isinstance(value, Undefined) and value not in ("", None, []) else instead


def _lower(text: Any) -> str:
    return str(text).lower()


def _title(text: Any) -> str:
    return _titled(str(text))


@lru_cache(maxsize=256)
def _titled(text: str) -> str:
    """Of a city or a trade, which hundreds of mails share."""
    return str(FILTERS["title"](text))


def _round(value: float, precision: int = 0) -> float:
    return round(float(value), max(-_MAX_DIGITS, min(_MAX_DIGITS, int(precision))))


def _wordcount(text: Any) -> int:
    return len(str(text).split())


def _unique(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))
