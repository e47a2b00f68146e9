"""Numbers spelt with the letters of a telephone keypad, such as 1-800-FLOWERS or 512-GET-PIPE (ITU-T E.161)."""

from __future__ import annotations

import re

from leadgen.process.phones.numbering import TOLL_FREE, nanp_number

KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
# Three figures, a sign, and a letter not far behind: what `_SPELT` may begin with, in the shape of a text.
_BEGINS = re.compile(r"0(?<!0.)00 {1,3}(?=[0 ]{0,7}[a-z])")
_SPELT = re.compile(
    r"[2-9](?<![0-9].)[0-9]{2}[\])]?[\s.-]{1,2}(?=[0-9-]{0,6}[ .-]?[A-Za-z])"
    r"([A-Z0-9]{1,11}(?:[ .-][A-Z0-9]{1,10}){0,2}|[A-Za-z]{7,10})(?![A-Za-z0-9])"
)
_COUNTRY = re.compile(r"(?<![0-9A-Za-z])\+?1[\s.-]{0,2}[\[(]?$")
_READS_AS_DIGITS = frozenset("OIlSBZ0123456789")
_LETTERS = re.compile(r"[A-Za-z]+")
_IN_TWO = re.compile(r"[0-9]{3}([ .-])[A-Z]{4}")
_SPELT_OUT = 7


def find_vanity(text: str, shape: str) -> list[tuple[str, int, int]]:
    """Vanity numbers of a folded text as (E.164, start, end).

    Seven letters or figures after the area code count; a toll-free number may be spelt longer than it is dialled.
    Small letters count only behind a toll-free code, since "512 feet of pipe" is prose.

    Args:
        text: a folded text.
        shape: its shape.
    """
    found = []
    done = 0
    for beginning in _BEGINS.finditer(shape):
        match = _SPELT.match(text, beginning.start()) if beginning.start() >= done else None
        if match is None:
            continue
        done = match.end()
        country = _COUNTRY.search(text, max(0, match.start() - 5), match.start())
        start = country.start() if country else match.start()
        if start and text[start - 1].isalnum():
            continue
        behind = match[0][3]
        firm = behind in "-.)]" or (country is not None and country[0][-1] != "1")
        e164 = _read(match[0][:3], match[1], firm=firm, dialled=country is not None)
        if e164:
            found.append((e164, start, match.end()))
    return found


def _read(area: str, spelt: str, *, firm: bool, dialled: bool) -> str | None:
    symbols = "".join(char for char in spelt if char.isalnum())
    toll_free = area in TOLL_FREE
    if not _SPELT_OUT <= len(symbols) <= (11 if toll_free else _SPELT_OUT):
        return None
    if not (firm or (toll_free and dialled)) or not _spells(spelt, symbols, toll_free=toll_free):
        return None
    return nanp_number(area + symbols[:_SPELT_OUT].upper().translate(KEYPAD))


def _spells(spelt: str, symbols: str, *, toll_free: bool) -> bool:
    """Whether there are words in it, rather than a place holder, a part number or letters that look like digits."""
    words = _LETTERS.findall(spelt)
    if _READS_AS_DIGITS.issuperset(symbols) or not any(len(word) >= 3 for word in words):
        return False
    if any(len(word) >= 3 and len(set(word.upper())) == 1 for word in words):
        return False
    if symbols != symbols.upper():
        return toll_free and spelt.isalpha()
    letters = sum(len(word) for word in words)
    return letters >= (_SPELT_OUT - 1) or (letters >= 4 and (toll_free or _IN_TWO.fullmatch(spelt) is not None))
