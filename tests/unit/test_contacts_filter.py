"""Filter expressions: what they mean, what they refuse and where, and that nothing typed becomes SQL."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.contacts import records
from console.contacts.conditions import where
from console.contacts.copy import Copy, Reader
from console.contacts.expression import MAX_LENGTH, BadFilter, parse
from console.contacts.fields import FIELDS, STATES
from console.contacts.listing import Listing, Question, find

NOW = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Chicago")
PEOPLE = {
    "ada": {"name": "Ada Álvarez", "businessName": "Lone Star Plumbing", "phone": "+15125550101",
            "email": "ada@gmail.com", "city": "Austin", "status": "PROCESSED", "lastSent": NOW - timedelta(days=3),
            "leadDataJson": {"websiteScore": 60}},
    "ben": {"name": "Ben", "businessName": "Star [50%] Roofs?", "phone": "+12145550102", "email": "ben@roofs.example",
            "city": "Dallas", "status": "PROCESSED", "leadDataJson": {"websiteScore": 50}},
    "chi": {"businessName": "100% Lone", "phone": "+15125550103", "city": "South Austin", "status": "PHONE_ONLY"},
    "dee": {"name": "Dee", "email": "DEE@Lone-Star.example", "city": "austin", "status": "PENDING_CAPTCHA",
            "lastSent": datetime(2026, 11, 3, 5, 30, tzinfo=UTC), "leadDataJson": {"websiteScore": 90}},
}  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    copy = Copy(tmp_path_factory.mktemp("copy") / "c.sqlite", "me")
    copy.put([records.row(key, {"lastUpdated": NOW, **data}, 1) for key, data in PEOPLE.items()])
    return copy.reader()


def found(reader: Reader, text: str) -> list[str]:
    numbers, total = find(reader, Question(text), NOW, ZONE)
    assert total == len(PEOPLE)
    return sorted(Listing(reader, numbers, total).ids(0, len(numbers)))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", "ada ben chi dee"),
        ("lone", "ada chi dee"),
        ("LONE star", "ada dee"),
        ('"lone star"', "ada"),
        ("-lone", "ben"),
        ("álvarez", "ada"),
        ("512-555-01", "ada chi"),
        ("status:sent", "ada"),
        ("status:ready", "ben"),
        ("status:processed", "ada ben"),
        ('status:review,"phone only"', "chi dee"),
        ("city:austin", "ada chi dee"),
        ("city:=austin", "ada dee"),
        ("city:austin,dallas -status:sent", "ben chi dee"),
        ("email:*@gmail.com", "ada"),
        ("-email:*@gmail.com", "ben chi dee"),
        ("email:*", "ada ben dee"),
        ("-email:*", "chi"),
        ("email:dee@lone-star.example", "dee"),
        ('name:"a á"', "ada"),
        ("business:*roofs?", "ben"),
        ("business:*[50%]*", "ben"),
        ("business:100%", "chi"),
        ("phone:(512)555", "ada chi"),
        ("score:>50", "ada dee"),
        ("score:>=50", "ada ben dee"),
        ("score:50..60", "ada ben"),
        ("-score:>50", "ben chi"),
        ("score:<60", "ben"),
        ("sent:<7d", "ada"),
        ("sent:>7d", "dee"),
        ("-sent:<7d", "ben chi dee"),
        ("sent:never", "ben chi"),
        ("sent:*", "ada dee"),
        # 05:30 in UTC on the 3rd is 23:30 on the 2nd in Chicago.
        ("sent:2026-11-02", "dee"),
        ("sent:2026-11-03", ""),
        ("sent:2026-11-01..2026-11-15", "ada dee"),
        ("sent:>2026-11-02", "ada"),
        ("id:chi", "chi"),
        ("company:lone", "ada chi"),
    ],
)
def test_what_an_expression_finds(reader: Reader, text: str, keys: str) -> None:
    assert found(reader, text) == keys.split()


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("colour:red", 0, "business"),
        ("city:austin status:gone", 19, "phone only"),
        ("score:high", 6, ">=50"),
        ("sent:7d", 5, "<7d"),
        ("sent:yesterday", 5, "2026-11-03"),
        ("sent:2026-02-30", 5, "2026-11-03"),
        ('name:"lone', 5, "quotes"),
        ('name:"lone"star', 11, "blank"),
        ("city:", 5, "value"),
        ("city:austin,", 12, "value"),
        ("austin -", 8, "minus"),
        ("http://x", 0, "quotes"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH, str(MAX_LENGTH)),
        ("a " * 41, 80, "40"),
    ],
)
def test_a_bad_expression_is_told_with_its_place_and_what_is_allowed(text: str, at: int, word: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse(text)
    assert caught.value.at == at
    assert word in caught.value.allowed
    assert str(at + 1) in caught.value.detail


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_place(text: str) -> None:
    refused = None
    try:
        parse(text)
    except BadFilter as error:
        refused = error
    assert refused is None or (0 <= refused.at <= len(text) and refused.allowed)


_names = st.sampled_from([f.name for f in FIELDS])
_values = st.one_of(
    st.sampled_from(["*", "never", ">5", "<7d", ">=2w", "1..9", "2026-11-01", "2026-01-01..2026-12-31", *STATES]),
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12),
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(name=_names, value=_values, quote=st.booleans())
def test_a_term_and_its_opposite_part_all_contacts(reader: Reader, name: str, value: str, quote: bool) -> None:
    term = f"{name}:{_quoted(value) if quote else value}"
    try:
        parse(term)
    except BadFilter:
        return
    # A value with blanks in it is several terms, of which the minus turns round the first only.
    if len(parse(term)) != 1:
        return
    holds, fails = set(found(reader, term)), set(found(reader, f"-{term}"))
    assert holds | fails == set(PEOPLE)
    assert not holds & fails


@given(st.text(min_size=1, max_size=20))
def test_what_was_typed_goes_into_parameters(text: str) -> None:
    sql, values = where(parse(f"{_quoted(text)} name:{_quoted(text)}"), NOW, ZONE)
    assert set(sql) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_(),? >=0")
    assert sql.count("?") == len(values)


def test_a_quoted_text_is_looked_for_as_it_is(reader: Reader) -> None:
    assert found(reader, 'business:"\') OR 1=1 --"') == []
    assert found(reader, '"*"') == []
    with pytest.raises(sqlite3.OperationalError):
        reader.select("DELETE FROM contact")


def test_ages_beyond_all_time_do_no_harm(reader: Reader) -> None:
    assert found(reader, "sent:<99999y") == ["ada", "dee"]
    assert found(reader, "sent:0001-01-01..9999-12-31") == ["ada", "dee"]
