"""The scenes that are pictured: an app over recorded documents, and what is done in it before the picture is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual.command import CommandPalette

from console.live import feeds
from console.live.session import BackendError
from tests.snapshots import recorded

SIZES = ((80, 24), (120, 36))


async def settled(pilot: Any) -> None:
    """Wait until workers have reported and the screen has been painted."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    pilot.app.flush()
    await pilot.pause()


def typed(*keys: str) -> Callable[[Any], Awaitable[None]]:
    """Press keys: the first one changes the screen, so what it starts is waited for."""

    async def play(pilot: Any) -> None:
        await settled(pilot)
        await pilot.press(keys[0])
        await settled(pilot)
        await pilot.press(*keys[1:])
        await settled(pilot)

    return play


async def palette_open(pilot: Any) -> None:
    """Open the palette and wait until its search, which runs on timers of its own, has listed every command."""
    await settled(pilot)
    await pilot.press("ctrl+p")
    while not (isinstance(pilot.app.screen, CommandPalette) and pilot.app.screen.has_class("-ready")):
        await pilot.pause()
    await settled(pilot)


@dataclass(frozen=True)
class Scene:
    """One picture.

    Args:
        name: names the picture.
        make: makes the app.
        play: what is done first.
    """

    name: str
    make: Callable[[], Any]
    play: Callable[[Any], Awaitable[None]] = settled


def _app(*args: Any, **more: Any) -> Callable[[], Any]:
    return lambda: recorded.recorded_app(*args, **more)[0]


def _refusing() -> Any:
    fields = [{"field": "numLeads", "value": "5000", "allowed": "at most 2,000 while the source is new"}]
    error = BackendError(
        "The request is not valid", "numLeads is 5000.", "Ask for fewer leads, or raise the source's limit.", fields
    )
    return recorded.recorded_app(session=recorded.FakeSession(refuse=error))[0]


_PARTLY_DENIED = recorded.Health(
    recorded.LinkState.ONLINE,
    {
        **recorded.live_health().feeds,
        feeds.EMAILS: recorded.FeedHealth(
            recorded.FeedState.DENIED, None, "Your role may not read emails. Ask an administrator for a role."
        ),
    },
)
_NOT_READY = {**recorded.FULL, feeds.MAILBOXES: [], feeds.SETTINGS: [{"id": "settings", "sendingPaused": True}]}
_FILLED = ("2", *"austin", "tab", "enter", "down", "enter", "tab", *"5000")
_AGAIN = ("tab", "tab", "tab", "enter", "down", "down", "enter", "tab")
_RECURRING = (*_FILLED[:-1], *_AGAIN[2:], *"mon-fri", "tab", *"9:00", "tab", "tab")

SCENES = (
    Scene("dashboard-full", _app()),
    Scene("dashboard-full-light", _app(theme="leadgen-light")),
    Scene("dashboard-empty", _app(recorded.EMPTY)),
    Scene("dashboard-loading", _app({}, recorded.loading_health())),
    Scene("dashboard-stale", _app(None, recorded.live_health(age=14))),
    Scene("dashboard-offline", _app(None, recorded.offline_health())),
    Scene("dashboard-denied", _app({}, recorded.denied_health())),
    Scene(
        "dashboard-partly-denied", _app({k: v for k, v in recorded.FULL.items() if k != feeds.EMAILS}, _PARTLY_DENIED)
    ),
    Scene("dashboard-signed-out", _app({}, recorded.signed_out_health())),
    Scene("dashboard-paused", _app(), typed("p")),
    Scene("dashboard-zoomed", _app(), typed("tab", "tab", "z")),
    Scene("campaigns", _app(), typed("2")),
    Scene("campaigns-light", _app(theme="leadgen-light"), typed("2", "escape", "j", "j", "j", "j")),
    Scene("campaigns-filled", _app(), typed(*_FILLED)),
    Scene("campaigns-errors", _app(), typed("2", *"atlantis", "ctrl+s")),
    Scene("campaigns-refused", _refusing, typed(*_FILLED, "ctrl+s")),
    Scene("campaigns-not-ready", _app(_NOT_READY, session=None), typed("2", *"newark")),
    Scene("campaigns-schedules", _app(), typed("2", "escape", "s")),
    Scene("campaigns-schedule-failed-light", _app(theme="leadgen-light"), typed("2", "escape", "s", "j", "j")),
    Scene("campaigns-recurring", _app(), typed(*_RECURRING, *"10 runs")),
    Scene("campaigns-recurring-errors", _app(), typed("2", *_AGAIN, "ctrl+s")),
    Scene("campaigns-remove-schedule", _app(), typed("2", "escape", "s", "d")),
    Scene("help", _app(), typed("question_mark")),
    Scene("help-campaigns-light", _app(theme="leadgen-light"), typed("2", "escape", "question_mark")),
    Scene("palette", _app(), palette_open),
)
