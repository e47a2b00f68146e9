"""What a listener delivers is shown newest first, in whatever order it delivers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.live.feed import Feed, Reader


@dataclass
class Snapshot:
    id: str
    at: Any
    exists: bool = True
    update_time: int = 1

    def to_dict(self) -> dict[str, Any]:
        return {"at": self.at} if self.at is not None else {}


def test_documents_are_shown_newest_first_whatever_the_listener_delivers() -> None:
    feed = Feed("f", "things", lambda db: None, 10, lambda data: data, newest_by="at")
    moments = [datetime(2026, 3, 4, hour, tzinfo=UTC) for hour in range(3)]
    snapshots = [Snapshot(str(n), moment) for n, moment in enumerate(moments)] + [Snapshot("none", None)]
    docs, unreadable = Reader(feed, {}).read(snapshots)
    assert [doc.id for doc in docs] == ["2", "1", "0", "none"]
    assert unreadable == 0
