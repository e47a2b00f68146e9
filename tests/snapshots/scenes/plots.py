"""Pictures of the plots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.live.governor import Used
from console.live.session import BackendError
from console.stats.figures import Stats, days_back, hours_back, per_slice
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, settled

_NOW = recorded.NOW


def recorded_stats() -> Stats:
    """Two weeks in which one pauses at night and on weekends."""
    days = days_back(_NOW, 14, recorded.ZONE)
    busy = [day for day in days if day.weekday() < 5]
    sent = [_NOW.timestamp() - 300 * n for n in range(1, 70)]
    week = [_NOW.timestamp() - 86_400 * day - 290 * n for day in (0, 1, 2, 5, 6) for n in range(1, 60 + 20 * day)]
    funnel = {
        day: {"harvested": 310 + 37 * n, "found": 120 + 21 * n, "queued": 88 + 15 * n, "sent": 80 + 11 * n}
        for n, day in enumerate(busy)
    }
    model = {day: Used(180 + 30 * n, 90_000, 0.18 * (n + 1)) for n, day in enumerate(busy)}
    model[busy[3]] = Used(40, 20_000, 0.0, 40)
    return Stats(
        _NOW,
        per_slice(sent, hours_back(_NOW, 24, 1, recorded.ZONE), 1),
        per_slice(week, hours_back(_NOW, 28, 6, recorded.ZONE), 6),
        days,
        days,
        funnel,
        model,
        reads=61,
    )


def _not_read() -> Stats:
    raise BackendError("The figures could not be read", "Firestore can't be reached.")


def shown(*keys: str, figures: Callable[[], Stats] = recorded_stats) -> Callable[[Any], Any]:
    """Open the plots with the recorded figures, then press keys."""

    async def play(pilot: Any) -> None:
        from console.screens.plots import screen

        original = screen.read
        screen.read = lambda *_: figures()
        try:
            await settled(pilot)
            await pilot.press("p")
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
            await settled(pilot)
        finally:
            screen.read = original

    return play


SCENES = (
    Scene("plots-hours", app(), shown()),
    Scene("plots-week", app(), shown("2")),
    Scene("plots-funnel", app(), shown("3")),
    Scene("plots-model-light", app(theme="leadgen-light"), shown("right", "right", "right")),
    Scene("plots-not-read", app(), shown(figures=_not_read)),
)

__all__ = ["SCENES", "recorded_stats"]
