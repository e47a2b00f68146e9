"""Without any model a lead still gets its trade, services, names, language, website score and a line to begin with."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.llm.clean import clean_text
from leadgen.llm.rules import enrich_by_rules
from leadgen.llm.schema import CATEGORIES, RESPONSE_SCHEMA, Enrichment
from leadgen.llm.website import WebsiteFacts, bounded_score, measured_score
from leadgen.model.documents import LeadData
from local.classifieds.trades import TRADES

CATEGORY_OF = {
    "plumbing": "Plumbing", "cleaning": "Cleaning", "roofing": "Roofing", "tutoring": "Tutoring", "moving": "Moving",
    "landscaping": "Landscaping", "photography": "Photography", "handyman": "Handyman", "electrical": "Electrical",
    "painting": "Painting", "detailing": "Automotive", "grooming": "Pet care", "music": "Music lessons",
    "hvac": "Heating and cooling",
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(TRADES))
def test_every_trade_of_the_demo_site_is_told_from_any_of_its_titles_with_its_services(key: str) -> None:
    trade = TRADES[key]
    for title in trade.titles:
        lead = LeadData(
            title=title, body=f"Hello Austin,\nWe do {', '.join(trade.services)}.\nCash is fine.", city="austin"
        )
        found = enrich_by_rules(lead)
        assert found.category == CATEGORY_OF[key], title
        assert len(found.services_rendered) >= 4


@pytest.mark.parametrize(
    ("body", "services"),
    [
        ("We do drain cleaning, repipes and toilets.", ["drain cleaning", "repipes", "toilets"]),
        ("Hi!\n- deck staining\n- fence repair\n", ["deck staining", "fence repair"]),
        ("Hi neighbors!\nhand wash\nseat shampoo\nceramic coating\nCash is fine.",
         ["hand wash", "seat shampoo", "ceramic coating"]),
        ("We do not ask for money.", []),
        ("Llame hoy. Hacemos limpieza de casas y oficinas.", ["limpieza de casas", "oficinas"]),
        ("", []),
    ],
)  # fmt: skip
def test_services_are_read_from_lists_and_sentences(body: str, services: list[str]) -> None:
    assert enrich_by_rules(LeadData(body=body)).services_rendered == services


@pytest.mark.parametrize(
    ("title", "body", "business", "person"),
    [
        ("Leaks fixed", "Hays Pipe Works – Joe. We fix leaks.", "Hays Pipe Works", "Joe"),
        (
            "White Rock Car Care: mobile detailing",
            "My name is Ana Lee. I drive.",
            "White Rock Car Care",
            "Ana Lee",
        ),
        ("Moving", "Ask for Bob. We are Two Men Moving Co and we care.", "Two Men Moving Co", "Bob"),
        ("Warning: read this", "We are open. Call now at noon.", "", ""),
        ("Clases", "Me llamo José Núñez. Hablo español.", "", "José Núñez"),
    ],
)
def test_names_are_read_as_written_and_never_made_up(title: str, body: str, business: str, person: str) -> None:
    found = enrich_by_rules(LeadData(title=title, body=body))
    assert (found.business_name, found.contact_name) == (business, person)


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("We are the family plumbing company and you can call us.", "en"),
        ("Somos una empresa de limpieza para su casa y la oficina, con los mejores precios.", "es"),
        ("Nous sommes une entreprise de nettoyage pour votre maison et les bureaux.", "fr"),
        ("555", ""),
    ],
)
def test_the_language_is_told_by_its_small_words(body: str, language: str) -> None:
    assert enrich_by_rules(LeadData(body=body)).language == language


def test_the_opener_says_only_what_the_post_says() -> None:
    lead = LeadData(title="Plumber", body="We do Drain cleaning and repipes for you.", city="san-antonio")
    assert enrich_by_rules(lead).opener == "I came across your ad for drain cleaning in San Antonio."
    assert enrich_by_rules(LeadData()).opener == "I came across your ad."


def test_the_measured_score_of_a_website_is_passed_on_with_its_reason() -> None:
    lead = LeadData(body="We fix pipes.", website_url="https://pipes.example")
    measured = WebsiteFacts(
        lead.website_url, score=62, reason="It is not made for phones (no viewport).", reachable=True
    )
    found = enrich_by_rules(lead, measured)
    assert (found.website_score, found.website_reason) == (62, "It is not made for phones (no viewport).")


def test_a_website_nobody_looked_at_has_no_score() -> None:
    assert measured_score(None) == (None, "The post names no website.")
    assert measured_score(WebsiteFacts("https://pipes.example")) == (None, "Nobody has looked at the website.")


@given(st.one_of(st.none(), st.integers(0, 100)), st.one_of(st.none(), st.integers(0, 100)))
def test_a_model_can_shade_the_score_but_not_decide_it(measured: int | None, proposed: int | None) -> None:
    score = bounded_score(measured, proposed)
    if measured is None:
        assert score is None
    else:
        assert score is not None
        assert 0 <= score <= 100
        assert abs(score - measured) <= 15


def test_the_schema_a_model_must_answer_in_has_exactly_the_fields_of_the_result_and_is_strict() -> None:
    fields = {field.alias for field in Enrichment.model_fields.values()}
    assert set(RESPONSE_SCHEMA["properties"]) == fields == set(RESPONSE_SCHEMA["required"])
    assert RESPONSE_SCHEMA["additionalProperties"] is False
    assert RESPONSE_SCHEMA["properties"]["category"]["enum"] == list(CATEGORIES)


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=400), st.integers(1, 120))
def test_cleaned_text_is_one_short_line_without_anything_active(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert not set(cleaned) & set("{}<>[]|\\`^")
    assert cleaned == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1
    assert cleaned.isprintable()
    assert not cleaned.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Joe's A/C & Heat, since 1999!", "Joe's A/C & Heat, since 1999!"),
        ("see http://evil.example/x now", "see now"),
        ("visit evil.com today", "visit today"),
        ("write me@evil.co.uk or me [at] evil", "write or"),
        ("call +1 (900) 555-0100 now", "call now"),
        ("{{ x }} {% y %}", "x % y %"),
        ("=HYPERLINK(1)", "HYPERLINK(1)"),
        ("a\u202eb\u200bc\x00d\x1b", "abcd"),
        ("one\u2028two\r\nthree", "one two three"),
    ],
)
def test_text_keeps_its_words_and_loses_what_acts(text: str, cleaned: str) -> None:
    assert clean_text(text, 80) == cleaned


STRANGE = {
    "one letter": "a" * 200_000,
    "dotted": "a." * 100_000,
    "digits": "1 " * 100_000,
    "angle brackets": "<" * 200_000,
    "capitals": "A & " * 50_000,
    "endless list": "We do " + "a and " * 40_000,
    "dashes": "– A " * 50_000,
    "blanks": " " * 200_000,
    "line ends": "\n" * 200_000,
    "at signs": "x@" * 100_000,
    "names": "Aa " * 60_000,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_no_post_is_so_strange_that_it_takes_long(kind: str) -> None:
    text = STRANGE[kind]
    started = time.process_time()
    enrich_by_rules(LeadData(title=text, body=text, city=text))
    clean_text(text, 1500)
    assert time.process_time() - started < 2.0
