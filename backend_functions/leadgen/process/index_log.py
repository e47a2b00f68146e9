"""The identity log in Firestore: `identityIndex/{number}`, read to the end by every process, appended to by a commit.

Why a log and not a document per mark. A batch of ten leads needs some thirty look-ups and makes some thirty claims;
as documents those are thirty reads and thirty writes, and pictures could be looked up by equal hashes only. The log
costs a batch one read (its last segment) and one write, whatever is looked up. Uniqueness does not suffer: an append
names the state of the last segment it was decided on, in the same commit as the contacts themselves, so of two workers
that claim the same telephone at the same moment one is refused whole, reads on, and finds the other's contact.

What it costs instead: a new process reads the whole log once (a segment per ~1,100 contacts of some 115 bytes) and
holds it in memory, and commits that claim marks follow one another: a few per second, each of a whole batch.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from leadgen.model.documents import IndexSegment, Suppression
from leadgen.process.entries import SEGMENT_BYTES, Entry, pack, suppressed_entry, unpack
from leadgen.process.index import MarkIndex
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Commit, Record, read, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

_LATE = timedelta(minutes=5)
"""How much later than its own time a suppression may come to be readable, and how far clocks may differ."""
_NONCE_BYTES = 8


@dataclass(frozen=True)
class View:
    """The log as it was read: what a plan is based on, and where its entries are appended.

    Args:
        index: who has what. It may come to know more than `last`; then the commit is refused.
        last: the last segment, `None` where there is no log yet.
        unlogged: suppressions that were read and are not in the log.
        suppressed_until: what the segment is to say about suppressions.
    """

    index: MarkIndex
    last: Record[IndexSegment] | None
    unlogged: tuple[Entry, ...]
    suppressed_until: datetime | None


@dataclass
class _Known:
    """How far this process has read."""

    index: MarkIndex = field(default_factory=MarkIndex)
    last: Record[IndexSegment] | None = None
    blobs: int = 0
    suppressed_until: datetime | None = None
    unlogged: dict[bytes, Entry] = field(default_factory=dict)


class LogMemory:
    """What a process has read of one log; shared by all who work with it."""

    def __init__(self) -> None:
        self.known = _Known()
        self.lock = Lock()


class IndexLog:
    """The log, with what this process has read of it.

    Args:
        db: the Firestore client.
        memory: what was read before.
        segment_bytes: when the log goes on in a new segment.
    """

    def __init__(self, db: Client, memory: LogMemory, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._db = db
        self._memory = memory
        self._segments = Collections(db).identity_index
        self._segment_bytes = segment_bytes

    @property
    def present(self) -> MarkIndex:
        """What this process knows at the moment, without asking; may be behind."""
        return self._memory.known.index

    def refresh(self, now: datetime) -> View:
        """Read on. Costs one read for the log and one for the suppressions when nothing happened.

        Args:
            now: the present moment, by the clock that suppressions are dated with.
        """
        with self._memory.lock:
            if not self._read_on():
                self._read_everything()
            self._read_suppressions(now)
            known = self._memory.known
            return View(known.index, known.last, tuple(known.unlogged.values()), known.suppressed_until)

    def _read_on(self) -> bool:
        """Read what was appended; `False` if that is not possible, because there is no log or another one."""
        last = self._memory.known.last
        if last is None:
            return False
        number = int(last.id)
        while True:
            segment = read(self._ref(number), IndexSegment)
            if segment is None or segment.value.generation != last.value.generation:
                return False
            self._take(segment)
            if not segment.value.sealed:
                return True
            number += 1

    def _read_everything(self) -> None:
        self._memory.known = _Known()
        for snapshot in self._segments.order_by("__name__").stream(timeout=RPC_TIMEOUT_S):
            self._take(to_record(snapshot, IndexSegment))

    def _take(self, segment: Record[IndexSegment]) -> None:
        known = self._memory.known
        is_same = known.last is not None and known.last.id == segment.id
        done = known.blobs if is_same else 0
        for blob in segment.value.blobs[done:]:
            entries = list(unpack(blob[_NONCE_BYTES:]))
            known.index.apply(entries)
            for entry in entries:
                known.unlogged.pop(entry.mark, None)
        known.last, known.blobs = segment, len(segment.value.blobs)
        logged = segment.value.suppressed_until
        if logged is not None and (known.suppressed_until is None or logged > known.suppressed_until):
            known.suppressed_until = logged

    def _read_suppressions(self, now: datetime) -> None:
        """Those recorded since the log or this process last looked. Mail rooms write them without knowing the log."""
        from google.cloud.firestore import FieldFilter

        known = self._memory.known
        query = Collections(self._db).suppressions
        if known.suppressed_until is not None:
            query = query.where(filter=FieldFilter("createdAt", ">=", known.suppressed_until))
        for snapshot in query.stream(timeout=RPC_TIMEOUT_S):
            found = to_record(snapshot, Suppression).value
            entry = suppressed_entry(found.kind, found.value)
            if not known.index.is_suppressed(entry.mark):
                known.unlogged[entry.mark] = entry
        known.index.apply(known.unlogged.values())
        known.suppressed_until = max(now - _LATE, known.suppressed_until or now - _LATE)

    def append(self, commit: Commit, view: View, entries: Iterable[Entry]) -> None:
        """Add entries to a commit, which is refused (`Raced`) if anybody appended since the view.

        Args:
            commit: the writes that the entries belong to.
            view: what they were decided on.
            entries: what is claimed; with none nothing is written.
        """
        claims = list(entries)
        if not claims:
            return
        # Equal elements of an array are stored once: the nonce keeps "merged again" apart from "merged".
        blob = secrets.token_bytes(_NONCE_BYTES) + pack([*view.unlogged, *claims])
        last = view.last
        if last is None:
            commit.create(self._ref(0), self._segment(secrets.token_hex(8), blob, view))
        elif last.value.size + len(blob) > self._segment_bytes:
            commit.change(last, {"sealed": True})
            commit.create(self._ref(int(last.id) + 1), self._segment(last.value.generation, blob, view))
        else:
            commit.change(last, _appended(last.value, blob, view))

    def _segment(self, generation: str, blob: bytes, view: View) -> IndexSegment:
        return IndexSegment(generation=generation, blobs=[blob], size=len(blob), suppressed_until=view.suppressed_until)

    def _ref(self, number: int) -> DocumentReference:
        return self._segments.document(f"{number:06d}")


def _appended(segment: IndexSegment, blob: bytes, view: View) -> dict[str, object]:
    from google.cloud.firestore import ArrayUnion

    return {
        "blobs": ArrayUnion([blob]),
        "size": segment.size + len(blob),
        "suppressedUntil": view.suppressed_until,
    }


def shared_log(db: Client) -> IndexLog:
    """The log as this process knows it: reading it anew for each event would cost all of it."""
    return IndexLog(db, _shared(db.project, db._database, os.environ.get("FIRESTORE_EMULATOR_HOST", "")))


@lru_cache(maxsize=4)
def _shared(project: str, database: str, emulator: str) -> LogMemory:
    return LogMemory()
