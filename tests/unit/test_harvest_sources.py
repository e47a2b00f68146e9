"""Source definitions: what is accepted, what is refused and in which words."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.environment import read_environment
from leadgen.harvest.sources import (
    City,
    Source,
    advise,
    load_sources,
    read_definition,
    require_acknowledged,
    source_for_city,
)
from leadgen.model.errors import InvalidInput, NotAllowed, NotFound

DEMO = """
[source]
id = "demo"
name = "Demo"
base_url = "http://127.0.0.1:8080"
concurrency = 2
delay_seconds = 0
max_pages = 7
region = "US"

[policy]
acknowledged_by = "Jane Doe"
acknowledged_on = 2026-01-31
may_email = true
relay_domains = ["reply.demo.example"]

[cities.austin]
listing_url = "/austin/"
timezone = "America/Chicago"
label = "Austin, TX"

[cities.reno]
listing_url = "https://reno.demo.example/services"
timezone = "America/Los_Angeles"
label = "Reno, NV"

[listing]
post_link = "li.post > a"
next_link = "a[rel=next]"

[post]
title = "h1"
body = "section"
contact_gate = "captcha"
"""


def _load(folder: Path, **files: str) -> tuple[Source, ...]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_sources(folder)


def _refusal(folder: Path, text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        _load(folder, demo=text)
    return caught.value


def test_a_definition_is_read_whole(tmp_path: Path) -> None:
    (source,) = _load(tmp_path, demo=DEMO)
    assert (source.id, source.max_pages, source.delay_seconds, source.region) == ("demo", 7, 0.0, "US")
    assert source.policy.may_email
    assert source.policy.relay_domains == ("reply.demo.example",)
    assert source.post.images == ""
    assert source.is_acknowledged


def test_listing_addresses_become_absolute(tmp_path: Path) -> None:
    (source,) = _load(tmp_path, demo=DEMO)
    assert [city.listing_url for city in source.cities] == [
        "http://127.0.0.1:8080/austin/",
        "https://reno.demo.example/services",
    ]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("concurrency = 2", "concurrency = true", "source.concurrency"),
        ("concurrency = 2", "concurrency = 0", "source.concurrency"),
        ("delay_seconds = 0", "delay_seconds = nan", "source.delay_seconds"),
        ("delay_seconds = 0", 'delay_seconds = "1"', "source.delay_seconds"),
        ('"http://127.0.0.1:8080"', '"ftp://demo.example"', "source.base_url"),
        ('"http://127.0.0.1:8080"', '"http://user:secret@demo.example"', "source.base_url"),
        ('"/austin/"', '"//elsewhere.example/"', "cities.austin.listing_url"),
        ('"America/Chicago"', '"Texas"', "cities.austin.timezone"),
        ('"li.post > a"', '"li.post >> ["', "listing.post_link"),
        ('contact_gate = "captcha"', 'contact_gate = "bypass"', "post.contact_gate"),
        ('title = "h1"', 'titel = "h1"', "post.titel"),
        ("2026-01-31", '"yesterday"', "policy.acknowledged_on"),
    ],
)
def test_a_wrong_value_is_named_with_file_key_and_what_is_allowed(tmp_path: Path, old: str, new: str, key: str) -> None:
    error = _refusal(tmp_path, DEMO.replace(old, new))
    problem = next(one for one in error.fields if one.field == f"demo.toml: {key}")
    assert problem.allowed
    assert key in error.detail


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('title = "h1"', 'titel = "h1"', "post.titel", "did you mean title?"),
        ("[listing]", '[listing]\nkind = "xml"', "listing.kind", "html, rss or sitemap"),
        ("[listing]", '[listing]\nkind = "rss"', "listing.post_link", "Allowed here: kind, post_pattern, paging"),
        ("[listing]", '[listing]\npost_pattern = "(a+)+$"', "listing.post_pattern", "may not repeat"),
        ("[listing]", '[listing]\npost_pattern = "["', "listing.post_pattern", "must be a regular expression"),
        ("[listing]", '[listing]\npaging = {kind = "none"}', "listing", "next_link or a paging table, not both"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "counted"}', "listing.paging.kind", "page, offset or none"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "page"}', "listing.paging", "either parameter"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "page", url = "/p"}', "listing.paging.url", "{page}"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "page", url = "/{n}"}', "listing.paging.url", "{page}"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "offset", parameter = "s"}', "listing.paging.step", "required"),
        ('next_link = "a[rel=next]"', 'paging = {kind = "page", stop = 3}', "listing.paging.stop", "parameter"),
        ('post_link = "li.post > a"', "", "listing", "post_link (a CSS selector), post_pattern"),
        ('body = "section"', "", "post", "must have body"),
        (
            'body = "section"',
            'body = "p"\nfields = {phone = {attribute = "x"}}',
            "post.fields.phone",
            "must have a selector",
        ),
        ('body = "section"', 'body = "p"\nfields = {phone = "p >> ["}', "post.fields.phone", "CSS selector"),
        ('body = "section"', 'body = "p"\nfields = {a = {regex = "x"}}', "post.fields.a.regex", "exactly one group"),
        (
            'body = "section"',
            'body = "p"\nfields = {a = {json_ld = "a..b"}}',
            "post.fields.a.json_ld",
            "keys joined by dots",
        ),
        ('body = "section"', 'body = "p"\nfields = {a = ["b", 7]}', "post.fields.a.1", "a table"),
        ('body = "section"', 'body = "p"\nfields = {a = [{css = "b"}]}', "post.fields.a.0.css", "selector, attribute"),
        ('region = "US"', 'charset = "utf-9"', "source.charset", "windows-1252"),
        ('region = "US"', 'hosts = ["https://x.example"]', "source.hosts.0", "host name"),
        ('timezone = "America/Chicago"', "", "cities.austin.timezone", "source.timezone for all cities"),
        ('label = "Austin, TX"', 'region = "Texas"', "cities.austin.region", "ISO 3166"),
        ("[cities.austin]", "[cities.Austin]", "cities.Austin", "lower-case"),
    ],
)
def test_the_message_says_what_would_be_right(tmp_path: Path, old: str, new: str, key: str, allowed: str) -> None:
    error = _refusal(tmp_path, DEMO.replace(old, new, 1))
    (problem,) = [one for one in error.fields if one.field == f"demo.toml: {key}"]
    assert allowed in problem.allowed


def test_a_city_may_be_just_its_listing(tmp_path: Path) -> None:
    begin, end = DEMO.index("[cities.austin]"), DEMO.index("[listing]")
    text = DEMO[:begin] + '[cities]\nnew-york = "/ny/"\n' + DEMO[end:]
    (source,) = _load(tmp_path, demo=text.replace('region = "US"', 'region = "US"\ntimezone = "America/New_York"'))
    (city,) = source.cities
    assert city == City("new-york", "New York", "http://127.0.0.1:8080/ny/", "America/New_York")
    assert source.region_of("New-York") == "US"


def test_a_city_may_have_a_region_of_its_own(tmp_path: Path) -> None:
    (source,) = _load(tmp_path, demo=DEMO.replace('label = "Reno, NV"', 'region = "CA"'))
    assert (source.region_of("reno"), source.region_of("austin"), source.region_of("gotham")) == ("CA", "US", "US")


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://127.0.0.1:9090/x", False),
        ("https://reno.demo.example/", True),
        ("https://a.reno.demo.example/", True),
        ("https://demo.example/", False),
        ("https://reno.demo.example.evil.example/", False),
        ("https://evilreno.demo.example/", False),
        ("http://[", False),
    ],
)
def test_what_belongs_to_a_site(tmp_path: Path, url: str, is_own: bool) -> None:
    (source,) = _load(tmp_path, demo=DEMO)
    assert source.owns(url) is is_own


ADVICE_DAY = date(2026, 3, 1)


def test_a_plain_definition_needs_no_advice(tmp_path: Path) -> None:
    (source,) = _load(tmp_path, demo=DEMO.replace('contact_gate = "captcha"', ""))
    assert advise(source, ADVICE_DAY) == ()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("acknowledged_on = 2026-01-31", "", "policy"),
        ("2026-01-31", "2026-04-01", "policy.acknowledged_on"),
        ("2026-01-31", "2024-01-31", "policy.acknowledged_on"),
        ("http://127.0.0.1:8080", "https://demo.example", "source.delay_seconds"),
        ("http://127.0.0.1:8080", "http://demo.example", "source.base_url"),
        ('next_link = "a[rel=next]"', "", "listing"),
        ("[listing]", '[listing]\npost_pattern = "/austin/"', "listing.post_pattern"),
        ("[listing]", '[listing]\npost_pattern = "/d/.+-.+[.]html"', "listing.post_pattern"),
        ('body = "section"', 'body = "body"', "post.body"),
        ('title = "h1"', "", "post.title"),
        ('title = "h1"', 'title = "h1"\ncontact_gate = "form"', "post.contact_link"),
        ('"https://reno.demo.example/services"', '"/austin/"', "cities.reno.listing_url"),
    ],
)
def test_what_is_allowed_and_odd_is_said(tmp_path: Path, old: str, new: str, key: str) -> None:
    (source,) = _load(tmp_path, demo=DEMO.replace('contact_gate = "captcha"\n', "").replace(old, new, 1))
    assert f"demo.toml: {key}" in [one.field for one in advise(source, ADVICE_DAY)]


WORDS = """id name base_url hosts kind post_link post_pattern next_link paging parameter url first step selector fields
body title regex json_ld attribute of listing_url timezone region label charset austin phone acknowledged_on"""
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.dates(),
        st.text(max_size=20),
        st.sampled_from(
            ["rss", "html", "page", "http://[", "http://h:0/", "a:nth-child(", "(?<=a*)", "/{page}", "UTC"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
TABLES = st.sampled_from(["source", "policy", "cities", "listing", "post"])


@settings(derandomize=True, max_examples=80)
@given(st.dictionaries(TABLES, st.dictionaries(KEYS, VALUES, max_size=5)), st.dictionaries(TABLES, VALUES, max_size=2))
def test_any_definition_is_a_source_or_refused_with_file_and_key(
    changes: dict[str, Any], whole: dict[str, Any]
) -> None:
    content = tomllib.loads(DEMO)
    for table, values in changes.items():
        content[table] |= values
    try:
        source = read_definition("x.toml", content | whole)
    except InvalidInput as error:
        refused = error
    else:
        assert isinstance(source, Source)
        advise(source, ADVICE_DAY)
        return
    assert refused.fields
    for problem in refused.fields:
        assert problem.field.startswith("x.toml: ")
        assert problem.allowed
        top = problem.field.removeprefix("x.toml: ").partition(".")[0]
        assert top in {"source", "policy", "cities", "listing", "post"}


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "\x00", "a = 1\na = 2", "a = " + "9" * 5000], ids=range(4))
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    assert _refusal(tmp_path, text).fields[0].field.partition(":")[0] == "demo.toml"


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        _load(tmp_path, a="not toml [", b=DEMO.replace('name = "Demo"', ""), c=DEMO)
    assert [one.field for one in caught.value.fields] == ["a.toml", "b.toml: source.name"]


def test_two_definitions_may_not_share_an_id(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"two\.toml: source\.id is demo"):
        _load(tmp_path, one=DEMO, two=DEMO)


def test_a_missing_folder_says_which_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_sources(tmp_path / "nowhere")
    assert "LEADGEN_SOURCES" in caught.value.hint


def test_cities_are_found_in_any_case(tmp_path: Path) -> None:
    source, city = source_for_city(_load(tmp_path, demo=DEMO), " Austin ")
    assert (source.id, city.key, city.timezone) == ("demo", "austin", "America/Chicago")


def test_an_unknown_city_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        source_for_city(_load(tmp_path, demo=DEMO), "gotham")
    assert "gotham" in caught.value.detail
    assert "austin, reno" in caught.value.hint


def test_an_acknowledged_source_goes_before_one_that_is_switched_off(tmp_path: Path) -> None:
    off = DEMO.replace('"demo"', '"aaa"').replace("acknowledged_on = 2026-01-31", "")
    source, _ = source_for_city(_load(tmp_path, a=off, b=DEMO), "austin")
    assert source.id == "demo"


@pytest.mark.parametrize("missing", ['acknowledged_by = "Jane Doe"', "acknowledged_on = 2026-01-31"])
def test_a_source_nobody_acknowledged_harvests_nothing(tmp_path: Path, missing: str) -> None:
    (source,) = _load(tmp_path, demo=DEMO.replace(missing, ""))
    with pytest.raises(NotAllowed, match="Demo is switched off"):
        require_acknowledged(source)


def test_an_acknowledged_source_may_harvest(tmp_path: Path) -> None:
    (source,) = _load(tmp_path, demo=DEMO)
    require_acknowledged(source)


def test_no_packaged_source_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADGEN_SOURCES", raising=False)
    packaged = load_sources(read_environment().sources)
    assert packaged
    assert not [source.id for source in packaged if source.is_acknowledged]
