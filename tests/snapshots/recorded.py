"""Recorded documents and stand-ins for session and listeners, for tests of the screens and for trying them out."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from console.app import LeadgenApp
from console.backend.state import BackendState, FunctionState
from console.live import feeds
from console.live.feed import Doc
from console.live.health import FeedHealth, FeedState, Health, LinkState
from console.live.session import BackendError, UserInfo
from console.live.store import LiveStore
from console.screens.dashboard.rows import funnel_counts
from tests.snapshots.documents import (
    ACTIVITY,
    EMAILS,
    EMPTY,
    FULL,
    GOVERNOR,
    MAILBOXES,
    MONOTONIC,
    NOW,
    REQUESTS,
    REVIEW,
    SCHEDULES,
    SETTINGS,
    WEEKDAYS,
    ZONE,
    at,
    before,
    contact,
    counts,
    email,
    last_run,
    request,
    schedule,
)

__all__ = [
    "ACTIVITY",
    "EMAILS",
    "EMPTY",
    "FULL",
    "GOVERNOR",
    "MAILBOXES",
    "MONOTONIC",
    "NOW",
    "REQUESTS",
    "REVIEW",
    "SCHEDULES",
    "SETTINGS",
    "WEEKDAYS",
    "ZONE",
    "at",
    "before",
    "contact",
    "counts",
    "email",
    "last_run",
    "request",
    "schedule",
]

CITIES = [
    {"city": "austin", "label": "Austin, TX", "timezone": "America/Chicago", "acknowledged": True},
    {"city": "dallas", "label": "Dallas, TX", "timezone": "America/Chicago", "acknowledged": True},
    {"city": "denver", "label": "Denver, CO", "timezone": "America/Denver", "acknowledged": True},
    {"city": "newark", "label": "Newark, NJ", "timezone": "America/New_York", "acknowledged": False},
    {"city": "phoenix", "label": "Phoenix, AZ", "timezone": "America/Phoenix", "acknowledged": True},
    {"city": "portland", "label": "Portland, OR", "timezone": "America/Los_Angeles", "acknowledged": True},
]
TEMPLATES = [
    {"templateId": 1, "templateName": "Introduction", "baseSubject": "A question about {{ business_name }}"},
    {"templateId": 2, "templateName": "Website review", "baseSubject": "Your website, {{ name }}"},
    {"templateId": 3, "templateName": "Seasonal offer", "baseSubject": "Before the winter", "isArchived": True},
]


class StillClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.moment = NOW
        self.seconds = MONOTONIC

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def monotonic(self) -> float:
        """Seconds."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


BACKEND = BackendState(
    "emulators on this machine",
    (
        FunctionState("authenticateOutlook", "http", "ACTIVE", "authenticateoutlook-12-vat", NOW - timedelta(days=2)),
        FunctionState("getConfig", "http", "ACTIVE", "getconfig-00012-zap", NOW - timedelta(days=2)),
        FunctionState("onHarvestStep", "pubsub", "ACTIVE", "onharveststep-00012-kem", NOW - timedelta(days=2)),
        FunctionState("emailTick", "schedule", "DEPLOYING", "emailtick-00011-bod", NOW - timedelta(minutes=4)),
        FunctionState("sweepTick", "schedule", "MISSING"),
        FunctionState("triggerHarvest", "http", "FAILED", "triggerharvest-00012-lor", NOW - timedelta(days=2),
                      detail="the container did not start in time"),
    ),
    round_trip_s=0.184,
    clock_skew_s=0.4,
    log=(
        "i  functions: Loaded functions definitions from source",
        ">  INFO leadgen.harvest austin: 25 posts of page 3 claimed",
        ">  WARNING leadgen.llm 429 from the provider, next try in 21 s",
        ">  ERROR leadgen.mail draft for lone-star refused: mailbox full",
    ),
)  # fmt: skip
"""A backend with some trouble."""


class FakeSession:
    """A session that answers from lists and notes what it was asked.

    Args:
        refuse: raised by the next start of a campaign.
        role: the person's role.
        answers: what an endpoint answers: the answer itself, an error to raise, or a function of the body.
    """

    def __init__(
        self, refuse: BackendError | None = None, role: str = "operator", answers: dict[str, Any] | None = None
    ) -> None:
        self.answers = answers or {}
        self.revisions: list[int] = []
        self.backend, self.looks = BACKEND, 0
        self.user = UserInfo("grace@example.com", role)
        self.project_label = "demo-leadgen"
        self.backend_label = "local emulators"
        self.refuse = refuse
        self.calls: list[tuple[str, Any, str | None]] = []

    def look(self) -> BackendState:
        """The backend, as it was recorded."""
        self.looks += 1
        return self.backend

    def firestore(self) -> Any:
        """Not used: the listeners are recorded, too."""
        raise NotImplementedError

    def call(
        self,
        endpoint: str,
        body: dict[str, Any] | None,
        *,
        idempotency_key: str | None = None,
        revision: int | None = None,
    ) -> Any:
        """Answer a call."""
        self.calls.append((endpoint, body, idempotency_key))
        if revision is not None:
            self.revisions.append(revision)
        if endpoint in self.answers:
            answer = self.answers[endpoint]
            if isinstance(answer, BackendError):
                raise answer
            return answer(body) if callable(answer) else answer
        if endpoint == "getCities":
            return CITIES
        if endpoint == "getTemplates":
            return TEMPLATES
        if self.refuse is not None:
            refused, self.refuse = self.refuse, None
            raise refused
        return {"requestId": "r-new", "status": "PENDING", "message": "Campaign for austin: 50 leads."}


class RecordedLive:
    """Live data that stands still."""

    def __init__(self, windows: dict[str, list[dict[str, Any]]], health: Health) -> None:
        self.store = LiveStore()
        self.health = health
        self.started = self.stopped = False
        self.reconnects = 0
        for name, documents in windows.items():
            self.replace(name, documents)

    def replace(self, name: str, documents: list[dict[str, Any]]) -> None:
        """Another window of a feed."""
        parse = next(f.parse for f in feeds.console_feeds() if f.name == name)
        self.store.replace(name, [Doc(d["id"], parse(d), d.get("version", 0)) for d in documents])

    def start(self) -> None:
        """Noted."""
        self.started = True

    def stop(self) -> None:
        """Noted."""
        self.stopped = True

    def reconnect(self) -> None:
        """Noted."""
        self.reconnects += 1


def live_health(age: float = 0.3) -> Health:
    """All listeners confirmed that long ago."""
    return Health(LinkState.ONLINE, {name: FeedHealth(FeedState.LIVE, MONOTONIC - age) for name in FULL})


def loading_health() -> Health:
    """Nothing has answered yet."""
    return Health(LinkState.CONNECTING, {name: FeedHealth() for name in FULL})


def offline_health() -> Health:
    """The connection was lost 23 s ago."""
    known = {name: FeedHealth(FeedState.LIVE, MONOTONIC - 23) for name in FULL}
    return Health(LinkState.OFFLINE, known, MONOTONIC + 4, "Firestore can't be reached.")


def denied_health() -> Health:
    """The rules refuse everything."""
    message = "Your role may not read the data. Ask an administrator for a role, sign in again, then press r."
    return Health(LinkState.DENIED, {name: FeedHealth(FeedState.DENIED, None, message) for name in FULL}, None, message)


def signed_out_health() -> Health:
    """The sign-in is no longer good."""
    message = "The sign-in has expired or was revoked. Sign in with `leadgen auth login`, then press r."
    return Health(LinkState.SIGNED_OUT, {name: FeedHealth() for name in FULL}, MONOTONIC + 30, message)


_HISTORY = {
    "harvested": (4, 9, 16, 16, 12, 20, 22, 8, 16, 24, 19, 6),
    "processed": (0, 4, 9, 16, 16, 10, 18, 20, 12, 16, 21, 9),
    "review": (0, 0, 1, 2, 0, 1, 3, 1, 0, 1, 2, 1),
    "queued": (0, 1, 3, 6, 5, 4, 7, 8, 3, 6, 8, 4),
    "sent": (1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1),
    "failed": (0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
}


def _replay(app: LeadgenApp) -> None:
    """Let the counts rise to what the documents say, as they did in the last two minutes."""
    totals = funnel_counts(RecordedLive(FULL, live_health()).store.window(feeds.REQUESTS))
    for name, bars in _HISTORY.items():
        totals[name] -= sum(bars)
    start = MONOTONIC - 10 * 11
    app.history.note(totals, start)
    for number in range(12):
        totals = {name: total + _HISTORY[name][number] for name, total in totals.items()}
        app.history.note(totals, start + 10 * number)


def recorded_app(
    windows: dict[str, list[dict[str, Any]]] | None = None,
    health: Health | None = None,
    session: FakeSession | None = None,
    theme: str = "leadgen-dark",
    moved: bool = True,
) -> tuple[LeadgenApp, SimpleNamespace]:
    """An app over recorded documents, and the stand-ins behind it.

    Args:
        windows: documents by feed; all of them by default.
        health: how fresh they are.
        session: the session.
        theme: the colours.
        moved: whether counts rose in the last two minutes.
    """
    clock = StillClock()
    live = RecordedLive(FULL if windows is None else windows, health or live_health())
    session = session or FakeSession()
    app = LeadgenApp(lambda: session, clock=clock, zone=ZONE, make_live=lambda _s, _c: live)
    app.theme = theme
    app.animation_level = "none"
    if moved and windows is None:
        _replay(app)
    return app, SimpleNamespace(clock=clock, live=live, session=session)
