"""The pace of hosts, shared by all workers through one document per host.

A worker takes a turn (see `floor`) for several requests at once, so a page costs a fraction of a read and of a write:
with a pause of one second a turn is 4, then 8, then 10 requests, and 18 pages cost 3 reads and 3 writes. A worker that
waited for its turn reads the document once more when the turn begins, so that a host that asked for quiet gets it from
all of them at once.

Without the store nobody asks anything new: the worker could neither know whose turn it is nor keep what it finds, which
goes into the same store. It ends the turn it has and then says "later", which costs time and no page.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TypeVar

from leadgen.harvest.hosts.floor import TooFar, Wish, next_block
from leadgen.harvest.hosts.health import health_of
from leadgen.harvest.hosts.lane import Lane, Sight
from leadgen.harvest.hosts.store import KEPT, HostStore, Seen
from leadgen.harvest.pace import NoSlotSoon
from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host
from leadgen.store.clock import new_owner
from leadgen.store.records import Raced

T = TypeVar("T")

SHORTEST_PAUSE_S = 0.01
"""No host is asked more often than a hundred times a second, whatever the rules say."""
STORE_DOWN_S = 30.0
"""Without the store, the host is not to be asked for so long."""
_SEEN_S = 2.0
"""A turn that waited longer than this is checked when it begins."""
_BELIEVED_S = 5.0
"""That there is no turn soon is believed so long."""
_MOST_RACES = 8
_MOST_LANES = 4096
_log = logging.getLogger(__name__)


def steady_ticks() -> float:
    """Seconds of a clock that only runs forward and does not stop while the machine sleeps, where there is one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


async def _in_thread(action: Callable[[], T]) -> T:
    return await asyncio.to_thread(action)


class SharedPace:
    """Keeps the pace of hosts together with all other workers; a `HostPace`. One per process.

    Args:
        store: keeps the hosts' documents.
        ticks: seconds of a clock that only runs forward.
        sleep: waits, in seconds.
        call: makes a blocking call without holding up the event loop.
        background: runs something soon, elsewhere; on a thread of its own by default.
        rng: source of chance.
    """

    def __init__(
        self,
        store: HostStore,
        *,
        ticks: Callable[[], float] = steady_ticks,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        call: Callable[[Callable[[], Seen | None]], Awaitable[Seen | None]] = _in_thread,
        background: Callable[[Callable[[], None]], object] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._store = store
        self._ticks = ticks
        self._sleep = sleep
        self._call = call
        self._rng = rng or random.Random()
        self._owner = new_owner()
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._background = background or ThreadPoolExecutor(1, "hosts").submit

    # --- the seam

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """Wait for the host's next slot; the request may begin when this returns, and must then.

        Raises:
            NoSlotSoon: the wait would be longer than wanted, or the store can't be had; no slot was taken.
        """
        lane, interval_s = self._lane(host), max(interval_s, SHORTEST_PAUSE_S)
        begun = self._ticks()
        deadline = begun + longest_wait_s
        with self._lock:
            lane.waiting += 1
            lane.interval_s = interval_s
        try:
            while True:
                at = await self._slot(lane, interval_s, deadline)
                if at > deadline:
                    raise NoSlotSoon(now + timedelta(seconds=at - begun))
                if await self._begin(lane, at, interval_s):
                    return 0.0
        finally:
            with self._lock:
                lane.waiting -= 1

    def report(self, host: str, outcome: Outcome) -> None:
        """Learn how a request went; trouble is told to the others at once, all else with the next turn."""
        with self._lock:
            lane = self._lanes.get(host)
            if lane is None or not lane.learn(outcome, lane.interval_s, self._ticks()):
                return
        self._background(lambda: self._tell(lane))

    # --- slots

    def _lane(self, host: str) -> Lane:
        with self._lock:
            if host not in self._lanes and len(self._lanes) >= _MOST_LANES:
                tick = self._ticks()
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_in_use(tick)}
            return self._lanes.setdefault(host, Lane(host))

    async def _slot(self, lane: Lane, interval_s: float, deadline: float) -> float:
        """The tick of a slot that is now the caller's; or one beyond the deadline, which is nobody's."""
        while True:
            waiter: Future[None] = Future()
            with self._lock:
                tick = self._ticks()
                at = lane.next_slot(tick, interval_s, deadline)
                if at is None:
                    at = lane.known_wait(tick, deadline)
                if at is not None:
                    return at
                if lane.busy is not None:
                    lane.busy.append(waiter)
                    is_first = False
                else:
                    lane.busy, is_first = [], True
            if not is_first:
                await asyncio.wrap_future(waiter)
                continue
            try:
                await self._take_turn(lane, interval_s, deadline)
            finally:
                self._release(lane)

    async def _begin(self, lane: Lane, at: float, interval_s: float) -> bool:
        """Wait for a slot and begin the request; `False` if the slot was lost."""
        wait: float | None = at - self._ticks()
        while wait is not None:
            if wait > 0:
                await self._sleep(wait)
            await self._look_again(lane)
            with self._lock:
                wait = lane.begin(self._ticks(), interval_s)
            if wait == 0:
                return True
        return False

    def _release(self, lane: Lane) -> None:
        with self._lock:
            waiters, lane.busy = lane.busy or [], None
        for waiter in waiters:
            with suppress(Exception):  # it may have been cancelled
                waiter.set_result(None)

    # --- the store

    async def _take_turn(self, lane: Lane, interval_s: float, deadline: float) -> None:
        try:
            for attempt in range(_MOST_RACES):
                if await self._try_turn(lane, interval_s, deadline):
                    return
                await self._sleep(self._rng.uniform(0, min(0.02 * 2**attempt, 0.5)))
            _log.warning("pace of %s: too many want their turn at once", lane.host)
            wait = 1.0
        except Exception as error:
            _log.warning("pace of %s: the store can't be had (%s)", lane.host, type(error).__name__)
            wait = STORE_DOWN_S
        tick = self._ticks()
        with self._lock:
            lane.not_soon = (max(tick, deadline) + wait, tick + min(wait, _BELIEVED_S))

    async def _try_turn(self, lane: Lane, interval_s: float, deadline: float) -> bool:
        """Ask for a turn once; `False` if another worker was faster."""
        seen, sight = await self._look(lane)
        with self._lock:
            samples = list(lane.samples)
            wish = self._wish(lane, interval_s, sight, deadline)
        host = seen.value
        try:
            block = next_block(host, wish, seen.read_time)
        except TooFar as error:
            with self._lock:
                tick = self._ticks()
                lane.not_soon = (
                    max(sight.not_before(error.at), math.nextafter(deadline, math.inf)),
                    tick + _BELIEVED_S,
                )
            return True
        after = _with_samples(host, samples).model_copy(
            update={
                "next_free_at": block.ends,
                "interval_s": block.interval_s,
                "owner": self._owner,
                "expires_at": seen.read_time + KEPT,
            }
        )
        try:
            await self._call(lambda: self._store.swap(seen, after))
        except Raced:
            return False
        with self._lock:
            lane.take(block, sight)
            lane.forget(samples)
            lane.rtt_s = max(self._ticks() - sight.sent, lane.rtt_s / 2)
        return True

    def _wish(self, lane: Lane, interval_s: float, sight: Sight, deadline: float) -> Wish:
        pause = max(interval_s, lane.health.pause_s)
        return Wish(
            owner=self._owner,
            interval_s=pause,
            slots=lane.slots_wanted(interval_s),
            slack_s=lane.slack_s,
            latest=sight.latest(deadline),
            extends=lane.own_end,
        )

    async def _look(self, lane: Lane) -> tuple[Seen, Sight]:
        """Read the host's document, and take in what the others found out."""
        sent = self._ticks()
        seen = await self._call(lambda: self._store.read(lane.host))
        assert seen is not None
        sight = Sight(sent, self._ticks(), seen.read_time)
        with self._lock:
            lane.see(seen.value, sight)
            lane.is_alone = seen.value.owner in ("", self._owner)
        return seen, sight

    async def _look_again(self, lane: Lane) -> None:
        """Before the first request of a turn that waited: has the host asked for quiet meanwhile?"""
        with self._lock:
            turn = lane.unseen(self._ticks(), _SEEN_S)
            if turn is None:
                return
            turn.is_unsure = True
        try:
            await self._look(lane)
        except Exception as error:
            with self._lock:
                lane.drop(turn)
            _log.warning("pace of %s: the store can't be had (%s)", lane.host, type(error).__name__)
        finally:
            with self._lock:
                turn.is_unsure, turn.seen = False, math.inf  # one look is enough

    def _tell(self, lane: Lane) -> None:
        """Tell the others of trouble. If that fails, they will meet it themselves."""
        try:
            for _ in range(_MOST_RACES):
                sent = self._ticks()
                seen = self._store.read(lane.host)
                sight = Sight(sent, self._ticks(), seen.read_time)
                with self._lock:
                    samples, hold = list(lane.samples), lane.hold
                value = _with_samples(seen.value, samples)
                until = sight.latest(hold)
                if hold > sight.received and until > (value.hold_until or seen.read_time):
                    value = value.model_copy(update={"hold_until": until})
                with suppress(Raced):
                    self._store.swap(seen, value)
                    with self._lock:
                        lane.forget(samples)
                    return
        except Exception as error:
            _log.warning("pace of %s: trouble could not be told (%s)", lane.host, type(error).__name__)


def _with_samples(host: Host, samples: list[tuple[Outcome, float]]) -> Host:
    health = health_of(host)
    for outcome, interval_s in samples:
        health = health.after(outcome, interval_s)
    return host.model_copy(update=asdict(health))
