"""Enrichment by rules alone: useful where no model is configured, and where one has failed.

Pure: a lead and what is known of its website go in, an `Enrichment` comes out.
"""

from __future__ import annotations

import re
from collections import Counter

from leadgen.llm.clean import clean_text
from leadgen.llm.schema import MAX_SERVICES, SERVICE_LENGTH, Category, Enrichment
from leadgen.llm.vocabulary import BUSINESS_WORDS, LANGUAGE_WORDS, TRADE_WORDS
from leadgen.llm.website import WebsiteFacts, measured_score
from leadgen.model.documents import LeadData

_READ_LENGTH = 8000
"""So much of a post is read; ads are far shorter."""
_TITLE_WEIGHT = 3

_WORD = re.compile(r"[^\W\d_]+")
_NAME = r"[A-ZÀ-Þ][\w'’]{1,20}(?:\s[A-ZÀ-Þ][\w'’.]{0,20})?"
_PERSON = (
    re.compile(rf"\b(?:[Mm]y name is|[Mm]y name's|[Aa]sk for|[Mm]e llamo)\s({_NAME})"),
    re.compile(rf"\b(?:I am|I'm|I’m|[Ss]oy)\s({_NAME})(?=[\s,.!])"),
    re.compile(rf"\b(?:[Cc]all|[Tt]ext|[Rr]each|[Cc]ontact)\s(?:or text\s)?({_NAME})\s(?:at|on|any)\b"),
)
_BUSINESS_AND_PERSON = re.compile(rf"^([^\n–—:]{{2,80}}?)\s+[–—-]\s+({_NAME})\.", re.MULTILINE)
_TITLE_BUSINESS = re.compile(r"^([^:|]{2,60}?)\s*[:|]\s")
_INTRODUCED = re.compile(
    r"\b(?:[Hh]ere at|[Ww]e are|[Ww]e[’']re|[Tt]his is|[Ww]elcome to)\s((?:[A-Z&][\w'’&.-]{0,30}\s?){2,6})"
)
_BULLET = re.compile(r"^[ \t]{0,8}(?:[-*•·▪►✓✔]|\d{1,2}[.)])[ \t]{1,8}(\S.{2,80})$", re.MULTILINE)
_OFFERED = re.compile(
    r"\b(?:we do|we offer|i do|i offer|services include|services:|specializing in|hacemos|ofrecemos)"
    r"(?!\s+(?:not|no)\b)\s+([^.!?\n]{5,300})",
    re.IGNORECASE,
)
_COMMAS = re.compile(r"\s*[,;]\s*")
_LAST_AND = re.compile(r"^(.+)\s(?:and|y)\s(.+)$")
_NOT_NAMES = frozenset({"us", "me", "now", "today", "any", "the", "or", "our", "your", "for", "we", "text", "call"})


def enrich_by_rules(lead: LeadData, website: WebsiteFacts | None = None) -> Enrichment:
    """Describe a lead from its title, text and city, and the facts of its website.

    Args:
        lead: as the Processor left it.
        website: what was found at its address, with the measured score.
    """
    title, body = lead.title[:_READ_LENGTH], lead.body[:_READ_LENGTH]
    score, reason = measured_score(website or (WebsiteFacts(lead.website_url) if lead.website_url else None))
    category = find_category(title, body)
    services = find_services(body, category)
    business, person = find_names(title, body)
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
    """The trade whose words occur most, those of the title counting more; ``Other`` if none does."""
    heading, text = f" {title.lower()} ", f" {body.lower()} "
    points: Counter[Category] = Counter()
    for category, words in TRADE_WORDS.items():
        for word in words:
            pattern = re.compile(rf"\b{re.escape(word)}")
            points[category] += _TITLE_WEIGHT * bool(pattern.search(heading)) + min(2, len(pattern.findall(text)))
    best, score = points.most_common(1)[0]
    return best if score > 0 else "Other"


def find_services(body: str, category: Category) -> list[str]:
    """Services the post lists, as bullets or lines of a list, or after "we do"; else the words of its trade it uses."""
    listed = _BULLET.findall(body)
    for sentence in _OFFERED.findall(body):
        listed += _enumerated(sentence)
    if not listed:
        listed = _plain_list(body)
    if not listed and category != "Other":
        lower = body.lower()
        listed = [word.strip() for word in TRADE_WORDS[category] if " " in word.strip() and word in lower]
    cleaned = (clean_text(item, SERVICE_LENGTH).rstrip(".") for item in listed)
    return list({item.casefold(): item for item in cleaned if len(item) > 2 and len(item.split()) <= 8}.values())[
        :MAX_SERVICES
    ]


def _enumerated(sentence: str) -> list[str]:
    """ "drains, faucets and toilets" → its three parts; only the last "and" ends an enumeration."""
    *parts, tail = _COMMAS.split(sentence)
    pair = _LAST_AND.match(tail)
    parts += pair.groups() if pair else [tail]
    return [re.sub(r"^(?:and|y)\s+", "", part) for part in parts]


def _plain_list(body: str) -> list[str]:
    """The longest run of at least three short lines that are no sentences: a list whose bullets were lost."""
    best: list[str] = []
    run: list[str] = []
    for line in [*body.splitlines(), "."]:
        text = line.strip()
        if not text:
            continue
        if len(text) <= 50 and text[-1] not in ".!?:," and not re.search(r"\d{3}|@", text):
            run.append(text)
            continue
        best = max(best, run, key=len)
        run = []
    return best if len(best) >= 3 else []


def find_names(title: str, body: str) -> tuple[str, str]:
    """The business's and the person's name as the post writes them; empty where it does not say."""
    person = ""
    for pattern in _PERSON:
        match = pattern.search(body)
        if match and match[1].split()[0].lower() not in _NOT_NAMES:
            person = match[1].rstrip(".")
            break
    both = _BUSINESS_AND_PERSON.search(body)
    if both:
        return both[1].strip(), both[2]
    candidates = [m[1] for m in (_TITLE_BUSINESS.search(title), _INTRODUCED.search(body)) if m]
    business = next((name.strip(" .") for name in candidates if _looks_like_business(name)), "")
    return business, person


def _looks_like_business(name: str) -> bool:
    words = name.split()
    capitals = sum(word[0].isupper() or word[0] == "&" for word in words)
    return 2 <= len(words) <= 6 and capitals == len(words) and _last_word(words) in BUSINESS_WORDS


def _last_word(words: list[str]) -> str:
    return words[-1].lower().strip(".,")


def find_language(text: str) -> str:
    """ISO 639-1 code of the language whose small words occur most; empty for a text too short to tell."""
    words = Counter(word.lower() for word in _WORD.findall(text))
    points = {code: sum(words[word] for word in small) for code, small in LANGUAGE_WORDS.items()}
    best = max(points, key=lambda code: points[code])
    return best if points[best] >= 2 else ""


def write_opener(services: list[str], category: Category, city: str, language: str) -> str:
    """One line for the beginning of a mail, made of what the post says and nothing else."""
    place = clean_text(city.replace("-", " ").replace("_", " ").title() if city.islower() else city, 40)
    offer = services[0] if services else ("" if category == "Other" else category.lower())
    if language == "es":
        where = f" en {place}" if place else ""
        return f"Vi su anuncio sobre {offer}{where}." if services else f"Vi su anuncio{where}."
    where = f" in {place}" if place else ""
    if not offer:
        return f"I came across your ad{where}."
    return f"I came across your ad for {_lower_first(offer)}{where}."


def _lower_first(text: str) -> str:
    """ "Drain cleaning" → "drain cleaning", but "AC repair" and "EV chargers" stay."""
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text
