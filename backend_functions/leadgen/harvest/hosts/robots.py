"""robots.txt, asked for by one worker and used by all: fifty workers that start at once do not ask fifty times."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from yarl import URL

from leadgen.harvest.robots import PARSED_BYTES, RobotsAnswer
from leadgen.model.documents import HostAnswer
from leadgen.model.ids import digest, host_id
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import read

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

KEPT = timedelta(hours=24)
"""RFC 9309 §2.4: not to be used for longer."""
ASK_AGAIN = timedelta(minutes=10)
"""Of a host that could not answer."""
_log = logging.getLogger(__name__)


class RobotsAnswers(Protocol):
    """Keeps what hosts answered when they were asked for their robots.txt."""

    async def find(self, url: URL, now: datetime) -> RobotsAnswer | None:
        """The answer kept for an address, if it still holds. Never raises."""
        ...

    async def keep(self, url: URL, answer: RobotsAnswer, now: datetime) -> None:
        """Keep an answer. Never raises: the next worker asks the host itself."""
        ...


class FirestoreRobots:
    """Keeps answers in Firestore: one read for each worker and host a day, one write for each host a day.

    Args:
        db: the Firestore client.
        unshared: host and port of those that every worker asks for itself.
    """

    def __init__(self, db: Client, unshared: frozenset[str] = frozenset()) -> None:
        self._db = db
        self._unshared = unshared

    async def find(self, url: URL, now: datetime) -> RobotsAnswer | None:
        """The answer kept for an address, if it still holds."""
        if _host(url) in self._unshared:
            return None
        try:
            record = await asyncio.to_thread(read, self._ref(url), HostAnswer)
        except Exception as error:
            _log.warning("robots.txt of %s: the store can't be had (%s)", url.host, type(error).__name__)
            return None
        if record is None or record.value.expires_at <= now or record.value.url != str(url):
            return None
        kept = record.value
        return RobotsAnswer(kept.status, kept.body, kept.location, kept.retry_at, kept.asked_at)

    async def keep(self, url: URL, answer: RobotsAnswer, now: datetime) -> None:
        """Keep an answer for as long as it may be used."""
        if _host(url) in self._unshared:
            return
        document = HostAnswer(
            url=str(url),
            status=answer.status,
            body=answer.body[:PARSED_BYTES],
            location=answer.location,
            retry_at=answer.retry_at,
            asked_at=now,
            expires_at=kept_until(answer, now),
        )
        data = document.to_firestore()
        try:
            await asyncio.to_thread(lambda: self._ref(url).set(data, timeout=RPC_TIMEOUT_S))
        except Exception as error:
            _log.warning("robots.txt of %s could not be kept (%s)", url.host, type(error).__name__)

    def _ref(self, url: URL) -> DocumentReference:
        host = Collections(self._db).hosts.document(host_id(_host(url)))
        return host.collection("robots").document(digest("robots", str(url)))


def _host(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"


def kept_until(answer: RobotsAnswer, now: datetime) -> datetime:
    """How long an answer holds: a day, and less if the host could not give one."""
    if 200 <= answer.status < 500 and answer.status != 429:
        return now + KEPT
    return min(max(answer.retry_at or now, now + ASK_AGAIN), now + KEPT)
