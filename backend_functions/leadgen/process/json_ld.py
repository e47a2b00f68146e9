"""Reads blocks of JSON-LD (https://www.w3.org/TR/json-ld11/) as people write them, broken ones too."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from leadgen.process.facts import BusinessFacts

__all__ = ["BusinessFacts", "parse_block", "read_blocks"]

MAX_BLOCKS = 20
MAX_BLOCK = 200_000
MAX_REPAIRED = 50_000

_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*$"
)
# A string is matched first, so that what looks like a comment inside one ("https://…") stays.
_NOTABLE = re.compile(r'"(?:[^"\\]|\\.)*+"|/\*|//|,(?=\s*[}\]])', re.DOTALL)
_BAD_ESCAPE = re.compile(r'\\(?![\\"/bfnrtu])')


def parse_block(text: str) -> Any:
    """The value of a JSON-LD block: comments in and around it, raw line breaks, trailing commas, escaped quotes.

    Returns:
        the parsed value, or None where it can't be read.
    """
    text = text[:MAX_BLOCK].strip()
    for _ in range(2):
        text = _WRAPPING.sub("", text).strip()
    text = text.rstrip(";").lstrip("\ufeff")
    value = _loaded(text)
    if value is not None or len(text) > MAX_REPAIRED or not text.startswith(("{", "[", "&", "/")):
        return value
    if "&quot;" in text or "&#34;" in text:
        text = html.unescape(text)
    repaired = _BAD_ESCAPE.sub("", _without_comments(text))
    value = _loaded(repaired)
    return value if value is not None else _several(repaired)


def _without_comments(text: str) -> str:
    """The text without comments and trailing commas outside of strings; a comment without end takes the rest."""
    pieces: list[str] = []
    done = 0
    while match := _NOTABLE.search(text, done):
        mark = match[0]
        pieces.append(text[done : match.start()])
        done = match.end()
        if mark[0] == '"':
            pieces.append(mark)
        elif mark != ",":
            end = text.find("*/" if mark == "/*" else "\n", done)
            done = len(text) if end < 0 else end + (2 if mark == "/*" else 0)
    return "".join(pieces) + text[done:]


def _loaded(text: str) -> Any:
    if text.count("[") + text.count("{") > 20_000:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _several(text: str) -> list[Any] | None:
    """Objects written one behind the other, and the first of a block that breaks off."""
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    place = 0
    while place < len(text) and len(values) < MAX_BLOCKS:
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        values.append(value)
        while place < len(text) and text[place] in ", \t\r\n;":
            place += 1
    return values or None


def read_blocks(tree: Any) -> list[Any]:
    """The values of all blocks of a parsed page (`LexborHTMLParser`); broken ones are left aside."""
    nodes = tree.css("script[type*='ld+json' i]")[:MAX_BLOCKS]
    values = (parse_block(node.text() or "") for node in nodes)
    return [value for value in values if isinstance(value, (dict, list))]
