"""Telephone numbers to E.164. What identifies a contact must be certain, so nothing is guessed that could be wrong."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from leadgen.process.phones.numbering import dialled_number, nanp_number
from migrate.convert.values import Say, Unusable, optional

_AS_FRACTION = re.compile(r"(?<=\d{7})\.0\Z")
"""What a column of text makes of a number with a fraction: "5125550100.0"."""
_NO_DIGIT = re.compile(r"\D+")
_EXTENSION = re.compile(r"\s*(?:,|;)?\s*(?:ext(?:ension)?|x|#)\.?\s*:?\s*(\d{1,7})\s*\Z", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(?:[/,;|\n]|\bor\b|\band\b|&)\s*", re.IGNORECASE)
_LABEL = re.compile(r"\A\s*(?:tel|phone|ph|cell|mobile|call|text|t|p|m)\.?\s*:?\s*(?=[+(\d])", re.IGNORECASE)
_WRITTEN = re.compile(r"[\d\s().+/\-–—_*·•\u00a0]+\Z")


class Phones(NamedTuple):
    """The numbers of one value.

    Args:
        numbers: E.164, in the order in which they were written, each once.
        extension: digits behind the first, or "".
    """

    numbers: tuple[str, ...] = ()
    extension: str = ""


NONE = Phones()


def phones(value: Any, region: str, say: Say) -> Phones:
    """The numbers of a value; none for nothing.

    Args:
        value: as it was stored.
        region: two letters; where numbers without a country code are dialled.
        say: is told what was assumed.

    Raises:
        Unusable: there is something, and it is no number that can exist.
    """
    if type(value) is str and value[-1:].isdigit() and value[-2:] != ".0" and value.isprintable():  # most are
        quick = _quick(value, region)
        if quick is not None:
            return Phones((quick,))
    written = _AS_FRACTION.sub("", optional(value, say))
    if not written:
        return NONE
    quick = _quick(written, region)
    if quick is not None:
        return Phones((quick,))
    found, extension = _each(written, region)
    if not found:
        raise Unusable("is no telephone number that exists")
    if len(found) > 1:
        say("of several numbers in one value the first is the contact's, the others are kept beside it")
    if extension:
        say("extensions are kept with the original number")
    return Phones(found, extension)


def _quick(written: str, region: str) -> str | None:
    """The number, where it is plainly one of the United States."""
    if region != "US" or len(written) > 20 or not _WRITTEN.match(written):
        return None
    digits = _NO_DIGIT.sub("", written)
    if len(digits) == 11 and digits[0] == "1" and written.lstrip(" (+")[:1] == "1":
        digits = digits[1:]
    elif "+" in written:
        return None
    return nanp_number(digits) if digits.isascii() else None


def plain_digits(value: Any, region: str) -> str:
    """The last ten digits of the only number that a value can hold; "" where it takes more than a look to say."""
    if region != "US":
        return ""
    written = str(value) if type(value) is int else value
    if type(written) is not str or len(written) > 20 or not written.isascii() or not _WRITTEN.match(written):
        return ""
    digits = _NO_DIGIT.sub("", written)
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return digits if len(digits) == 10 and digits[0] > "1" and "." not in written[-2:] else ""


def _each(written: str, region: str) -> tuple[tuple[str, ...], str]:
    cut = _EXTENSION.search(written)
    extension = cut[1] if cut is not None else ""
    whole = written[: cut.start()] if cut is not None else written
    one = _one(whole, region)
    if one is not None:
        return (one,), extension
    parts = [number for part in _SEVERAL.split(whole) if part and (number := _one(part, region)) is not None]
    return tuple(dict.fromkeys(parts)), extension


def _one(written: str, region: str) -> str | None:
    bare = _LABEL.sub("", written).strip()
    bare = re.sub(r"\Atel:|\Asms:", "", bare, flags=re.IGNORECASE)
    if not bare or not _WRITTEN.match(bare) or bare.count("+") > 1:
        return None
    digits = "".join(str(int(c)) for c in bare if c.isdecimal())
    if bare.lstrip("( ").startswith("+"):
        return dialled_number(f"+{digits}", region)
    if region == "US" and digits.startswith("011") and len(digits) > 11:
        return dialled_number(f"+{digits[3:]}", region)
    if digits.startswith("00") and len(digits) > 9:
        return dialled_number(f"+{digits[2:]}", region)
    return dialled_number(digits, region)
