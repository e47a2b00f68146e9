"""Values of a post that its site's definition says where to find: by selector, attribute, JSON-LD path or pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from leadgen.model.errors import InvalidInput
from leadgen.model.patterns import bounded_pattern
from leadgen.process.document import Page
from leadgen.process.json_ld import parse_block

MAX_VALUES = 20
"""Values of one field that are kept."""
MAX_VALUE = 20_000
_MOST_BLOCKS = 20
_MOST_STEPS = 5_000
_DEEPEST = 20
_PLAIN_KEYS = ("@value", "name", "url", "@id")
"""Where an object stands for a value, in this order."""


@dataclass(frozen=True)
class FieldRule:
    """Where a value is found.

    Args:
        selector: CSS selector of the element.
        attribute: the value is this attribute of the element, not its text.
        json_ld: path into the page's JSON-LD: keys joined by dots, after the type of the thing they belong to if it
            matters (``LocalBusiness.address.postalCode``). Lists are passed through.
        regex: with one group, which is the value, in what the others found; alone, in what `of` names.
        of: the post's text, the page's source, or the post's address.
    """

    selector: str = ""
    attribute: str = ""
    json_ld: str = ""
    regex: str = ""
    of: Literal["text", "html", "url"] = "text"


FieldRules = Mapping[str, Sequence[FieldRule]]


def read_fields(page: Page, text: str, url: str, rules: FieldRules) -> dict[str, tuple[str, ...]]:
    """The values of a post by the name of their field, in the page's order, each once; fields without any are left out.

    Of several rules of a field, the first that finds something counts.

    Args:
        page: the post.
        text: its readable text.
        url: its address.
        rules: where to look.

    Raises:
        InvalidInput: a selector or a pattern can't be read.
    """
    reader = _Reader(page, text, url)
    found: dict[str, tuple[str, ...]] = {}
    for name, tried in rules.items():
        for rule in tried:
            values = tuple(dict.fromkeys(reader.values(rule)))[:MAX_VALUES]
            if values:
                found[name] = values
                break
    return found


class _Reader:
    """Reads one post; its JSON-LD is parsed when it is first asked for."""

    def __init__(self, page: Page, text: str, url: str) -> None:
        self._page = page
        self._text = text
        self._url = url
        self._blocks: list[Any] | None = None

    def values(self, rule: FieldRule) -> Iterator[str]:
        found = self._raw(rule)
        if rule.regex:
            found = _fitting(rule.regex, found)
        for value in found:
            if text := value.strip()[:MAX_VALUE]:
                yield text

    def _raw(self, rule: FieldRule) -> Iterable[str]:
        if rule.json_ld:
            return _follow(self._json_ld(), rule.json_ld.split("."))
        if rule.attribute:
            nodes = self._page.nodes(rule.selector)[:MAX_VALUES]
            return [str(node.attributes.get(rule.attribute.lower()) or "") for node in nodes]
        if rule.selector:
            return self._page.texts_of(rule.selector, MAX_VALUES)
        return [{"text": self._text, "html": self._page.source, "url": self._url}[rule.of]]

    def _json_ld(self) -> list[Any]:
        if self._blocks is None:
            nodes = self._page.nodes("script[type*='ld+json' i]")[:_MOST_BLOCKS]
            self._blocks = [parse_block(node.text()) for node in nodes]
        return self._blocks


def _fitting(pattern: str, values: Iterable[str]) -> Iterator[str]:
    try:
        bounded = bounded_pattern(pattern)
    except ValueError as error:
        raise InvalidInput(
            f"The pattern {pattern[:100]!r} {error}.", hint="Correct it in the source definition."
        ) from None
    for value in values:
        match = bounded.search(value)
        if match is not None:
            yield (match[1] if bounded.groups else match[0]) or ""


def _follow(blocks: list[Any], path: list[str]) -> Iterator[str]:
    """The values at the end of a path, which may begin at any thing of the page."""
    for thing in _things(blocks):
        keys = path
        if _is_type(thing, path[0]):
            keys = path[1:]
        for value in _at(thing, keys):
            yield from _plain(value)


def _things(blocks: list[Any]) -> Iterator[dict[str, Any]]:
    """All objects, the outer ones first."""
    waiting: list[tuple[Any, int]] = [(block, 0) for block in blocks]
    for place in range(_MOST_STEPS):
        if place >= len(waiting):
            return
        value, depth = waiting[place]
        if isinstance(value, dict):
            yield value
        if depth < _DEEPEST and len(waiting) < _MOST_STEPS:
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            waiting += [(one, depth + 1) for one in inner if isinstance(one, (dict, list))]


def _is_type(thing: dict[str, Any], name: str) -> bool:
    types = thing.get("@type")
    return any(
        isinstance(one, str) and one.rpartition("/")[2] == name
        for one in (types if isinstance(types, list) else [types])
    )


def _at(value: Any, keys: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value[:MAX_VALUES]:
            if not isinstance(one, list):
                yield from _at(one, keys)
    elif not keys:
        yield value
    elif isinstance(value, dict) and keys[0] in value:
        yield from _at(value[keys[0]], keys[1:])


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = next((value[key] for key in _PLAIN_KEYS if isinstance(value.get(key), (str, int, float))), None)
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (str, int, float)):
        try:
            yield str(value)
        except ValueError:  # a number of thousands of digits
            return
