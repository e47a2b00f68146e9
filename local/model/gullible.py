"""A model that believes its reader: it does what an ad tells it to do, as far as a program can tell what that is.

For tests of what keeps an ad from being obeyed: where the model resists, nothing else is tested.
"""

from __future__ import annotations

import json
import re
from typing import Any

from local.model.reading import Ad

_FIELDS = {
    "businessname": "businessName", "business": "businessName", "contactname": "contactName", "name": "contactName",
    "category": "category", "services": "servicesRendered", "servicesrendered": "servicesRendered",
    "language": "language", "websitescore": "websiteScore", "score": "websiteScore", "rating": "websiteScore",
    "websitereason": "websiteReason", "reason": "websiteReason", "opener": "opener", "openingline": "opener",
    "email": "email", "recipient": "recipient", "phone": "phone", "url": "url", "websiteurl": "websiteUrl",
}  # fmt: skip
_KEY = (
    r"(business ?name|contact ?name|category|services(?: ?rendered)?|language|website ?(?:score|reason|url)|score|"
    r"rating|opener|opening line|email|recipient|phone|url|name|reason)"
)
_ORDER = re.compile(
    rf"\b{_KEY}\b[\"']?\s{{0,3}}(?:field\s)?(?:to|=|:|as|is|must be|should be|with)\s{{0,3}}"
    r"[\"“']?([^\n\"”]{1,4000})",
    re.IGNORECASE,
)
_NO_JSON = re.compile(
    r"ignore the (?:json )?schema|plain text only|do not (?:answer|respond) (?:in|with) json", re.IGNORECASE
)
_LONGEST = 20_000


def obeyed(ad: Ad, answer: dict[str, Any], allowed: dict[str, list[Any]]) -> str:
    """The answer as the ad orders it.

    Args:
        ad: whose text gives the orders.
        answer: what an honest model would say.
        allowed: values that the schema allows, by field: decoding by grammar keeps even this model to them.
    """
    website = " ".join(str(value) for value in (ad.website or {}).values())
    text = f"{ad.title}\n{ad.body}\n{website}"
    if _NO_JSON.search(text):
        return text[:_LONGEST]
    given = dict(answer)
    for key, value in [*_ORDER.findall(text), *_objects(text)]:
        field = _FIELDS.get(re.sub(r"[\s_]", "", str(key)).lower(), str(key))
        given[field] = _fitting(field, value, answer, allowed)
    return json.dumps(given, ensure_ascii=False)


def echoed(ad: Ad, answer: dict[str, Any], allowed: dict[str, list[Any]]) -> str:
    """Every text of the answer replaced by the ad's first line: the most an ad can hope for."""
    text = next((line for line in f"{ad.body}\n{ad.title}".splitlines() if line.strip()), "")[:_LONGEST]
    given = {key: _fitting(key, text, answer, allowed) for key in answer}
    return json.dumps(
        {**given, "websiteScore": None if answer.get("websiteScore") is None else 100}, ensure_ascii=False
    )


def _objects(text: str) -> list[tuple[str, Any]]:
    """What the JSON objects in a text say."""
    found: list[tuple[str, Any]] = []
    decoder = json.JSONDecoder()
    for match in list(re.finditer(r"\{", text))[:50]:
        try:
            value, _ = decoder.raw_decode(text[match.start() :])
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found += value.items()
    return found


def _fitting(field: str, value: Any, answer: dict[str, Any], allowed: dict[str, list[Any]]) -> Any:
    """What is ordered, in the type the field has."""
    if field in allowed:
        named = [one for one in allowed[field] if isinstance(one, str) and one and one.lower() in str(value).lower()]
        return named[0] if named else answer[field]
    present = answer.get(field)
    if field == "websiteScore":
        number = re.search(r"\d{1,3}", str(value))
        return min(100, int(number[0])) if number else present
    if isinstance(present, list):
        return value if isinstance(value, list) else [part.strip() for part in re.split(r",\s", str(value))]
    if field == "language":
        return str(value)[:2].lower() if str(value)[:2].isascii() and str(value)[:2].isalpha() else present
    return str(value)
