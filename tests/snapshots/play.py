"""The console over recorded documents that move a little, to be tried out by hand: `python -m tests.snapshots.play`."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from console.app import LeadgenApp
from console.live import feeds
from console.live.clock import SystemClock
from console.live.health import FeedHealth, FeedState
from tests.snapshots import recorded


def _moved_to_now(value: Any, by: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, dict):
        return {key: _moved_to_now(item, by) for key, item in value.items()}
    return [_moved_to_now(item, by) for item in value] if isinstance(value, list) else value


class MovingLive(recorded.RecordedLive):
    """Recorded documents of which one changes now and then."""

    def start(self) -> None:
        """Begin to move."""
        super().start()
        threading.Thread(target=self._move, daemon=True).start()

    def _move(self) -> None:
        by = datetime.now(UTC) - recorded.NOW
        windows = {name: _moved_to_now(documents, by) for name, documents in recorded.FULL.items()}
        for name, documents in windows.items():
            self.replace(name, documents)
        number = 0
        while not self.stopped:
            time.sleep(0.7)
            number += 1
            running = windows[feeds.REQUESTS][number % 2]
            running["version"] = number
            running["counts"] = {**running["counts"], "harvested": running["counts"]["harvested"] + 3}
            running["counts"]["queued"] += random.randint(0, 1)
            self.replace(feeds.REQUESTS, windows[feeds.REQUESTS])
            fresh = {**recorded.email(number, "QUEUED"), "id": f"fresh{number}", "updatedAt": datetime.now(UTC)}
            windows[feeds.EMAILS] = [fresh, *windows[feeds.EMAILS]][:100]
            self.replace(feeds.EMAILS, windows[feeds.EMAILS])
            confirmed = FeedHealth(FeedState.LIVE, time.monotonic())
            self.health = self.health._replace(feeds=dict.fromkeys(self.health.feeds, confirmed))


def main() -> None:
    """Run it."""
    live = MovingLive({}, recorded.live_health())
    LeadgenApp(recorded.FakeSession, clock=SystemClock(), make_live=lambda _session, _clock: live).run()


if __name__ == "__main__":
    main()
