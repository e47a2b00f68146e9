"""Which digits are a number of calling code 1, and the shape of a text in which figures are looked for."""

from __future__ import annotations

import random

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from leadgen.process.phones import find_phones
from leadgen.process.phones.numbering import could_be_nanp, nanp_number
from leadgen.process.phones.shape import shape_of

SEED = 20_261


def test_the_one_expression_knows_the_same_numbers_as_phonenumbers() -> None:
    rng = random.Random(SEED)
    written = [f"{area}{rng.randint(200, 999)}{rng.randint(0, 9999):04d}" for area in range(200, 1000) for _ in (0, 1)]
    # Personal numbers are told apart by more figures than others, and some islands share a code.
    written += [f"52{rng.randint(2, 4)}{rng.randint(2_000_000, 9_999_999)}" for _ in range(100)]
    written += [f"{area}{rng.randint(2_000_000, 9_999_999)}" for area in (268, 721, 340, 876, 658) for _ in range(30)]
    for digits in filter(could_be_nanp, written):
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits))
        assert (nanp_number(digits) is not None) == phonenumbers.is_valid_number(number), (SEED, digits)


@given(st.text(max_size=200))
def test_a_shape_is_as_long_as_its_text_and_of_three_kinds_of_characters(text: str) -> None:
    low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    shape = shape_of(low)
    assert len(shape) == len(low)
    for char, kind in zip(low, shape, strict=True):
        expected = "0" if char in "0123456789" else char if char.isascii() and char.islower() else " "
        assert kind == expected


def test_short_figures_behind_commas_are_a_list_until_a_word_asks_to_call() -> None:
    assert find_phones("Serving 51255, 50134 and more") == []
    assert find_phones("Serving 512, 555, 0134 and more") == []
    assert [phone.e164 for phone in find_phones("Call us: 512, 555, 0134")] == ["+15125550134"]
    assert [phone.e164 for phone in find_phones("Serving 78701, 78702, 512-555-0134")] == ["+15125550134"]
