"""Opens the copy and keeps it level in a thread of its own; the screen asks it how it is."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from console.contacts import place
from console.contacts.copy import Copy
from console.contacts.records import Row
from console.contacts.remote import Remote
from console.contacts.sync import Progress, Stopped, Sync
from console.live.session import Session

CATCH_UP_EVERY_S = 1.0
"""Pages are read at most so often, however fast contacts change."""
RETRY_MAX_S = 60.0


class Keeper:
    """The copy of a session.

    Args:
        session: the signed-in person.
        remote: the contacts in Firestore; of the session, if `None`.
        now: the present moment in UTC.
        rng: source of the jitter between attempts.
    """

    def __init__(
        self,
        session: Session,
        remote: Remote | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rng: random.Random | None = None,
    ) -> None:
        self._session = session
        self._remote = remote or Remote(session.firestore)
        self._now = now
        self._rng = rng or random.Random()
        self._wake = threading.Condition()
        self._window: tuple[Sequence[Row], int] | None = None
        self._asked = ""
        self._ending = False
        self._sync: Sync | None = None
        self.copy: Copy | None = None
        """The copy, once it is open."""
        self.progress = Progress(0, filling=True)
        self.problem = ""
        """Why the copy can't be brought up to date now; empty if it is."""
        self.note = ""
        """Something the operator should know once, such as that the copy was made anew."""

    def start(self) -> None:
        """Begin, in a thread that does not keep the program alive."""
        threading.Thread(target=self._run, name="contacts-copy", daemon=True).start()

    def stop(self) -> None:
        """End it; what was read is kept."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._sync is not None:
            self._sync.stop()

    def offer(self, rows: Sequence[Row], window: int) -> None:
        """Hand over what the listener holds; only the latest counts.

        Args:
            rows: the contacts that changed last.
            window: the most the listener can hold.
        """
        with self._wake:
            self._window = (rows, window)
            self._wake.notify()

    def ask(self, what: str) -> None:
        """Have something done next: ``check`` compares the numbers, ``again`` reads everything again."""
        with self._wake:
            self._asked = what
            self._wake.notify()

    # -- the thread

    def _run(self) -> None:
        tries = 0
        while not self._ending:
            try:
                self._keep_level()
                tries = 0
            except Stopped:
                return
            except Exception as error:
                logging.getLogger(__name__).debug("the copy could not be brought up to date", exc_info=True)
                self.problem = in_words(error)
                tries += 1
                wait = min(2.0**tries, RETRY_MAX_S) * self._rng.uniform(0.75, 1.0)
                with self._wake:
                    if not self._ending:
                        self._wake.wait(wait)
        self._remote.close()

    def _keep_level(self) -> None:
        copy, sync = self._opened()
        self.progress = sync.begin()
        self.problem = ""
        while not self._ending:
            asked, window = self._next()
            if asked == "again":
                self._read_again(copy)
                return
            if asked == "check":
                wrong = sync.check()
                self.note = f"{wrong} contacts were wrong and are right now." if wrong else "The copy is complete."
            if window is not None and not sync.take(*window):
                self.progress = sync.catch_up()
                with self._wake:
                    self._wake.wait_for(lambda: self._ending, CATCH_UP_EVERY_S)
            else:
                self.progress = Progress(copy.count(), reads=self._remote.reads.documents)

    def _opened(self) -> tuple[Copy, Sync]:
        if self.copy is None:
            whose = place.owner(self._session)
            self.copy = Copy(place.copy_path(whose), whose)
            if self.copy.was_made_anew:
                self.note = f"The copy of the contacts could not be used ({self.copy.was_made_anew}) and is made anew."
        self.progress = Progress(self.copy.count(), filling=True)
        self._sync = Sync(self.copy, self._remote, self._now, self._tell)
        return self.copy, self._sync

    def _tell(self, progress: Progress) -> None:
        self.progress = progress

    def _next(self) -> tuple[str, tuple[Sequence[Row], int] | None]:
        with self._wake:
            self._wake.wait_for(lambda: self._ending or self._asked or self._window is not None)
            asked, self._asked = self._asked, ""
            window, self._window = self._window, None
            return asked, window

    def _read_again(self, copy: Copy) -> None:
        copy.close()
        place.remove(copy.path)
        self.copy = None


def in_words(error: BaseException) -> str:
    """Why the copy can't be brought up to date."""
    if isinstance(error, sqlite3.Error | OSError) and not isinstance(error, ConnectionError | TimeoutError):
        return f"The copy of the contacts can't be written: {error}."
    from console.live import link

    return link.explain(error, "contacts").message


def open_keeper(session: Any) -> Keeper:
    """A keeper for a session, started."""
    keeper = Keeper(session)
    keeper.start()
    return keeper
