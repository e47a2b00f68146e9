"""A listener of the client library that can be ended and does not reconnect without a pause.

The library's own watch opens its stream anew at once and for ever, on a refused connection thousands of times a second,
and even after it was told to end: ending it cancels the call, and a cancelled call counts as one to recover from.
Here a stream that lived is opened again (with its resume token, so that documents are not paid for twice); one that
broke soon after it was opened ends instead, and the supervisor decides when to begin anew.

This module imports the Google library, which takes seconds: import it in a worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from google.cloud.firestore_v1 import watch as library
from google.cloud.firestore_v1.base_document import DocumentSnapshot

REOPEN_AFTER_S = 5.0
"""A stream that lived at least so long is opened again when it breaks."""


class Ended(Exception):
    """The stream is not opened again; the library takes any error on opening for final."""


class Openings:
    """Decides whether a stream may be opened (again).

    Args:
        start: opens the stream; the client library's call.
        monotonic: seconds that never go back.
    """

    def __init__(self, start: Callable[..., Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._opened_at: float | None = None
        self._over = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Open the stream.

        Raises:
            Ended: it was told to end, or it broke within `REOPEN_AFTER_S`.
        """
        now = self._monotonic()
        with self._lock:
            if self._over:
                raise Ended("the listener was ended")
            if self._opened_at is not None and now - self._opened_at < REOPEN_AFTER_S:
                self._over = True
                raise Ended(f"the stream broke within {REOPEN_AFTER_S:.0f} s of its opening")
            self._opened_at = now
        return self._start(*args, **kwargs)

    def end(self) -> None:
        """Never open it again."""
        with self._lock:
            self._over = True


class Watch(library.Watch):  # type: ignore[misc]
    """The library's watch, with the decision about opening its stream taken here."""

    openings: Openings | None = None

    def _init_stream(self) -> None:
        # After a filter mismatch the library closes the watch and then starts a stream that nothing could end: the
        # supervisor sees a closed watch and makes a new one.
        if self._closed:
            return
        api: Any = self._firestore._firestore_api
        self.openings = Openings(api._transport.listen)
        self._api: Any = _Api(self.openings)
        super()._init_stream()

    def unsubscribe(self) -> None:
        """End it for good."""
        if self.openings is not None:
            self.openings.end()
        super().unsubscribe()


class _Api:
    """The one part of the client's inside that the library's watch uses."""

    def __init__(self, listen: Callable[..., Any]) -> None:
        self._transport = self
        self.listen = listen


def listen(target: Any, callback: Callable[[Any, Any, Any], None], *, single: bool) -> Watch:
    """Listen to a query or a document, as its own `on_snapshot` would.

    Args:
        target: the query, or the document reference if `single`.
        callback: takes the snapshots, the changes, and the time of reading, in the listener's thread.
        single: whether the target is one document.
    """
    make = Watch.for_document if single else Watch.for_query
    made: Watch = make(target, callback, DocumentSnapshot)
    return made
