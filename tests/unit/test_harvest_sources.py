"""Source definitions: what is accepted, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadgen.environment import read_environment
from leadgen.harvest.sources import Source, load_sources, require_acknowledged, source_for_city
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
