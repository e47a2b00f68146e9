"""The rules of the campaign form, without widgets: what is valid, and which key a start carries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.format import number, plain
from console.screens.campaigns.choices import Choices
from console.when import is_zone, parse_at, parse_days, parse_end, parse_time

NOW, ONCE, AGAIN = "now", "once", "again"


@dataclass(frozen=True)
class WhenEntry:
    """When it is to start, as typed.

    Args:
        kind: `NOW`, `ONCE` or `AGAIN`.
        at: date and time of the only run.
        days: days of the week.
        time: time of day.
        zone: timezone; empty for the city's.
        ends: when a recurring one ends; empty for never.
    """

    kind: str = NOW
    at: str = ""
    days: str = ""
    time: str = ""
    zone: str = ""
    ends: str = ""

    def problems(self) -> dict[str, str]:
        """What is wrong, by field; empty if nothing is."""
        checks: dict[str, tuple[str, Callable[[str], Any]]] = {}
        if self.kind == ONCE:
            checks = {"at": (self.at, parse_at)}
        elif self.kind == AGAIN:
            checks = {
                "days": (self.days, parse_days),
                "time": (self.time, parse_time),
                "ends": (self.ends, parse_end),
            }
        found = {}
        for name, (text, parse) in checks.items():
            try:
                parse(text)
            except ValueError as error:
                found[name] = f"{_LABELS[name]}: {error}."
        if checks and self.zone.strip() and not is_zone(self.zone.strip()):
            found["zone"] = "Zone: such as America/Chicago."
        return found

    def fields(self) -> dict[str, Any]:
        """The fields ``when`` and ``maxRuns`` of the request; only for a valid entry that is not `NOW`."""
        zone = {"timezone": self.zone.strip()} if self.zone.strip() else {}
        if self.kind == ONCE:
            return {"when": {"at": parse_at(self.at), **zone}}
        until, runs = parse_end(self.ends)
        when = {"days": parse_days(self.days), "time": parse_time(self.time), **zone}
        return {"when": {**when, **({"until": until} if until else {})}, **({"maxRuns": runs} if runs else {})}


@dataclass(frozen=True)
class Entry:
    """What was filled in.

    Args:
        city: as typed.
        template: id of the template; `None` while none is chosen.
        leads: as typed.
        when: when it is to start.
        schedule_id: the schedule that is to become so; empty for a campaign or a schedule of its own.
    """

    city: str = ""
    template: int | None = None
    leads: str = ""
    when: WhenEntry = field(default_factory=WhenEntry)
    schedule_id: str = ""

    @property
    def endpoint(self) -> str:
        """The backend's function that takes it."""
        return "triggerHarvest" if self.when.kind == NOW else "scheduleCampaign"

    def body(self, choices: Choices) -> dict[str, Any]:
        """The request that starts or schedules it; only for a valid entry."""
        city = choices.city(self.city)
        return {
            **({"scheduleId": self.schedule_id} if self.schedule_id else {}),
            "city": city.name if city else self.city.strip(),
            "templateId": self.template,
            "numLeads": int(self.leads),
            **(self.when.fields() if self.when.kind != NOW else {}),
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
    return {**found, **entry.when.problems()}


FIELDS = {
    "city": "city",
    "templateId": "template",
    "numLeads": "leads",
    "when.at": "at",
    "when.days": "days",
    "when.time": "time",
    "when.timezone": "zone",
    "when.until": "ends",
    "maxRuns": "ends",
}
"""The backend's names for the fields of the form."""
_LABELS = {
    "city": "City",
    "template": "Template",
    "leads": "Leads",
    "at": "At",
    "days": "Days",
    "time": "Time",
    "zone": "Zone",
    "ends": "Ends",
}


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
    """The Idempotency-Key of each entry, or of anything else that is to be asked for once.

    The same entry keeps its key until its start is known to have succeeded, so pressing twice, or once more after an
    answer was lost, starts one campaign. After that the same entry is a new wish and gets a new key.

    Args:
        make: makes a key that was never used.
    """

    def __init__(self, make: Callable[[], str] = lambda: str(uuid.uuid4())) -> None:
        self._make = make
        self._keys: dict[Hashable, str] = {}

    def key(self, entry: Hashable) -> str:
        """The key to send with this entry."""
        return self._keys.setdefault(entry, self._make())

    def succeeded(self, entry: Hashable) -> None:
        """Its campaign was started."""
        self._keys.pop(entry, None)
