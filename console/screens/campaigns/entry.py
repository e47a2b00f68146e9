"""The rules of the campaign form, without widgets: what is valid, and which key a start carries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.format import number, plain
from console.screens.campaigns.choices import Choices


@dataclass(frozen=True)
class Entry:
    """What was filled in.

    Args:
        city: as typed.
        template: id of the template; `None` while none is chosen.
        leads: as typed.
    """

    city: str = ""
    template: int | None = None
    leads: str = ""

    def body(self, choices: Choices) -> dict[str, Any]:
        """The request that starts it; only for a valid entry."""
        city = choices.city(self.city)
        return {
            "city": city.name if city else self.city.strip(),
            "templateId": self.template,
            "numLeads": int(self.leads),
        }


def problems(entry: Entry, choices: Choices, most_leads: int) -> dict[str, str]:
    """What is wrong, by field; empty if nothing is."""
    found: dict[str, str] = {}
    if not entry.city.strip():
        found["city"] = "City: choose one."
    elif choices.cities and choices.city(entry.city) is None:
        found["city"] = f"City: {plain(entry.city, 20)!r} is not offered by any source."
    if entry.template is None:
        found["template"] = "Template: choose one." if choices.templates else "Template: there is none yet."
    leads = entry.leads.strip()
    if not leads:
        found["leads"] = f"Leads: how many? 1 to {number(most_leads)}."
    elif not (leads.isascii() and leads.isdigit()) or not 1 <= int(leads[:9]) <= most_leads:
        found["leads"] = f"Leads: a whole number, 1 to {number(most_leads)}."
    return found


FIELDS = {"city": "city", "templateId": "template", "numLeads": "leads"}
"""The backend's names for the fields of the form."""
_LABELS = {"city": "City", "template": "Template", "leads": "Leads"}


def refusals(fields: Iterable[Any]) -> dict[str, str]:
    """The backend's complaints, by field of the form.

    Args:
        fields: mappings or objects with ``field`` and ``allowed``.
    """
    found: dict[str, str] = {}
    for item in fields:
        values = item if isinstance(item, Mapping) else vars(item)
        name = FIELDS.get(str(values.get("field")))
        if name is not None:
            found[name] = f"{_LABELS[name]}: {plain(values.get('allowed', ''), 200)}"
    return found


class Keys:
    """The Idempotency-Key of each entry.

    The same entry keeps its key until its start is known to have succeeded, so pressing twice, or once more after an
    answer was lost, starts one campaign. After that the same entry is a new wish and gets a new key.

    Args:
        make: makes a key that was never used.
    """

    def __init__(self, make: Callable[[], str] = lambda: str(uuid.uuid4())) -> None:
        self._make = make
        self._keys: dict[Entry, str] = {}

    def key(self, entry: Entry) -> str:
        """The key to send with this entry."""
        return self._keys.setdefault(entry, self._make())

    def succeeded(self, entry: Entry) -> None:
        """Its campaign was started."""
        self._keys.pop(entry, None)
