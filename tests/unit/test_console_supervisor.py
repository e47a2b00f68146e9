"""The supervisor tells the truth about freshness and brings the listeners back, with time and network in our hands."""

from __future__ import annotations

import random
from typing import Any

import pytest

from console.live import link
from console.live import supervisor as module
from console.live.feed import Feed
from console.live.health import STALE_AFTER_S, FeedState, Freshness, LinkState, freshness
from console.live.session import SignedOut
from console.live.store import LiveStore
from console.live.supervisor import Supervisor
from tests.snapshots.recorded import StillClock


class PermissionDenied(Exception):
    """Named like Google's."""


class ServiceUnavailable(Exception):
    """Named like Google's."""


class DeadlineExceeded(Exception):
    """Named like Google's."""


class Snapshot:
    """A document as a listener delivers it."""

    def __init__(self, name: str, update_time: int, **data: Any) -> None:
        self.id, self.update_time, self.exists, self._data = name, update_time, True, data

    def to_dict(self) -> dict[str, Any]:
        return dict(self._data)


class Watch:
    """A listener that runs until told otherwise."""

    def __init__(self, callback: Any) -> None:
        self.callback, self.is_active, self.ended = callback, True, False

    def send(self, *snapshots: Snapshot) -> None:
        self.callback(list(snapshots), [], None)

    def unsubscribe(self) -> None:
        self.ended = True
        self.is_active = False


class Target:
    """A query on the fake server."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    def limit(self, _count: int) -> Target:
        return self

    def get(self, timeout: float, retry: Any) -> list[Snapshot]:
        self.server.probes.append(self.name)
        error = self.server.errors.get(self.name) or self.server.errors.get("*")
        if error is not None:
            raise error
        return self.server.documents.get(self.name, [])[:1]

    def on_snapshot(self, callback: Any) -> Watch:
        watch = Watch(callback)
        self.server.watches.setdefault(self.name, []).append(watch)
        if self.name in self.server.errors or "*" in self.server.errors:
            watch.is_active = self.name not in self.server.errors
        elif self.server.delivers:
            watch.send(*self.server.documents.get(self.name, []))
        return watch


class Server:
    """What the client talks to."""

    def __init__(self) -> None:
        self.documents: dict[str, list[Snapshot]] = {"a": [Snapshot("a1", 1)], "b": []}
        self.watches: dict[str, list[Watch]] = {}
        self.errors: dict[str, Exception] = {}
        self.probes: list[str] = []
        self.sign_in_error: Exception | None = None
        self.clients = 0
        self.delivers = True
        self.beats = 0
        self.beat_error: Exception | None = None
        self._database_string, self._rpc_metadata, self._firestore_api = "db", [], self

    def commit(self, request: Any, timeout: float, retry: Any, metadata: Any) -> None:
        """A commit without writes."""
        assert request == {"database": "db", "writes": []}
        assert timeout > 0
        self.beats += 1
        error = self.beat_error or self.errors.get("*")
        if error is not None:
            raise error

    def firestore(self) -> Any:
        if self.sign_in_error is not None:
            raise self.sign_in_error
        self.clients += 1
        return self


class World:
    """A supervisor over a fake server, whose blocking work is done on the spot or left lying."""

    def __init__(self) -> None:
        self.server, self.clock, self.store = Server(), StillClock(), LiveStore()
        self.hung: list[Any] | None = None
        feeds = [Feed(n, f"things {n}", lambda c, n=n: Target(c, n), 10, lambda d: d) for n in ("a", "b")]
        session: Any = self.server
        self.supervisor = Supervisor(session, feeds, self.store, self.clock, spawn=self.spawn, rng=random.Random(1))

    def spawn(self, task: Any) -> None:
        if self.hung is None:
            task()
        else:
            self.hung.append(task)

    def run(self) -> None:
        """Handle reports until there are none."""
        idle = 0
        for _ in range(200):
            # What is due may produce reports, so one look at an empty queue is not enough.
            idle = 0 if self.supervisor.pump(timeout=0) else idle + 1
            if idle == 2:
                return
        raise AssertionError("reports without end")

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass in small steps."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            self.run()

    @property
    def badge(self) -> Freshness:
        return freshness(self.supervisor.health, self.clock.monotonic())[0]

    def listener(self, name: str) -> Watch:
        return self.server.watches[name][-1]


@pytest.fixture(autouse=True)
def _fake_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "listen", lambda target, callback, single: target.on_snapshot(callback))


@pytest.fixture
def world() -> World:
    """A supervisor that has connected."""
    made = World()
    made.run()
    made.pass_time(3)
    return made


def test_live_once_every_listener_answered(world: World) -> None:
    assert world.badge is Freshness.LIVE
    assert [doc.id for doc in world.store.window("a").docs] == ["a1"]
    assert world.store.window("b").loaded
    assert world.supervisor.health.settled


def test_connecting_until_the_slowest_listener_answers() -> None:
    world = World()
    world.server.delivers = False
    world.run()
    world.pass_time(3)
    world.listener("a").send(Snapshot("a1", 1))
    world.run()
    assert world.badge is Freshness.CONNECTING
    world.listener("b").send()
    world.run()
    assert world.badge is Freshness.LIVE


def test_idle_data_stays_live_for_hours_and_the_age_stays_small(world: World) -> None:
    for _ in range(60):
        world.pass_time(60, step=2.0)
        assert world.badge is Freshness.LIVE
        assert world.clock.monotonic() - (world.supervisor.health.confirmed_at or 0) <= 3.0
    assert len(world.server.watches["a"]) == 1, "nothing was subscribed anew"


def test_an_idle_hour_costs_120_document_reads_and_no_more(world: World) -> None:
    before = len(world.server.probes)
    world.pass_time(3600, step=1.0)
    assert len(world.server.probes) - before == 3600 / module.READ_EVERY_S == 120
    assert world.server.beats >= 1500
    assert set(world.server.probes) == {"a", "b"}, "each feed has its turn"


def test_a_service_that_refuses_the_beat_still_answers(world: World) -> None:
    world.server.beat_error = PermissionDenied("no empty commits here")
    world.pass_time(60)
    assert world.badge is Freshness.LIVE
    assert world.clock.monotonic() - (world.supervisor.health.confirmed_at or 0) <= 3.0


def test_a_silent_connection_goes_stale_and_never_claims_to_be_live(world: World) -> None:
    world.hung = []
    world.pass_time(5)
    assert world.clock.monotonic() - (world.supervisor.health.confirmed_at or 0) >= 5, "the age grows"
    world.clock.advance(STALE_AFTER_S - 4)
    assert world.badge is Freshness.STALE
    world.run()
    assert world.badge is Freshness.OFFLINE


def test_unreachable_says_offline_and_when_it_retries_and_comes_back_by_itself(world: World) -> None:
    world.server.errors["*"] = ServiceUnavailable("connection refused")
    world.pass_time(3)
    assert world.badge is Freshness.OFFLINE
    assert "can't be reached" in world.supervisor.health.message
    assert [doc.id for doc in world.store.window("a").docs] == ["a1"], "what is known stays"
    world.pass_time(60)
    assert world.badge is Freshness.OFFLINE
    world.server.errors.clear()
    world.server.documents["a"] = [Snapshot("a2", 5)]
    world.pass_time(35)
    assert world.badge is Freshness.LIVE
    assert [doc.id for doc in world.store.window("a").docs] == ["a2"], "what was deleted meanwhile is gone"
    assert world.supervisor.health.retry_at is None


def test_retries_are_spaced_out(world: World) -> None:
    world.server.errors["*"] = ServiceUnavailable("connection refused")
    before = world.server.clients
    world.pass_time(120)
    assert 5 <= world.server.clients - before <= 14


def test_reconnect_does_not_wait(world: World) -> None:
    world.server.errors["*"] = ServiceUnavailable("connection refused")
    world.pass_time(60)
    world.server.errors.clear()
    world.supervisor.reconnect()
    world.run()
    world.pass_time(0.5)
    assert world.badge is Freshness.LIVE


def test_one_late_answer_is_no_outage(world: World) -> None:
    world.server.errors["*"] = DeadlineExceeded("late")
    world.pass_time(2)
    world.server.errors.clear()
    world.pass_time(4)
    assert world.badge is Freshness.LIVE
    assert world.server.clients == 1


def test_a_listener_that_ended_silently_is_subscribed_anew(world: World) -> None:
    world.listener("a").is_active = False
    world.pass_time(6)
    assert len(world.server.watches["a"]) == 2
    assert world.badge is Freshness.LIVE


def test_the_age_grows_while_a_listener_is_down(world: World) -> None:
    world.listener("a").is_active = False
    world.server.delivers = False
    world.pass_time(STALE_AFTER_S + 3)
    assert world.badge is Freshness.STALE, "a running probe must not hide a dead listener"


def test_a_listener_that_misses_a_change_is_found_out(world: World) -> None:
    world.server.documents["a"] = [Snapshot("a1", 2, text="changed"), Snapshot("a0", 1)]
    world.pass_time(2 * module.READ_EVERY_S + 8)
    assert len(world.server.watches["a"]) == 2
    assert world.store.window("a").docs[0].value == {"text": "changed"}


def test_permission_denied_on_one_feed_leaves_the_others_live(world: World) -> None:
    world.server.errors["b"] = PermissionDenied("no")
    world.listener("b").is_active = False
    world.pass_time(6)
    health = world.supervisor.health
    assert health.feeds["b"].state is FeedState.DENIED
    assert "may not read things b" in health.feeds["b"].message
    assert world.badge is Freshness.LIVE


def test_permission_denied_everywhere_is_said_and_heals() -> None:
    world = World()
    world.server.errors = {"a": PermissionDenied("no"), "b": PermissionDenied("no")}
    world.run()
    world.pass_time(8)
    assert world.supervisor.health.state is LinkState.DENIED
    assert "administrator" in world.supervisor.health.message
    world.server.errors.clear()
    world.pass_time(40)
    assert world.badge is Freshness.LIVE


def test_signed_out_says_what_to_type() -> None:
    world = World()
    world.server.sign_in_error = SignedOut("The sign-in was revoked.")
    world.run()
    assert world.badge is Freshness.SIGNED_OUT
    assert "leadgen auth login" in world.supervisor.health.message
    world.server.sign_in_error = None
    world.pass_time(35)
    assert world.badge is Freshness.LIVE


def test_a_sign_in_that_hangs_is_given_up() -> None:
    world = World()
    world.hung = []
    world.run()
    world.pass_time(module.CONNECT_TIMEOUT_S + 0.5)
    assert world.badge is Freshness.OFFLINE
    late, world.hung = world.hung, None
    world.pass_time(5)
    assert world.badge is Freshness.LIVE
    late[0]()
    world.run()
    assert world.badge is Freshness.LIVE, "the late answer of a connection given up changes nothing"


def test_a_damaged_document_hides_no_other(world: World) -> None:
    def parse(data: dict[str, Any]) -> dict[str, Any]:
        if "bad" in data:
            raise ValueError("damaged")
        return data

    feed = Feed("a", "things", lambda c: Target(c, "a"), 10, parse)
    world.supervisor._listeners["a"].feed = feed
    world.server.documents["a"] = [Snapshot("x", 1, bad=True), Snapshot("y", 1)]
    world.supervisor.reconnect()
    world.run()
    window = world.store.window("a")
    assert [doc.id for doc in window.docs] == ["y"]
    assert window.unreadable == 1
    world.pass_time(20)
    assert world.badge is Freshness.LIVE


def test_old_snapshots_of_a_replaced_listener_are_ignored(world: World) -> None:
    old = world.listener("a")
    world.supervisor.reconnect()
    world.run()
    old.send(Snapshot("ghost", 9))
    world.run()
    assert [doc.id for doc in world.store.window("a").docs] == ["a1"]
