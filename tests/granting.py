"""Slots and grants without Firestore, for tests of what calls models."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from leadgen.llm.book import Book, Reading, Slot
from leadgen.llm.governor import Grants
from leadgen.llm.spending import Use
from leadgen.llm.window import Entry

TRAVEL_S = 0.5
LATER = datetime(2026, 3, 2, 9, 0, 40, tzinfo=UTC)


def slots_in(book: Book, number: int, *, opens_in: float = 0.0, lasts: float = 60.0, campaign: str = "",
             provider: str = "one", micros: int = 0) -> list[Slot]:  # fmt: skip
    """Slots that open and lapse so many seconds from now, entered in a book."""
    server_ms, now = 1_000_000, book.now()
    opens = server_ms + round(opens_in * 1000)
    shuts = opens + round((lasts + TRAVEL_S) * 1000)
    entry = Entry(opens, shuts, number, 0, provider, campaign, "test.1")
    return book.slots(entry, micros, "2026-03-02", Reading(server_ms, now, now), TRAVEL_S)


class Counter:
    """A governor that gives out so many grants in all, and writes down what it is asked and told.

    Args:
        free: grants to give.
        usable_for: how long each lasts, in seconds.
        held: providers that asked everybody to wait.
    """

    def __init__(self, free: int, usable_for: float = 60.0, *, held: tuple[str, ...] = (),
                 monotonic: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self.free = free
        self.usable_for = usable_for
        self.book = Book(monotonic)
        self.asked: list[dict[str, int]] = []
        self.providers: list[str] = []
        self.prices: list[int | None] = []
        self.tokens: list[int] = []
        self.holds: list[tuple[str, datetime]] = []
        self.reports = 0
        self._held = held

    @property
    def uses(self) -> list[Use]:
        """What calls have used."""
        return [one.use for one in self.book.take_news().settlements if one.use != Use()]

    def take(self, provider: str, calls: Mapping[str, int], *, tokens: int = 0, micros: int | None = 0) -> Grants:
        """Ask for calls."""
        self.asked.append(dict(calls))
        self.providers.append(provider)
        self.prices.append(micros)
        self.tokens.append(tokens)
        if provider in self._held:
            return Grants((), LATER, "The provider asked everyone to wait.", held=True)
        given: list[Slot] = []
        for campaign, number in calls.items():
            part = min(number, self.free)
            self.free -= part
            if part:
                given += slots_in(self.book, part, lasts=self.usable_for, campaign=campaign, provider=provider)
        if len(given) == sum(calls.values()):
            return Grants(tuple(given), None)
        return Grants(tuple(given), LATER, "All 20 calls a minute are in use.")

    def hold(self, provider: str, until: datetime) -> bool:
        """Let nobody call a provider."""
        self.holds.append((provider, until))
        return True

    def report(self) -> bool:
        """Write down what was used."""
        self.reports += 1
        return True
