"""Enrichment by rules alone: useful where no model is configured, and where one has failed.

Pure: a lead and what is known of its website go in, an `Enrichment` comes out.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

from leadgen.llm.businesses import find_business
from leadgen.llm.languages import find_language
from leadgen.llm.machinetalk import for_people
from leadgen.llm.offers import find_services
from leadgen.llm.openers import write_opener
from leadgen.llm.people import find_person
from leadgen.llm.plaintext import readable, without_streets
from leadgen.llm.schema import Category, Enrichment
from leadgen.llm.vocabulary import OTHER_TRADES, TRADE_NOUNS, TRADE_WORDS
from leadgen.llm.website import WebsiteFacts, measured_score
from leadgen.model.documents import LeadData

_IN_TITLE = 3
_NOUN_IN_TITLE = 6
"""What one calls oneself in a title counts for more than the works one names."""


def enrich_by_rules(lead: LeadData, website: WebsiteFacts | None = None) -> Enrichment:
    """Describe a lead from its title, text and city, and the facts of its website.

    Args:
        lead: as the Processor left it.
        website: what was found at its address, with the measured score.
    """
    title, body = for_people(readable(lead.title)), for_people(readable(lead.body))
    score, reason = measured_score(website or (WebsiteFacts(lead.website_url) if lead.website_url else None))
    category = find_category(title, body)
    business, person = find_names(title, body)
    services = find_services(title, body, category, (business, person))
    language = find_language(f"{title}\n{body}")
    return Enrichment(
        business_name=business,
        contact_name=person,
        category=category,
        services_rendered=services,
        language=language,
        website_score=score,
        website_reason=reason,
        opener=write_opener(services, category, lead.city, language),
    )


def find_category(title: str, body: str) -> Category:
    """The trade whose words occur most, those of the title counting more; ``Other`` if none does, or if those of a
    trade that has no category of its own do."""
    points = category_points(title, body)
    best, score = max(points.items(), key=lambda pair: pair[1])
    return best if score > 0 else "Other"


def category_points(title: str, body: str) -> dict[Category, int]:
    """How much speaks for each category."""
    heading, text = f" {title.lower()} ", f" {body.lower()} "
    points: Counter[Category] = Counter()
    for category, nouns, words in _vocabulary():
        points[category] += _NOUN_IN_TITLE * bool(nouns.search(heading)) + 2 * bool(nouns.search(text))
        for word, begins in words:
            # Looking for plain letters takes a tenth of the time, and most words are not there.
            if word in heading:
                points[category] += _IN_TITLE * bool(begins.search(heading))
            if word in text:
                points[category] += min(2, len(begins.findall(text)))
    return points


def find_names(title: str, body: str) -> tuple[str, str]:
    """The business's and the person's name as the post writes them; empty where it does not say.

    Args:
        title: in plain letters; see `leadgen.llm.plaintext.readable`.
        body: likewise.
    """
    streetless = without_streets(body)
    business = find_business(title, streetless)
    return business, find_person(streetless, business) or find_person(title, business)


@functools.cache
def _vocabulary() -> tuple[tuple[Category, re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]], ...]:
    named: dict[Category, tuple[str, ...]] = {**TRADE_WORDS, "Other": OTHER_TRADES}
    return tuple(
        (
            category,
            _any_of(TRADE_NOUNS.get(category, ())),
            tuple((word, _any_of((word,))) for word in words),
        )
        for category, words in named.items()
    )


def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Words that begin so; scripts that set no blanks between words have no boundaries."""
    return re.compile(
        "|".join(rf"\b{re.escape(word)}" if word[0].isascii() else re.escape(word) for word in words) or r"(?!)"
    )
