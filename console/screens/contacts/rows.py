"""Contacts as rows of the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from console.contacts.fields import Kind, field_named
from console.contacts.listing import Entry, Listing, as_value
from console.format import phone, plain, when
from console.screens.contacts.columns import Shown
from widgets.spans import Spans
from widgets.table import Row

STATE_TONES = {
    "enriching": "accent",
    "review": "warn",
    "unsolved": "warn",
    "phone only": "",
    "ready": "accent",
    "sent": "good",
    "suppressed": "muted",
    "duplicate": "muted",
    "merged": "muted",
}
_QUIET = {"city", "category", "updated", "created", "sent", "campaign", "site", "url", "id", "timezone"}


class Source:
    """A listing as the table reads it.

    Args:
        listing: what was found.
        shown: the columns.
        marked: the contacts that are marked; looked at when a row is asked for.
        now: the moment, for dates.
        zone: the operator's timezone.
    """

    def __init__(
        self, listing: Listing, shown: Sequence[Shown], marked: set[str], now: datetime, zone: tzinfo | None
    ) -> None:
        self.listing = listing
        self._shown = tuple(shown)
        self._marked = marked
        self._now = now
        self._zone = zone

    def __len__(self) -> int:
        return len(self.listing)

    def row(self, index: int) -> Row:
        """The row at a place."""
        entry = self.listing.entry(index)
        if entry is None:
            blank: tuple[Spans, ...] = ((), (("(no longer there)", "muted"),), *(() for _ in self._shown[1:]))
            return Row("", blank)
        mark: Spans = (("▸", "accent"),) if entry.id in self._marked else ()
        return Row(entry.id, (mark, *(self._cell(entry, one.field) for one in self._shown)), entry.version)

    def _cell(self, entry: Entry, name: str) -> Spans:
        value = cell_text(entry, name, self._now, self._zone)
        if name == "status":
            return ((value, STATE_TONES.get(value, "")),)
        return ((value, "muted" if name in _QUIET else ""),) if value else ()

    def place_of(self, key: str) -> int | None:
        """Where a contact stands."""
        return self.listing.place_of(key)


def cell_text(entry: Entry, name: str, now: datetime, zone: tzinfo | None) -> str:
    """A value as text."""
    field = field_named(name)
    assert field is not None
    value: Any = as_value(field, entry.value(name))
    if value is None:
        if name == "business":
            return plain(entry.value("name") or entry.value("email") or phone(entry.value("phone")), 120)
        return ""
    if field.kind is Kind.MOMENT:
        return when(value, now, zone)
    return phone(value) if name == "phone" else plain(value, 200)
