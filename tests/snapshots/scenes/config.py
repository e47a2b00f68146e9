"""Pictures of the configuration's screen."""

from __future__ import annotations

from typing import Any

from console.screens.config import screen
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, settled, typed

_HISTORY = [
    {"revision": 3, "updatedBy": "root@example.com", "updatedAt": recorded.before(hours=5), "dailyCap": 1500},
    {"revision": 2, "updatedBy": "ada@example.com", "updatedAt": recorded.before(days=3), "dailyCap": 400},
    {"revision": 0, "updatedBy": "", "updatedAt": None},
]


def config_app(role: str = "admin", theme: str = "leadgen-dark", **more: Any) -> Any:
    """An app whose history of the configuration is recorded, too."""
    screen.earlier = lambda _session: list(_HISTORY)
    return recorded.recorded_app(session=recorded.FakeSession(role=role, **more), theme=theme)[0]


async def overtaken(pilot: Any) -> None:
    """Change a value that somebody else then saves otherwise."""
    await typed("7", "down", "right", "right")(pilot)
    pilot.app._live.replace("settings", [{**recorded.SETTINGS[0], "llmTransactionLimit": 60, "revision": 5}])
    await settled(pilot)


SCENES = (
    Scene("config", config_app, typed("7", "down")),
    Scene(
        "config-changed",
        config_app,
        typed("7", *("down",) * 14, "shift+right", "up", "up", "up", "right"),
        resized=False,
    ),
    Scene("config-light-changed", lambda: config_app(theme="leadgen-light"), typed("7", "down", "shift+right")),
    Scene("config-edit-wrong", config_app, typed("7", *("down",) * 20, "enter", "=x", "enter"), resized=False),
    Scene("config-overtaken", config_app, overtaken),
    Scene("config-history", config_app, typed("7", "h", "down")),
    Scene("config-viewer", lambda: config_app(role="viewer"), typed("7", "down", "right")),
)
