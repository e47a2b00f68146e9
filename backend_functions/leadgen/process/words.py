"""The words that stand for digits and for separators, in English and Spanish, with the usual letter-for-digit swaps."""

from __future__ import annotations

import re

from leadgen.process.wordlist import word_set

DIGITS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "niner": "9", "fiv": "5", "foor": "4", "fore": "4", "ate": "8", "eigth": "8",
    "nien": "9", "sevn": "7", "thre": "3", "wun": "1", "fife": "5", "nought": "0", "cipher": "0",
    "cero": "0", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7",
    "ocho": "8", "nueve": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
TENS = {
    "twenty": "20", "thirty": "30", "forty": "40", "fourty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
    "eighty": "80", "ninety": "90",
}  # fmt: skip
MULTIPLES = {"double": "2", "dbl": "2", "triple": "3", "treble": "3", "hundred": "00", "thousand": "000"}

# Words that sound like a digit. They count only between two tokens of a run, never by themselves.
HOMOPHONES = {"o": "0", "oh": "0", "to": "2", "too": "2", "for": "4", "fore": "4", "won": "1", "ate": "8"}

SEPARATOR_WORDS = word_set(
    """
    dash hyphen dot space then slash star line minus period point underscore guion punto espacio asterisk
    comma colon pause
    """
) | {"area code", "and then", "space dash", "dot dot", "dash dash", "dot dot dot"}

_LEET = {
    "zero": "z[e3]r[o0]", "one": "[o0]n[e3]", "two": "tw[o0]", "three": "thr[e3][e3]", "four": "f[o0]ur",
    "five": "f[i1]v[e3]", "six": "s[i1]x", "seven": "s[e3]v[e3]n", "eight": "[e3][i1]ght", "nine": "n[i1]n[e3]",
}  # fmt: skip


def _longest_first(words: list[str]) -> str:
    return "|".join(_LEET.get(word, word) for word in sorted(words, key=len, reverse=True))


WORDS = _longest_first([*DIGITS, *TENS, *MULTIPLES])
"""Alternatives of a regular expression on lower-case text: every word that stands for digits."""

PART = re.compile(rf"{WORDS}|[0-9]+")
