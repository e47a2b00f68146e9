"""Pictures of the campaigns' screen."""

from __future__ import annotations

from typing import Any

from console.live import feeds
from console.live.session import BackendError
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, typed


def _refusing() -> Any:
    fields = [{"field": "numLeads", "value": "5000", "allowed": "at most 2,000 while the source is new"}]
    error = BackendError(
        "The request is not valid", "numLeads is 5000.", "Ask for fewer leads, or raise the source's limit.", fields
    )
    return recorded.recorded_app(session=recorded.FakeSession(refuse=error))[0]


_NOT_READY = {**recorded.FULL, feeds.MAILBOXES: [], feeds.SETTINGS: [{"id": "settings", "sendingPaused": True}]}
_FILLED = ("2", "n", "=austin", "tab", "tab", "=5000")
_AGAIN = ("tab", "tab", "tab", "enter", "down", "down", "enter", "tab")
_RECURRING = (*_FILLED[:-1], "=500", *_AGAIN[2:], "=mon-fri", "tab", "=9:00", "tab", "tab")


SCENES = (
    Scene("campaigns", app(), typed("2")),
    Scene("campaigns-light", app(theme="leadgen-light"), typed("2", "escape", "j", "j", "j", "j")),
    Scene("campaigns-filled", app(), typed(*_FILLED)),
    Scene("campaigns-errors", app(), typed("2", "n", "=atlantis", "ctrl+s")),
    Scene("campaigns-refused", _refusing, typed(*_FILLED, "ctrl+s")),
    Scene("campaigns-not-ready", app(_NOT_READY, session=None), typed("2", "n", "=newark")),
    Scene("campaigns-schedules", app(), typed("2", "escape", "s")),
    Scene("campaigns-schedule-failed-light", app(theme="leadgen-light"), typed("2", "escape", "s", "j", "j")),
    Scene("campaigns-recurring", app(), typed(*_RECURRING, "=10 runs")),
    Scene("campaigns-recurring-errors", app(), typed("2", "n", *_AGAIN, "ctrl+s")),
    Scene("campaigns-edit-schedule", app(), typed("2", "s", "e")),
    Scene("campaigns-remove-schedule", app(), typed("2", "escape", "s", "d")),
)
