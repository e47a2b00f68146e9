"""What a campaign can be made of: the cities and templates the backend offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.format import plain
from console.live.session import Session


@dataclass(frozen=True)
class City:
    """A city that can be harvested.

    Args:
        name: what the backend calls it.
        label: what people call it.
        timezone: where its clocks are; empty if not known.
        acknowledged: whether somebody acknowledged its source's terms.
    """

    name: str
    label: str = ""
    timezone: str = ""
    acknowledged: bool = True


@dataclass(frozen=True)
class TemplateChoice:
    """An email template that may be used."""

    id: int
    name: str
    subject: str = ""


@dataclass(frozen=True)
class Choices:
    """All that can be chosen."""

    cities: tuple[City, ...] = ()
    templates: tuple[TemplateChoice, ...] = ()

    def city(self, text: str) -> City | None:
        """The city meant by what was typed: its name or its label, in any case of letters."""
        wanted = text.strip().casefold()
        return next((c for c in self.cities if wanted in {c.name.casefold(), c.label.casefold()}), None)

    def completed(self, text: str) -> str:
        """The first city whose name begins with what was typed; empty if there is none, or nothing was typed."""
        typed = text.casefold()
        return next((c.name for c in self.cities if typed and c.name.casefold().startswith(typed)), "")

    def matching(self, text: str) -> tuple[City, ...]:
        """The cities whose name or label contains what was typed, those that begin with it first."""
        wanted = text.strip().casefold()
        found = [c for c in self.cities if wanted in c.name.casefold() or wanted in c.label.casefold()]
        return tuple(sorted(found, key=lambda c: (not c.name.casefold().startswith(wanted), c.name)))


def _items(answer: Any, key: str) -> Iterable[Mapping[str, Any]]:
    listed = answer.get(key, []) if isinstance(answer, Mapping) else answer
    return [item for item in listed or [] if isinstance(item, Mapping)]


def load_choices(session: Session) -> Choices:
    """Ask the backend. Blocks on the network.

    Raises:
        BackendError: it did not answer.
    """
    cities = tuple(
        City(
            str(item["city"]),
            plain(item.get("label") or "", 80),
            str(item.get("timezone") or ""),
            bool(item.get("acknowledged", True)),
        )
        for item in _items(session.call("getCities", None), "cities")
    )
    templates = tuple(
        TemplateChoice(
            int(item["templateId"]), plain(item.get("templateName") or "", 80), plain(item.get("baseSubject") or "")
        )
        for item in _items(session.call("getTemplates", None), "templates")
        if not item.get("isArchived")
    )
    return Choices(tuple(sorted(cities, key=lambda c: c.name)), tuple(sorted(templates, key=lambda t: t.id)))
