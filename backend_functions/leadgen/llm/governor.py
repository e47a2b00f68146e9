"""The LLM Governor: at most N model calls begin in any rolling minute, over all instances, whatever crashes.

All instances share one document. A grant is one compare-and-set on it, dated by the server's clock at the read. What
was granted counts for the whole window whether it was used or not: a call whose bytes may have left can't be taken
back. When Firestore can't be asked, nothing is granted.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leadgen.llm.state import GovernorState, configure_limit_changes, from_ms, stored_log, to_ms
from leadgen.llm.window import Log, Pace, add, current, free, next_free_ms, used
from leadgen.model.errors import Unavailable
from leadgen.store.client import Collections
from leadgen.store.clock import Clock, SystemClock
from leadgen.store.records import Commit, Raced, Record, retrying, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentSnapshot

__all__ = ["Governor", "Grants", "configure_limit_changes"]

READ_TIMEOUT_S = 5.0
READ_RETRY_S = 8.0
"""How long a read that meets a passing failure is tried again."""
STORE_RETRY_S = 15.0
"""When to ask again after Firestore failed."""
PAUSED_RETRY_S = 60.0
"""When to ask again while the limit is 0."""
REFUSAL_NOTE_S = 5.0
"""A refusal is written down at most this often, for the dashboard; being full must not cost writes."""
MAX_HOLD_S = 600.0
"""No provider's Retry-After stops everybody for longer than this without being asked again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Grants:
    """What `take` gives.

    Args:
        granted: how many calls may begin.
        usable_until: `time.monotonic()` before which they must begin; what has not begun by then is lost.
        retry_at: when to ask for the rest; `None` if all that was wanted was granted.
        limit: the limit in force; 0 if it is paused or unknown.
        reason: why not all was granted, for a person to read.
    """

    granted: int
    usable_until: float
    retry_at: datetime | None
    limit: int
    reason: str = ""


@dataclass
class _Ask:
    """One call of `take`, over all its attempts."""

    wanted: int
    token: str
    started: float = 0.0
    """Monotonic time before the read whose write was tried last."""
    granted: int = 0


class Governor:
    """Gives out grants for model calls; safe to share between threads.

    Args:
        db: the Firestore client.
        owner: a name no other instance has.
        pace: window and allowance; all instances of a deployment must use the same.
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
        self._ref = Collections(db).governor
        self._owner = owner
        self._pace = pace or Pace()
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._numbers = itertools.count(1)

    def take(self, wanted: int) -> Grants:
        """Ask for up to `wanted` grants in one compare-and-set. Never waits for the window and never raises."""
        if wanted <= 0:
            return Grants(0, self._monotonic(), None, 0)
        ask = _Ask(wanted, f"{self._owner}.{next(self._numbers)}")
        try:
            return retrying(lambda: self._attempt(ask), sleep=self._sleep, rng=self._rng)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
            return self._closed(f"The document governor/llm is damaged ({fields}); set the limit again or delete it.")
        except Unavailable as error:
            return self._closed(f"The Governor's document could not be changed: {error.detail}")
        except _store_errors() as error:
            return self._closed(f"Firestore did not answer the Governor ({type(error).__name__}).")

    def hold(self, until: datetime) -> bool:
        """Let nobody begin a call before a moment the provider named, at most `MAX_HOLD_S` from now.

        Returns:
            Whether it was written; if not, the worst is one more refused call.
        """
        until = min(until, self._clock.now() + timedelta(seconds=MAX_HOLD_S))

        def attempt() -> bool:
            record = _record(self._read())
            if record is None or (record.value.hold_until is not None and record.value.hold_until >= until):
                return False
            self._change(record, {"holdUntil": until, "waitingUntil": until})
            return True

        try:
            return retrying(attempt, sleep=self._sleep, rng=self._rng)
        except _failures() as error:
            _log.warning("the Governor could not note the provider's wait: %s", type(error).__name__)
            return False

    def _attempt(self, ask: _Ask) -> Grants:
        started = self._monotonic()
        snapshot = self._read()
        record = _record(snapshot)
        state = record.value if record else GovernorState()
        log = state.entries()
        if ask.granted and any(entry.owner == ask.token for entry in log):
            # The write we were told had failed took place: a repeated commit meets its own precondition.
            return self._given(ask, state.limit, log, snapshot.read_time)
        if self._monotonic() - started > self._pace.start_within_s / 2:
            raise Raced("the read took so long that its grants would lapse before they could be used")
        now = to_ms(snapshot.read_time)
        held = state.hold_until is not None and state.hold_until > snapshot.read_time
        granted = 0 if held else min(ask.wanted, free(log, state.limit, now, self._pace))
        if granted == 0:
            return self._refuse(record, state, snapshot.read_time)
        ask.started, ask.granted = started, granted
        log = add(log, granted, ask.token, now, self._pace)
        self._write(record, state, log, snapshot.read_time, short=granted < ask.wanted)
        return self._given(ask, state.limit, log, snapshot.read_time)

    def _given(self, ask: _Ask, limit: int, log: Log, now: datetime) -> Grants:
        """The answer after a write took place."""
        usable_until = ask.started + self._pace.start_within_s
        if self._monotonic() >= usable_until:
            return self._closed("Firestore answered the Governor too late to use what it granted.")
        if ask.granted == ask.wanted:
            return Grants(ask.granted, usable_until, None, limit)
        retry_at = self._next_free(log, limit, now)
        return Grants(ask.granted, usable_until, retry_at, limit, f"{limit} calls a minute are allowed.")

    def _refuse(self, record: Record[GovernorState] | None, state: GovernorState, now: datetime) -> Grants:
        held = state.hold_until if state.hold_until is not None and state.hold_until > now else None
        retry_at = held or self._next_free(state.entries(), state.limit, now)
        noted = state.last_refused_at
        if record is not None and (noted is None or now - noted >= timedelta(seconds=REFUSAL_NOTE_S)):
            changes = {
                "lastRefusedAt": now,
                "waitingUntil": retry_at,
                "usedInWindow": used(current(state.entries(), to_ms(now), self._pace)),
            }
            # Whoever was first has written something newer.
            with contextlib.suppress(Raced):
                self._change(record, changes)
        if held:
            reason = "The model's provider asked everyone to wait."
        elif state.limit == 0:
            reason = "Model calls are paused: the limit is 0."
        else:
            reason = f"All {state.limit} calls a minute are in use."
        return Grants(0, self._monotonic(), retry_at, state.limit, reason)

    def _next_free(self, log: Log, limit: int, now: datetime) -> datetime:
        moment = next_free_ms(log, limit, to_ms(now), self._pace)
        return now + timedelta(seconds=PAUSED_RETRY_S) if moment is None else from_ms(moment)

    def _closed(self, reason: str) -> Grants:
        _log.warning("no model calls are granted: %s", reason)
        retry_at = self._clock.now() + timedelta(seconds=STORE_RETRY_S)
        return Grants(0, self._monotonic(), retry_at, 0, reason)

    def _read(self) -> DocumentSnapshot:
        from google.api_core.retry import Retry

        return self._ref.get(retry=Retry(timeout=READ_RETRY_S), timeout=READ_TIMEOUT_S)

    def _write(
        self, record: Record[GovernorState] | None, state: GovernorState, log: Log, now: datetime, *, short: bool
    ) -> None:
        changes: dict[str, Any] = {"log": stored_log(log), "updatedAt": now, "usedInWindow": used(log)}
        if short:
            changes |= {"lastRefusedAt": now, "waitingUntil": self._next_free(log, state.limit, now)}
        if record is not None:
            self._change(record, changes)
            return
        created = GovernorState.from_firestore({**state.to_firestore(), **changes})
        Commit(self._db).create(self._ref, created).run()

    def _change(self, record: Record[GovernorState], changes: dict[str, Any]) -> None:
        Commit(self._db).change(record, changes).run()


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
