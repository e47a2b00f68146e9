"""The blocking side of a connection: subscribe, probe, close, and say in words why something failed.

Nothing here runs in the thread of the screen. The Google libraries are imported when first used: they take seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from console.live.feed import Feed, Reader
from console.live.session import BackendError, SignedOut

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PROBE_TIMEOUT_S = 5.0
_WATCH_THREAD = "Thread-OnRpcTerminated"
"""Name of the thread in which the client library raises the reason of a watch that ended."""


class Trouble(StrEnum):
    """Kinds of failure that are treated differently."""

    UNREACHABLE = "UNREACHABLE"
    SLOW = "SLOW"
    """No answer in time; the connection may be fine."""
    DENIED = "DENIED"
    SIGNED_OUT = "SIGNED_OUT"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Failure:
    """Why something did not work.

    Args:
        trouble: its kind.
        message: what happened, to what, and what to do.
    """

    trouble: Trouble
    message: str


@dataclass(frozen=True)
class Newest:
    """The first document of a feed's query as a fresh read found it; `id` is empty if there is none."""

    id: str = ""
    updated: Any = None


def explain(error: BaseException, what: str) -> Failure:
    """Sort an error and put it into words.

    Args:
        error: what was raised.
        what: what was asked for, such as ``campaigns``.
    """
    name = type(error).__name__
    if isinstance(error, SignedOut) or name in {"Unauthenticated", "RefreshError"}:
        reason = str(error) if isinstance(error, SignedOut) else "The sign-in has expired or was revoked."
        return Failure(Trouble.SIGNED_OUT, f"{reason} Sign in with `leadgen auth login`, then press r.")
    if name in {"PermissionDenied", "Forbidden"}:
        return Failure(
            Trouble.DENIED,
            f"Your role may not read {what}. Ask an administrator for a role, sign in again, then press r.",
        )
    if name == "FailedPrecondition" and "index" in str(error).lower():
        return Failure(Trouble.FAILED, f"Firestore needs an index for {what}: deploy firestore.indexes.json.")
    if name in {"DeadlineExceeded", "RetryError", "TimeoutError"}:
        return Failure(Trouble.SLOW, f"Firestore did not answer within {PROBE_TIMEOUT_S:.0f} s.")
    if name in {"ServiceUnavailable", "Unavailable", "TransportError"} or isinstance(error, OSError):
        return Failure(Trouble.UNREACHABLE, "Firestore can't be reached.")
    if isinstance(error, BackendError):
        return Failure(Trouble.UNREACHABLE, " ".join(part for part in (error.title + ".", error.detail) if part))
    return Failure(Trouble.FAILED, f"Reading {what} failed: {name}: {str(error)[:200]}")


def probe(client: Client, feed: Feed) -> Newest:
    """Read the first document of a feed afresh: one document read.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the server refused, or there was no answer in time.
    """
    from google.api_core.retry import Retry

    once: Any = Retry(predicate=lambda _: False)
    target = feed.query(client)
    if feed.single:
        snapshot = target.get(timeout=PROBE_TIMEOUT_S, retry=once)
        return Newest(snapshot.id, snapshot.update_time) if snapshot.exists else Newest()
    found = list(target.limit(1).get(timeout=PROBE_TIMEOUT_S, retry=once))
    return Newest(found[0].id, found[0].update_time) if found else Newest()


def subscribe(client: Client, feed: Feed, deliver: Callable[[Any, int, dict[str, Any]], None]) -> Any:
    """Listen to a feed.

    Args:
        client: the client to listen with.
        feed: what to listen to.
        deliver: takes the readable documents in order, the number of unreadable ones, and the update time of each
            document by id; called in the listener's thread, must only hand over.

    Returns:
        The watch, with `is_active` and `unsubscribe()`.
    """
    reader = Reader(feed, {})

    def on_snapshot(snapshots: Any, _changes: Any, _read_time: Any) -> None:
        # An exception here would end the watch without a word, so none leaves.
        try:
            docs, unreadable = reader.read(list(snapshots))
            deliver(docs, unreadable, {s.id: s.update_time for s in snapshots if s.exists})
        except Exception:
            logging.getLogger(__name__).exception("a snapshot of %s could not be taken over", feed.name)

    return feed.query(client).on_snapshot(on_snapshot)


def dispose(client: Any, watches: list[Any]) -> None:
    """End listeners and the connection; never raises."""
    # The channel first: while the backend is away a watch reopens without a pause, and keeps the lock to end it by.
    # The client's close() ends an HTTP session it does not use; the gRPC channel is closed through the transport.
    transport = getattr(getattr(client, "_firestore_api_internal", None), "transport", None)
    if transport is not None:
        try:
            transport.close()
        except Exception:
            logging.getLogger(__name__).debug("a channel did not close cleanly", exc_info=True)
    for watch in watches:
        try:
            watch.unsubscribe()
        except Exception:
            logging.getLogger(__name__).debug("a watch did not end cleanly", exc_info=True)


def is_running(watch: Any) -> bool:
    """Whether a watch still delivers. After a filter mismatch the library leaves one closed but active."""
    return bool(watch.is_active) and not getattr(watch, "_closed", False)


def hush_watch_threads() -> None:
    """Keep the client library's dying watches from writing tracebacks over the screen.

    It reports why a watch ended by raising in a thread of its own and by logging; the supervisor finds the reason
    with a probe, so both are sent to the debug log.
    """
    logging.getLogger("google").addHandler(logging.NullHandler())
    before = threading.excepthook
    if getattr(before, "hushes_watches", False):
        return

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.thread is not None and args.thread.name.startswith(_WATCH_THREAD):
            logging.getLogger(__name__).debug("a watch ended: %s", args.exc_value)
        else:
            before(args)

    hook.hushes_watches = True  # type: ignore[attr-defined]
    threading.excepthook = hook
