"""What enrichment finds out about a lead, and the JSON schema a model must answer in.

There is no field for a phone number, an address or a page to write to: a model can't choose who is contacted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, StrictInt
from pydantic.alias_generators import to_camel

from leadgen.llm.clean import clean_text
from leadgen.model.documents import Document

Category = Literal[
    "Plumbing",
    "Cleaning",
    "Roofing",
    "Landscaping",
    "Moving",
    "Painting",
    "Electrical",
    "Heating and cooling",
    "Handyman",
    "Construction",
    "Photography",
    "Tutoring",
    "Music lessons",
    "Automotive",
    "Beauty",
    "Pet care",
    "Childcare",
    "Events",
    "Technology",
    "Consulting",
    "Other",
]
CATEGORIES: tuple[str, ...] = get_args(Category)

NAME_LENGTH = 80
SERVICE_LENGTH = 60
MAX_SERVICES = 8
REASON_LENGTH = 160
OPENER_LENGTH = 180


def _cleaner(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: clean_text(value, limit) if isinstance(value, str) else value)


def _services(value: Any) -> Any:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    cleaned = (clean_text(item, SERVICE_LENGTH) for item in value[: MAX_SERVICES * 4])
    return list({item.casefold(): item for item in cleaned if item}.values())[:MAX_SERVICES]


def _language(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


Name = Annotated[str, _cleaner(NAME_LENGTH)]


class Enrichment(Document):
    """The result. Every text in it is plain, on one line and bounded (see `clean_text`)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    business_name: Name = ""
    contact_name: Name = ""
    category: Category = "Other"
    services_rendered: Annotated[list[str], BeforeValidator(_services)] = []
    language: Annotated[str, BeforeValidator(_language), Field(pattern=r"^([a-z]{2})?$")] = ""
    """ISO 639-1 code of the post's language; empty if unknown."""
    website_score: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    website_reason: Annotated[str, _cleaner(REASON_LENGTH)] = ""
    opener: Annotated[str, _cleaner(OPENER_LENGTH)] = ""
    """One friendly line that uses only facts of the post."""


def _property(kind: str | list[str], description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description, **more}


RESPONSE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "businessName": _property("string", "Name of the business as the post writes it; empty if there is none."),
        "contactName": _property("string", "Name of the person as the post writes it; empty if there is none."),
        "category": _property("string", "The trade that fits best.", enum=list(CATEGORIES)),
        "servicesRendered": {
            "type": "array",
            "description": f"Up to {MAX_SERVICES} services the post offers, each in a few words of the post.",
            "items": {"type": "string"},
        },
        "language": _property("string", "ISO 639-1 code of the language of the post, two lower-case letters."),
        "websiteScore": _property(["integer", "null"], "0 to 100 for the website described; null if there is none."),
        "websiteReason": _property("string", "One short sentence on why the website scores so."),
        "opener": _property("string", "One friendly line to begin a mail with, only facts of the post."),
    },
}
RESPONSE_SCHEMA["required"] = list(RESPONSE_SCHEMA["properties"])
"""Structured outputs in strict mode want every property required and no others allowed
(https://platform.openai.com/docs/guides/structured-outputs)."""
