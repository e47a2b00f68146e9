"""Cuts pathological pages to a size that parses in bounded time.

An HTML tree is built in time that grows with the square of the nesting, of the number of attributes of one element, of
the names of attributes and elements that the parser does not know, and of the options of one <select>: a page of 500 kB
can take a minute. Real pages nest less than 100 deep (browsers stop at 512) and have a few thousand elements.
"""

from __future__ import annotations

import re
from itertools import accumulate
from operator import sub

MAX_HTML = 2_000_000
"""Characters of a page that are read."""
MAX_DEPTH = 250
MAX_TAG = 16_384
MAX_TAGS = 30_000
"""Tags, opening and closing, that are read; the page ends where there are more."""
MAX_NAMES = 3_000
"""Different names of attributes, or of elements, that a page may have before only its beginning is read."""
MAX_OPTIONS = 2_000
_BEGINNING = 100_000
_FEW_TAGS = 1_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_TAG_NAME = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9:-]{0,40})")
_INSIDE = re.compile(r"<[a-zA-Z][^\s<>]*\s([^<>]*)")
_ATTRIBUTE = re.compile(r"([^\s=\"'/]+)(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"']*))?")
_ELEMENT = re.compile(r"<([a-zA-Z][^\s<>/]{0,40})")
# They have no end, or end by themselves where the next one begins.
_NEVER_NEST = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source"),
        *("track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody"),
        *("tfoot", "html", "head", "body"),
    )
)


def bounded(html: str) -> str:
    """The page without what would make parsing it slow: its far end, giant tags, and tags nested too deep."""
    html = html[:MAX_HTML].replace("\x00", "")
    tags = html.count("<")
    if tags > MAX_TAGS:
        html = html[: -len(html.split("<", MAX_TAGS + 1)[-1]) - 1]
    if len(html) > MAX_TAG:
        html = _without_giant_tags(html)
    if len(html) > _BEGINNING and _names_too_much(html):
        html = html[:_BEGINNING]
    return _flattened(html) if tags > _FEW_TAGS and _is_deep(html) else html


def _names_too_much(html: str) -> bool:
    """Whether a page has more names of attributes or elements than any vocabulary knows."""
    inside = " ".join(_INSIDE.findall(html))
    if len(set(_ATTRIBUTE.findall(inside))) > MAX_NAMES:
        return True
    return len(set(_ELEMENT.findall(html))) > MAX_NAMES


def _without_giant_tags(html: str) -> str:
    if not _has_giant_tag(html):
        return html
    parts = html.split(">")
    return ">".join(_shortened(part) if len(part) > MAX_TAG else part for part in parts)


def _has_giant_tag(html: str) -> bool:
    """Whether there is more than `MAX_TAG` between two ">"; looks at few of them, for most are close together."""
    start = 0
    while len(html) - start > MAX_TAG:
        end = html.rfind(">", start, start + MAX_TAG + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _shortened(part: str) -> str:
    """What stands between two ">", with its tag cut where it is too long; text in front of a tag stays whole."""
    start = _TAG.search(part)
    if start is None or len(part) - start.start() <= MAX_TAG:
        return part
    return part[: start.start() + MAX_TAG]


def _is_deep(html: str) -> bool:
    """Whether `_flattened` has anything to leave out; told in less than half the time, for hardly any page has."""
    names = _TAG_NAME.findall(html)
    steps = {name: _step(name) for name in set(names)}
    if sum(names.count(name) for name in steps if name.lower().lstrip("/") == "option") > MAX_OPTIONS * 2:
        return True
    # An end tag too many counts for nothing, so the depth is how far the balance is above its lowest until then.
    balance = list(accumulate(map(steps.__getitem__, names)))
    lowest = accumulate(balance, min, initial=0)
    return max(map(sub, balance, lowest), default=0) > MAX_DEPTH


def _step(name: str) -> int:
    """How a tag changes the depth."""
    if name.lower().lstrip("/") in _NEVER_NEST:
        return 0
    return -1 if name.startswith("/") else 1


def _flattened(html: str) -> str:
    """Leave out start tags beyond `MAX_DEPTH`, and options beyond `MAX_OPTIONS`; their text stays."""
    depth = options = 0
    pieces: list[str] = []
    done = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _NEVER_NEST:
            options += name == "option"
            if name != "option" or options <= MAX_OPTIONS * 2:
                continue
        elif tag[1]:
            depth = max(0, depth - 1)
            continue
        elif depth < MAX_DEPTH:
            depth += 1
            continue
        if tag.start() >= done:
            end = html.find(">", tag.end())
            pieces.append(html[done : tag.start()])
            done = len(html) if end < 0 else end + 1
    return "".join(pieces) + html[done:] if pieces else html
