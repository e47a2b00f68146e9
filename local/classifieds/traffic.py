"""What was asked of the site: counts by kind of page and by path, so that a harvester's manners can be checked."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from local.files import write_atomically

_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("index", r"/"),
        ("robots", r"/robots\.txt"),
        ("sitemap", r"/sitemap\.xml"),
        ("private", r"/private/.*"),
        ("captcha", r"/captcha/.*"),
        ("contact", r"/[^/]+/services/[^/]+/contact"),
        ("post", r"/[^/]+/services/[^/]+\.html"),
        ("rss", r"/[^/]+/services\.rss"),
        ("listing", r"/[^/]+/services"),
        ("image", r"/images/.*"),
        ("website", r"/w/.*"),
        ("static", r"/(style\.css|favicon\.ico)"),
    )
)


def path_class(path: str) -> str:
    """The kind of page a path leads to: "listing", "post", "contact", "private" …, or "other"."""
    for name, pattern in _CLASSES:
        if pattern.fullmatch(path):
            return name
    return "other"


class Traffic:
    """Counts of requests, and which flaky posts have failed already; kept in a file between runs.

    Args:
        file: where to keep them; None keeps them in memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._in_flight = 0
        self._is_saved = True
        self.clear()
        if file is not None and file.exists():
            self._load(file)

    def clear(self) -> None:
        """Forget everything."""
        self.total = 0
        self.max_in_flight = 0
        self.classes: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.user_agents: Counter[str] = Counter()
        self.failed_once: set[str] = set()
        self._is_saved = False

    def begin(self, path: str, user_agent: str) -> None:
        """Note a request as it comes in."""
        self.total += 1
        self.classes[path_class(path)] += 1
        self.paths[path] += 1
        self.user_agents[user_agent] += 1
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        self._is_saved = False

    def end(self, status: int) -> None:
        """Note the answer to a request; 0 for a client that went away."""
        self._in_flight -= 1
        self.statuses[str(status)] += 1

    def fails_now(self, path: str) -> bool:
        """True the first time a flaky path is asked about."""
        if path in self.failed_once:
            return False
        self.failed_once.add(path)
        return True

    def as_json(self) -> dict[str, Any]:
        """Plain values; `paths` leaves out the query."""
        return {
            "total": self.total,
            "max_in_flight": self.max_in_flight,
            "classes": dict(self.classes),
            "paths": dict(self.paths),
            "statuses": dict(self.statuses),
            "user_agents": dict(self.user_agents),
        }

    def save(self) -> None:
        """Write the counts to the file if they changed since the last time."""
        if self._file is None or self._is_saved:
            return
        write_atomically(self._file, json.dumps({**self.as_json(), "failed_once": sorted(self.failed_once)}))
        self._is_saved = True

    def _load(self, file: Path) -> None:
        try:
            kept = json.loads(file.read_text("utf-8"))
            self.total, self.max_in_flight = int(kept["total"]), int(kept["max_in_flight"])
            self.classes, self.paths = Counter(kept["classes"]), Counter(kept["paths"])
            self.statuses, self.user_agents = Counter(kept["statuses"]), Counter(kept["user_agents"])
            self.failed_once = set(kept["failed_once"])
        except (ValueError, KeyError, TypeError):
            # A damaged file costs counts and nothing else: begin anew.
            self.clear()
