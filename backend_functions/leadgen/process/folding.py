"""Makes the many Unicode ways of writing the same character one, without losing where it stood in the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

INVISIBLE = "\x7f"
"""Stands for a character that shows nothing, until it is taken out."""

# Letters of other alphabets that look like Latin ones, and signs used as digits.
_LOOK_ALIKES = (
    dict(zip("аеорсухіѕјОІЅВЕАСТНКМРХοΟΙΒΕΑΤΗΚΜΝΡΖ", "aeopcyxisjOISBEACTHKMPXoOIBEATHKMNPZ", strict=True))
    | {"З": "3", "б": "6", "🅾": "O", "⭕": "O", "○": "O", "◯": "O", "ɪ": "i", "ɴ": "n", "ᴇ": "e"}
    | dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
)


_UNUSUAL = re.compile(r"[^\t\n\x20-\x7e]+")


class _Table(dict[int, str]):
    """A `str.translate` table that works out each character when it first meets it (all of Unicode is too much)."""

    def __init__(self, look_alikes: dict[str, str], *, accents: bool) -> None:
        super().__init__()
        self._look_alikes = look_alikes
        self._accents = accents

    def __missing__(self, code: int) -> str:
        folded = self._fold(chr(code))
        if len(self) < 20_000:
            self[code] = folded
        return folded

    def _fold(self, char: str) -> str:
        if char in self._look_alikes:
            return self._look_alikes[char]
        if char in "\n\r\u2028\u2029\x85":
            return "\n"
        digit = unicodedata.digit(char, None)
        if digit is not None:
            return str(digit)
        category = unicodedata.category(char)
        if category in ("Zs", "Cc"):
            return " "
        if category in ("Cf", "Mn", "Me"):
            return INVISIBLE
        if category == "Pd":
            return "-"
        compatible = unicodedata.normalize("NFKC", char)
        if not self._accents:
            base = unicodedata.normalize("NFD", compatible)[:1]
            return base if base.isascii() else compatible if len(compatible) == 1 else char
        return compatible if len(compatible) == 1 else char


_CONTROLS = bytes(
    code if 32 <= code != 127 or chr(code) in "\t\n" else ord("\n" if chr(code) == "\r" else " ") for code in range(256)
)  # fmt: skip
_FOR_NUMBERS = _Table(_LOOK_ALIKES, accents=False)
_FOR_ADDRESSES = _Table({}, accents=True)
# "6()1": an empty pair of brackets for a zero.
_BRACKETED_ZERO = re.compile(r"(?<=[0-9])\(\)|\(\)(?=[0-9])")


@dataclass(frozen=True)
class Folded:
    """A folded text and the way back to the original.

    Args:
        text: the folded text.
        offsets: for each folded character its position in the original; None when nothing was taken out.
        source: the original.
    """

    text: str
    offsets: list[int] | None
    source: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Positions in the original of a part of the folded text (`end` is exclusive, as in a slice)."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


def _folded(text: str, table: _Table, *, numbers: bool) -> Folded:
    # Most characters are plain ASCII; only the others, and controls, go through the table.
    if text.isascii():
        translated = text.encode("ascii").translate(_CONTROLS).decode("ascii")
    else:
        translated = _UNUSUAL.sub(lambda match: match[0].translate(table), text)
    if numbers and "()" in translated:
        translated = _BRACKETED_ZERO.sub(f"0{INVISIBLE}", translated)
    if INVISIBLE not in translated:
        return Folded(translated, None, text)
    offsets = [position for position, char in enumerate(translated) if char != INVISIBLE]
    return Folded(translated.replace(INVISIBLE, ""), offsets, text)


def fold_for_numbers(text: str) -> Folded:
    """Fold a text for reading numbers: every kind of digit becomes 0–9, look-alike letters become Latin.

    Full-width, circled, keycap and mathematical digits, digits of other scripts, zero-width and combining marks,
    all dashes and all spaces are covered; letters lose their accents (Unicode Standard Annex 44: Numeric_Type,
    General_Category; NFKC of UAX 15).
    """
    return _folded(text, _FOR_NUMBERS, numbers=True)


def fold_for_addresses(text: str) -> Folded:
    """Fold a text for reading email addresses: compatibility forms only, so that letters of a domain stay its own."""
    return _folded(text, _FOR_ADDRESSES, numbers=False)
