"""The words that stand for digits and for separators, in the languages of ads, with the usual letter-for-digit swaps.

Accents are folded before a text is read, so the words stand here without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from leadgen.process.wordlist import word_set

_ENGLISH = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "niner": "9", "fiv": "5", "foor": "4", "fore": "4", "ate": "8", "eigth": "8",
    "eigh": "8", "nien": "9", "sevn": "7", "thre": "3", "wun": "1", "fife": "5", "nought": "0", "cipher": "0",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_SPANISH = {
    "cero": "0", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7",
    "ocho": "8", "nueve": "9", "diez": "10", "doce": "12", "trece": "13", "catorce": "14", "quince": "15",
    "dieciseis": "16", "diecisiete": "17", "dieciocho": "18", "diecinueve": "19",
}  # fmt: skip
_FRENCH = {
    "un": "1", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "sept": "7", "huit": "8", "neuf": "9",
    "dix": "10", "onze": "11", "douze": "12", "treize": "13", "quatorze": "14", "quinze": "15", "seize": "16",
}  # fmt: skip
_PORTUGUESE = {
    "um": "1", "dois": "2", "duas": "2", "quatro": "4", "sete": "7", "oito": "8", "nove": "9", "doze": "12",
    "treze": "13", "quatorze": "14",
}  # fmt: skip
_GERMAN = {
    "null": "0", "eins": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4", "funf": "5", "fuenf": "5",
    "sechs": "6", "sieben": "7", "acht": "8", "neun": "9",
}  # fmt: skip
# Among these "o" is the word for "or".
ROMANCE = (_SPANISH | _PORTUGUESE).keys()
DIGITS = _ENGLISH | _SPANISH | _FRENCH | _PORTUGUESE | _GERMAN

TENS = {
    "twenty": "20", "thirty": "30", "forty": "40", "fourty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
    "eighty": "80", "ninety": "90",
    "veinte": "20", "treinta": "30", "cuarenta": "40", "cincuenta": "50", "sesenta": "60", "setenta": "70",
    "ochenta": "80", "noventa": "90", "vingt": "20", "trente": "30", "quarante": "40", "cinquante": "50",
    "soixante": "60",
}  # fmt: skip
MULTIPLES = {
    "double": "2", "dbl": "2", "doble": "2", "triple": "3", "treble": "3", "hundred": "00", "thousand": "000"
}  # fmt: skip

# Words that sound like a digit. They count only among other tokens of a run, never by themselves.
HOMOPHONES = {
    "o": "0", "oh": "0", "to": "2", "too": "2", "for": "4", "fore": "4", "won": "1", "ate": "8", "tree": "3",
    "sicks": "6", "nein": "9", "ait": "8",
}  # fmt: skip

SEPARATOR_WORDS = word_set(
    """
    dash hyphen dot space then slash star line minus period point underscore guion punto espacio asterisk
    comma colon pause number y
    """
) | {"area code", "and then", "space dash", "dot dot", "dash dash", "dot dot dot"}

_LEET = {"o": "0", "i": "1", "e": "3"}


def one_of(words: Iterable[str], leet: Mapping[str, str] = MappingProxyType({})) -> str:
    """A regular expression for any of the words, the longest first, by their common beginnings (it is much faster).

    Args:
        words: small letters and blanks.
        leet: for some letters the figure that may stand in their place.
    """
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    parts = []
    for first, rests in branches.items():
        if not first:
            continue
        letter = f"[{first}{leet[first]}]" if first in leet else first
        parts.append(letter + one_of(rests, leet))
    inner = "|".join(parts)
    if "" in branches:
        return f"(?:{inner})?" if inner else ""
    return f"(?:{inner})" if len(parts) > 1 else inner


WORDS = one_of([*DIGITS, *TENS, *MULTIPLES], _LEET)
"""A regular expression on lower-case text: every word that stands for digits."""

ANY_WORD = one_of([*DIGITS, *TENS, *MULTIPLES], dict.fromkeys(_LEET, "0"))
"""The same on a text in which every figure is written as a zero."""

FIRST_LETTERS = "0" + "".join(sorted({word[0] for word in (*DIGITS, *TENS, *MULTIPLES)}))
"""What such a word begins with."""

PART = re.compile(rf"{WORDS}|[0-9]+")
"""A word or some figures within a chunk."""

SOUNDING_PART = re.compile(rf"{WORDS}|too?|for|won|oh?|[0-9]+")
"""The same, with words that only sound like digits."""

_PLAIN = str.maketrans({figure: letter for letter, figure in _LEET.items()})


def spelt(word: str) -> str:
    """The word without figures in place of letters ("f1v3" → "five")."""
    return word.translate(_PLAIN)
