"""Where in a text so many digits stand together that they could be a telephone number.

Reading disguises costs much more than this look; most stretches of most texts never come further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from leadgen.process.phones.words import HOMOPHONES, SEPARATOR_WORDS, WORDS

LONGEST_GAP = 24
"""Characters between two tokens of a number at most."""
_SHORTEST = 7
_SHORTEST_WITH_LETTERS = 10
"""Characters of a stretch in which words or letters stand for some digits."""
_SHORTEST_SPOKEN = 12
_LONGEST_WORD = 40

_SEPARATING = "|".join(
    phrase.replace(" ", "[^0-9a-z]{1,6}") for phrase in sorted(SEPARATOR_WORDS, key=len, reverse=True)
)
_SOUNDS = "|".join(sorted(HOMOPHONES, key=len, reverse=True))
_GAP = rf"[^0-9a-z]{{0,12}}+(?:(?:{_SEPARATING})[^0-9a-z]{{1,6}}+){{0,3}}"
_UNIT = rf"(?:{WORDS}|[0-9]++|(?:{_SOUNDS})(?=[^a-z]|{WORDS}|$)|[oilsbzq|!]{{1,4}}(?![a-z]))"
# Figures that stand alone count from seven on; most never leave the regular expression.
_FIGURES = re.compile(rf"[0-9](?<![0-9].)[0-9]*+(?:(?:{_GAP}{_UNIT})++|(?<=[0-9]{{7}}))")
# The character before a word is looked for much faster than the lack of a letter.
_SPOKEN = re.compile(rf"[^0-9a-z]{WORDS}(?:{_GAP}{_UNIT})++")
# Signs may stand for a one.
_LOOK_ALIKES = frozenset("oqilsbz|!")
# "SIZ-555-0134", "S12-555-0134"
_LETTERS_BEFORE = re.compile(r"(?<![0-9a-z])(?:[oqilsbz|!]{3}[^0-9a-z]{1,3}|[oqilsbz]{1,2})$")
_NANP_LENGTH = 10
_NO_DIGIT = re.compile(r"[^0-9]+")
# 47 CFR 52: NXX-NXX-XXXX; or the prefix for calls abroad.
_COULD_BE_NANP = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}|011[2-9][0-9]{6}")
_LETTER = re.compile(r"[a-z|!]")


class Zone(NamedTuple):
    """A stretch of a text: positions as in a slice."""

    start: int
    end: int


def find_zones(low: str, *, nanp: bool) -> list[Zone]:
    """The stretches of a text worth reading, from left to right.

    Args:
        low: a folded text in small letters.
        nanp: whether numbers without a country code are those of the North American plan.
    """
    zones: list[Zone] = []
    for match in _FIGURES.finditer(low):
        start, end = match.span()
        if end - start >= _SHORTEST and (_is_enough(match[0], nanp=nanp) or _is_announced(low, start)):
            zones.append(Zone(start, end))
    spoken = [
        Zone(match.start(), match.end() - 1)
        for match in _SPOKEN.finditer(f" {low}")
        if match.end() - match.start() > _SHORTEST_SPOKEN
    ]
    if spoken:
        zones = _merged(sorted(zones + spoken))
    return [_whole_words(low, zone) for zone in zones]


def _is_enough(piece: str, *, nanp: bool) -> bool:
    if len(piece) >= _SHORTEST_WITH_LETTERS and _LETTER.search(piece):
        return True
    if not nanp:
        return sum(map(str.isdigit, piece)) >= _SHORTEST
    return len(piece) >= _NANP_LENGTH and ("+" in piece or _COULD_BE_NANP.search(_NO_DIGIT.sub("", piece)) is not None)


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
