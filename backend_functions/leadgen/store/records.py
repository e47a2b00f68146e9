"""Typed reads, compare-and-set and atomic commits.

A document is the truth and a message is a hint: every change here is conditional on what was read, so a stage may run
twice, late or out of order. Compare-and-set is used on hot documents because the server's pessimistic transactions
collapse under contention; several documents change together in one commit, whose preconditions hold for all of it.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from leadgen.model.documents import Document
from leadgen.model.errors import NotFound, Unavailable
from leadgen.store.client import RPC_TIMEOUT_S

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot

D = TypeVar("D", bound=Document)
T = TypeVar("T")


class Raced(Exception):
    """Someone else changed or created a document between our read and our write; nothing of the commit was applied."""


@dataclass(frozen=True)
class Record(Generic[D]):
    """A document as it was read.

    Args:
        ref: where it is.
        value: its content.
        snapshot: the read itself; carries the update time that a conditional write names.
    """

    ref: DocumentReference
    value: D
    snapshot: DocumentSnapshot

    @property
    def id(self) -> str:
        """The document's id."""
        return str(self.ref.id)

    @property
    def read_time(self) -> datetime:
        """When the server read it, by the server's clock."""
        moment: datetime = self.snapshot.read_time
        return moment


def read(ref: DocumentReference, kind: type[D]) -> Record[D] | None:
    """Read one document; `None` if there is none."""
    snapshot = ref.get(timeout=RPC_TIMEOUT_S)
    return to_record(snapshot, kind) if snapshot.exists else None


def to_record(snapshot: DocumentSnapshot, kind: type[D]) -> Record[D]:
    """A snapshot of an existing document as a typed record."""
    return Record(snapshot.reference, kind.from_firestore(snapshot.to_dict() or {}), snapshot)


def written(record: Record[D], changes: dict[str, Any], update_time: datetime) -> Record[D]:
    """A document as it is after our own write, without reading it again.

    Args:
        record: as it was read; the write named its update time, so nobody else's change lies between.
        changes: the top-level fields that were set; plain values, no transforms.
        update_time: what the write answered.
    """
    from google.cloud.firestore import DocumentSnapshot

    before = record.snapshot
    data = {**(before.to_dict() or {}), **changes}
    snapshot = DocumentSnapshot(record.ref, data, True, update_time, before.create_time, update_time)
    return to_record(snapshot, type(record.value))


def need(ref: DocumentReference, kind: type[D], what: str) -> Record[D]:
    """Read a document that must exist.

    Raises:
        NotFound: there is none; the message says `what` was looked for.
    """
    record = read(ref, kind)
    if record is None:
        raise NotFound(f"There is no {what}.")
    return record


def read_all(db: Client, refs: Sequence[DocumentReference], kind: type[D]) -> dict[str, Record[D]]:
    """Read several documents in one round trip; those that exist, by id."""
    if not refs:
        return {}
    found = (s for s in db.get_all(refs, timeout=RPC_TIMEOUT_S) if s.exists)
    return {s.id: to_record(s, kind) for s in found}


_IN_A_QUERY = 30
"""How many values the filter `in` takes (https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries)."""


def read_existing(db: Client, refs: Iterable[DocumentReference]) -> dict[str, DocumentSnapshot]:
    """Those of the documents that exist, by path; they may be of several collections.

    To read a document that does not exist is billed like one that does. A query is billed for what it finds (and once
    if that is nothing), so where most are missing it is the cheaper way to ask.

    Args:
        db: the Firestore client.
        refs: the documents.
    """
    wanted, found = list({ref.path: ref for ref in refs}.values()), {}
    for start in range(0, len(wanted), _IN_A_QUERY):
        page = _among(db, wanted[start : start + _IN_A_QUERY])
        found.update({snapshot.reference.path: snapshot for snapshot in page})
    return found


def _among(db: Client, refs: list[DocumentReference]) -> Iterator[DocumentSnapshot]:
    from google.api_core.exceptions import InvalidArgument
    from google.cloud.firestore import FieldFilter

    try:
        # A query over all collections names none: `collection_id` is optional in StructuredQuery.CollectionSelector
        # (https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#collectionselector).
        query = db.collection_group("").where(filter=FieldFilter("__name__", "in", refs))
        yield from query.get(timeout=RPC_TIMEOUT_S)
    except InvalidArgument:
        # A service that does not take this filter without a collection is asked for each one by itself.
        by_collection: dict[str, list[DocumentReference]] = defaultdict(list)
        for ref in refs:
            by_collection[ref.path.rpartition("/")[0]].append(ref)
        for name, mine in by_collection.items():
            query = db.collection(name).where(filter=FieldFilter("__name__", "in", mine))
            yield from query.get(timeout=RPC_TIMEOUT_S)


class Commit:
    """Several writes that happen together or not at all.

    Args:
        db: the Firestore client.
    """

    def __init__(self, db: Client) -> None:
        self._db = db
        self._batch = db.batch()

    def create(self, ref: DocumentReference, document: Document) -> Commit:
        """Write a document that must not exist yet."""
        self._batch.create(ref, document.to_firestore())
        return self

    def put(self, ref: DocumentReference, document: Document) -> Commit:
        """Write a document whatever is there."""
        self._batch.set(ref, document.to_firestore())
        return self

    def change(self, record: Record[Any], changes: dict[str, Any]) -> Commit:
        """Change fields of a document that must still be as it was read. Keys are camelCase field paths."""
        option = self._db.write_option(last_update_time=record.snapshot.update_time)
        self._batch.update(record.ref, changes, option=option)
        return self

    def merge(self, ref: DocumentReference, changes: dict[str, Any]) -> Commit:
        """Set these fields and leave the others, whether the document exists or not."""
        self._batch.set(ref, changes, merge=True)
        return self

    def delete(self, ref: DocumentReference) -> Commit:
        """Delete a document."""
        self._batch.delete(ref)
        return self

    def increase(self, ref: DocumentReference, amounts: dict[str, int]) -> Commit:
        """Add to counters of an existing document, whatever else changed in it."""
        from google.cloud.firestore import Increment

        nonzero = {field: Increment(amount) for field, amount in amounts.items() if amount}
        if nonzero:
            self._batch.update(ref, nonzero)
        return self

    def run(self) -> list[datetime]:
        """Apply all of it.

        Returns:
            The new update time of each document written, in the order of the writes.

        Raises:
            Raced: a precondition did not hold; nothing was applied. (Or it was, and the client repeated the commit
                because the answer was lost; who must know reads the document again.)
        """
        from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound

        try:
            results = self._batch.commit(timeout=RPC_TIMEOUT_S)
        except (AlreadyExists, FailedPrecondition, Aborted, NotFound) as error:
            raise Raced(str(error)) from error
        return [result.update_time for result in results or ()]


def create(ref: DocumentReference, document: Document) -> bool:
    """Create a document; `False` if one of that id exists. The claim on an id is this call."""
    from google.api_core.exceptions import AlreadyExists

    try:
        ref.create(document.to_firestore(), timeout=RPC_TIMEOUT_S)
    except AlreadyExists:
        return False
    return True


def change(record: Record[Any], changes: dict[str, Any]) -> datetime:
    """Change fields of a document that must still be as it was read.

    Returns:
        The document's new update time.

    Raises:
        Raced: it was changed or deleted since.
    """
    return Commit(record.ref._client).change(record, changes).run()[0]


def retrying(
    attempt: Callable[[], T],
    *,
    tries: int = 12,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> T:
    """Run a read-decide-write step again when it lost a race, after a random and growing pause.

    Args:
        attempt: reads, decides and writes anew each time; raises `Raced` when it lost.
        tries: how often at most.
        sleep: waits that many seconds.
        rng: source of the jitter.

    Raises:
        Unavailable: every try lost.
    """
    chance = rng or random.Random()
    for number in range(tries):
        try:
            return attempt()
        except Raced:
            if number + 1 < tries:
                sleep(chance.uniform(0, min(0.02 * 2**number, 0.5)))
    raise Unavailable("A document is being changed by too many at once.", hint="Try again in a moment.")
