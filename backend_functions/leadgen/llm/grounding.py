"""Holding a model's answer to the facts: what the post does not say is replaced by what the rules found in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from leadgen.llm.glue import NEVER_IN_OPENER, OPENER_GLUE, REASON_GLUE
from leadgen.llm.languages import small_words
from leadgen.llm.machinetalk import for_people, speaks_to_machine
from leadgen.llm.names import ends_like_business, looks_like_business, looks_like_person
from leadgen.llm.plaintext import readable
from leadgen.llm.rules import category_points
from leadgen.llm.schema import Category, Enrichment
from leadgen.llm.website import WebsiteFacts, bounded_score
from leadgen.model.documents import LeadData

_NUMBER = re.compile(r"\d+")
_STEM = 5
"""So many first letters of a word count, so that "drains" is found in a post that says "drain"."""
_SHORT = 2
"""Words of so many letters say nothing."""
_SURE_OF_CATEGORY = 4
_SURE_OF_LANGUAGE = 4
"""From so many words on the rules are believed where the model's word for it stands against all of them."""


def grounded(
    answer: Enrichment, lead: LeadData, measured: Enrichment, website: WebsiteFacts | None = None
) -> Enrichment:
    """The answer as far as the post bears it out.

    Names must look like names and stand in the post. All words of a service must be the post's. An opener may have
    words of the post and such as say nothing about the advertiser, must name something of the post, and has no number
    the post has not. The category must not contradict what all words of the post speak for, nor the language. The
    website's score stays near the measured one, and its reason must follow from what was found there. What a sentence
    of the post says that speaks to a program bears nothing out.

    Args:
        answer: of the model.
        lead: whose title and text it was shown.
        measured: what the rules found, used in place of what can't be borne out.
        website: what was found at its website.
    """
    title, body = for_people(readable(lead.title)), for_people(readable(lead.body))
    post = f"{title}\n{body}"
    said = _Said(post)
    services = [item for item in answer.services_rendered if said.all_of(item) and not speaks_to_machine(item)]
    language = _language(answer.language, measured.language, post)
    names = (_business(answer.business_name, said), _person(answer.contact_name, said))
    is_borne_out = _is_opener(answer.opener, said, language, lead.city, names)
    score, reason = _website(answer, measured, website)
    return answer.model_copy(
        update={
            "business_name": names[0] or measured.business_name,
            "contact_name": names[1] or measured.contact_name,
            "category": _category(answer.category, measured.category, title, body),
            "services_rendered": services or measured.services_rendered,
            "language": language,
            "website_score": score,
            "website_reason": reason,
            "opener": answer.opener if is_borne_out else measured.opener,
        }
    )


class _Said:
    """What a post says: its words, their beginnings and its numbers."""

    def __init__(self, text: str) -> None:
        self.line = f" {' '.join(_folded_words(text))} "
        self.stems = _stems(text)
        self.numbers = set(_NUMBER.findall(text))

    def verbatim(self, phrase: str) -> bool:
        """Whether it says this, word for word; within the text where a script sets no blanks."""
        words = " ".join(_folded_words(phrase))
        if not words:
            return False
        return f" {words} " in self.line or (not _has_blanks(words) and words in self.line)

    def all_of(self, phrase: str) -> bool:
        """Whether it has all words of this."""
        return self.verbatim(phrase) or (
            bool(_stems(phrase)) and _stems(phrase) <= self.stems and set(_NUMBER.findall(phrase)) <= self.numbers
        )


def _business(name: str, said: _Said) -> str:
    small = name.islower() and ends_like_business(name.split())
    return name if (looks_like_business(name.title() if small else name)) and said.verbatim(name) else ""


def _person(name: str, said: _Said) -> str:
    return name if looks_like_person(name) and said.verbatim(name) else ""


def _category(told: Category, found: Category, title: str, body: str) -> Category:
    if told == found:
        return told
    points = category_points(title, body)
    return found if points[found] >= _SURE_OF_CATEGORY and points[told] * 2 < points[found] else told


def _language(told: str, found: str, post: str) -> str:
    if told == found or not found or not told:
        return told or found
    return found if small_words(post, told) < min(_SURE_OF_LANGUAGE, small_words(post, found)) else told


def _is_opener(opener: str, said: _Said, language: str, city: str, names: Iterable[str]) -> bool:
    words = set(_folded_words(opener))
    if not words or words & NEVER_IN_OPENER or speaks_to_machine(opener):
        return False
    own = said.stems | _stems(" ".join((city, *names)))
    glue = _folded(OPENER_GLUE.get(language, frozenset()))
    strange = {word for word in words - glue if len(word) > _SHORT and not word.isdigit() and word[:_STEM] not in own}
    # To name the city is not enough: every ad of a source has one.
    names_something = ({word[:_STEM] for word in words - glue if len(word) > _SHORT} & said.stems) - _stems(city)
    return not strange and bool(names_something) and set(_NUMBER.findall(opener)) <= said.numbers


def _website(answer: Enrichment, measured: Enrichment, website: WebsiteFacts | None) -> tuple[int | None, str]:
    """Score and reason of the model where both follow from what was found, else those that were measured."""
    score = bounded_score(measured.website_score, answer.website_score)
    facts = [measured.website_reason]
    if website is not None:
        facts += [website.title, website.description, website.text, *website.reasons]
    said = _Said(for_people(readable("\n".join(facts))))
    reason = answer.website_reason
    words = set(_folded_words(reason)) - _folded(REASON_GLUE)
    strange = {word for word in words if len(word) > _SHORT and not word.isdigit() and word[:_STEM] not in said.stems}
    follows = not strange and set(_NUMBER.findall(reason)) <= said.numbers and not speaks_to_machine(reason)
    if score is None or not reason or not follows or answer.website_score != score:
        return measured.website_score, measured.website_reason
    return score, reason


def _folded_words(text: str) -> list[str]:
    """Words and numbers, case and accents aside, so that spelling variants of one name agree."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("'", "").replace("’", "")
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", letters)


def _folded(words: frozenset[str]) -> set[str]:
    return {folded for word in words for folded in _folded_words(word)}


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _folded_words(text) if len(word) > _SHORT and not word.isdigit()}


def _has_blanks(text: str) -> bool:
    return not any(unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI")) for letter in text)
