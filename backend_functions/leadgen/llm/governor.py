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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leadgen.llm.book import Book, News, Reading, Slot
from leadgen.llm.decide import State, Verdict, Wish, amended, decide, settled
from leadgen.llm.desk import SHORT_S, Closed, Desk, Grants, Place, deal
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

_IN_USE = "All calls of the moment are in use."
_LOST_LOG = "The Governor's log of calls can't be read. The limit counts as used up for one window; then calls go on."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Answer:
    """What the document says to a wish, read at one moment, on the account of one day."""

    wish: Wish
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
        self._desks: dict[str, Desk] = {}
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
        place = Place(wanted, tokens, micros)
        with self._lock:
            desk = self._desks.setdefault(provider, Desk(self._monotonic))
        refusal = desk.enter(place)
        if refusal is not None:
            return refusal
        with desk.turn:
            if place.answer is None and (line := desk.gather()):
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
            state = self._state(record.value, snapshot.read_time, news)
            self._write(record, replace(state, recent=(*state.recent, token)), snapshot.read_time, {})

        try:
            retrying(attempt, sleep=self._sleep, rng=self._rng)
        except _failures() as error:
            self._book.give_back(news)
            _log.warning("the Governor could not note what calls used: %s", type(error).__name__)
            return False
        return True

    # --- one request for all who stand in line

    def _serve(self, provider: str, desk: Desk, line: list[Place]) -> None:
        answer: _Answer | str
        try:
            answer = self._ask(self._wish(provider, line))
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
            answer = f"The document governor/llm is damaged ({fields}); save the limits in the configuration again."
        except Unavailable as error:
            answer = f"The Governor's document could not be changed: {error.detail}"
        except _store_errors() as error:
            answer = f"Firestore did not answer the Governor ({type(error).__name__})."
        except BaseException:
            # Nobody in line may wait for an answer for ever; the error itself is the asking thread's.
            self._refuse(line, "The Governor failed.")
            raise
        if isinstance(answer, str):
            self._refuse(line, answer)
            desk.answered(line, None)
        else:
            desk.answered(line, self._deal(line, answer))

    def _wish(self, provider: str, line: list[Place]) -> Wish:
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
            state = self._state(found, snapshot.read_time, news)
            verdict = decide(state, wish, reading.server_ms, self._pace)
            if found.log is None:
                verdict = replace(verdict, reason=_LOST_LOG)
            answer = _Answer(wish, verdict, reading, state.day.day)
            told = _told(verdict, snapshot.read_time)
            if verdict.calls:
                tried.append(answer)
                self._write(record, verdict.state, snapshot.read_time, told)
            elif self._is_worth_noting(found, verdict, wish, reading) or self._is_worth_telling(news, verdict, reading):
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

    def _state(self, found: GovernorState, now: datetime, news: News) -> State:
        """What the document says, with what it has not been told yet."""
        state = found.state(day_of(now), to_ms(now), self._pace)
        return replace(state, log=amended(state.log, news.amendments()), day=settled(state.day, news.settlements))

    def _is_worth_noting(self, found: GovernorState, verdict: Verdict, wish: Wish, reading: Reading) -> bool:
        """Whether a refusal is: the dashboard needs one in a while, and a campaign that has nothing a place in line."""
        if found.log is None:
            return True
        if reading.after - self._noted < REFUSAL_NOTE_S:
            return False
        noted = found.last_refused_at
        served = {entry.campaign for entry in verdict.state.log}
        is_old = noted is None or reading.server_ms - to_ms(noted) >= REFUSAL_NOTE_S * 1000
        return is_old or not wish.calls.keys() <= served

    def _is_worth_telling(self, news: News, verdict: Verdict, reading: Reading) -> bool:
        """Whether what became of our calls is, though nothing is to be had: until somebody tells, they count for longer
        than they need. Where more is to be had soon, it is told along with that."""
        return bool(news.pages) and (verdict.retry_ms or 0) - reading.server_ms > self._pace.use_within_ms

    def _deal(self, line: list[Place], answer: _Answer) -> Closed | None:
        """Give those in line what was granted.

        Returns:
            For whom the desk is closed until when, if there is nothing to be had for a while.
        """
        verdict, reading = answer.verdict, answer.reading
        reserved = _dearest(line) or 0
        slots = [
            slot
            for entry in verdict.granted
            for slot in self._book.slots(entry, reserved, answer.day, reading, self._pace.travel_s)
        ]
        pause_ms = self._pause_ms(verdict, reading)
        none = Grants((), from_ms(reading.server_ms + pause_ms), verdict.reason or _IN_USE, held=verdict.held)
        deal(line, slots, none)
        if not verdict.again_ms:
            return None
        waiting = {ticket.campaign for ticket in verdict.state.tickets}
        return Closed(
            none,
            reading.after + min(pause_ms / 1000, LONGEST_CLOSED_S),
            verdict.again_tokens,
            None if pause_ms <= SHORT_S * 1000 else frozenset(waiting),
        )

    def _pause_ms(self, verdict: Verdict, reading: Reading) -> int:
        """For how long this instance need not ask again. Not all come at once, or all but one would come in vain; and
        who comes seldom comes for many."""
        others = {entry.owner[:8] for entry in verdict.state.log if entry.owner} - {self._instance}
        until = verdict.retry_ms or verdict.again_ms
        return max(0, until - reading.server_ms) + int(self._rng.uniform(0, 2) * len(others) * verdict.chunk_ms)

    def _refuse(self, line: list[Place], reason: str) -> None:
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


def _dearest(line: list[Place]) -> int | None:
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
