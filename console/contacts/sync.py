"""Keeps a copy level with Firestore, for few reads.

* Filling and catching up are one thing: pages in the order of (`lastUpdated`, id) from the copy's cursor on. Each page
  is taken over together with the new cursor, so whatever ends the program, nothing is read twice.
* `lastUpdated` is set by the function that writes, and two commits may arrive in another order than their moments. So
  catching up begins a little before the cursor: `OVERLAP_S`, and never more than `OVERLAP_MOST` contacts.
* While the screen is open a listener holds the few contacts that changed last. If its window reaches back to the
  cursor, it is all there is to know, and nothing is read; if not, pages are read until it does.
* Contacts are merged, not deleted; one that is deleted by hand sends nothing. So now and then the contacts are
  counted, here and there (one read per 1,000). Where the numbers differ, halves of the time are counted until the span
  is small, and there the ids are compared: about 700 reads to find one among 100,000. If the newest contact of the
  copy is gone, the database is another one than it was, and the check is made at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.contacts.conditions import MICROS, micros
from console.contacts.copy import Copy, Cursor
from console.contacts.records import Row
from console.contacts.remote import Remote

PAGE = 500
OVERLAP_S = 30
OVERLAP_MOST = 100
CHECK_EVERY = timedelta(hours=20)
COMPARE_AT = 400
"""A span of so few contacts is compared by its ids."""
_CHECKED = "checked"


@dataclass(frozen=True)
class Progress:
    """How far the copy is.

    Args:
        here: contacts in the copy.
        there: contacts in Firestore, once counted; 0 if it is not known.
        reads: document reads since the program began.
        filling: whether pages are still being read.
    """

    here: int
    there: int = 0
    reads: int = 0
    filling: bool = False


class Stopped(Exception):
    """The sync was told to stop."""


class Sync:
    """Keeps a copy level.

    Args:
        copy: the copy.
        remote: the contacts in Firestore.
        now: the present moment in UTC.
        report: told after each page, in the thread of the sync.
    """

    def __init__(
        self,
        copy: Copy,
        remote: Remote,
        now: Callable[[], datetime],
        report: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._copy = copy
        self._remote = remote
        self._now = now
        self._report = report
        self._there = 0
        self._stop = threading.Event()

    def stop(self) -> None:
        """End what is under way after its page; may be called from any thread."""
        self._stop.set()

    def begin(self) -> Progress:
        """Read what changed since the last time, everything if there was none, and check the numbers if it is time.

        Raises:
            Stopped: it was told to stop; what was read is kept.
            google.api_core.exceptions.GoogleAPICallError: Firestore refused, or did not answer.
        """
        fresh = self._copy.cursor == Cursor()
        if fresh:
            self._there = self._remote.count()
        replaced = not fresh and self._is_another_database()
        self.catch_up()
        if replaced or self._check_is_due():
            self.check()
        return self._progress()

    def catch_up(self) -> Progress:
        """Read what changed since the cursor; see `begin` for what may go wrong."""
        after = self._a_little_before(self._copy.cursor)
        while True:
            rows = self._remote.page(after, PAGE)
            after = Cursor(rows[-1][2], rows[-1][0]) if rows else after
            self._copy.put(rows, self._bounded(after) if rows else None)
            self._report(self._progress(filling=len(rows) == PAGE))
            if len(rows) < PAGE:
                return self._progress()
            if self._stop.is_set():
                raise Stopped

    def take(self, rows: Sequence[Row], window: int) -> bool:
        """Take over what a listener holds.

        Args:
            rows: the contacts that changed last.
            window: the most it can hold.

        Returns:
            Whether the copy is level now; if not, pages must be read.
        """
        cursor = self._copy.cursor
        reaches = len(rows) < window or min(one[2] for one in rows) <= cursor.updated
        newest = max(((one[2], one[0]) for one in rows), default=(0, ""))
        level = reaches and (cursor != Cursor() or not rows)
        forward = self._bounded(Cursor(*newest)) if level and newest > (cursor.updated, cursor.id) else None
        self._copy.put(rows, forward)
        return level

    def _bounded(self, cursor: Cursor) -> Cursor:
        # A clock that runs ahead must not hide what others write until then.
        now = micros(self._now())
        return cursor if cursor.updated <= now else Cursor(now)

    def _a_little_before(self, cursor: Cursor) -> Cursor:
        if cursor == Cursor():
            return cursor
        first = cursor.updated - OVERLAP_S * MICROS
        many = self._copy.count(first, cursor.updated + 1)
        if many > OVERLAP_MOST:
            first = self._copy.at(many - OVERLAP_MOST, first, cursor.updated + 1)
            if first == cursor.updated:
                return cursor  # They are all of one moment, as after a migration.
        return Cursor(first)

    # -- contacts that are no more

    def _is_another_database(self) -> bool:
        newest, changed = self._copy.newest()
        return bool(newest) and self._remote.changed_at(newest) < changed

    def _check_is_due(self) -> bool:
        checked = self._copy.noted(_CHECKED)
        if not checked:
            self._copy.note(_CHECKED, self._now().isoformat())  # It was just filled.
            return False
        return self._now() - datetime.fromisoformat(checked) >= CHECK_EVERY

    def check(self) -> int:
        """Find contacts that are no more, or were missed, by counting.

        Returns:
            How many were wrong in the copy.
        """
        end = self._copy.newest()[1] + 1
        wrong = self._compare(0, end, self._copy.count(0, end))
        self._copy.note(_CHECKED, self._now().isoformat())
        self._report(self._progress())
        return wrong

    def _compare(self, first: int, end: int, here: int) -> int:
        if self._stop.is_set():
            raise Stopped
        there = self._remote.count(first, end)
        if here == there:
            return 0
        middle = self._copy.at(here // 2, first, end)
        # Many contacts may have the same moment, as after a migration: then there is no half.
        if max(here, there) <= COMPARE_AT or not first < middle < end:
            return self._settle(first, end)
        half = self._copy.count(first, middle)
        return self._compare(first, middle, half) + self._compare(middle, end, here - half)

    def _settle(self, first: int, end: int) -> int:
        here, there = self._copy.ids(first, end), self._remote.ids(first, end)
        # What is not there has changed since and comes again with the next page, or is no more.
        self._copy.remove(sorted(here - there))
        if there - here:
            self._read_again(first, end)
        return len(here ^ there)

    def _read_again(self, first: int, end: int) -> None:
        after = Cursor(first)
        while after.updated < end:
            rows = self._remote.page(after, PAGE)
            self._copy.put(rows)
            if len(rows) < PAGE:
                return
            after = Cursor(rows[-1][2], rows[-1][0])

    def _progress(self, *, filling: bool = False) -> Progress:
        here = self._copy.count()
        there = max(self._there, here) if self._there or not filling else 0
        return Progress(here, there, self._remote.reads.documents, filling)
