"""Counts what Firestore would bill, at the one place every call of the client library goes through.

    with counted(db) as meter:
        with meter.stage("harvest"):
            ...
    assert meter.total.writes == 12

Billing (https://cloud.google.com/firestore/pricing): a document read that finds nothing costs as much as one that does;
a query costs one read per document it returns and at least one; an aggregation one read per 1,000 index entries and at
least one; every document in a commit is a write, or a delete. A commit whose precondition did not hold applies nothing
and is counted apart, as `refused`: the prices do not mention it, so a design should not lean on many of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from google.cloud.firestore import Client


@dataclass
class Bill:
    """What was read and written.

    Args:
        reads: documents read, missing ones included.
        writes: documents written.
        deletes: documents deleted.
        refused: documents of commits that were refused whole.
        calls: round trips.
        by_collection: ("read" | "write" | "delete" | "refused", collection) → documents. Subcollections are named by
            their last part.
    """

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    refused: int = 0
    calls: int = 0
    by_collection: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, collection: str, documents: int = 1) -> None:
        """Count documents of a kind: ``read``, ``write``, ``delete`` or ``refused``."""
        self.by_collection[kind, collection] += documents
        match kind:
            case "read":
                self.reads += documents
            case "write":
                self.writes += documents
            case "delete":
                self.deletes += documents
            case _:
                self.refused += documents


@dataclass
class Meter:
    """Bills by stage. Calls outside any stage are counted under ""."""

    stages: dict[str, Bill] = field(default_factory=lambda: defaultdict(Bill))
    current: str = ""
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def stage(self, name: str) -> Iterator[Bill]:
        """Count what happens inside under a name; stages may be entered again and add up."""
        before, self.current = self.current, name
        try:
            yield self.stages[name]
        finally:
            self.current = before

    @property
    def total(self) -> Bill:
        """All stages together."""
        whole = Bill()
        for bill in self.stages.values():
            whole.reads += bill.reads
            whole.writes += bill.writes
            whole.deletes += bill.deletes
            whole.refused += bill.refused
            whole.calls += bill.calls
            whole.by_collection.update(bill.by_collection)
        return whole

    def note(self, kind: str, collection: str, documents: int = 1) -> None:
        """Count documents in the present stage."""
        with self._lock:
            self.stages[self.current].add(kind, collection, documents)

    def note_call(self) -> None:
        """Count a round trip."""
        with self._lock:
            self.stages[self.current].calls += 1


@contextmanager
def counted(db: Client) -> Iterator[Meter]:
    """Count all calls of a client for as long as the block lasts.

    Args:
        db: the client; only calls made through this object are seen.
    """
    meter = Meter()
    with tapped(db, lambda name, call, request: _counting(meter, name, call, request)):
        yield meter


Around = Callable[[str, Callable[[], Any], Any], Any]
"""Called for each call to Firestore with its name, the call itself and its request; gives the answer."""

CALLS = ("batch_get_documents", "run_query", "run_aggregation_query", "commit", "batch_write", "list_documents")


@contextmanager
def tapped(db: Client, around: Around) -> Iterator[None]:
    """Hand every call of a client to `around` for as long as the block lasts. Taps may be nested."""
    plain = db._firestore_api
    db._firestore_api_internal = _Tap(plain, around)
    try:
        yield
    finally:
        db._firestore_api_internal = plain


class _Tap:
    def __init__(self, api: Any, around: Around) -> None:
        self._api, self._around = api, around

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._api, name)
        if name not in CALLS:
            return real

        def call(*args: Any, **options: Any) -> Any:
            request = options.get("request", args[0] if args else None)
            return self._around(name, lambda: real(*args, **options), request)

        return call


def _counting(meter: Meter, name: str, call: Callable[[], Any], request: Any) -> Any:
    meter.note_call()
    if name not in ("commit", "batch_write"):
        return _read(meter, name, call(), request)
    writes = request["writes"] if isinstance(request, dict) else request.writes
    try:
        answer = call()
    except Exception:
        for write in writes:
            meter.note("refused", _collection(_target(write)))
        raise
    for write in writes:
        meter.note("delete" if _kind(write) == "delete" else "write", _collection(_target(write)))
    return answer


def _read(meter: Meter, name: str, answer: Iterable[Any], request: Any) -> Iterable[Any]:
    if name == "batch_get_documents":
        return _each(meter, answer, lambda one: one.missing or one.found.name)
    if name == "run_query":
        return _query(meter, answer, request)
    meter.note("read", "aggregation" if name == "run_aggregation_query" else "list")
    return answer


def _each(meter: Meter, answer: Iterable[Any], path_of: Callable[[Any], str]) -> Iterator[Any]:
    for one in answer:
        if path := path_of(one):
            meter.note("read", _collection(path))
        yield one


def _query(meter: Meter, answer: Iterable[Any], request: Any) -> Iterator[Any]:
    query = request["structured_query"] if isinstance(request, dict) else request.structured_query
    name = query.from_[0].collection_id
    documents = 0
    try:
        for one in answer:
            documents += (1 if one.document.name else 0) + one.skipped_results
            yield one
    finally:
        meter.note("read", name, max(documents, 1))


def _kind(write: Any) -> str:
    kind: str = write._pb.WhichOneof("operation") if hasattr(write, "_pb") else write.WhichOneof("operation")
    return kind


def _target(write: Any) -> str:
    kind = _kind(write)
    if kind == "delete":
        return str(write.delete)
    return str(write.update.name if kind == "update" else write.transform.document)


def _collection(path: str) -> str:
    return path.rsplit("/", 2)[-2]
