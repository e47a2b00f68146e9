"""The LLM Governor: at most N model calls begin in any rolling minute, over all instances, whatever crashes.

All instances share one document. A grant is one compare-and-set on it, dated by the server's clock at the read; what
several threads of an instance want at the same moment is asked for together. What was granted counts for the whole
window unless its holder says that it never began: a call whose bytes may have left can't be taken back. When Firestore
can't be asked, nothing is granted.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leadgen.llm.book import Book, Reading, Slot
from leadgen.llm.decide import State, Verdict, Wish, amended, decide, settled
from leadgen.llm.spending import day_of
from leadgen.llm.state import (
    GovernorState,
    configure_limit_changes,
    from_ms,
    stored,
    to_ms,
)
from leadgen.llm.window import Pace
from leadgen.model.errors import Unavailable
from leadgen.model.ids import digest
from leadgen.store.client import Collections
from leadgen.store.clock import Clock, SystemClock
from leadgen.store.records import Commit, Raced, Record, retrying, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentSnapshot

__all__ = ["Governor", "Grants", "Slot", "configure_limit_changes"]

READ_TIMEOUT_S = 5.0
READ_RETRY_S = 8.0
"""How long a read that meets a passing failure is tried again."""
STORE_RETRY_S = 15.0
"""When to ask again after Firestore failed."""
REFUSAL_NOTE_S = 5.0
"""An instance writes a refusal down at most this often: being full must not cost writes."""
LONGEST_CLOSED_S = 5.0
"""An instance that found nothing asks again after this at the latest: the limit may have been raised."""
MAX_HOLD_S = 600.0
"""No provider's Retry-After stops everybody for longer than this without being asked again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Grants:
    """What `take` gives.

    Args:
        slots: the calls that may begin, in the order in which they may.
        retry_at: when to ask for the rest; `None` if all that was wanted was granted.
        reason: why not all was granted, for a person to read.
        held: whether it is this provider that asked everyone to wait: another one may be free.
    """

    slots: tuple[Slot, ...]
    retry_at: datetime | None
    reason: str = ""
    held: bool = False


@dataclass
class _Place:
    """One thread's wish, until it is answered."""

    calls: Mapping[str, int]
    tokens: int
    micros: int | None
    slots: list[Slot] = field(default_factory=list)
    answer: Grants | None = None

    def missing(self, campaign: str) -> int:
        return self.calls.get(campaign, 0) - sum(1 for slot in self.slots if slot.campaign == campaign)


@dataclass
class _Desk:
    """Where the threads of this instance ask for calls to one provider: whoever gets the turn asks for all in line."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    line: list[_Place] = field(default_factory=list)
    closed: Grants | None = None
    """The answer until `opens`, because there is nothing to be had before."""
    opens: float = 0.0


@dataclass(frozen=True)
class _Answer:
    verdict: Verdict
    reading: Reading
    day: str


class Governor:
    """Gives out grants for model calls; safe to share between threads.

    Args:
        db: the Firestore client.
        owner: a name no other instance has.
        pace: the lengths; all instances of a deployment must use the same.
        clock: used only when Firestore, whose clock counts, can't be asked.
        monotonic: seconds that never go back, on this machine.
        sleep: waits between attempts that lost a race.
        rng: source of the jitter.
    """

    def __init__(
        self,
        db: Client,
        *,
        owner: str,
        pace: Pace | None = None,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._db = db
        self._names = Collections(db)
        self._pace = pace or Pace()
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._instance = digest(owner)[:8]
        self._numbers = itertools.count(1)
        self._book = Book(monotonic)
        self._desks: dict[str, _Desk] = {}
        self._lock = threading.Lock()
        self._noted = -REFUSAL_NOTE_S

    def take(self, provider: str, calls: Mapping[str, int], *, tokens: int = 0, micros: int | None = 0) -> Grants:
        """Ask for calls. Never waits for the window and never raises.

        Args:
            provider: who is to be called.
            calls: how many calls, by campaign ("" for leads without one).
            tokens: what each call may use at most.
            micros: what each call may cost at most, in millionths of a dollar; `None` if nobody knows, then nothing is
                granted while the day's money is limited.
        """
        wanted = {campaign: number for campaign, number in calls.items() if number > 0}
        if not wanted:
            return Grants((), None)
        place = _Place(wanted, tokens, micros)
        with self._lock:
            desk = self._desks.setdefault(provider, _Desk())
            if desk.closed is not None and self._monotonic() < desk.opens:
                return desk.closed
            desk.line.append(place)
        with desk.turn:
            if place.answer is None:
                with self._lock:
                    line, desk.line = desk.line, []
                self._serve(provider, desk, line)
        assert place.answer is not None
        return place.answer

    def hold(self, provider: str, until: datetime) -> bool:
        """Let nobody call a provider before a moment it named, at most `MAX_HOLD_S` from now.

        Returns:
            Whether it was written; if not, the worst is one more refused call.
        """
        moment = to_ms(min(until, self._clock.now() + timedelta(seconds=MAX_HOLD_S)))

        def attempt() -> bool:
            record = _record(self._read())
            if record is None or record.value.holds.get(provider, 0) >= moment:
                return False
            holds = {**record.value.holds, provider: moment}
            self._change(record, {"holds": holds, "waitingUntil": from_ms(moment)})
            return True

        try:
            return retrying(attempt, sleep=self._sleep, rng=self._rng)
        except _failures() as error:
            _log.warning("the Governor could not note the provider's wait: %s", type(error).__name__)
            return False

    def report(self) -> bool:
        """Write down what calls have used, if that has not been done along with a later request.

        Returns:
            Whether nothing is left to be written.
        """
        if not self._book.has_use:
            return True
        news = self._book.take_news()
        token = self._token()

        def attempt() -> None:
            snapshot = self._read()
            record = _record(snapshot)
            if record is None or token in record.value.recent:
                return
            state = record.value.state(day_of(snapshot.read_time))
            state = replace(
                state,
                log=amended(state.log, news.amendments()),
                day=settled(state.day, news.settlements),
                recent=(*state.recent, token),
            )
            self._write(record, state, snapshot.read_time, {})

        try:
            retrying(attempt, sleep=self._sleep, rng=self._rng)
        except _failures() as error:
            self._book.give_back(news)
            _log.warning("the Governor could not note what calls used: %s", type(error).__name__)
            return False
        return True

    # --- one request for all who stand in line

    def _serve(self, provider: str, desk: _Desk, line: list[_Place]) -> None:
        answer: _Answer | str
        try:
            answer = self._ask(self._wish(provider, line))
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
            answer = f"The document governor/llm is damaged ({fields}); set the limit again or delete it."
        except Unavailable as error:
            answer = f"The Governor's document could not be changed: {error.detail}"
        except _store_errors() as error:
            answer = f"Firestore did not answer the Governor ({type(error).__name__})."
        except BaseException:
            # Nobody in line may wait for an answer for ever; the error itself is the asking thread's.
            self._close(line, "The Governor failed.")
            raise
        if isinstance(answer, str):
            self._close(line, answer)
        else:
            self._deal(desk, line, answer)

    def _wish(self, provider: str, line: list[_Place]) -> Wish:
        calls: dict[str, int] = {}
        for place in line:
            for campaign, number in place.calls.items():
                calls[campaign] = calls.get(campaign, 0) + number
        tokens = max(place.tokens for place in line)
        return Wish(provider, calls, tokens, _dearest(line), self._token())

    def _ask(self, wish: Wish) -> _Answer:
        news = self._book.take_news()
        tried: list[_Answer] = []

        def attempt() -> _Answer:
            before = self._monotonic()
            snapshot = self._read()
            reading = Reading(to_ms(snapshot.read_time), before, self._monotonic())
            record = _record(snapshot)
            found = record.value if record else GovernorState()
            if tried and wish.token in found.recent:
                # The write we were told had failed took place: a repeated commit meets its own precondition.
                return tried[-1]
            state = found.state(day_of(snapshot.read_time))
            state = replace(state, log=amended(state.log, news.amendments()), day=settled(state.day, news.settlements))
            verdict = decide(state, wish, reading.server_ms, self._pace)
            answer = _Answer(verdict, reading, state.day.day)
            told = _told(verdict, snapshot.read_time)
            if verdict.calls:
                tried.append(answer)
                self._write(record, verdict.state, snapshot.read_time, told)
            elif self._is_worth_noting(found, verdict, wish, reading):
                self._noted = reading.after
                # Whoever was first has written something newer; a place in the queue is asked for again next time.
                with contextlib.suppress(Raced):
                    self._write(record, verdict.state, snapshot.read_time, told)
                    return answer
            if not verdict.calls:
                self._book.give_back(news)
            return answer

        try:
            return retrying(attempt, sleep=self._sleep, rng=self._rng)
        except BaseException:
            self._book.give_back(news)
            raise

    def _is_worth_noting(self, found: GovernorState, verdict: Verdict, wish: Wish, reading: Reading) -> bool:
        """Whether a refusal is: the dashboard needs one in a while, and a campaign that has nothing a place in line."""
        if reading.after - self._noted < REFUSAL_NOTE_S:
            return False
        noted = found.last_refused_at
        served = {entry.campaign for entry in verdict.state.log}
        is_old = noted is None or reading.server_ms - to_ms(noted) >= REFUSAL_NOTE_S * 1000
        return is_old or not wish.calls.keys() <= served

    def _deal(self, desk: _Desk, line: list[_Place], answer: _Answer) -> None:
        """Give the granted slots to those in line, in their order."""
        verdict = answer.verdict
        reserved = _dearest(line) or 0
        for entry in verdict.granted:
            for slot in self._book.slots(entry, reserved, answer.day, answer.reading, self._pace.travel_s):
                place = next(place for place in line if place.missing(slot.campaign) > 0)
                place.slots.append(slot)
        pause_ms = self._pause_ms(verdict, answer.reading)
        retry_at = from_ms(answer.reading.server_ms + pause_ms)
        for place in line:
            short = len(place.slots) < sum(place.calls.values())
            reason = verdict.reason if short else ""
            place.answer = Grants(tuple(place.slots), retry_at if short else None, reason, held=verdict.held)
        if verdict.again_ms:
            reason = verdict.reason or "All calls of the moment are in use."
            desk.closed = Grants((), retry_at, reason, held=verdict.held)
            desk.opens = answer.reading.after + min(pause_ms / 1000, LONGEST_CLOSED_S)

    def _pause_ms(self, verdict: Verdict, reading: Reading) -> int:
        """For how long this instance need not ask again. Not all come at once, or all but one would come in vain; and
        who comes seldom comes for many."""
        others = {entry.owner[:8] for entry in verdict.state.log if entry.owner} - {self._instance}
        until = verdict.retry_ms or verdict.again_ms
        return max(0, until - reading.server_ms) + int(self._rng.uniform(0.75, 1.25) * len(others) * verdict.chunk_ms)

    def _close(self, line: list[_Place], reason: str) -> None:
        _log.warning("no model calls are granted: %s", reason)
        retry_at = self._clock.now() + timedelta(seconds=STORE_RETRY_S)
        for place in line:
            place.answer = Grants((), retry_at, reason)

    # --- the document

    def _token(self) -> str:
        return f"{self._instance}{next(self._numbers) % 2**32:08x}"

    def _read(self) -> DocumentSnapshot:
        from google.api_core.retry import Retry

        return self._names.governor.get(retry=Retry(timeout=READ_RETRY_S), timeout=READ_TIMEOUT_S)

    def _write(self, record: Record[GovernorState] | None, state: State, now: datetime, more: dict[str, Any]) -> None:
        changes = stored(state) | more | {"updatedAt": now}
        if record is None:
            created = GovernorState.from_firestore({**GovernorState().to_firestore(), **changes})
            Commit(self._db).create(self._names.governor, created).run()
            return
        commit = Commit(self._db).change(record, changes)
        before = record.value.day
        if before.day and before.day != state.day.day:
            commit.put(self._names.llm_usage.document(before.day), before)
        commit.run()

    def _change(self, record: Record[GovernorState], changes: dict[str, Any]) -> None:
        Commit(self._db).change(record, changes).run()


def _dearest(line: list[_Place]) -> int | None:
    """What each call of those in line may cost; `None` if that is not known of one of them."""
    known = [place.micros for place in line if place.micros is not None]
    return max(known) if len(known) == len(line) else None


def _told(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """What the dashboard shows of somebody who goes without."""
    if verdict.retry_ms is None:
        return {}
    return {"lastRefusedAt": now, "waitingUntil": from_ms(verdict.retry_ms), "waitingReason": verdict.reason}


def _record(snapshot: DocumentSnapshot) -> Record[GovernorState] | None:
    return to_record(snapshot, GovernorState) if snapshot.exists else None


def _failures() -> tuple[type[Exception], ...]:
    """Everything that may keep a change from being made."""
    return (Unavailable, ValidationError, *_store_errors())


def _store_errors() -> tuple[type[Exception], ...]:
    """What Firestore's client raises when it can't be asked. Imported late, like all of Google's libraries."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    return (GoogleAPIError, GoogleAuthError, OSError)
