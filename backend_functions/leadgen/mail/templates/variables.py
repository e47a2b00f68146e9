"""What a template can name. Values are data: never parsed as a template, and escaped in HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from pydantic.alias_generators import to_snake

from leadgen.mail.clean import one_line, paragraph, web_address
from leadgen.mail.lead_fields import Fields
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
    "fields": lambda lead, _: Fields(lead.fields),
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

_MAX_SHOWN = 300
_MAX_FIELDS = 100


def what_each_says(lead: LeadData, settings: Settings, defaults: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each variable with what it says for a lead, as plain text and shortened: for the author of a template.

    Args:
        lead: the lead.
        settings: the configuration.
        defaults: those the template declares, its constants among them.

    Returns:
        The variables in `NAMES`, a further field of the lead as `fields.price`, then the template's constants.
    """
    said = [(name, _said(name, lead, settings) or _default(name, defaults)) for name in NAMES if name != "fields"]
    fields = Fields(lead.fields)
    said += [(f"fields.{one_line(name, 60)}", fields.said(name)) for name in sorted(lead.fields)[:_MAX_FIELDS]]
    said += [(name, paragraph(value)) for name, value in defaults.items() if name not in GETTERS]
    return [(name, value[:_MAX_SHOWN]) for name, value in said]


def _said(name: str, lead: LeadData, settings: Settings) -> str:
    if name == "signature":
        return signature_text(settings.signature_html)
    value = GETTERS[name](lead, settings)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _default(name: str, defaults: Mapping[str, str]) -> str:
    return paragraph(defaults.get(name) or defaults.get(to_snake(name), ""))
