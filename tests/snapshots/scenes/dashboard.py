"""Pictures of the dashboard."""

from __future__ import annotations

from console.live import feeds
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, typed

_PARTLY_DENIED = recorded.Health(
    recorded.LinkState.ONLINE,
    {
        **recorded.live_health().feeds,
        feeds.EMAILS: recorded.FeedHealth(
            recorded.FeedState.DENIED, None, "Your role may not read emails. Ask an administrator for a role."
        ),
    },
)
SCENES = (
    Scene("dashboard-full", app()),
    Scene("dashboard-full-light", app(theme="leadgen-light")),
    Scene("dashboard-empty", app(recorded.EMPTY)),
    Scene("dashboard-loading", app({}, recorded.loading_health())),
    Scene("dashboard-stale", app(None, recorded.live_health(age=14))),
    Scene("dashboard-offline", app(None, recorded.offline_health())),
    Scene("dashboard-denied", app({}, recorded.denied_health())),
    Scene(
        "dashboard-partly-denied", app({k: v for k, v in recorded.FULL.items() if k != feeds.EMAILS}, _PARTLY_DENIED)
    ),
    Scene("dashboard-signed-out", app({}, recorded.signed_out_health())),
    Scene("dashboard-paused", app(), typed("v")),
    Scene("dashboard-zoomed", app(), typed("tab", "tab", "z")),
)
