"""The OData query options Outlook's part of Graph understands: $filter, $orderby, $select, $expand, $top, $skip.

Source: learn.microsoft.com/graph/query-parameters and OData 4.01 URL Conventions, 5.1
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.microsoft.errors import GraphError, bad_request

Item = Mapping[str, Any]
Predicate = Callable[[Item], Any]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)|\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_@][A-Za-z0-9_.]*(?:/[A-Za-z_][A-Za-z0-9_.]*)*)
    | (?P<sign>[():,])
    )""",
    re.VERBOSE,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: type(a) is type(b) and a is not None and bool(a > b),
    "ge": lambda a, b: type(a) is type(b) and a is not None and bool(a >= b),
    "lt": lambda a, b: type(a) is type(b) and a is not None and bool(a < b),
    "le": lambda a, b: type(a) is type(b) and a is not None and bool(a <= b),
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "contains": lambda text, part: part in text,
}
_MAX_DEPTH = 50


def invalid(message: str) -> GraphError:
    """The error Graph gives for a query option it cannot read."""
    return bad_request(f"Parsing OData Select and Expand failed: {message}", "RequestBroker--ParseUri")


def invalid_filter(message: str) -> GraphError:
    return bad_request(f"Invalid filter clause: {message}", "BadRequest")


def property_key(property_id: str) -> str:
    """An extended property's id in one spelling: `String {GUID} Name X` and `String 0x1045` ignore case but for X."""
    head, marker, name = property_id.strip().partition(" Name ")
    return " ".join(head.lower().split()) + marker + name


def _comparable(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name.endswith("DateTime"):
            return _moment(value)
        return value.lower()  # Exchange compares text without regard to case
    return value


def _moment(text: str) -> str:
    """A moment in a form that sorts as text: UTC to the second (what the store keeps)."""
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid_filter(f"'{text}' is not a date and time.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def read_path(item: Item, path: str) -> Any:
    """The value at `a/b/c`; None where something on the way is missing."""
    value: Any = item
    for part in path.split("/"):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


class _Parser:
    """Recursive descent over `or`, `and`, `not`, comparisons, functions and `collection/any(x: …)`."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._tokens, self._position, self._names = _tokenise(text), 0, names
        self._variable: str | None = None
        self._depth = 0

    def parse(self) -> Predicate:
        result = self._either()
        if self._peek()[0] != "end":
            raise invalid_filter(f"unexpected '{self._peek()[1]}'.")
        return result

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "end of text")

    def _take(self, kind: str | None = None, text: str | None = None) -> str:
        found_kind, found = self._peek()
        if (kind and kind != found_kind) or (text and found.lower() != text):
            raise invalid_filter(f"'{text or kind}' expected where '{found}' stands.")
        self._position += 1
        return found

    def _word(self, *words: str) -> bool:
        kind, text = self._peek()
        return kind == "name" and text.lower() in words

    def _either(self) -> Predicate:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise invalid_filter("The filter is nested too deeply.")
        parts = [self._both()]
        while self._word("or"):
            self._take()
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda item: any(part(item) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._word("and"):
            self._take()
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def _single(self) -> Predicate:
        negated = False
        while self._word("not"):
            self._take()
            negated = not negated
        inner = self._primary()
        return (lambda item: not inner(item)) if negated else inner

    def _primary(self) -> Predicate:
        if self._peek() == ("sign", "("):
            self._take()
            inner = self._either()
            self._take("sign", ")")
            return inner
        name = self._take("name")
        followed_by_bracket = self._peek() == ("sign", "(")
        if followed_by_bracket and name.lower() in _FUNCTIONS:
            return self._function(_FUNCTIONS[name.lower()])
        if followed_by_bracket and name.lower().endswith("/any"):
            return self._any(name.rpartition("/")[0])
        path = self._path(name)
        if not self._word(*_COMPARISONS):  # a bare boolean property
            return lambda item: read_path(item, path) is True
        compare = _COMPARISONS[self._take().lower()]
        wanted = _comparable(path, self._literal())
        if path == "id" and self._variable:  # an extended property's id
            wanted = property_key(str(wanted)).lower()
            return lambda item: compare(property_key(str(read_path(item, path))).lower(), wanted)
        return lambda item: compare(_comparable(path, read_path(item, path)), wanted)

    def _function(self, function: Callable[[str, str], bool]) -> Predicate:
        self._take("sign", "(")
        path = self._path(self._take("name"))
        self._take("sign", ",")
        wanted = str(self._literal()).lower()
        self._take("sign", ")")
        return lambda item: function(str(read_path(item, path) or "").lower(), wanted)

    def _any(self, name: str) -> Predicate:
        path = self._path(name)
        self._take("sign", "(")
        outer, self._variable = self._variable, self._take("name")
        self._take("sign", ":")
        inner = self._either()
        self._variable = outer
        self._take("sign", ")")
        return lambda item: any(inner(element) for element in read_path(item, path) or [])

    def _path(self, name: str) -> str:
        if self._variable:
            variable, _, rest = name.partition("/")
            if variable != self._variable:
                raise invalid_filter(f"'{variable}' is not the range variable '{self._variable}'.")
            return rest
        head, slash, rest = name.partition("/")
        known = next((known for known in self._names if known.lower() == head.lower()), None)
        if known is None:
            text = f"Could not find a property named '{head}' on type 'Microsoft.OutlookServices.Message'."
            raise bad_request(text, "RequestBroker--ParseUri")
        return known + slash + rest

    def _literal(self) -> Any:
        kind, text = self._peek()
        self._take()
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "moment":
            return text
        if kind == "number":
            return float(text)
        if kind == "name" and text.lower() in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[text.lower()]
        raise invalid_filter(f"a value expected where '{text}' stands.")


def _tokenise(text: str) -> list[tuple[str, str]]:
    tokens, position, text = [], 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise invalid_filter(f"unexpected character '{text[position]}' at position {position}.")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        position = match.end()
    return tokens


def parse_filter(text: str, names: frozenset[str]) -> Predicate:
    """A function telling whether an item passes a $filter. Raises GraphError (400).

    Args:
        text: the filter, not URL-encoded.
        names: the properties that exist.
    """
    return _Parser(text, names).parse()


@dataclass(frozen=True)
class Expand:
    """One part of $expand: a navigation property, and which of its elements are wanted."""

    name: str
    matches: Predicate


def parse_expand(text: str) -> list[Expand]:
    """Read $expand. Raises GraphError (400)."""
    parts = [part for part in re.split(r",(?![^(]*\))", text) if part.strip()]
    expands = []
    for part in parts:
        match = re.fullmatch(r"\s*(\w+)\s*(?:\(\s*\$filter\s*=\s*(.*)\))?\s*", part, re.DOTALL)
        known = {"singlevalueextendedproperties": "singleValueExtendedProperties", "attachments": "attachments"}
        name = known.get(match[1].lower()) if match else None
        if match is None or name is None:
            raise invalid(f"'{part.strip()}' cannot be expanded.")
        if name == "singleValueExtendedProperties":
            if not match[2]:
                raise bad_request(
                    "Extended properties can be expanded only with a filter on id.", "ErrorInvalidUrlQuery"
                )
            inner = _Parser(f"{name}/any(ep: {_with_variable(match[2])})", frozenset({name})).parse()
            expands.append(Expand(name, lambda element, inner=inner, name=name: inner({name: [element]})))  # type: ignore[misc]
        else:
            expands.append(Expand(name, lambda _: True))
    return expands


def _with_variable(text: str) -> str:
    """`id eq 'x'` as `ep/id eq 'x'`, leaving what stands in quotes alone."""
    pieces = re.split(r"('(?:[^']|'')*')", text)
    return "".join(
        piece if index % 2 else re.sub(r"\b(id|value)\b", r"ep/\1", piece) for index, piece in enumerate(pieces)
    )


def parse_order(text: str, names: frozenset[str]) -> list[tuple[str, bool]]:
    """Read $orderby into (path, descending) pairs. Raises GraphError (400)."""
    order = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([\w/]+)(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
        head = match[1].partition("/")[0] if match else ""
        if match is None or head not in names:
            raise invalid(f"'{part.strip()}' is not a property to order by.")
        order.append((match[1], (match[2] or "").lower() == "desc"))
    return order


def sort_key(path: str) -> Callable[[Item], tuple[bool, Any]]:
    """A sort key; missing values come first."""

    def key(item: Item) -> tuple[bool, Any]:
        value = _comparable(path, read_path(item, path))
        return (True, value) if isinstance(value, str | bool | int | float) else (False, "")

    return key


def read_number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A number among the query options. Raises GraphError (400) outside its range."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise bad_request(f"Invalid value '{text}' for {name} query option found; allowed is {low} to {high}.")
    return int(text)
