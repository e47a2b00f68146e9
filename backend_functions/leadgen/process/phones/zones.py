"""Where in a text so many digits stand together that they could be a telephone number.

Reading disguises costs much more than this look; most stretches of most texts never come further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from leadgen.process.phones.words import ANY_WORD, FIRST_LETTERS, HOMOPHONES, SEPARATOR_WORDS, one_of

LONGEST_GAP = 24
"""Characters between two tokens of a number at most."""
_SHORTEST = 7
_SHORTEST_WITH_LETTERS = 10
"""Characters of a stretch in which words or letters stand for some digits."""
_SHORTEST_SPOKEN = 12
_LONGEST_WORD = 40

# These are read on the shape of a text (`shape_of`): figures are zeros, and all signs are blanks.
_SEPARATING = one_of(SEPARATOR_WORDS).replace(" ", " {1,6}")
_SOUND = one_of(HOMOPHONES)
_GAP = rf" {{0,12}}+(?:{_SEPARATING} {{1,6}}+){{0,3}}"
_UNIT = rf"(?:{ANY_WORD}|0++|{_SOUND}(?=[^a-z]|{ANY_WORD}|$)|[oilsbzq]{{1,4}}(?![a-z]))"
# Each begins with one fixed character, which is found fastest. Figures that stand alone count from seven on;
# most never leave the regular expression.
_FIGURES = re.compile(rf"0(?<!0.)0*+(?:(?:{_GAP}{_UNIT})++|(?<=0{{7}}))")
# The look at the first letter spares most words the longer one.
_SPOKEN = re.compile(rf" (?=[{FIRST_LETTERS}]){ANY_WORD}(?:{_GAP}{_UNIT})++")
# Signs may stand for a one.
_LOOK_ALIKES = frozenset("oqilsbz|!")
# "SIZ-555-0134", "S12-555-0134"
_LETTERS_BEFORE = re.compile(r"(?<![0-9a-z])(?:[oqilsbz|!]{3}[^0-9a-z]{1,3}|[oqilsbz]{1,2})$")
_NANP_LENGTH = 10
_NO_DIGITS = bytes(code for code in range(128) if not chr(code).isdigit())
# 47 CFR 52: NXX-NXX-XXXX; or the prefix for calls abroad.
_COULD_BE_NANP = re.compile(rb"[2-9][0-9]{2}[2-9][0-9]{6}|011[2-9][0-9]{6}")


class Zone(NamedTuple):
    """A stretch of a text: positions as in a slice."""

    start: int
    end: int


def find_zones(low: str, shape: str, *, nanp: bool) -> list[Zone]:
    """The stretches of a text worth reading, from left to right.

    Args:
        low: a folded text in small letters.
        shape: its shape.
        nanp: whether numbers without a country code are those of the North American plan.
    """
    plus = "+" in low
    signs = "|" in low or "!" in low
    zones: list[Zone] = []
    for match in _FIGURES.finditer(shape):
        start, end = match.span()
        length = end - start
        if length < _SHORTEST:
            continue
        figures = shape.count("0", start, end)
        lettered = figures + shape.count(" ", start, end) < length or (signs and _has_sign(low[start:end]))
        if lettered and length >= _SHORTEST_WITH_LETTERS:
            enough = True
        elif figures < (_NANP_LENGTH if nanp and not plus else _SHORTEST):
            enough = False
        else:
            enough = not nanp or _could_be_nanp(low[start:end])
        if enough or (figures >= _SHORTEST and _is_announced(low, start)):
            zones.append(Zone(start, end))
    spoken = [
        Zone(match.start(), match.end() - 1)
        for match in _SPOKEN.finditer(f" {shape}")
        if match.end() - match.start() > _SHORTEST_SPOKEN
    ]
    if spoken:
        zones = _merged(sorted(zones + spoken))
    return [_whole_words(low, zone) for zone in zones]


def _has_sign(piece: str) -> bool:
    return "|" in piece or "!" in piece


def _could_be_nanp(piece: str) -> bool:
    """Whether figures and signs could be a North American number or begin with a calling code."""
    if len(piece) < _NANP_LENGTH:
        return False
    digits = piece.encode("ascii", "ignore").translate(None, _NO_DIGITS)
    return _COULD_BE_NANP.search(digits) is not None or "+" in piece


def _is_announced(low: str, start: int) -> bool:
    """Whether a plus or letters that look like digits stand before some figures."""
    before = low[max(0, start - 8) : start]
    if "+" in before[-3:]:
        return True
    bare = before.rstrip(" .-()")
    return bool(bare) and bare[-1] in _LOOK_ALIKES and _LETTERS_BEFORE.search(before) is not None


def _merged(zones: Iterable[Zone]) -> list[Zone]:
    merged: list[Zone] = []
    for zone in zones:
        if merged and zone.start <= merged[-1].end:
            merged[-1] = Zone(merged[-1].start, max(merged[-1].end, zone.end))
        else:
            merged.append(zone)
    return merged


def _whole_words(low: str, zone: Zone) -> Zone:
    """The stretch with the words it begins and ends in."""
    first, last = zone
    lowest, highest = max(0, first - _LONGEST_WORD), min(len(low), last + _LONGEST_WORD)
    while first > lowest and low[first - 1].isalnum():
        first -= 1
    while last < highest and low[last].isalnum():
        last += 1
    return Zone(first, last)
