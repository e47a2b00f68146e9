"""The supervised listeners against a real Firestore emulator that is killed and comes back."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.live import feeds, link, watch
from console.live.clock import SystemClock
from console.live.health import Freshness, freshness
from console.live.link import hush_watch_threads
from console.live.session import UserInfo
from console.live.store import LiveStore
from console.live.supervisor import Supervisor
from console.screens.picture import NotCurrent, save_dashboard
from local.stack import java, ports, toolchain, web

PROJECT = "demo-console-live"


class Emulator:
    """A Firestore emulator on a fixed port that can be killed and started again; it keeps nothing."""

    def __init__(self) -> None:
        chosen = ports.choose(["firestore", "websocket"])
        self.port, self.websocket = chosen["firestore"], chosen["websocket"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{ports.HOST}:{self.port}"

    def start(self) -> None:
        runtime, jar = java.find(), toolchain.find_firestore_jar()
        command = [str(runtime.program), *java.flags(runtime), "-cp", str(jar), toolchain.FIRESTORE_MAIN_CLASS]
        command += [f"--host={ports.HOST}", f"--port={self.port}", f"--websocket_port={self.websocket}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if web.request("GET", f"http://{self.address}/", timeout_s=2)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("the emulator did not start")

    def start_empty(self) -> None:
        """Start it, or empty the one that runs."""
        if self.process is None:
            self.start()
            return
        path = f"emulator/v1/projects/{PROJECT}/databases/(default)/documents"
        status, text = web.request("DELETE", f"http://{self.address}/{path}")
        assert status == 200, text

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    """An emulator that may run; a test that killed it leaves the next one to start it."""
    made = Emulator()
    yield made
    made.kill()


@pytest.fixture
def dead_emulator(server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator that does not run."""
    hush_watch_threads()
    server.kill()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
    return server


@pytest.fixture
def emulator(server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A running, empty emulator."""
    hush_watch_threads()
    server.start_empty()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
    return server


class EmulatorSession:
    """Gives clients; each has a channel of its own."""

    user = UserInfo("grace@example.com", "operator")
    project_label = PROJECT
    backend_label = "an emulator"

    def firestore(self) -> Any:
        from google.cloud.firestore import Client

        return Client(project=PROJECT)


def pump_until(live: Supervisor, done: Callable[[], bool], reports: int = 400, seconds: float = 60) -> None:
    """Handle reports until something holds; fails after so many reports or seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        reports -= live.pump(timeout=0.1)
        assert reports > 0, f"not within the reports allowed: {live.health}"
        assert time.monotonic() < deadline, f"not in time: {live.health}"


def badge(live: Supervisor) -> Freshness:
    """What the console would say."""
    return freshness(live.health, time.monotonic())[0]


def campaign(city: str) -> dict[str, Any]:
    """A campaign's document."""
    return {
        "templateId": 1,
        "city": city,
        "numberOfLeadsToProcess": 5,
        "requestTimestamp": datetime.now(UTC),
        "status": "PENDING",
    }


def cities(store: LiveStore) -> list[str]:
    """The campaigns' cities, newest first."""
    return [request.city for request in store.window(feeds.REQUESTS).values]


def test_writes_appear_and_a_killed_emulator_is_survived(emulator: Emulator) -> None:
    session: Any = EmulatorSession()
    store = LiveStore()
    live = Supervisor(session, feeds.console_feeds(), store, SystemClock())
    try:
        pump_until(live, lambda: live.health.settled)
        assert badge(live) is Freshness.LIVE
        assert store.window(feeds.REQUESTS).loaded
        store.take()

        writer = session.firestore()
        writer.document("processorQueue/one").set(campaign("austin"))
        pump_until(live, lambda: cities(store) == ["austin"], reports=40, seconds=20)
        assert feeds.REQUESTS in store.take()

        emulator.kill()
        pump_until(live, lambda: badge(live) is Freshness.OFFLINE)
        assert live.health.retry_at is not None
        assert cities(store) == ["austin"], "what is known stays on screen"

        emulator.start()
        session.firestore().document("processorQueue/two").set(campaign("dallas"))
        pump_until(live, lambda: badge(live) is Freshness.LIVE and cities(store) == ["dallas"], seconds=90)
        assert live.health.retry_at is None
    finally:
        live.stop()
        live.pump(timeout=0)
    assert os.environ["FIRESTORE_EMULATOR_HOST"] == emulator.address


def test_the_dashboard_is_drawn_once_it_is_current(emulator: Emulator, tmp_path: Path) -> None:
    session: Any = EmulatorSession()
    session.firestore().document("processorQueue/one").set(campaign("amarillo"))
    path = save_dashboard(session, tmp_path / "dashboard.svg", timeout_s=60)
    drawn = path.read_text(encoding="utf-8")
    assert "amarillo" in drawn
    assert "LIVE" in drawn


def wait_for_no_streams() -> None:
    """Wait until no listener's stream is left."""
    deadline = time.monotonic() + 30
    while left := [t.name for t in threading.enumerate() if "BidirectionalStream" in t.name]:
        assert time.monotonic() < deadline, f"listeners go on with nobody to listen: {left}"
        time.sleep(0.05)


def test_a_listener_that_was_ended_while_it_reopens_ends(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the pause, so that it is the order to end that ends it.
    monkeypatch.setattr(watch, "REOPEN_AFTER_S", 0.0)
    session: Any = EmulatorSession()
    client = session.firestore()
    delivered: queue.SimpleQueue[Any] = queue.SimpleQueue()
    feed = next(feed for feed in feeds.console_feeds() if feed.name == feeds.REQUESTS)
    listener = link.subscribe(client, feed, lambda *found: delivered.put(found))
    delivered.get(timeout=30)
    starts: queue.SimpleQueue[int] = queue.SimpleQueue()
    start = listener.openings._start
    monkeypatch.setattr(listener.openings, "_start", lambda *a, **k: (starts.put(1), start(*a, **k))[1])
    emulator.kill()
    for _ in range(3):
        starts.get(timeout=30)
    link.dispose(None, [listener])
    wait_for_no_streams()


@pytest.mark.usefixtures("dead_emulator")
def test_a_dashboard_that_can_not_be_current_is_not_drawn(tmp_path: Path) -> None:
    session: Any = EmulatorSession()
    with pytest.raises(NotCurrent, match="not current after"):
        save_dashboard(session, tmp_path / "dashboard.svg", timeout_s=3)
    assert not (tmp_path / "dashboard.svg").exists()
    wait_for_no_streams()
