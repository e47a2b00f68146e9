"""Random histories of operators and leads behind CAPTCHAs, on whatever keeps the rules: pure, or stored.

The machine keeps a book of its own, written from what was answered, and compares. It knows nothing of how claims and
reports are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from leadgen.model.errors import Conflict, NotAllowed
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.review.decide import LEASE

LEADS = 2
PEOPLE = ("ann", "bob", "cyd")
GONE = (EmailStatus.CANCELLED, None)
people = st.sampled_from(PEOPLE)
leads = st.integers(0, LEADS - 1)


@dataclass(frozen=True)
class State:
    """A lead as it is stored."""

    status: ContactStatus
    attempts: int
    email: str
    mails: tuple[tuple[EmailStatus, str], ...]


@dataclass(frozen=True)
class Answer:
    """What a report was answered with."""

    status: str
    attempts: int
    epoch: int


class Floor(Protocol):
    """Where the work is done. Each call raises `Conflict` or `NotAllowed` when it is refused."""

    def claim(self, who: str, lead: int, renew: int | None) -> int: ...
    def release(self, who: str, lead: int, epoch: int | None) -> bool: ...
    def report(self, who: str, lead: int, email: str, epoch: int | None) -> Answer: ...
    def undo(self, who: str, lead: int, epoch: int | None) -> bool: ...
    def mail_leaves(self, lead: int) -> bool: ...
    def advance(self, seconds: float) -> None: ...
    def now(self) -> datetime: ...
    def state(self, lead: int) -> State: ...


@dataclass
class Book:
    """What the machine knows of one lead."""

    holder: str = ""
    until: datetime | None = None
    epoch: int = -1
    winner: tuple[str, str, int] | None = None
    failures: list[tuple[str, int]] = field(default_factory=list)
    last: tuple[str, str, int] | None = None
    """The last report that counted and was not taken back: who, address or "", epoch."""
    sent: int = 0
    epochs: list[int] = field(default_factory=lambda: [0])


class History(RuleBasedStateMachine):
    """Three operators, two leads, and time."""

    floor: Floor
    max_attempts = 3

    def make(self) -> Floor:
        """Where this history happens."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.floor = self.make()
        self.books = [Book() for _ in range(LEADS)]

    def _epoch(self, book: Book, which: int) -> int | None:
        """None, the present claim's, or some earlier one's."""
        return None if which == 0 else book.epochs[-1] if which == 1 else book.epochs[which % len(book.epochs)]

    def _others(self, book: Book, who: str) -> bool:
        return bool(book.holder) and book.holder != who and book.until is not None and book.until > self.floor.now()

    @rule(who=people, lead=leads)
    def claim(self, who: str, lead: int) -> None:
        book = self.books[lead]
        try:
            epoch = self.floor.claim(who, lead, None)
        except Conflict:
            assert self._others(book, who) or self.floor.state(lead).status is not ContactStatus.PENDING_CAPTCHA
            return
        assert not self._others(book, who), "two operators on one lead"
        assert epoch > max(book.epochs), "a claim's epoch is new"
        book.holder, book.until, book.epoch = who, self.floor.now() + LEASE, epoch
        book.epochs.append(epoch)

    @rule(who=people, lead=leads, which=st.integers(1, 9))
    def prolong(self, who: str, lead: int, which: int) -> None:
        book, epoch = self.books[lead], self._epoch(self.books[lead], which)
        try:
            self.floor.claim(who, lead, epoch)
        except Conflict:
            return
        assert (book.holder, book.epoch) == (who, epoch), "a lost claim was prolonged"
        book.until = self.floor.now() + LEASE

    @rule(who=people, lead=leads, which=st.integers(0, 9))
    def release(self, who: str, lead: int, which: int) -> None:
        book, epoch = self.books[lead], self._epoch(self.books[lead], which)
        changed = self.floor.release(who, lead, epoch)
        assert changed == (book.holder == who and epoch in (None, book.epoch))
        if changed:
            book.holder = ""

    @rule(who=people, lead=leads, which=st.integers(0, 9), address=st.sampled_from(["x", "y", ""]))
    def report(self, who: str, lead: int, which: int, address: str) -> None:
        book, epoch = self.books[lead], self._epoch(self.books[lead], which)
        email = f"{address}{lead}@works.com" if address else ""
        before = self.floor.state(lead)
        try:
            answer = self.floor.report(who, lead, email, epoch)
        except Conflict as refusal:
            note(f"refused: {refusal.detail}")
            free = before.status is ContactStatus.PENDING_CAPTCHA and not self._others(book, who)
            assert not (free and epoch is None), "a report on a free lead was refused"
            assert not (free and (book.holder, book.epoch) == (who, epoch)), "the holder was refused"
            return
        after = self.floor.state(lead)
        if book.last == (who, email, answer.epoch) and after == before:
            return  # a repeat: answered, nothing changed
        assert before.status is ContactStatus.PENDING_CAPTCHA
        assert book.winner is None, "two winners"
        assert not self._others(book, who), "reported on a lead that another operator has"
        assert epoch is None or (book.holder, book.epoch) == (who, epoch), "reported with a lost claim"
        book.holder, book.last = "", (who, email, answer.epoch)
        book.epochs.append(answer.epoch)
        if email:
            book.winner = book.last
        else:
            book.failures.append((who, answer.epoch))

    @rule(lead=leads)
    def the_holder_solves(self, lead: int) -> None:
        book = self.books[lead]
        if book.holder:
            self.report(book.holder, lead, 1, "x")

    @rule(who=people, lead=leads, which=st.integers(0, 9))
    def undo(self, who: str, lead: int, which: int) -> None:
        self._undo(who, lead, self._epoch(self.books[lead], which))

    @rule(lead=leads, other=st.sampled_from(["", *PEOPLE]))
    def undo_the_last(self, lead: int, other: str) -> None:
        last = self.books[lead].last
        if last is not None:
            self._undo(other or last[0], lead, last[2])

    def _undo(self, who: str, lead: int, epoch: int | None) -> None:
        book = self.books[lead]
        try:
            changed = self.floor.undo(who, lead, epoch)
        except (Conflict, NotAllowed):
            if book.last is not None and book.last[0] == who and epoch in (None, book.last[2]):
                assert book.sent, "one's own report could not be taken back"
            return
        if not changed:
            return
        assert book.last is not None
        assert book.last[0] == who
        assert epoch in (None, book.last[2])
        assert not (book.winner and book.sent), "taken back after the mail left"
        if book.winner is None:
            book.failures.pop()
        book.winner = book.last = None

    @rule(lead=leads, late_undo=st.booleans())
    def mail_leaves(self, lead: int, late_undo: bool) -> None:
        book = self.books[lead]
        if self.floor.mail_leaves(lead):
            book.sent += 1
            assert book.winner is not None, "a mail left without a solution"
        assert book.sent <= 1, "two mails"
        if late_undo:
            self.undo_the_last(lead, "")

    @rule(share=st.sampled_from([0.3, 1.0]))
    def time_passes(self, share: float) -> None:
        self.floor.advance(LEASE.total_seconds() * share)

    @invariant()
    def the_books_agree(self) -> None:
        for number, book in enumerate(getattr(self, "books", [])):
            state = self.floor.state(number)
            live = [mail for mail in state.mails if mail[0] not in GONE]
            assert len(state.mails) <= 1, "two mails"
            assert state.attempts == len(book.failures), (state, book)
            if book.winner is not None:
                assert (state.status, state.email) == (ContactStatus.PROCESSED, book.winner[1])
                assert [mail[1] for mail in live] == [book.winner[1]], "the mail is the winner's"
            else:
                given_up = len(book.failures) >= self.max_attempts
                assert state.status is (ContactStatus.CAPTCHA_FAILED if given_up else ContactStatus.PENDING_CAPTCHA)
                assert not live
                assert not state.email

    def teardown(self) -> None:
        """Nothing is stuck: once the claims have run out, every lead that waits can be taken and solved."""
        if not hasattr(self, "books"):
            return
        self.floor.advance(LEASE.total_seconds())
        for number in range(LEADS):
            if self.floor.state(number).status is ContactStatus.PENDING_CAPTCHA:
                epoch = self.floor.claim("cyd", number, None)
                assert self.floor.report("cyd", number, f"z{number}@works.com", epoch).status == "PROCESSED"
