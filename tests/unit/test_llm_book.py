"""An instance's grants: when their calls may begin by its own clock, and what it says became of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadgen.llm.book import Book, Reading, Slot
from leadgen.llm.decide import Amendment
from leadgen.llm.spending import Use
from leadgen.llm.window import Entry

SERVER_MS = 1_700_000_000_000
TRAVEL_S = 0.5


class Clock:
    """A monotonic clock that shows what it is set to."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def granted(clock: Clock, n: int, reading: Reading | None = None, tokens: int = 0) -> tuple[Book, list[Slot]]:
    entry = Entry(SERVER_MS, SERVER_MS + 2000, n, tokens, "one", "c", "00000000000000a1")
    book = Book(clock)
    return book, book.slots(entry, 7, "2026-11-22", reading or Reading(SERVER_MS, clock(), clock()), TRAVEL_S)


def told(book: Book) -> Amendment:
    [amendment] = book.take_news().amendments()
    return amendment


latencies = st.floats(0, 5)


@given(latencies, latencies, st.floats(0, 1))
def test_a_call_that_keeps_its_slot_arrives_in_its_grant_whenever_the_server_read_the_document(
    before: float, after: float, way: float
) -> None:
    """The read took `before + after` seconds; by the server's clock it was after the first of them."""
    read_at = 100.0
    _, [slot] = granted(Clock(), 1, Reading(SERVER_MS, read_at - before, read_at + after))

    def server_ms(monotonic: float) -> float:
        return SERVER_MS + (monotonic - read_at) * 1000

    assert server_ms(slot.opens_at) >= SERVER_MS - 1e-3
    assert server_ms(slot.lapses_at + way * TRAVEL_S) <= SERVER_MS + 2000 + 1e-3


@given(latencies, latencies, st.floats(0, 1.5), st.floats(0, 1), st.booleans())
def test_what_is_told_of_a_call_is_never_earlier_than_its_arrival(
    before: float, after: float, begins: float, way: float, is_answered: bool
) -> None:
    clock = Clock()
    read_at = clock()
    book, [slot] = granted(clock, 1, Reading(SERVER_MS, read_at - before, read_at + after))
    clock.now = read_at + after + begins
    slot.begun()
    clock.now += way * TRAVEL_S
    arrived_ms = SERVER_MS + (clock.now - read_at) * 1000
    if is_answered:
        slot.answered()
    slot.ended(Use(1))
    assert told(book).shuts >= arrived_ms - 1e-3


def test_a_call_that_began_can_not_be_taken_back() -> None:
    clock = Clock()
    book, slots = granted(clock, 3, tokens=30)
    slots[0].begun()
    slots[0].skipped()
    slots[1].skipped()
    slots[1].skipped()
    slots[2].begun()
    slots[2].begun()
    slots[2].ended(Use(1, 2, 3))
    slots[2].skipped()
    amendment = told(book)
    assert amendment.n == 2, "one never began; of the other two, one may still be on its way"
    assert amendment.tokens == 10 + 5


def test_while_one_of_its_calls_may_still_begin_an_entry_counts_in_full() -> None:
    clock = Clock()
    book, slots = granted(clock, 2)
    slots[0].begun()
    slots[0].ended(Use(1))
    assert told(book).shuts == SERVER_MS + 2000
    slots[1].begun()
    slots[1].ended(Use(1))
    assert told(book).shuts == SERVER_MS + 501


def test_news_that_could_not_be_written_is_told_the_next_time_once() -> None:
    book, slots = granted(Clock(), 2)
    slots[0].begun()
    slots[0].ended(Use(1, 1, 1, 5))
    lost = book.take_news()
    slots[1].skipped()
    book.give_back(lost)
    news = book.take_news()
    assert [one.use.calls for one in news.settlements] == [1, 0]
    assert [one.n for one in news.amendments()] == [1]
    assert not book.take_news().settlements
