"""What goes wrong under a console, done for real: it lives, says so, and comes back by itself."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from console.client.firestore import user_client
from console.client.profile import emulator_profile
from console.client.signin import SignIn
from console.live import feeds, link
from console.live.clock import SystemClock
from console.live.health import Freshness, LinkState, freshness
from console.live.session import UserInfo
from console.live.store import LiveStore
from console.live.supervisor import Supervisor

REQUESTS = next(feed for feed in feeds.console_feeds() if feed.name == feeds.REQUESTS)
ACTIVITY = next(feed for feed in feeds.console_feeds() if feed.name == feeds.ACTIVITY)


class HastyClock(SystemClock):
    """The machine's clock, set forward when a test does not want to wait for a retry."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic() + self.ahead


def id_token(role: str, lasts_s: float = 3600) -> str:
    """An unsigned ID token, as the Auth emulator gives them and the Firestore emulator takes them."""
    now = int(time.time())
    claims = {"sub": "grace", "user_id": "grace", "email": "grace@example.com", "iat": now, "exp": now + int(lasts_s)}
    claims |= {"role": role} if role else {}
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


class TokenService:
    """Firebase's token endpoint, as an HTTP transport: the role it writes into tokens and its refusals can change."""

    def __init__(self) -> None:
        self.role = "operator"
        self.refusal = ""
        self.lasts_s = 3600.0
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.refusal:
            return httpx.Response(400, json={"error": {"message": self.refusal}})
        return httpx.Response(200, json={"id_token": id_token(self.role, self.lasts_s), "refresh_token": "r"})


class EmulatorSession:
    """The console's own client and sign-in over an emulator."""

    user = UserInfo("grace@example.com", "operator")
    project_label = backend_label = "an emulator"

    def __init__(self, host: str, project: str) -> None:
        self.service = TokenService()
        profile = emulator_profile(
            "chaos", project_id=project, firestore_host=host, auth_host="127.0.0.1:1", functions_url="", redirect_uri=""
        )
        self.profile = profile
        self.sign_in = SignIn(profile, "r", http=httpx.Client(transport=httpx.MockTransport(self.service)))

    def firestore(self) -> Any:
        """A client with a channel of its own."""
        return user_client(self.profile, self.sign_in)


class World:
    """A supervised pair of listeners, its clock and its session."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.clock = HastyClock()
        self.store = LiveStore()
        self.live = Supervisor(session, (REQUESTS, ACTIVITY), self.store, self.clock)

    def until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        """Let it work until something holds."""
        deadline = time.monotonic() + seconds
        while not done():
            self.live.pump(timeout=0.02)
            assert time.monotonic() < deadline, f"not in time: {self.live.health}"

    @property
    def badge(self) -> Freshness:
        """What the console says."""
        return freshness(self.live.health, self.clock.monotonic())[0]

    def cities(self) -> list[str]:
        """What is shown."""
        return [request.city for request in self.store.window(feeds.REQUESTS).values]


@contextmanager
def supervised(session: Any) -> Iterator[World]:
    """A world whose listeners have answered once; it ends in order."""
    link.hush_watch_threads()
    world = World(session)
    try:
        yield world
    finally:
        world.live.stop()
        world.live.pump(timeout=0)


def campaign(city: str) -> dict[str, Any]:
    """A campaign's document."""
    return {
        "templateId": 1,
        "city": city,
        "numberOfLeadsToProcess": 5,
        "requestTimestamp": datetime.now(UTC),
        "status": "PENDING",
    }


@pytest.fixture
def session(firestore_db: Any, firestore_emulator: str, worker_project: str) -> EmulatorSession:
    """A signed-in operator."""
    return EmulatorSession(firestore_emulator, worker_project)


def test_a_revoked_sign_in_is_said_and_a_new_one_goes_on(session: EmulatorSession, firestore_db: Any) -> None:
    firestore_db.document("processorQueue/one").set(campaign("austin"))
    with supervised(session) as world:
        world.until(lambda: world.live.health.settled)
        assert world.cities() == ["austin"]

        session.service.refusal = "TOKEN_EXPIRED"
        session.sign_in.forget_token()
        world.clock.ahead += 2
        world.until(lambda: world.badge is Freshness.SIGNED_OUT)
        assert "revoked" in world.live.health.message
        assert "leadgen auth login" in world.live.health.message
        assert world.cities() == ["austin"], "what is known stays on the screen"

        session.service.refusal = ""
        firestore_db.document("processorQueue/two").set(campaign("dallas"))
        world.live.reconnect()
        world.until(lambda: world.badge is Freshness.LIVE and set(world.cities()) == {"austin", "dallas"})


def test_a_role_that_is_taken_away_is_said_and_given_back_goes_on(session: EmulatorSession, firestore_db: Any) -> None:
    firestore_db.document("processorQueue/one").set(campaign("austin"))
    with supervised(session) as world:
        world.until(lambda: world.live.health.settled)
        session.service.role = ""
        session.sign_in.forget_token()
        world.clock.ahead += 31
        world.until(lambda: any(f.state == "DENIED" for f in world.live.health.feeds.values()))
        said = " ".join(f.message for f in world.live.health.feeds.values())
        assert "role" in said
        assert "administrator" in said
        assert world.cities() == ["austin"]

        session.service.role = "viewer"
        session.sign_in.forget_token()
        world.live.reconnect()
        world.until(lambda: all(f.state == "LIVE" for f in world.live.health.feeds.values()))
        world.until(lambda: world.badge is Freshness.LIVE)


def test_a_token_that_runs_out_is_renewed_without_a_blink(session: EmulatorSession, firestore_db: Any) -> None:
    with supervised(session) as world:
        world.until(lambda: world.live.health.settled)
        badges: set[Freshness] = set()
        before = session.sign_in.expires_at()
        session.service.lasts_s = 3600
        session.sign_in._expires = time.time() + 200

        def renewed() -> bool:
            badges.add(world.badge)
            return session.sign_in.expires_at() > before and world.live.health.settled

        world.clock.ahead += 2
        world.until(renewed)
        assert badges == {Freshness.LIVE}


def test_a_wrong_project_shows_nothing_of_another_and_does_not_end_it(
    session: EmulatorSession, firestore_db: Any
) -> None:
    firestore_db.document("processorQueue/one").set(campaign("austin"))
    session.profile = replace(session.profile, project_id="demo-another")
    with supervised(session) as world:
        world.until(lambda: all(f.state != "WAITING" for f in world.live.health.feeds.values()))
        assert world.cities() == []


class Slow:
    """A TCP proxy in front of an address that holds each piece back for a while.

    Args:
        to: host:port.
        delay_s: for how long, in each direction.
    """

    def __init__(self, to: str, delay_s: float) -> None:
        host, _, port = to.rpartition(":")
        self._to, self.delay_s = (host, int(port)), delay_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to, timeout=10)
            except OSError:
                return
            far.settimeout(None)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                time.sleep(self.delay_s)
                sink.sendall(piece)

    def close(self) -> None:
        """End all of it."""
        for one in self._open:
            one.close()


def test_a_slow_line_is_live_with_its_age_and_shows_what_is_written(
    session: EmulatorSession, firestore_emulator: str, firestore_db: Any
) -> None:
    proxy = Slow(firestore_emulator, 0.5)  # A second there and back.
    session.profile = replace(session.profile, firestore_host=proxy.address)
    try:
        with supervised(session) as world:
            world.until(lambda: world.live.health.settled)
            firestore_db.document("processorQueue/one").set(campaign("austin"))
            world.until(lambda: world.cities() == ["austin"], seconds=10)
            assert world.badge is Freshness.LIVE
            assert world.live.health.state is LinkState.ONLINE
    finally:
        proxy.close()


def test_a_listener_whose_callback_raises_goes_on(
    session: EmulatorSession, firestore_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with supervised(session) as world:
        world.until(lambda: world.live.health.settled)
        failures = iter((RuntimeError("a fault of ours"),))
        original = link.Reader.read

        def read(self: Any, snapshots: Any) -> Any:
            if self.feed.name == feeds.REQUESTS:
                for failure in failures:
                    raise failure
            return original(self, snapshots)

        monkeypatch.setattr(link.Reader, "read", read)
        firestore_db.document("processorQueue/one").set(campaign("austin"))
        firestore_db.document("processorQueue/one").update({"city": "dallas"})
        world.until(lambda: world.cities() == ["dallas"] or next(failures, None) is None)
        firestore_db.document("processorQueue/one").update({"city": "denver"})
        world.until(lambda: world.cities() == ["denver"])
        assert world.badge is Freshness.LIVE


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_off_neither_keeps_a_dead_token_nor_asks_for_one_at_every_call(
    hours: float, session: EmulatorSession
) -> None:
    passed = 0.0
    http = httpx.Client(transport=httpx.MockTransport(session.service))
    session.sign_in = SignIn(session.profile, "r", http=http, now=lambda: time.time() + hours * 3600 + passed)
    with supervised(session) as world:
        world.until(lambda: world.live.health.settled)
        assert world.badge is Freshness.LIVE
        assert session.service.asked == 1
    passed = 3500.0  # The token is about to run out.
    session.sign_in.id_token()
    assert session.service.asked == 2
