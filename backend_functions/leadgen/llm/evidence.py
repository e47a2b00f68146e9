"""Where the fields of an enrichment come from: the place of the post that bears each out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadgen.llm.plaintext import readable, sentences
from leadgen.llm.vocabulary import TRADE_WORDS
from leadgen.model.documents import LeadData

MAX_SNIPPET = 160
_WORD = re.compile(r"[^\W_]{3,}")
_STEM = 5
OF_THE_WEBSITE = "the website's home page"
OF_WHOLE_TEXT = "the words of the whole text"


def snippets(lead: LeadData) -> dict[str, str]:
    """For each field that enrichment fills in, what it was read in; only fields that have a value.

    Args:
        lead: as enrichment left it, with its text.

    Returns:
        Pieces of the post by the name of the field in documents (camelCase). A name or service has the sentence it
        stands in; a category one that speaks of the trade; the opener what it took up. The website's score has its
        reason.
    """
    places = [*sentences(readable(lead.title)), *sentences(readable(lead.body))]
    trade = next((words for category, words in TRADE_WORDS.items() if category == lead.category), ())
    found = {
        "businessName": _place_of(lead.business_name, places),
        "name": _place_of_name(lead.name, places),
        "servicesRendered": _place_of(" ".join(lead.services_rendered), places),
        "category": next((place for place in places if any(word in place.lower() for word in trade)), ""),
        "language": OF_WHOLE_TEXT,
        "websiteScore": lead.website_reason or OF_THE_WEBSITE,
        "opener": _place_of(lead.opener, places),
    }
    return {field: _short(found[field]) for field in _filled(lead)}


def _filled(lead: LeadData) -> Iterable[str]:
    values = {
        "businessName": lead.business_name,
        "name": lead.name,
        "category": lead.category if lead.category != "Other" else "",
        "servicesRendered": lead.services_rendered,
        "language": lead.language,
        "websiteScore": lead.website_score is not None,
        "opener": lead.opener,
    }
    return [field for field, value in values.items() if value]


def _place_of_name(name: str, places: list[str]) -> str:
    """Where a person is named; "Rudy's Plumbing" names a business."""
    named = re.compile(rf"(?<!\w){re.escape(name)}(?![\w'’])", re.IGNORECASE)
    return next((place for place in places if named.search(place)), "") or _place_of(name, places)


def _place_of(text: str, places: list[str]) -> str:
    """The place that has most of a text's words; the first of those that have as many."""
    wanted = _stems(text)
    best = max(places, key=lambda place: len(wanted & _stems(place)), default="")
    return best if wanted & _stems(best) else ""


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(text.casefold())}


def _short(text: str) -> str:
    return text if len(text) <= MAX_SNIPPET else text[: MAX_SNIPPET - 1].rstrip() + "…"
