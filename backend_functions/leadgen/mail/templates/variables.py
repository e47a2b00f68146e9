"""What a template can name. Values are data: never parsed as a template, and escaped in HTML."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from pydantic.alias_generators import to_snake

from leadgen.mail.clean import one_line, paragraph, web_address
from leadgen.mail.plaintext import to_text
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData

Getter = Callable[[LeadData, Settings], Any]


def _services(lead: LeadData) -> list[str]:
    return [text for text in (one_line(item, 200) for item in lead.services_rendered[:50]) if text]


def _phrase(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def _greeting_name(lead: LeadData) -> str:
    first = one_line(lead.name).split(" ")[0].strip(",.;:")
    return first or one_line(lead.business_name) or "there"


_one_line = lru_cache(maxsize=16)(one_line)
"""For the configuration's texts, which are the same in every mail."""


@lru_cache(maxsize=16)
def clean_signature(signature_html: str) -> str:
    """The signature block without anything that runs or loads."""
    import nh3

    return nh3.clean(signature_html)


@lru_cache(maxsize=16)
def signature_text(signature_html: str) -> str:
    """The signature block for the plain-text part."""
    return to_text(clean_signature(signature_html))


_GETTERS: dict[str, Getter] = {
    "name": lambda lead, _: one_line(lead.name),
    "businessName": lambda lead, _: one_line(lead.business_name),
    "phone": lambda lead, _: one_line(lead.phone),
    "email": lambda lead, _: one_line(lead.email),
    "websiteUrl": lambda lead, _: web_address(lead.website_url),
    "category": lambda lead, _: one_line(lead.category),
    "city": lambda lead, _: one_line(lead.city),
    "title": lambda lead, _: one_line(lead.title),
    "opener": lambda lead, _: paragraph(lead.opener),
    "services": lambda lead, _: _phrase(_services(lead)),
    "servicesRendered": lambda lead, _: _services(lead),
    "greetingName": lambda lead, _: _greeting_name(lead),
    "senderName": lambda _, settings: _one_line(settings.sender_name),
    "companyName": lambda _, settings: _one_line(settings.company_name),
    "signature": lambda _, settings: Markup(clean_signature(settings.signature_html)),
}
GETTERS = _GETTERS | {to_snake(name): getter for name, getter in _GETTERS.items()}
"""How each variable gets its value, by either spelling of its name."""

KNOWN = frozenset(GETTERS) | {"range"}
"""Every name a template may use besides those it declares itself."""

NAMES = tuple(_GETTERS)
"""The variables, for messages."""
