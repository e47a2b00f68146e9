"""Which digits make a telephone number. `phonenumbers` decides; what can be ruled out cheaply never gets there."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


@lru_cache(maxsize=512)
def country_code(region: str) -> int:
    """The calling code of a region ("US" → 1); 0 for an unknown one."""
    return int(phonenumbers.country_code_for_region(region.upper()))


def could_be_nanp(digits: str) -> bool:
    """Whether ten digits have the shape NXX-NXX-XXXX of the North American plan (47 CFR §52; N is 2–9)."""
    if len(digits) != 10 or digits[0] <= "1" or digits[3] <= "1" or digits[1:3] == "11":
        return False
    # Codes such as 411 are no exchanges, except behind a toll-free code.
    return digits[4:6] != "11" or digits[:3] in TOLL_FREE


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
    if digits.startswith("+521") and len(digits) == 14:
        # Mexico dropped the 1 before mobile numbers in 2019; many still write it.
        digits = f"+52{digits[4:]}"
    try:
        number = phonenumbers.parse(digits, None if digits[0] == "+" else region.upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=16_384)
def written_number(digits: str, region: str) -> str | None:
    """The same for digits in a text, where a number of the region has the national prefix its plan asks for.

    So "0511 12345" is a German number, but "2011 2012" is none, although it could be dialled within a city.
    """
    e164 = dialled_number(digits, region)
    if e164 is None or digits[0] == "+":
        return e164
    strict = phonenumbers.Leniency.VALID
    return e164 if any(True for _ in phonenumbers.PhoneNumberMatcher(digits, region.upper(), strict, 1)) else None
