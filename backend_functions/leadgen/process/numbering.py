"""Which digits make a telephone number. `phonenumbers` decides; what can be ruled out cheaply never gets there."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


@lru_cache(maxsize=64)
def country_code(region: str) -> int:
    """The calling code of a region ("US" → 1); 0 for an unknown one."""
    return int(phonenumbers.country_code_for_region(region.upper()))


def could_be_nanp(digits: str) -> bool:
    """Whether ten digits have the shape NXX-NXX-XXXX of the North American plan (47 CFR §52; N is 2–9)."""
    return len(digits) == 10 and digits[0] > "1" and digits[3] > "1" and digits[4:6] != "11" and digits[1:3] != "11"


@lru_cache(maxsize=16_384)
def nanp_number(digits: str) -> str | None:
    """The E.164 form of ten North American digits, or None where no such number can exist."""
    if not could_be_nanp(digits):
        return None
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits))
    return f"+1{digits}" if phonenumbers.is_valid_number(number) else None


@lru_cache(maxsize=16_384)
def dialled_number(digits: str, region: str) -> str | None:
    """The E.164 form of a number as it is dialled.

    Args:
        digits: ASCII digits, with "+" in front when they begin with a calling code.
        region: where it is dialled, for numbers without a calling code.
    """
    if not 7 <= len(digits) <= 16:
        return None
    try:
        number = phonenumbers.parse(digits, None if digits[0] == "+" else region.upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def number_from_link(target: str, region: str) -> str | None:
    """The E.164 form of a `tel:` target (RFC 3966), without its parameters such as ";ext="."""
    number = target.split(";", 1)[0].split("?", 1)[0][:64]
    digits = "".join(char for char in number if char.isdigit() and char.isascii())
    if number.lstrip().startswith("+"):
        return dialled_number(f"+{digits}", region)
    if country_code(region) == 1:
        return nanp_number(digits[1:] if len(digits) == 11 and digits[0] == "1" else digits)
    return dialled_number(digits, region)
