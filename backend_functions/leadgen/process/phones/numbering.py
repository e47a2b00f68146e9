"""Which digits make a telephone number. `phonenumbers` decides; what can be ruled out cheaply never gets there."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
# What makes a number valid in `phonenumbers`: it has one of these types.
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


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


def nanp_number(digits: str) -> str | None:
    """The E.164 form of ten North American digits, or None where no such number can exist."""
    if not could_be_nanp(digits) or _nanp_numbers().fullmatch(digits) is None:
        return None
    return f"+1{digits}"


@lru_cache(maxsize=1)
def _nanp_numbers() -> re.Pattern[str]:
    """All numbers of calling code 1 that `phonenumbers` knows as valid, in one expression.

    Its own look goes through the 25 regions of that code one by one, which costs more than all other reading of an ad.
    """
    patterns: dict[str, None] = {}
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        for kind in _KINDS:
            described = getattr(metadata, kind)
            if described and described.national_number_pattern and 10 in (described.possible_length or (10,)):
                patterns[described.national_number_pattern] = None
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


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
