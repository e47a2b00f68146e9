"""Counts the document reads of the console's listeners, as Firestore bills them.

Every answer of the server is looked at where it comes in: documents of a listener, of a query, of a lookup; a query
that finds nothing is billed one. The collections are filled beyond every window first. The hour runs on an injected
clock: each of its questions is really asked of the emulator, but the time between them is skipped.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from console.live import feeds
from console.live.clock import SystemClock
from console.live.link import dispose, hush_watch_threads
from console.live.session import UserInfo
from console.live.store import LiveStore
from console.live.supervisor import Supervisor

PROJECT = "demo-console-bench"
STEP_S = 0.5


class SkippingClock(SystemClock):
    """Monotonic time that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = time.monotonic()

    def monotonic(self) -> float:
        """Seconds."""
        return self.seconds


class Session:
    """Clients of an emulator whose answers are counted."""

    user = UserInfo("grace@example.com", "operator")
    project_label = backend_label = "an emulator"

    def __init__(self, reads: Counter[str] | None = None) -> None:
        self.reads = Counter[str]() if reads is None else reads

    def firestore(self) -> Any:
        """A client with a channel of its own."""
        import grpc
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.firestore import Client
        from google.cloud.firestore_v1.services.firestore import FirestoreClient
        from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

        host = os.environ["FIRESTORE_EMULATOR_HOST"]
        client: Any = Client(project=PROJECT, credentials=AnonymousCredentials())
        owner = _Counting.made(self.reads)
        channel = grpc.intercept_channel(grpc.insecure_channel(host), owner)
        client._transport = FirestoreGrpcTransport(host=host, channel=channel)
        client._firestore_api_internal = FirestoreClient(transport=client._transport)
        return client


class _Counting:
    """A gRPC interceptor that counts what is billed."""

    @staticmethod
    def made(reads: Counter[str]) -> Any:
        import grpc

        class Interceptor(grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):  # type: ignore[misc]
            def intercept_unary_stream(self, proceed: Any, details: Any, request: Any) -> Any:
                return _Answers(proceed(details, request), reads, details.method.rpartition("/")[2])

            def intercept_stream_stream(self, proceed: Any, details: Any, requests: Any) -> Any:
                return _Answers(proceed(details, requests), reads, "Listen")

        return Interceptor()


class _Answers:
    """A call whose answers are counted on their way."""

    def __init__(self, call: Any, reads: Counter[str], method: str) -> None:
        self._call, self._reads, self._method, self._found = call, reads, method, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            answer = next(self._call)
        except StopIteration:
            if self._method == "RunQuery" and not self._found:
                self._reads["empty queries"] += 1
            raise
        raw = getattr(answer, "_pb", answer)
        if self._method == "Listen":
            self._reads["listened"] += raw.WhichOneof("response_type") == "document_change"
        elif self._method == "RunQuery":
            self._found += raw.HasField("document")
            self._reads["queried"] += raw.HasField("document")
        else:
            self._reads["looked up"] += 1
        return answer


def fill(client: Any, each: int) -> None:
    """Put more documents into each collection than any window holds."""
    start = datetime.now(UTC) - timedelta(days=1)
    made: dict[str, Callable[[int], dict[str, Any]]] = {
        "processorQueue": lambda n: campaign(f"city {n}", start + timedelta(seconds=n)),
        "emailQueue": lambda n: {"updatedAt": start + timedelta(seconds=n), "status": "QUEUED"},
        "contacts": lambda n: {"status": "PENDING_CAPTCHA", "createdAt": start + timedelta(seconds=n)},
        "schedules": lambda n: {"status": "ACTIVE", "updatedAt": start + timedelta(seconds=n)},
        "activity": lambda n: {"at": start + timedelta(seconds=n), "kind": "sent", "text": "x", "expiresAt": start},
        "mailboxes": lambda n: {"account": f"a{n}@example.com"},
    }
    for collection, make in made.items():
        for first in range(0, each, 400):
            batch = client.batch()
            for number in range(first, min(each, first + 400)):
                batch.set(client.collection(collection).document(f"d{number:05}"), make(number))
            batch.commit()
    client.document("governor/llm").set({"limit": 20})
    client.document("config/settings").set({"revision": 1})


def campaign(city: str, at: datetime) -> dict[str, Any]:
    """A campaign's document."""
    return {
        "templateId": 1,
        "city": city,
        "numberOfLeadsToProcess": 5,
        "requestTimestamp": at,
        "status": "PENDING",
    }


def count(documents: int, hours: float = 1.0) -> dict[str, Any]:
    """Reads at the start, and in idle hours after it.

    Args:
        documents: in each collection.
        hours: how long it is idle, by the injected clock.
    """
    hush_watch_threads()
    writer = Session().firestore()
    fill(writer, documents)
    session, clock = Session(), SkippingClock()
    live = Supervisor(session, feeds.console_feeds(), LiveStore(), clock, spawn=lambda task: task())
    try:
        deadline = time.monotonic() + 120
        while not live.health.settled:
            live.pump(timeout=0.05)
            if time.monotonic() > deadline:
                raise SystemExit(f"The console did not settle: {live.health}")
        start = session.reads.total()
        questions = 0
        for _ in range(int(hours * 3600 / STEP_S)):
            clock.seconds += STEP_S
            while live.pump(timeout=0):
                questions += 1
        idle = session.reads.total() - start
        print(f"start: {start} reads; {hours:g} h idle: {idle} reads, {questions} answers; {dict(session.reads)}")
        if live.health.state != "ONLINE":
            raise SystemExit(f"The connection did not hold: {live.health}")
    finally:
        live.stop()
        live.pump(timeout=0)
        dispose(writer, [])
    return {"reads_start": start, "reads_idle_hour": round(idle / hours)}
