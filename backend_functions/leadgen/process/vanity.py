"""Numbers spelt with the letters of a telephone keypad, such as 1-800-FLOWERS or 512-GET-PIPE (ITU-T E.161)."""

from __future__ import annotations

import re

from leadgen.process.numbering import TOLL_FREE, nanp_number

_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_SPELT = re.compile(
    r"[2-9][0-9]{2}[\])]?[\s.-]{1,2}(?=[0-9-]{0,6}[A-Za-z])"
    r"([A-Z0-9]{1,11}(?:[ -][A-Z0-9]{1,10}){0,2}|[A-Za-z]{7,10})(?![A-Za-z0-9])"
)
_COUNTRY = re.compile(r"(?<![0-9A-Za-z])\+?1[\s.-]{0,2}[\[(]?$")
_READS_AS_DIGITS = frozenset("OIlSBZ0123456789")


def find_vanity(text: str) -> list[tuple[str, int, int]]:
    """Vanity numbers of a folded text as (E.164, start, end).

    Seven letters or figures after the area code count; a toll-free number may be spelt longer than it is dialled.
    Small letters count only behind a toll-free code, since "512 feet of pipe" is prose.
    """
    found = []
    for match in _SPELT.finditer(text):
        country = _COUNTRY.search(text, max(0, match.start() - 5), match.start())
        start = country.start() if country else match.start()
        if start and text[start - 1].isalnum():
            continue
        e164 = _read(
            match[0][:3], match[1], firm=match[0][3:4] == "-" or (country is not None and country[0][-1] != "1")
        )
        if e164:
            found.append((e164, start, match.end()))
    return found


def _read(area: str, spelt: str, *, firm: bool) -> str | None:
    symbols = "".join(char for char in spelt if char.isalnum())
    toll_free = area in TOLL_FREE
    if sum(char.isalpha() for char in symbols) < 3 or _READS_AS_DIGITS.issuperset(symbols):
        return None
    if not 7 <= len(symbols) <= (11 if toll_free else 7):
        return None
    if symbols != symbols.upper() and not (toll_free and firm and spelt.isalpha()):
        return None
    return nanp_number(area + symbols[:7].upper().translate(_KEYPAD))
