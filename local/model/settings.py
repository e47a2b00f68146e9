"""What the stand-in is started with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEFAULT_KEY = "local"
DEFAULT_MODEL = "rules-1"


@dataclass(frozen=True)
class Settings:
    """What the stand-in is started with.

    Args:
        data_dir: folder its state is kept in.
        keys: API keys that are accepted.
        models: names of the models it offers; they all answer alike.
        latency_s: how long every answer takes, in seconds.
        wall: seconds since the epoch.
        monotonic: seconds that never go back; on Linux the same clock for all processes.
    """

    data_dir: Path
    keys: tuple[str, ...] = (DEFAULT_KEY,)
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    latency_s: float = 0.0
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
