"""Answers: JSON that fits the schema asked for, its fields filled by name from what the rules read in the ad."""

from __future__ import annotations

import json
from typing import Any

from local.model import reading
from local.model.gullible import echoed, obeyed
from local.model.reading import Ad, find_ad
from local.model.requests import ChatRequest

_MAX_DEPTH = 8
_TEMPERS = {"obey": obeyed, "echo": echoed}


def answer(request: ChatRequest, temper: str = "") -> str:
    """The text of the answer.

    Args:
        request: what is asked.
        temper: ``obey`` or ``echo`` for a model that does what an ad tells it to; see `local.model.gullible`.
    """
    ad = find_ad(request.messages)
    if request.schema is not None:
        value = _value("", request.schema, ad, _MAX_DEPTH)
        if temper in _TEMPERS and isinstance(value, dict):
            return _TEMPERS[temper](ad, value, _enums(request.schema))
        return json.dumps(value, ensure_ascii=False)
    summary = reading.opener(ad)
    return json.dumps({"answer": summary}) if request.json_only else summary


def _enums(schema: dict[str, Any]) -> dict[str, list[Any]]:
    properties = schema.get("properties", {})
    return {key: inner["enum"] for key, inner in properties.items() if isinstance(inner.get("enum"), list)}


def _value(name: str, schema: dict[str, Any], ad: Ad, depth: int) -> Any:
    """A value that fits a schema: by the field's name where the rules know it, else the plainest of its type."""
    if isinstance(schema.get("anyOf"), list) and schema["anyOf"]:
        return _value(name, schema["anyOf"][0], ad, depth)
    kinds = schema.get("type", "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "object" in kinds:
        properties = schema.get("properties", {}) if depth else {}
        return {key: _value(key, inner, ad, depth - 1) for key, inner in properties.items()}
    if schema.get("enum"):
        return _chosen(name, schema["enum"], ad)
    found = _known(name, ad)
    if found is None and "null" in kinds:
        return None
    return _as_kind(found, kinds[0])


def _chosen(name: str, allowed: list[Any], ad: Ad) -> Any:
    texts = [item for item in allowed if isinstance(item, str)]
    if name == "category" and texts:
        return reading.category(ad, texts)
    found = _known(name, ad)
    return found if found in allowed else allowed[-1]


def _known(name: str, ad: Ad) -> Any:
    business, person = reading.names(ad)
    score, reason = reading.website(ad)
    known: dict[str, Any] = {
        "businessName": business,
        "contactName": person,
        "servicesRendered": reading.services(ad),
        "language": reading.language(ad),
        "websiteScore": score,
        "websiteReason": reason,
        "opener": reading.opener(ad),
    }
    return known.get(name)


def _as_kind(value: Any, kind: str) -> Any:
    plain: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "null": None}
    types: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "array": list}
    return value if kind in types and isinstance(value, types[kind]) else plain.get(kind)


def tokens(text: str) -> int:
    """How many tokens a text is counted as: one for every four characters begun."""
    return -(-len(text) // 4)
