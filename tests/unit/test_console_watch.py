"""A listener's stream is opened again only when that makes sense."""

from __future__ import annotations

from typing import Any

import pytest

from console.live.watch import REOPEN_AFTER_S, Ended, Openings


class Streams:
    """Counts what was opened, with time in our hands."""

    def __init__(self) -> None:
        self.now, self.opened = 0.0, 0
        self.openings = Openings(self._start, lambda: self.now)

    def _start(self, *_args: Any, **_kwargs: Any) -> int:
        self.opened += 1
        return self.opened


def test_a_stream_that_lived_is_opened_again() -> None:
    streams = Streams()
    for _ in range(3):
        streams.openings()
        streams.now += REOPEN_AFTER_S
    assert streams.opened == 3


def test_a_stream_that_breaks_at_once_ends_and_stays_ended() -> None:
    streams = Streams()
    streams.openings()
    streams.now += REOPEN_AFTER_S - 0.1
    with pytest.raises(Ended):
        streams.openings()
    streams.now += 3600
    with pytest.raises(Ended):
        streams.openings()
    assert streams.opened == 1


def test_an_ended_stream_is_not_opened() -> None:
    streams = Streams()
    streams.openings()
    streams.openings.end()
    streams.now += 3600
    with pytest.raises(Ended):
        streams.openings()
    assert streams.opened == 1
