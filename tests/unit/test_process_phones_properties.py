"""Properties of reading telephone numbers: nothing raises, nothing is made up, and disguises can be combined."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from leadgen.process.phones import find_phones, numbering
from leadgen.process.phones.disguise import read_chunk, read_gap

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPANISH = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
DIGITS = (
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "०१२३४५६७८९",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
)
BETWEEN = ("-", ".", " ", " - ", "*", "~", "/", "_", " . ", "--", " • ", "✨", "=", "|", " dash ", " (dot) ", "...")
REGIONS = ("US", "CA", "GB", "DE", "FR", "ES", "MX", "BR", "AU", "IN", "XX")

numbers = st.builds(
    lambda area, exchange, line: f"{area}{exchange}{line:04d}",
    st.sampled_from(["212", "305", "312", "415", "512", "602", "713", "737", "808", "907", "971", "416", "787"]),
    st.integers(200, 999),
    st.integers(0, 9999),
).filter(lambda digits: numbering.nanp_number(digits) is not None)


def written(group: str, style: str, rng: random.Random) -> str:
    """A group of digits in one of the documented disguises."""
    if style == "words":
        return rng.choice((" ", "-", "", ".")).join(WORDS[int(digit)] for digit in group)
    if style == "capitals":
        return " ".join(WORDS[int(digit)].upper() for digit in group)
    if style == "spanish":
        return " ".join(SPANISH[int(digit)] for digit in group)
    if style == "mixed":
        return "".join(WORDS[int(digit)] if rng.random() < 0.5 else digit for digit in group)
    if style == "letters":
        return group.translate({ord("0"): rng.choice("Oo"), ord("1"): rng.choice("lI")})
    if style == "script":
        return "".join(rng.choice(DIGITS)[int(digit)] for digit in group)
    if style == "keycaps":
        return "".join(f"{digit}\ufe0f\u20e3" for digit in group)
    if style == "hidden":
        return rng.choice(("\u200b", "\u2060", "\u00ad", "\u0336")).join(group)
    if style == "brackets":
        return f"({group})"
    return group


STYLES = ("plain", "words", "capitals", "spanish", "mixed", "letters", "script", "keycaps", "hidden", "brackets")


@given(
    digits=numbers,
    styles=st.tuples(*[st.sampled_from(STYLES)] * 3),
    between=st.sampled_from(BETWEEN),
    around=st.sampled_from(["{}", "Call {} now", "Bob, {}!", "no calls after 9pm\n{}\nthanks"]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=400)
@example(digits="5125550134", styles=("words", "letters", "keycaps"), between=" dash ", around="{}", seed=1)
def test_disguises_can_be_combined(
    digits: str, styles: tuple[str, str, str], between: str, around: str, seed: int
) -> None:
    rng = random.Random(seed)
    groups = (digits[:3], digits[3:6], digits[6:])
    pieces = [written(group, style, rng) for group, style in zip(groups, styles, strict=True)]
    # A group of letters only is a word for a reader as well.
    assume(all(style != "letters" or sum(char.isdigit() for char in piece) >= 2
               for style, piece in zip(styles, pieces, strict=True)))  # fmt: skip
    text = around.format(between.join(pieces))
    assert [phone.e164 for phone in find_phones(text)] == [f"+1{digits}"], text


@given(
    text=st.text(max_size=300) | st.text(alphabet="0123456789 .-+()xOlIS,\n$@/#\u200b５五one twofiv!|¥", max_size=300),
    region=st.sampled_from(REGIONS),
)
@settings(max_examples=400)
def test_nothing_raises_and_every_number_is_valid_and_in_the_text(text: str, region: str) -> None:
    for phone in find_phones(text, region=region):
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone.e164))
        assert phone.text
        assert text[phone.start : phone.end] == phone.text
        assert 0.5 <= phone.confidence <= 1
        assert phone.extension == "" or phone.extension.isdigit()


@given(text=st.text(alphabet="0123456789 .-+()xOlIS,\n$/#five two\u200b", max_size=200))
@settings(max_examples=200)
def test_reading_twice_finds_the_same_and_each_number_once(text: str) -> None:
    first = find_phones(text)
    assert first == find_phones(text)
    assert len({phone.e164 for phone in first}) == len(first)


@given(digits=numbers)
@settings(max_examples=100)
def test_a_number_written_as_it_was_found_is_found_again(digits: str) -> None:
    (phone,) = find_phones(f"+1{digits}")
    (again,) = find_phones(phone.e164)
    assert again.e164 == phone.e164 == f"+1{digits}"


@given(digits=numbers, label=st.sampled_from(["Lic#", "License no. ", "SKU: ", "Order # ", "Meeting ID: ", "VIN "]))
@settings(max_examples=100)
def test_an_identifier_is_no_number_however_it_is_grouped(digits: str, label: str) -> None:
    grouped = f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    assert find_phones(f"{label}{grouped}") == []
    assert find_phones(f"{label}{digits}") == []
    assert [phone.e164 for phone in find_phones(f"{label}41234. Call {grouped}")] == [f"+1{digits}"]


@pytest.mark.parametrize(
    "unit", ["(512) 555-0134 ", "$5", "call 5", "five ", "no. ", "0 ", "1|", "5 dot ", "+5 ", "512)A"]
)
@pytest.mark.parametrize("region", ["US", "GB"])
def test_twice_the_text_is_twice_the_work(unit: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(length: int) -> int:
        steps = 0

        def counting(digits: str, where: str) -> str | None:
            nonlocal steps
            steps += 1
            return original(digits, where)

        # What was met before costs nothing, so each length begins anew.
        read_chunk.cache_clear()
        read_gap.cache_clear()
        numbering.written_number.cache_clear()
        original = numbering.written_number
        monkeypatch.setattr("leadgen.process.phones.reader.written_number", counting)
        find_phones((unit * length)[:length], region=region)
        monkeypatch.setattr("leadgen.process.phones.reader.written_number", original)
        return steps

    assert work(20_000) <= 2.2 * work(10_000) + 50
