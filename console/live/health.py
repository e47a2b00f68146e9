"""How fresh the data on screen is, and what to say about it.

`confirmed_at` is when the server last confirmed that what we show is current, never when something last changed: idle
data stays LIVE, and a silent connection goes STALE.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

STALE_AFTER_S = 8.0
"""Older than this is not called live: three questions in a row went unanswered."""


class LinkState(StrEnum):
    """The connection to Firestore as a whole."""

    CONNECTING = "CONNECTING"
    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    DENIED = "DENIED"
    SIGNED_OUT = "SIGNED_OUT"


class FeedState(StrEnum):
    """One listener."""

    WAITING = "WAITING"
    """Subscribed, or about to be; the server has not answered yet."""
    LIVE = "LIVE"
    DENIED = "DENIED"
    FAILED = "FAILED"


class FeedHealth(NamedTuple):
    """How one listener stands.

    Args:
        state: see `FeedState`.
        confirmed_at: monotonic seconds of the last confirmation that its window is current; `None` before the first.
        message: what is wrong and what to do, if something is.
    """

    state: FeedState = FeedState.WAITING
    confirmed_at: float | None = None
    message: str = ""

    @property
    def never_read(self) -> bool:
        """Whether there is nothing on screen whose age could be told: the pane shows the reason in its place."""
        return self.state is FeedState.DENIED or (self.state is FeedState.FAILED and self.confirmed_at is None)


class Health(NamedTuple):
    """How all of it stands.

    Args:
        state: the connection.
        feeds: each listener.
        retry_at: monotonic seconds of the next attempt, while there is no connection.
        message: what is wrong and what to do, if something is.
    """

    state: LinkState = LinkState.CONNECTING
    feeds: Mapping[str, FeedHealth] = MappingProxyType({})
    retry_at: float | None = None
    message: str = ""

    @classmethod
    def of(cls, state: LinkState, feeds: Mapping[str, FeedHealth], retry_at: float | None, message: str) -> Health:
        """The same, but that a connection over which nothing may be read is one that was denied."""
        denied = [feed for feed in feeds.values() if feed.state is FeedState.DENIED]
        if state is LinkState.ONLINE and denied and len(denied) == len(feeds):
            state, message = LinkState.DENIED, denied[0].message
        return cls(state, feeds, retry_at, message)

    @property
    def confirmed_at(self) -> float | None:
        """The oldest confirmation among the listeners that can read; `None` while one still waits for its first."""
        moments = [f.confirmed_at for f in self.feeds.values() if not f.never_read]
        known = [m for m in moments if m is not None]
        return min(known) if known and len(known) == len(moments) else None

    @property
    def settled(self) -> bool:
        """Whether every listener has had its first answer."""
        waiting = any(f.state is FeedState.WAITING for f in self.feeds.values())
        return self.state is LinkState.ONLINE and bool(self.feeds) and not waiting


class Freshness(StrEnum):
    """What the badge says."""

    CONNECTING = "CONNECTING"
    LIVE = "LIVE"
    STALE = "STALE"
    OFFLINE = "OFFLINE"
    DENIED = "DENIED"
    SIGNED_OUT = "SIGNED OUT"
    PAUSED = "PAUSED"


def seconds(age: float) -> str:
    """An age for the badge: tenths below ten seconds, whole seconds below two minutes, then minutes, then hours."""
    age = max(0.0, age)
    if age < 9.95:
        return f"{age:.1f}s"
    if age < 120:
        return f"{age:.0f}s"
    return f"{age / 60:.0f}m" if age < 7200 else f"{age / 3600:.0f}h"


def freshness(health: Health, now: float, paused_at: float | None = None) -> tuple[Freshness, str]:
    """What the badge shows: the word, and the age or the time to the next attempt beside it.

    Args:
        health: as the supervisor published it.
        now: monotonic seconds.
        paused_at: when the operator froze the view, if they did.
    """
    if paused_at is not None:
        return Freshness.PAUSED, seconds(now - paused_at)
    if health.state is LinkState.OFFLINE:
        wait = max(0.0, (health.retry_at or now) - now)
        return Freshness.OFFLINE, f"retry in {wait:.0f}s" if wait >= 0.5 else "retrying"
    if health.state is LinkState.DENIED:
        return Freshness.DENIED, ""
    if health.state is LinkState.SIGNED_OUT:
        return Freshness.SIGNED_OUT, ""
    confirmed = health.confirmed_at
    if confirmed is None or health.state is LinkState.CONNECTING:
        return Freshness.CONNECTING, ""
    age = now - confirmed
    return (Freshness.LIVE if age <= STALE_AFTER_S else Freshness.STALE), seconds(age)
