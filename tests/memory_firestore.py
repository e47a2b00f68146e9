"""Firestore in memory, as far as the store's reads and conditional commits go: for tests of thousands of runs.

It keeps what those depend on: commits are all or nothing, preconditions name the time of the last change, sentinels
(Increment, ArrayUnion, DELETE_FIELD) are applied by the "server", and nobody shares an object with anybody. Whatever
is proved on it is proved once more, thinly, on the emulator.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, ArrayUnion, Increment

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda have, want: have == want,
    ">=": lambda have, want: have is not None and have >= want,
    "<=": lambda have, want: have is not None and have <= want,
    "<": lambda have, want: have is not None and have < want,
    "in": lambda have, want: have in want,
}


@dataclass
class Snapshot:
    reference: Reference
    data: dict[str, Any] | None
    update_time: datetime | None
    read_time: datetime
    create_time: datetime | None = None
    """Kept for those who pass it on; nobody decides by it."""

    @property
    def exists(self) -> bool:
        return self.data is not None

    @property
    def id(self) -> str:
        return self.reference.id

    def to_dict(self) -> dict[str, Any] | None:
        return copy.deepcopy(self.data)


@dataclass(frozen=True)
class Reference:
    _client: MemoryFirestore = field(repr=False)
    path: str

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def collection(self, name: str) -> Query:
        return Query(self._client, f"{self.path}/{name}")

    def get(self, timeout: float | None = None) -> Snapshot:
        return self._client.snapshot(self)

    def create(self, data: dict[str, Any], timeout: float | None = None) -> None:
        batch = self._client.batch()
        batch.create(self, data)
        batch.commit()

    def update(self, data: dict[str, Any]) -> None:
        batch = self._client.batch()
        batch.update(self, data)
        batch.commit()

    def set(self, data: dict[str, Any], timeout: float | None = None) -> None:
        batch = self._client.batch()
        batch.set(self, data)
        batch.commit()

    def delete(self, option: datetime | None = None, timeout: float | None = None) -> None:
        present = self._client.documents.get(self.path)
        if option is not None and (present is None or present[1] != option):
            raise FailedPrecondition(self.path)
        self._client.documents.pop(self.path, None)


@dataclass(frozen=True)
class Query:
    client: MemoryFirestore = field(repr=False)
    path: str
    filters: tuple[tuple[str, str, Any], ...] = ()
    order: str = "__name__"
    direction: str = "ASCENDING"
    most: int | None = None

    def document(self, name: str) -> Reference:
        return Reference(self.client, f"{self.path}/{name}")

    def where(self, *, filter: Any) -> Query:  # noqa: A002 the client's name
        added = (*self.filters, (filter.field_path, filter.op_string, filter.value))
        return replace(self, filters=added)

    def limit(self, count: int) -> Query:
        return replace(self, most=count)

    def select(self, field_paths: Iterable[str]) -> Query:
        return self

    def get(self, timeout: float | None = None) -> list[Snapshot]:
        return list(self.stream())

    def order_by(self, field_path: str, direction: str = "ASCENDING") -> Query:
        return replace(self, order=field_path, direction=direction)

    def stream(self, timeout: float | None = None) -> Iterator[Snapshot]:
        names = [p for p in self.client.documents if p.rsplit("/", 1)[0] == self.path]
        found = [self.client.snapshot(Reference(self.client, name)) for name in sorted(names)]
        if self.order != "__name__":
            found = [one for one in found if (one.data or {}).get(self.order) is not None]
            found.sort(key=lambda one: (one.data or {})[self.order], reverse=self.direction == "DESCENDING")
        fit = [one for one in found if all(_fits(one, *wanted) for wanted in self.filters)]
        yield from fit[: self.most]


def _fits(snapshot: Snapshot, key: str, op: str, value: Any) -> bool:
    if key != "__name__":
        return _OPS[op]((snapshot.data or {}).get(key), value)
    wanted = [one.path for one in value] if isinstance(value, list) else value.path
    return _OPS[op](snapshot.reference.path, wanted)


class MemoryFirestore:
    """The client and the server in one."""

    def __init__(self) -> None:
        self.project, self._database = "memory", "(default)"
        self.documents: dict[str, tuple[dict[str, Any], datetime]] = {}
        self._now = _EPOCH

    def collection(self, name: str) -> Query:
        return Query(self, name)

    def snapshot(self, ref: Reference) -> Snapshot:
        found = self.documents.get(ref.path)
        data, changed = (copy.deepcopy(found[0]), found[1]) if found else (None, None)
        return Snapshot(ref, data, changed, self._now)

    def get_all(self, refs: Iterable[Reference], timeout: float | None = None) -> Iterator[Snapshot]:
        yield from [self.snapshot(ref) for ref in refs]

    def write_option(self, last_update_time: datetime) -> datetime:
        return last_update_time

    def batch(self) -> _Batch:
        return _Batch(self)

    def all(self, collection: str) -> dict[str, dict[str, Any]]:
        """Documents of a collection, by id."""
        return {s.id: s.to_dict() or {} for s in self.collection(collection).stream()}


@dataclass(frozen=True)
class Written:
    update_time: datetime


class _Batch:
    def __init__(self, client: MemoryFirestore) -> None:
        self._client = client
        self._writes: list[tuple[str, str, dict[str, Any], datetime | None]] = []

    def create(self, ref: Reference, data: dict[str, Any]) -> None:
        self._writes.append(("create", ref.path, copy.deepcopy(data), None))

    def set(self, ref: Reference, data: dict[str, Any], merge: bool = False) -> None:
        assert not merge
        self._writes.append(("set", ref.path, copy.deepcopy(data), None))

    def update(self, ref: Reference, data: dict[str, Any], option: datetime | None = None) -> None:
        self._writes.append(("update", ref.path, copy.deepcopy(data), option))

    def delete(self, ref: Reference) -> None:
        self._writes.append(("delete", ref.path, {}, None))

    def commit(self, timeout: float | None = None) -> list[Written]:
        client = self._client
        client._now += timedelta(milliseconds=1)
        staged = dict(client.documents)
        for kind, path, data, last in self._writes:
            present = staged.get(path)
            if kind == "delete":
                staged.pop(path, None)
                continue
            if kind == "create" and present is not None:
                raise AlreadyExists(path)
            if kind == "update" and present is None:
                raise NotFound(path)
            if last is not None and (present is None or client.documents[path][1] != last):
                raise FailedPrecondition(path)
            before = copy.deepcopy(present[0]) if kind == "update" and present is not None else {}
            staged[path] = (_merged(before, data), client._now)
        client.documents = staged
        return [Written(client._now) for _ in self._writes]


def _merged(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is DELETE_FIELD or type(value) is type(DELETE_FIELD):
            place.pop(name, None)
        elif isinstance(value, Increment):
            place[name] = place.get(name, 0) + value.value
        elif isinstance(value, ArrayUnion):
            present = place.setdefault(name, [])
            present.extend(v for v in value.values if v not in present)
        else:
            place[name] = value
    return document
