"""A post's text as rules can read it: letters in plain form, disguises undone, streets left out, sentences apart."""

from __future__ import annotations

import re
import unicodedata

READ_LENGTH = 8000
"""So much of a post is read; ads are far shorter."""

# Every repetition is bounded: the text is a stranger's, and must not make a pattern take quadratic time.
_SPACED = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){2,30}(?!\S)")
_DOTTED = re.compile(r"(?<![^\s(])[^\W\d_]([.\-*_])[^\W\d_](?:\1[^\W\d_]){1,20}(?![^\s.,!?)])")
_AT_FOR_A = re.compile(r"\b([^\W\d_]{1,7})@([^\W\d_]{2,8})\b(?![.@\w])")
_WIDE = re.compile(r"[ \t]{2,}")
_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-zà-þ])|[。！？]|\n+")
_SHORT_FORM = re.compile(
    r"(?:\b(?:Co|Mr|Mrs|Ms|Dr|St|Jr|Sr|Inc|Ltd|Bros|No|Ave|Rd|Blvd|vs|approx|est|lic|incl|min|hr)|\b[A-Z])\.$"
)
_KIND = r"(?:St|Street|Ave|Avenue|Blvd|Boulevard|Rd|Road|Dr|Drive|Hwy|Highway|Ln|Lane|Pkwy|Parkway|Pike)"
_STREET = re.compile(
    rf"\b\d{{1,6}}\s(?:[NSEW]\.?\s)?(?:[A-ZÀ-Þ][\w'’]{{0,20}}\s){{1,3}}{_KIND}\b\.?"
    rf"|\b(?:[A-ZÀ-Þ][\w'’]{{1,20}}\s){{1,2}}{_KIND}\b\.?(?!\s[A-ZÀ-Þ])"
    r"|\b(?:West|East|North|South)\s\d{1,3}(?:st|nd|rd|th)\b|\b(?:Route|Hwy|Highway|Interstate)\s\d{1,4}\b"
)
_HIDDEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})


def readable(text: str) -> str:
    """The text in plain letters: full-width and ornamental forms, pictures, hidden characters and blanks between the
    letters of a word are undone; lines stay lines."""
    text = unicodedata.normalize("NFKC", text[:READ_LENGTH])
    text = "".join(_plain(letter) for letter in text)
    text = _SPACED.sub(lambda match: match[0].replace(" ", ""), text)
    # "L.L.C." is written so; "f.r.e.e" is a disguise.
    text = _DOTTED.sub(lambda match: match[0] if match[0].isupper() else match[0].replace(match[1], ""), text)
    text = _AT_FOR_A.sub(r"\1a\2", text)
    return "\n".join(_WIDE.sub(" ", line).strip() for line in text.splitlines())


def sentences(text: str) -> list[str]:
    """Its sentences and lines. A point after a short form ends none."""
    found: list[str] = []
    for piece in _END.split(text):
        piece = piece.strip()
        if found and _SHORT_FORM.search(found[-1]) and f"{found[-1]} {piece}" in text:
            found[-1] = f"{found[-1]} {piece}"
        elif piece:
            found.append(piece)
    return found


def without_streets(text: str) -> str:
    """The text without what names a street: "Ask at 4410 Sheridan Blvd" names nobody called Sheridan."""
    return _STREET.sub(";", text)


def _plain(letter: str) -> str:
    if letter in "\n\t\r":
        return "\n" if letter == "\n" else " "
    kind = unicodedata.category(letter)
    if kind in _HIDDEN:
        return ""
    return " • " if kind == "So" else letter
