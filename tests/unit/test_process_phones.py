"""Telephone numbers are found however people write them, and other numbers are left alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadgen.process.phones import MAX_PHONES, find_phones, numbering
from leadgen.process.phones.disguise import find_runs
from leadgen.process.phones.shape import shape_of
from leadgen.process.phones.zones import find_zones

NUMBER = "+15125550134"

WRITTEN = [
    "512-555-0134",
    "512.555.0134",
    "(512) 555-0134",
    "(512)5550134",
    "5125550134",
    "15125550134",
    "+15125550134",
    "+1 (512) 555-0134",
    "1-512-555-0134",
    "512 5550134",
    "512 - 555 - 0134",
    "512-555-0134 ext. 5",
    "512-555-0134x12",
    "512-555-0134 #12",
    "tel:5125550134",
    "call5125550134",
    "Text512-555-0134",
    "512-555-0134call anytime",
    "call/text me at 512.555.0134!",
    "Ph# 512-555-0134",
    "#512-555-0134",
    '"512-555-0134".',
    "[512] 555 0134",
    "(512)~555~0134",
    "512//555//0134",
    "512..555..0134",
    "512--555--0134",
    "512=555=0134",
    "512_555_0134",
    "512|555|0134",
    "512,555,0134",
    "512:555:0134",
    "512*555*0134",
    "512 • 555 • 0134",
    "512✨555✨0134",
    "512 ❤️ 555 ❤️ 0134",
    "512’555’0134",
    "5.1.2.5.5.5.0.1.3.4",
    "5-1-2-5-5-5-0-1-3-4",
    "5 1 2 5 5 5 0 1 3 4",
    "5 1 2 - 5 5 5 - 0 1 3 4",
    "5/1/2/5/5/5/0/1/3/4",
    "call 51 25 55 01 34",
    "512\n555\n0134",
    "five one two five five five zero one three four",
    "five one two... five five five... oh one three four",
    "five one two, five five five, zero one three four",
    "five,one,two,five,five,five,zero,one,three,four",
    "512 five five five 0134",
    "(five one two) 555-0134",
    "5 one 2 five 5 five zero 1 three 4",
    "five1two fivefivefive 0134",
    "51two-fivefive5-zero134",
    "fiveonetwofivefivefivezeroonethreefour",
    "512 555 o one three four",
    "512 triple 5 0134",
    "five one two triple five oh one three four",
    "five twelve five fifty-five oh one thirty four",
    "512 five hundred fifty five 0134",
    "cinco uno dos cinco cinco cinco cero uno tres cuatro",
    "f1ve 0ne tw0 five five 5 z3ro 0ne thr33 f0ur",
    "512 dash 555 dash 0134",
    "512 (dot) 555 (dot) 0134",
    "area code 512 then 555 0134",
    "512-555-OI34",
    "5l2-555-O134",
    "512-SSS-0134",
    "SIZ-555-0134",
    "512-555-OIEA".replace("EA", "34"),
    "５１２－５５５－０１３４",
    "5️⃣1️⃣2️⃣5️⃣5️⃣5️⃣0️⃣1️⃣3️⃣4️⃣",
    "5\u200b12-55\u200b5-01\u200b34",
    "5̶1̶2̶-5̶5̶5̶-0̶1̶3̶4̶",
    "⑤①② ⑤⑤⑤ ⓪①③④",
    "𝟓𝟏𝟐-𝟓𝟓𝟓-𝟎𝟏𝟑𝟒",
    "٥١٢-٥٥٥-٠١٣٤",
    "512-555-О134",  # a Cyrillic O
    "TX 78704 512-555-0134",
    "24/7 512-555-0134",
    "8-5 512-555-0134",
    "since 1987 512-555-0134 licensed",
    "Apt 2 5 1 2 5 5 5 0 1 3 4",
    "$50 off! 512-555-0134",
    "https://wa.me/15125550134",
]

DECOYS = [
    "Prices start at $250 and most jobs are between $250 and $1200.",
    "Was $512.00, now $555.00",
    "250, 350, 1200",
    "rooms 250, 350 or 1200 sq ft",
    "$5,125,550,134",
    "1,512,555,013",
    "bonded and insured to $1,000,000, RCL # 512555",
    "Permit 1045551234 is on file",
    "Refer to ad 7712345678 for our other services",
    "License 5125550134",
    "Lic# 512-555-0134",
    "invoice no. 5125550134",
    "Insurance policy GL-512555-01-3412 available",
    "We cover 78701, 78704 and 78701-1234.",
    "78701 78704",
    "78701,78704",
    "Special runs 01/15/2026 - 02/28/2026, ask for offer 2019-123456.",
    "2024-05-12 10:30:15",
    "in 2012, 2015, 2018 and 2019-2020-2021",
    "Open 7 days, 8:00-18:30, and 24/7",
    "192.168.100.200",
    "30.267153, -97.743061",
    "4111 1111 1111 1111",
    "4111111111111111",
    "EIN 51-2555013",
    "ISBN 978-0-306-40615-7",
    "UPC 512555013412",
    "VIN 1HGCM82633A004352",
    "B08L5S5151",
    "tracking 1Z5125550134",
    "https://acme.com/ads/5125550134.html",
    "see acme.com/5125550134",
    "joe5125550134@gmail.com",
    "5125550134 views",
    "24x36x48",
    "555-0134",
    "call 911 or 411",
    "9 to 5, 7 days",
    "twenty four seven",
    "1 2 3 4 5 6 7 8 9 10",
    "one two three four five six seven eight nine ten",
    "one of two or three things, four people, five stars, six days, seven nights, eight hours, nine ten",
    "800 available, 1800 available units",
    "I so loll SOB 512",
]


def numbers(text: str, **options: object) -> list[str]:
    return [phone.e164 for phone in find_phones(text, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert numbers(text) == [NUMBER]


@pytest.mark.parametrize("text", DECOYS)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("1-800-FLOWERS", "+18003569377"),
        ("1 800 flowers", "+18003569377"),
        ("(800) GOT-JUNK", "+18004685865"),
        ("1-888-GO-FEDEX", "+18884633339"),
        ("512-GET-PIPE", "+15124387473"),
        ("+44 20 7946 0958", "+442079460958"),
        ("011 44 20 7946 0958", "+442079460958"),
        ("+52 55 1234 5678", "+525512345678"),
    ],
)
def test_vanity_and_foreign_numbers(text: str, e164: str) -> None:
    assert numbers(text) == [e164]


def test_numbers_of_another_region() -> None:
    assert numbers("020 7946 0958 or +44 7911 123456", region="GB") == ["+442079460958", "+447911123456"]


def test_two_numbers_keep_their_order_and_places() -> None:
    text = "Call 512-555-0134 / five one two 555-0199, thanks"
    found = find_phones(text)
    assert [phone.e164 for phone in found] == [NUMBER, "+15125550199"]
    assert [text[phone.start : phone.end] for phone in found] == [phone.text for phone in found]
    assert found[0].text == "512-555-0134"
    assert found[1].text == "five one two 555-0199"


def test_the_place_is_that_in_the_text_as_it_was_given() -> None:
    text = "tel ５\u200b１２-555-01️34 now"
    (phone,) = find_phones(text)
    assert text[phone.start : phone.end] == phone.text == "５\u200b１２-555-01️34"


def test_a_disguise_lowers_the_confidence_and_a_link_raises_it() -> None:
    (plain,) = find_phones("512-555-0134")
    (words,) = find_phones("five one two five five five zero one three four")
    (letters,) = find_phones("5l2-555-O134")
    (linked,) = find_phones("512-555-0134", tel_links=["tel:+1-512-555-0134;ext=5"])
    assert 1.0 == linked.confidence > plain.confidence > words.confidence > letters.confidence >= 0.6


def test_a_link_alone_is_enough() -> None:
    (phone,) = find_phones("call us", tel_links=["+15125550134"])
    assert (phone.e164, phone.start) == (NUMBER, -1)


def test_the_pages_own_id_is_no_number() -> None:
    assert numbers("post 5125550134", exclude=["5125550134"]) == []
    assert numbers("512-555-0134 512-555-0199", exclude=["5125550134"]) == ["+15125550199"]


# Every valid number in every disguise

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_RENDERERS: dict[str, Callable[[str, str, str], str]] = {
    "plain": lambda a, e, s: a + e + s,
    "dashed": lambda a, e, s: f"{a}-{e}-{s}",
    "dotted": lambda a, e, s: f"{a}.{e}.{s}",
    "parentheses": lambda a, e, s: f"({a}) {e}-{s}",
    "country": lambda a, e, s: f"+1 {a} {e} {s}",
    "words": lambda a, e, s: " ".join(_WORDS[int(d)] for d in a + e + s),
    "oh": lambda a, e, s: " ".join(_WORDS[int(d)] if d != "0" else "oh" for d in a + e + s),
    "glued words": lambda a, e, s: "".join(_WORDS[int(d)] for d in a + e + s),
    "mixed": lambda a, e, s: f"{a} {_WORDS[int(e[0])]}{e[1:]} {s}",
    "word commas": lambda a, e, s: ", ".join(" ".join(_WORDS[int(d)] for d in group) for group in (a, e, s)),
    "spaced": lambda a, e, s: " ".join(a + e + s),
    "starred": lambda a, e, s: f"{a}*{e}*{s}",
    "full width": lambda a, e, s: f"{a}-{e}-{s}".translate({48 + d: 0xFF10 + d for d in range(10)}),
    "keycaps": lambda a, e, s: "".join(f"{d}\ufe0f\u20e3" for d in a + e + s),
    "zero width": lambda a, e, s: "\u200b".join(f"{a}-{e}-{s}"),
    "letters": lambda a, e, s: f"{a}-{e}-{s}".translate({ord("0"): "O", ord("1"): "l"}),
    "dash word": lambda a, e, s: f"{a} dash {e} dash {s}",
}
_VALID = st.builds(
    lambda area, exchange, line: f"{area}{exchange}{line:04d}",
    st.sampled_from(["212", "305", "312", "415", "512", "602", "713", "737", "808", "907", "971"]),
    st.integers(200, 999),
    st.integers(0, 9999),
)


@given(
    digits=_VALID, style=st.sampled_from(sorted(_RENDERERS)), around=st.sampled_from(["{}", "Call {} now", "Bob {}."])
)
@settings(max_examples=400)
def test_every_valid_number_is_found_in_every_disguise(digits: str, style: str, around: str) -> None:
    assume(numbering.nanp_number(digits) is not None)
    text = around.format(_RENDERERS[style](digits[:3], digits[3:6], digits[6:]))
    if style == "letters":
        assume(any(char.isdigit() for char in text))
    assert numbers(text) == [f"+1{digits}"]


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Nl", "No", "Cs"]), max_size=300))
@settings(max_examples=200)
def test_text_without_numbers_has_none(text: str) -> None:
    assume(not any(word in text.lower() for word in ("one", "two", "six", "ten", "dos", "ate", "oh")))
    assert numbers(text) == []


@given(st.text(alphabet=st.sampled_from("0123456789 .-+()xOlIS,\n$@/#\u200b５五one twofive"), max_size=400))
@settings(max_examples=300)
def test_it_never_raises_and_what_it_finds_is_in_the_text(text: str) -> None:
    for phone in find_phones(text):
        assert text[phone.start : phone.end] == phone.text
        assert phone.e164.startswith("+")
        assert 0 < phone.confidence <= 1


@pytest.mark.parametrize(
    "unit",
    ["5", "one ", "5 ", "512 ", "a", "-", "one", "512-555-", "+", "+5 ", "a@a.", "double ", "1-800-", "SO ", "O0"],
)
def test_work_grows_linearly_on_hostile_text(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = 0
    original = numbering.could_be_nanp

    def counting(digits: str) -> bool:
        nonlocal judged
        judged += 1
        return original(digits)

    monkeypatch.setattr("leadgen.process.phones.reader.could_be_nanp", counting)
    text = (unit * 60_000)[:60_000]
    find_phones(text)
    assert judged <= len(text)
    low = text.lower()
    zones = find_zones(low, shape_of(low), nanp=False)
    assert all(before.end <= after.start for before, after in pairwise(zones))
    assert sum(len(run) for zone in zones for run in find_runs(text, f" {low}", zone)) <= len(text)


def test_a_directory_of_numbers_is_cut_off() -> None:
    text = "\n".join(f"512-555-{line:04d} or" for line in range(500))
    assert len(find_phones(text)) == MAX_PHONES
