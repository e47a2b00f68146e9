"""What a class of a regular expression can match, over characters that stand for all others."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# All of Latin-1, and a digit, a letter, a space and a sign that stand for those beyond.
_BEYOND = ("٣", "ж", "\u2003", "€")
_SAMPLES = (*(chr(code) for code in range(256)), *_BEYOND)
EVERYTHING = frozenset(range(len(_SAMPLES)))
_LINE_BREAK = frozenset({ord("\n")})
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def charset_of(name: str, value: Any, flags: int) -> frozenset[int]:
    """What a node of a parsed pattern can match, as indexes of samples; `EVERYTHING` for a kind it does not know.

    Args:
        name: the node's kind, such as ``LITERAL`` or ``IN``.
        value: the node's value.
        flags: of `re`; ``IGNORECASE``, ``DOTALL`` and ``ASCII`` count.
    """
    if name == "ANY":
        return EVERYTHING if flags & re.DOTALL else EVERYTHING - _LINE_BREAK
    if name == "LITERAL":
        return _span(value, value, flags, exactly=False)
    if name == "NOT_LITERAL":
        return EVERYTHING - _span(value, value, flags, exactly=True)
    if name == "IN":
        return _class(value, flags)
    return EVERYTHING


def _class(items: Any, flags: int) -> frozenset[int]:
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    found: frozenset[int] = frozenset()
    for kind, value in items:
        match str(kind):
            case "LITERAL":
                found |= _span(value, value, flags, exactly=negated)
            case "RANGE":
                found |= _span(value[0], value[1], flags, exactly=negated)
            case "CATEGORY":
                found |= _category(str(value), bool(flags & re.ASCII))
    return EVERYTHING - found if negated else found


def _span(first: int, last: int, flags: int, *, exactly: bool) -> frozenset[int]:
    """The samples of a range. One beyond Latin-1 stands for its kin, unless `exactly` what is named is wanted."""
    found = set(range(first, min(last, 255) + 1))
    if flags & re.IGNORECASE:
        cased = {ord(one) for code in found for one in (chr(code).lower(), chr(code).upper()) if len(one) == 1}
        found |= {code for code in cased if code < 256}
    if last > 255 and (not exactly or last - first > 0x10000):
        found |= set(range(256, len(_SAMPLES)))
    return frozenset(found)


@lru_cache(maxsize=32)
def _category(name: str, is_ascii: bool) -> frozenset[int]:
    written = _CATEGORIES.get(name)
    if written is None:
        return EVERYTHING
    one = re.compile(written, re.ASCII if is_ascii else 0)
    return frozenset(index for index, char in enumerate(_SAMPLES) if one.match(char))
