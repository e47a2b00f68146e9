"""What each converter promises, for values of every make."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.process.emails import usable_address
from migrate.convert import Unusable, values
from migrate.convert.emails import emails
from migrate.convert.phones import phones
from migrate.convert.times import FIRST, LAST, moment
from migrate.encode import decode, encode
from migrate.places import zone_of_city

ANYTHING = st.one_of(st.none(), st.integers(), st.floats(), st.binary(max_size=40), st.text(max_size=60), st.booleans())
MOMENTS = st.datetimes(
    FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None) - timedelta(days=2), timezones=st.just(UTC)
)
CHICAGO = ZoneInfo("America/Chicago")


def said() -> tuple[Counter[str], Any]:
    heard: Counter[str] = Counter()
    return heard, lambda text: heard.update([text])


def silent(_text: str) -> None:
    return None


@given(ANYTHING)
@settings(max_examples=120)
def test_no_value_of_any_kind_breaks_a_converter(value: Any) -> None:
    for convert in (
        lambda v: values.text(v, silent),
        lambda v: values.whole(v, silent),
        lambda v: values.truth(v, silent),
        lambda v: values.words(v, silent),
        lambda v: values.record(v, silent),
        lambda v: moment(v, UTC, silent),
        lambda v: phones(v, "US", silent),
        lambda v: emails(v, silent),
    ):
        with contextlib.suppress(Unusable):
            convert(value)


@given(st.text(max_size=200))
def test_text_loses_nothing_but_controls_and_blanks_around_it(text: str) -> None:
    clean = values.text(text, silent)
    assert "\x00" not in clean
    assert clean == clean.strip()
    clean.encode("utf-8")
    if text.isprintable():
        assert clean == text.strip()


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_survive_every_way_of_storing_them(number: int) -> None:
    for stored in (number, str(number), f" {number} ", f"{number}.0", f"{number:+d}"):
        assert values.whole(stored, silent) == number


@pytest.mark.parametrize("value", ["", None, "1.5", "1e3", "ten", "0x10", b"\xff", "1" * 30])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(Unusable):
        values.whole(value, silent)


@given(st.lists(st.text("abc def", min_size=1, max_size=10).map(str.strip).filter(bool), max_size=6, unique=True))
def test_a_list_is_the_same_however_it_was_written(items: list[str]) -> None:
    items = [" ".join(item.split()) for item in items]
    items = list(dict.fromkeys(items))
    for written in (
        json.dumps(items),
        str(items),
        ", ".join(items),
        ";".join(items),
        "|".join(items),
        "\n".join(items),
    ):
        assert values.words(written, silent) == items


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), st.integers(), st.none()), max_size=5))
def test_json_is_read_and_so_is_json_in_json(record: dict[str, Any]) -> None:
    assert values.record(json.dumps(record), silent) == record
    assert values.record(json.dumps(json.dumps(record)), silent) == record


@pytest.mark.parametrize("text", ["{bad", "[1]", "3", '"x"', "{" * 5000, '{"a":' * 500 + "1" + "}" * 500])
def test_json_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Unusable):
        values.record(text, silent)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(w, True) for w in (1, "1", "TRUE", "yes", "Y", "on", True)] + [(w, False) for w in (0, "0", "no", "F", "", None)],
)
def test_truth_values(written: Any, meant: bool) -> None:
    assert values.truth(written, silent) is meant


def test_a_truth_value_that_is_neither_is_refused() -> None:
    with pytest.raises(Unusable):
        values.truth("perhaps", silent)


@given(MOMENTS)
@settings(max_examples=80)
def test_a_moment_is_the_same_in_every_form(instant: datetime) -> None:
    second = instant.replace(microsecond=0)
    berlin = second.astimezone(timezone(timedelta(hours=5, minutes=30)))
    forms: list[Any] = [
        second.isoformat(),
        second.strftime("%Y-%m-%dT%H:%M:%SZ"),
        second.strftime("%Y-%m-%d %H:%M:%S"),
        berlin.isoformat(),
        berlin.strftime("%Y-%m-%d %H:%M:%S%z"),
        second.strftime("%b %d, %Y %H:%M:%S"),
        second.strftime("%d %B %Y %H:%M:%S"),
        second.strftime("%d.%m.%Y %H:%M:%S"),
        second.strftime("%m/%d/%Y %I:%M:%S %p"),
        second.strftime("%Y/%m/%d %H:%M:%S"),
        second.ctime(),
        format_datetime(second),
    ]
    for form in forms:
        assert moment(form, UTC, silent) == second, form
    assert moment(instant.isoformat(), UTC, silent) == instant


@given(MOMENTS.filter(lambda m: m.year >= 1996))
def test_a_number_is_read_by_its_size(instant: datetime) -> None:
    second = instant.replace(microsecond=0)
    stamp = int(second.timestamp())
    for stored in (stamp, float(stamp), str(stamp), stamp * 1000, str(stamp * 1000), stamp * 1_000_000):
        assert moment(stored, UTC, silent) == second
    milli = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert moment(stamp * 1000 + milli.microsecond // 1000, UTC, silent) == milli


def test_a_julian_day_is_read_to_the_millisecond() -> None:
    assert moment(2460375.0, UTC, silent) == datetime(2024, 3, 5, 12, tzinfo=UTC)


@given(MOMENTS)
def test_a_wall_time_is_read_in_the_zone_assumed_and_that_is_said(instant: datetime) -> None:
    wall = instant.astimezone(CHICAGO).replace(microsecond=0)
    heard, say = said()
    read = moment(wall.strftime("%Y-%m-%d %H:%M:%S"), CHICAGO, say)
    assert read is not None
    assert read.astimezone(CHICAGO).replace(tzinfo=None) == wall.replace(tzinfo=None) or wall.fold or wall.dst() is None
    assert heard == {"times without a zone were read as America/Chicago": 1}


@pytest.mark.parametrize("nothing", [None, "", "NULL", "0000-00-00 00:00:00", 0, "0", "never", " "])
def test_nothing_is_no_moment(nothing: Any) -> None:
    assert moment(nothing, UTC, silent) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "yesterday",
        "2024-13-01",
        "2024-02-30",
        "31/31/2024",
        "13:00 PM 2024",
        5,
        -1,
        1e300,
        "1700",
        "2024-01-01 25:00",
        "x" * 999,
    ],
)
def test_what_is_no_moment_or_not_plausible_is_refused(wrong: Any) -> None:
    with pytest.raises(Unusable):
        moment(wrong, UTC, silent)


@given(st.integers(200, 999), st.integers(200, 999), st.integers(0, 9999))
@settings(max_examples=120)
def test_an_american_number_is_what_the_numbering_plan_says(area: int, exchange: int, line: int) -> None:
    ten = f"{area}{exchange}{line:04d}"
    exists = phonenumbers.is_valid_number(phonenumbers.parse(ten, "US"))
    for written in (
        ten,
        int(ten),
        f"({ten[:3]}) {ten[3:6]}-{ten[6:]}",
        f"+1 {ten}",
        f"1-{ten}",
        f"{ten[:3]}.{ten[3:6]}.{ten[6:]}",
    ):
        try:
            found = phones(written, "US", silent).numbers
        except Unusable:
            found = ()
        if exists:
            assert found == (f"+1{ten}",), written
        else:
            assert f"+1{ten}" not in found, written


@pytest.mark.parametrize(
    ("written", "region", "numbers", "extension"),
    [
        ("512-555-0134 x12", "US", ("+15125550134",), "12"),
        ("Tel: 512.555.0134", "US", ("+15125550134",), ""),
        ("512-555-0134 / 512-555-0199", "US", ("+15125550134", "+15125550199"), ""),
        ("+44 20 7946 0958", "US", ("+442079460958",), ""),
        ("011 44 20 7946 0958", "US", ("+442079460958",), ""),
        ("020 7946 0958", "GB", ("+442079460958",), ""),
        ("5125550134.0", "US", ("+15125550134",), ""),
        (" 512\x00555 0134 ", "US", ("+15125550134",), ""),
        ("5125550134.0 ", "US", ("+15125550134",), ""),
        ("tel:+15125550134", "US", ("+15125550134",), ""),
        ("n/a", "US", (), ""),
    ],
)
def test_numbers_as_people_write_them(written: str, region: str, numbers: tuple[str, ...], extension: str) -> None:
    found = phones(written, region, silent)
    assert (found.numbers, found.extension) == (numbers, extension)


@pytest.mark.parametrize(
    "wrong",
    [
        "555-1234",
        "call me",
        "0000000000",
        "123",
        "5125550134512555",
        "12-34-56",
        "1512555013.0",
        "1512555013.0 ",
        b"\xff",
    ],
)
def test_a_number_that_cannot_exist_is_refused(wrong: Any) -> None:
    with pytest.raises(Unusable):
        phones(wrong, "US", silent)


@given(
    st.from_regex(r"[A-Za-z0-9._+-]{1,12}", fullmatch=True),
    st.from_regex(r"[a-z0-9-]{1,12}(\.[a-z0-9]{1,6}){0,2}\.(com|org|example|local|test|png|co|museum)", fullmatch=True),
)
@settings(max_examples=150)
def test_the_quick_way_with_an_address_is_that_of_the_library(local: str, domain: str) -> None:
    written = f"{local}@{domain}"
    expected = usable_address(written, allow_reserved_domains=True)
    try:
        found = emails(written, silent)
    except Unusable:
        found = ()
    assert found == ((expected,) if expected else ())


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        ("Ada <ada@firm.com>", ("ada@firm.com",)),
        ("a@firm.com; b@firm.com", ("a@firm.com", "b@firm.com")),
        ("mailto:a@firm.com", ("a@firm.com",)),
        (" A@FIRM.COM ", ("A@firm.com",)),
        ("none", ()),
    ],
)
def test_addresses_as_people_write_them(written: str, addresses: tuple[str, ...]) -> None:
    assert emails(written, silent) == addresses


@pytest.mark.parametrize("wrong", ["nobody", "a@", "@b.com", "noreply@firm.com", "a@b", "a@b.com\r\nBcc: x", "x" * 900])
def test_an_address_nobody_reads_is_refused(wrong: str) -> None:
    if "Bcc" in wrong:
        assert emails(wrong, silent) == ("a@b.com",)  # and not a line more
        return
    with pytest.raises(Unusable):
        emails(wrong, silent)


@pytest.mark.parametrize(
    ("city", "zone"),
    [
        ("austin", "America/Chicago"),
        ("Austin, TX", "America/Chicago"),
        ("san-francisco", "America/Los_Angeles"),
        ("SF Bay Area", "America/Los_Angeles"),
        ("losangeles", "America/Los_Angeles"),
        ("Portland, ME", "America/New_York"),
        ("portland", "America/Los_Angeles"),
        ("El Paso, TX", "America/Denver"),
        ("Somewhere, CO", "America/Denver"),
        ("London, UK", "Europe/London"),
        ("Atlantis", ""),
    ],
)
def test_the_timezone_of_a_city(city: str, zone: str) -> None:
    assert zone_of_city(city) == zone


_LEAF = st.one_of(
    st.text(max_size=10),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=8),
    st.none(),
    MOMENTS,
)
_DOCUMENTS = st.dictionaries(
    st.text(min_size=1, max_size=6),
    st.recursive(
        _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_size=6,
)


@given(_DOCUMENTS)
@settings(max_examples=80)
def test_a_document_comes_back_as_it_was_and_equal_ones_have_equal_bytes(document: dict[str, Any]) -> None:
    assert decode(encode(document)) == document
    backwards = dict(reversed(list(document.items())))
    assert encode(backwards) == encode(document)
