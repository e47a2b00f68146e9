"""How fast a host is read, and how long a failure is waited out. No I/O: time comes in, waits come out."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MOST_HOSTS = 4096
_LONGEST_RETRY_AFTER = timedelta(days=1)


class NoSlotSoon(Exception):
    """The host's next free slot is further away than the caller wants to wait.

    Args:
        at: when the slot is.
    """

    def __init__(self, at: datetime) -> None:
        super().__init__(f"next slot at {at.isoformat()}")
        self.at = at


class Pacer:
    """When each host may be asked next. Shared by all fetchers of a process; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[str, datetime] = {}

    def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """Take the host's next slot.

        Args:
            host: host and port.
            interval_s: pause until the slot after this one, in seconds.
            now: the present moment.
            longest_wait_s: the caller waits no longer than this, in seconds.

        Returns:
            How long to wait before the request may begin, in seconds.

        Raises:
            NoSlotSoon: the wait would be longer; no slot was taken.
        """
        with self._lock:
            slot = max(self._next.get(host, now), now)
            wait = (slot - now).total_seconds()
            if wait > longest_wait_s:
                raise NoSlotSoon(slot)
            self._forget_past(now)
            self._next[host] = slot + timedelta(seconds=interval_s)
            return wait

    def hold(self, host: str, until: datetime) -> None:
        """Ask the host nothing before that moment, because it said so."""
        with self._lock:
            self._next[host] = max(self._next.get(host, until), until)

    def _forget_past(self, now: datetime) -> None:
        if len(self._next) >= _MOST_HOSTS:
            self._next = {host: slot for host, slot in self._next.items() if slot > now}


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """The moment a Retry-After header names, at most a day away; `None` if it names none (RFC 9110 §10.2.3).

    Args:
        value: the header: seconds, or an HTTP date.
        now: the present moment.
    """
    text = value.strip()
    latest = now + _LONGEST_RETRY_AFTER
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:12]), _LONGEST_RETRY_AFTER.total_seconds())
        return now + timedelta(seconds=seconds)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return min(max(moment, now), latest)


def backoff_s(attempt: int, base_s: float, cap_s: float, rng: random.Random) -> float:
    """A random pause between half and the whole of an exponentially growing one, in seconds.

    Args:
        attempt: 1 after the first failure.
        base_s: the whole pause after the first failure.
        cap_s: the longest pause.
        rng: source of chance.
    """
    whole = min(cap_s, base_s * 2.0 ** min(attempt - 1, 30))
    return rng.uniform(whole / 2, whole)
