"""One instance's book of the grants it holds: what became of each, until the Governor's document has been told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from leadgen.llm.decide import Amendment, Settlement
from leadgen.llm.spending import Use
from leadgen.llm.window import Entry


@dataclass(frozen=True)
class Reading:
    """When the document was read, by two clocks.

    Args:
        server_ms: by the server's clock, in milliseconds since the epoch.
        before: this machine's monotonic clock before the read, in seconds.
        after: the same after it.
    """

    server_ms: int
    before: float
    after: float

    def earliest(self, server_ms: int) -> float:
        """The first monotonic time at which the server's clock has certainly reached a moment."""
        return self.after + (server_ms - self.server_ms) / 1000

    def latest(self, server_ms: int) -> float:
        """The last monotonic time at which the server's clock has certainly not passed a moment."""
        return self.before + (server_ms - self.server_ms) / 1000

    def at_most(self, monotonic: float) -> int:
        """What the server's clock shows at most at a monotonic time, in milliseconds since the epoch."""
        return self.server_ms + int((monotonic - self.before) * 1000) + 1


@dataclass
class _Page:
    """An entry of ours, and what became of its calls so far."""

    entry: Entry
    reserved: int
    day: str
    open: int
    arrivals: dict[int, int] = field(default_factory=dict)
    """By when each call that began has arrived, in milliseconds since the epoch, by the number of its slot."""
    ended: int = 0
    tokens: int = 0

    def amendment(self) -> Amendment:
        entry = self.entry
        each = entry.tokens // entry.n
        n = len(self.arrivals) + self.open
        shuts = entry.shuts if self.open else max(self.arrivals.values(), default=entry.opens)
        tokens = self.tokens + each * (n - self.ended)
        return Amendment(entry.owner, entry.opens, entry.campaign, n, shuts, tokens)


@dataclass(frozen=True)
class News:
    """What the document has not been told.

    Args:
        pages: entries of which more is known, by what names them.
        settlements: calls that ended, or never began.
    """

    pages: dict[tuple[str, int, str], _Page]
    settlements: list[Settlement]

    def amendments(self) -> list[Amendment]:
        """What is known of the entries by now."""
        return [page.amendment() for page in self.pages.values()]


class Slot:
    """The right to begin one call, from `opens_at` on and before `lapses_at` (monotonic seconds).

    Whoever holds it says what became of it: `skipped`, or `begun`, perhaps `answered`, and later `ended`. What is never
    said counts as the worst that can have happened.
    """

    def __init__(self, book: Book, page: _Page, number: int, reading: Reading, travel_s: float) -> None:
        self._book, self._page, self._number, self._reading = book, page, number, reading
        self._travel_s = travel_s
        self._begun_at: float | None = None
        self._done = False
        self.campaign = page.entry.campaign
        self.opens_at = reading.earliest(page.entry.opens)
        self.lapses_at = reading.latest(page.entry.shuts) - travel_s

    def skipped(self) -> None:
        """No byte of the call left, and none will: the grant may be given to somebody else."""
        if self._begun_at is None and not self._done:
            self._done = True
            self._book.skip(self._page)

    def begun(self) -> None:
        """The call's bytes are on their way."""
        if self._begun_at is None and not self._done:
            self._begun_at = self._book.now()
            self._book.begin(self._page, self._number, self._reading.at_most(self._begun_at + self._travel_s))

    def answered(self) -> None:
        """The provider has begun to answer, which proves that the call has arrived: often sooner than was reckoned."""
        if self._begun_at is not None and not self._done:
            self._book.arrived(self._page, self._number, self._reading.at_most(self._book.now()))

    def ended(self, use: Use) -> None:
        """The call is over.

        Args:
            use: what it used. A call that failed without saying used, as far as anybody knows, its prompt at least.
        """
        if self._begun_at is not None and not self._done:
            self._done = True
            self._book.end(self._page, use)


class Book:
    """Thread-safe.

    Args:
        monotonic: this machine's monotonic clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.now = monotonic
        self._lock = threading.Lock()
        self._changed: dict[tuple[str, int, str], _Page] = {}
        self._settlements: list[Settlement] = []

    def slots(self, entry: Entry, micros: int, day: str, reading: Reading, travel_s: float) -> list[Slot]:
        """The slots of an entry that was granted to us.

        Args:
            entry: as it stands in the log.
            micros: what each call has reserved.
            day: on which account.
            reading: of the document.
            travel_s: what is kept for the way to the provider.
        """
        page = _Page(entry, micros, day, entry.n)
        return [Slot(self, page, number, reading, travel_s) for number in range(entry.n)]

    def skip(self, page: _Page) -> None:
        """A call of the entry never began."""
        with self._lock:
            page.open -= 1
            self._note(page, Use())

    def begin(self, page: _Page, number: int, arrives_ms: int) -> None:
        """A call of the entry began, and has arrived by then."""
        with self._lock:
            page.open -= 1
            page.arrivals[number] = arrives_ms
            if not page.open:
                self._changed[_key(page)] = page

    def arrived(self, page: _Page, number: int, now_ms: int) -> None:
        """A call of the entry has arrived by now."""
        with self._lock:
            page.arrivals[number] = min(page.arrivals[number], now_ms)

    def end(self, page: _Page, use: Use) -> None:
        """A call of the entry is over."""
        with self._lock:
            page.ended += 1
            page.tokens += use.prompt_tokens + use.completion_tokens
            self._note(page, use)

    def take_news(self) -> News:
        """What the document has not been told. Whoever takes it writes it, or gives it back."""
        with self._lock:
            news = News(self._changed, self._settlements)
            self._changed, self._settlements = {}, []
            return news

    def give_back(self, news: News) -> None:
        """The document was not told."""
        with self._lock:
            self._changed = news.pages | self._changed
            self._settlements = news.settlements + self._settlements

    @property
    def has_use(self) -> bool:
        """Whether the account lacks something that was used."""
        return any(one.use != Use() for one in self._settlements)

    def _note(self, page: _Page, use: Use) -> None:
        self._changed[_key(page)] = page
        if page.reserved or use != Use():
            entry = page.entry
            self._settlements.append(Settlement(entry.provider, entry.campaign, page.day, page.reserved, use))


def _key(page: _Page) -> tuple[str, int, str]:
    return page.entry.owner, page.entry.opens, page.entry.campaign
