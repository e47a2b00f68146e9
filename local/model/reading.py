"""What the rules make of an ad: the "understanding" of this model. The same text gives the same findings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TRADES: tuple[tuple[str, str], ...] = (
    ("plumb", "plumb|drain|sewer|water heater|faucet|repipe|slab leak"),
    ("clean", r"cleaning|\bmaids?\b|baseboards|move.?out clean"),
    ("roof", r"\broof|shingle|gutters?\b|hail"),
    ("landscap", r"landscap|\blawn|\byard\b|mulch|sprinkler|irrigation|tree trimming"),
    ("moving", r"\bmovers?\b|\bmoving\b|junk removal|loading|piano and safe"),
    ("paint", r"\bpaint(?!\s+correction)|staining|popcorn ceiling"),
    ("electric", r"electric(?! guitar)|panel upgrade|ev charger|gfci|rewiring"),
    ("heat", r"\bhvac\b|\bac\b|furnace|mini split|thermostat|duct"),
    ("handyman", "handyman|tv mounting|furniture assembly|odd jobs|drywall patch"),
    ("photo", "photo|portrait|headshot"),
    ("music", "piano lessons|guitar|voice coach|drum lessons|violin|music theory|beginner piano"),
    ("tutor", "tutor|algebra|calculus|sat / act|homework|essay coaching"),
    ("auto", "detailing|detail specials|ceramic coating|headlight|oil change|mechanic|hand wash|shampoo and"),
    ("pet", r"\bdogs?\b|\bcats?\b|grooming|nail trims|\bpets?\b care"),
    ("beauty", r"salon|manicure|\blash|barber|makeup"),
    ("consult", "consult|bookkeep|marketing|notary"),
)
_PERSON = re.compile(r"\b(?:my name is|ask for|me llamo)\s+([A-Z][\w'’]+(?:\s[A-Z][\w'’]+)?)", re.IGNORECASE)
_BOTH = re.compile(r"^([A-Z][^\n–—:]{1,60}?)\s+[–—-]\s+([A-Z][\w'’]+(?:\s[A-Z][\w'’.]+)?)\.", re.MULTILINE)
_TITLED = re.compile(r"^([A-Z][^:]{2,50}):\s")
_OFFER = re.compile(r"\b(?:we do(?! not)|we offer|i offer|hacemos)\s+([^.!?\n]+)", re.IGNORECASE)
_SPANISH = re.compile(r"\b(?:el|los|las|para|con|una|nosotros|servicio|llame|hacemos|años)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Ad:
    """The data in a prompt."""

    title: str
    body: str
    city: str
    website: dict[str, Any] | None


def find_ad(messages: Sequence[tuple[str, str]]) -> Ad:
    """The ad in a conversation: the JSON object of the last user message, or else that message's plain text."""
    text = next((content for role, content in reversed(messages) if role == "user"), messages[-1][1])
    start = text.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else ({}, 0)
    except ValueError:
        found = {}
    ad = found.get("ad", found) if isinstance(found, dict) else {}
    if not isinstance(ad, dict) or not isinstance(ad.get("body"), str):
        return Ad("", text, "", None)
    website = ad.get("website")
    return Ad(
        str(ad.get("title", "")), ad["body"], str(ad.get("city", "")), website if isinstance(website, dict) else None
    )


def category(ad: Ad, allowed: Sequence[str]) -> str:
    """The allowed category whose trade the ad's words speak of most; "Other", or the last one, if none fits."""
    title, body = ad.title.lower(), ad.body.lower()
    points = {stem: 3 * len(re.findall(words, title)) + len(re.findall(words, body)) for stem, words in _TRADES}
    for stem in sorted(points, key=lambda key: -points[key]):
        fitting = next((name for name in allowed if stem in name.lower()), None)
        if points[stem] and fitting:
            return fitting
    return "Other" if "Other" in allowed else allowed[-1]


def services(ad: Ad) -> list[str]:
    """What the ad says it does: a list of short lines, or what follows "we do"."""
    lines = [line.strip(" \t-*•") for line in ad.body.splitlines()]
    listed = [
        line for line in lines if 3 <= len(line) <= 45 and line[-1] not in ".!?:," and not re.search(r"\d{3}|@", line)
    ]
    offer = _OFFER.search(ad.body)
    if offer:
        return [part.strip() for part in re.split(r",\s*|\s+and\s+(?=[^,]+$)", offer[1]) if part.strip()][:8]
    return listed[:8] if len(listed) >= 3 else []


def names(ad: Ad) -> tuple[str, str]:
    """Business and person, as written."""
    both = _BOTH.search(ad.body)
    if both:
        return both[1], both[2]
    titled, person = _TITLED.search(ad.title), _PERSON.search(ad.body)
    return (titled[1] if titled else ""), (person[1] if person else "")


def language(ad: Ad) -> str:
    """Spanish or English."""
    words = max(1, len(ad.body.split()))
    return "es" if len(_SPANISH.findall(ad.body)) / words > 0.12 else "en"


def website(ad: Ad) -> tuple[int | None, str]:
    """A score from the facts in the prompt."""
    if ad.website is None:
        return None, ""
    if ad.website.get("reachable") is False:
        return 5, "The website does not answer."
    good = [name for name in ("https", "title", "description", "mobileReady", "hasContact") if ad.website.get(name)]
    return 10 + 18 * len(good), f"Of five basics it has {len(good)}."


def opener(ad: Ad) -> str:
    """A friendly line from what the ad says."""
    offers = services(ad)
    place = f" in {ad.city.replace('-', ' ').title()}" if ad.city else ""
    what = f" for {offers[0][0].lower() + offers[0][1:]}" if offers else ""
    return f"Your ad{what}{place} caught my eye."
