"""The pace of a host over many workers: exact whatever happens, quick enough when nothing does, and cheap."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import Seen, unknown_host
from leadgen.harvest.pace import NoSlotSoon
from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host
from leadgen.store.records import Raced
from tests import virtual_time
from tests.support import START

HOST = "example.com:443"


class Clock:
    """Firestore's clock: the loop's."""

    def now(self) -> Any:
        return START + timedelta(seconds=asyncio.get_running_loop().time())


class MemoryHosts:
    """The hosts' documents, with compare-and-set, by the loop's clock; `FirestoreHosts` is tested on the emulator."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._hosts: dict[str, Host] = {}

    def read(self, host: str) -> Seen:
        now, value = self._clock.now(), self._hosts.get(host)
        return Seen(value or unknown_host(host, now), now, value)

    def swap(self, seen: Seen, value: Host) -> None:
        if self._hosts.get(value.host) is not seen.version:
            raise Raced(value.host)
        self._hosts[value.host] = value


@dataclass
class World:
    """A host, its document, and workers whose clocks, calls and lives can't be trusted."""

    chance: random.Random
    faults: float = 0.0
    """Share of calls to the store that fail, before or after they took effect."""
    lateness: float = 0.0
    """Share of waits that end late."""
    rtt_s: float = 0.03
    begun: list[tuple[float, float]] = field(default_factory=list)
    """(when, pause in force) of each request, in true time."""
    calls: Counter[str] = field(default_factory=Counter)
    is_down: bool = False

    def __post_init__(self) -> None:
        self.store = MemoryHosts()
        self.clock = Clock()

    def worker(self) -> SharedPace:
        """A worker with a clock of its own, up to 500 ppm wrong."""
        drift, offset = 1 + self.chance.uniform(-5e-4, 5e-4), self.chance.uniform(0, 1e6)

        async def sleep(seconds: float) -> None:
            late = self.chance.uniform(0, 3) if self.chance.random() < self.lateness else 0.0
            await asyncio.sleep(seconds / drift + late)

        return SharedPace(
            self,
            ticks=lambda: offset + asyncio.get_running_loop().time() * drift,
            sleep=sleep,
            call=self.call,
            background=lambda action: action(),
            rng=self.chance,
        )

    def read(self, host: str) -> Seen:
        self._check()
        self.calls["read"] += 1
        return self.store.read(host)

    def swap(self, seen: Seen, value: Any) -> None:
        self._check()
        self.calls["write"] += 1
        self.store.swap(seen, value)

    def _check(self) -> None:
        if self.is_down:
            raise ConnectionError("the store is down")

    async def call(self, action: Callable[[], Any]) -> Any:
        await asyncio.sleep(self.chance.uniform(0, self.rtt_s))
        if self.chance.random() < self.faults / 2:
            raise ConnectionError("the request was lost")
        answer = action()
        await asyncio.sleep(self.chance.uniform(0, self.rtt_s))
        if self.chance.random() < self.faults / 2:
            raise ConnectionError("the answer was lost")
        return answer

    async def request(self, pace: SharedPace, interval_s: float, outcome: int = 200, wait_s: float = 30.0) -> bool:
        """One request as the fetcher makes it; whether there was a slot."""
        try:
            wait = await pace.reserve(HOST, interval_s, self.clock.now(), wait_s)
        except NoSlotSoon:
            return False
        assert wait == 0
        now = asyncio.get_running_loop().time()
        self.begun.append((now, max(interval_s, self.store.read(HOST).value.pause_s if outcome != 200 else 0)))
        await asyncio.sleep(self.chance.uniform(0, 0.2))
        pace.report(HOST, Outcome(outcome, 0.1, self.clock.now()))
        return True

    def check_pace(self) -> None:
        """No two requests began nearer than the longer of their pauses."""
        begun = sorted(self.begun)
        for (earlier, pause), (later, next_pause) in pairwise(begun):
            assert later - earlier >= max(pause, next_pause) - 1e-9, f"{earlier} and {later}"


def chaos(seed: int) -> World:
    chance = random.Random(seed)
    world = World(chance, faults=chance.choice([0, 0.02, 0.2]), lateness=chance.choice([0, 0.1]))
    world.rtt_s = chance.choice([0.01, 0.1, 1.0])
    pauses = chance.choice([[1.0], [0.05], [0.2, 1.0, 3.0], [12.0, 0.5]])

    async def life() -> None:
        """A worker that takes pages several at a time and dies at any moment."""
        pace = world.worker()

        async def pages() -> None:
            while True:
                await world.request(pace, chance.choice(pauses), wait_s=chance.choice([1.0, 30.0]))
                await asyncio.sleep(chance.choice([0, 0, 0.3, 4.0]))

        tasks = [asyncio.create_task(pages()) for _ in range(chance.randint(1, 4))]
        await asyncio.sleep(chance.expovariate(1 / 60))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def place(until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            await life()

    async def main() -> None:
        await asyncio.gather(*(place(150.0) for _ in range(chance.randint(2, 12))))

    virtual_time.run(main())
    return world


@pytest.mark.parametrize("seed", range(12))
def test_two_requests_never_begin_nearer_than_the_pause_whatever_happens(seed: int) -> None:
    world = chaos(seed)
    world.check_pace()
    assert len(world.begun) > 8, "the workers get on, too"


def test_the_host_is_kept_busy_and_a_page_costs_a_fraction_of_a_read_and_a_write() -> None:
    world = World(random.Random(1))

    async def pages(pace: SharedPace) -> None:
        while asyncio.get_running_loop().time() < 300:
            await world.request(pace, 1.0)

    async def main() -> None:
        paces = [world.worker() for _ in range(3)]
        await asyncio.gather(*(pages(pace) for pace in paces for _ in range(3)))

    virtual_time.run(main())
    world.check_pace()
    pages_read = len(world.begun)
    assert pages_read > 0.85 * 300, "the turns leave little of the host's time unused"
    assert world.calls["write"] / pages_read <= 0.2
    assert world.calls["read"] / pages_read <= 0.3, "with a look at the start of every turn that was waited for"


@pytest.mark.parametrize(("pause_s", "pages", "share"), [(1.0, 18, 0.2), (0.5, 36, 0.15), (0.02, 500, 0.02)])
def test_a_worker_alone_loses_no_time_and_pays_for_a_turn_not_for_a_page(
    pause_s: float, pages: int, share: float
) -> None:
    world = World(random.Random(1), rtt_s=0.01)

    async def main() -> None:
        pace = world.worker()
        for _ in range(pages):
            assert await world.request(pace, pause_s)
        await asyncio.gather(*(world.request(pace, pause_s) for _ in range(4)))

    virtual_time.run(main())
    world.check_pace()
    assert world.calls["write"] == world.calls["read"] <= share * pages


def test_a_worker_far_behind_is_told_at_once_and_asks_the_store_no_more_than_it_must() -> None:
    world = World(random.Random(1))

    async def main() -> None:
        first, second = world.worker(), world.worker()
        await world.request(first, 60.0)
        before = world.calls["read"]
        began = asyncio.get_running_loop().time()
        answers = [await world.request(second, 60.0, wait_s=20.0) for _ in range(10)]
        assert answers == [False] * 10
        assert asyncio.get_running_loop().time() - began < 1
        assert world.calls["read"] - before == 1
        assert world.calls["write"] == 1

    virtual_time.run(main())


def _hold(world: World, pace: SharedPace, seconds: float, status: int = 429) -> None:
    now = world.clock.now()
    pace.report(HOST, Outcome(status, 0.1, now, now + timedelta(seconds=seconds)))


def test_a_host_that_asks_one_worker_for_quiet_gets_it_from_all() -> None:
    world = World(random.Random(1), rtt_s=0.01)

    async def pages(pace: SharedPace) -> None:
        while asyncio.get_running_loop().time() < 400:
            if not await world.request(pace, 0.2):
                await asyncio.sleep(1)

    async def main() -> None:
        paces = [world.worker() for _ in range(4)]
        tasks = [asyncio.create_task(pages(pace)) for pace in paces]
        await asyncio.sleep(50)
        _hold(world, paces[0], 200)
        await asyncio.gather(*tasks)

    virtual_time.run(main())
    times = [when for when, _ in world.begun]
    assert [when for when in times if when < 50], "they were at work"
    late = [when for when in times if 50 < when < 249.9]
    assert all(when < 62.1 for when in late), "whoever has the floor hears of it when the next turn begins"
    assert len({when for when in times if when > 250}) > 20, "and then they go on"
    world.check_pace()


def test_several_failures_in_a_row_hold_the_host_and_slow_it_down_and_good_answers_bring_it_back() -> None:
    world = World(random.Random(1), rtt_s=0.01)

    async def main() -> None:
        one, other = world.worker(), world.worker()
        for _ in range(5):
            assert await world.request(one, 0.5, outcome=503, wait_s=100)
        began = asyncio.get_running_loop().time()
        assert world.store.read(HOST).value.pause_s >= 1.0
        assert not await world.request(other, 0.5, wait_s=5), "the other heard of it"
        assert await world.request(other, 0.5, wait_s=120)
        assert asyncio.get_running_loop().time() - began > 25
        for _ in range(150):
            await world.request(other, 0.5, wait_s=120)
        assert world.store.read(HOST).value.pause_s == 0.0

    virtual_time.run(main())


def test_without_the_store_a_turn_is_ended_and_nothing_new_is_asked() -> None:
    world = World(random.Random(1), rtt_s=0.01)

    async def main() -> None:
        pace = world.worker()
        assert await world.request(pace, 1.0)
        world.is_down = True
        answers = [await world.request(pace, 1.0, wait_s=10) for _ in range(10)]
        assert answers[:3] == [True] * 3, "the turn it has is its own"
        assert answers[4:] == [False] * 6
        world.is_down = False
        await asyncio.sleep(6)
        assert await world.request(pace, 1.0)

    virtual_time.run(main())
    world.check_pace()


def test_a_longer_pause_set_meanwhile_is_kept_from_the_next_request_on() -> None:
    world = World(random.Random(1), rtt_s=0.01)

    async def main() -> None:
        one, other = world.worker(), world.worker()
        for pause in (0.5, 0.5, 4.0, 4.0, 0.5):
            await world.request(one, pause)
            await world.request(other, pause, wait_s=60)

    virtual_time.run(main())
    assert len(world.begun) == 10
    world.check_pace()
