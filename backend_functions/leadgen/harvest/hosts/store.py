"""Where the hosts' documents are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from leadgen.model.documents import Host
from leadgen.model.ids import host_id
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Commit, Record, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """A host's document as it was read.

    Args:
        value: its content; that of an unknown host if there is none.
        read_time: when it was read, by the store's clock.
        version: what the store knows this state of it by.
    """

    value: Host
    read_time: datetime
    version: object


class HostStore(Protocol):
    """Keeps the hosts' documents. Calls may block, and fail in any way."""

    def read(self, host: str) -> Seen:
        """A host's document."""
        ...

    def swap(self, seen: Seen, value: Host) -> None:
        """Replace it, if it still is as it was seen; else raise `Raced`, having changed nothing."""
        ...


class FirestoreHosts:
    """The hosts' documents in Firestore: one read and one write per turn.

    Args:
        db: the Firestore client.
    """

    def __init__(self, db: Client) -> None:
        self._db = db

    def read(self, host: str) -> Seen:
        """A host's document."""
        snapshot = Collections(self._db).hosts.document(host_id(host)).get(timeout=RPC_TIMEOUT_S)
        read_time: datetime = snapshot.read_time
        if not snapshot.exists:
            return Seen(unknown_host(host, read_time), read_time, None)
        record = to_record(snapshot, Host)
        return Seen(record.value, read_time, record)

    def swap(self, seen: Seen, value: Host) -> None:
        """Replace it, if it still is as it was seen.

        Raises:
            Raced: it is not; nothing was changed.
        """
        commit = Commit(self._db)
        if not isinstance(seen.version, Record):
            commit.create(Collections(self._db).hosts.document(host_id(value.host)), value)
        else:
            commit.change(seen.version, value.to_firestore())
        commit.run()


def unknown_host(host: str, now: datetime) -> Host:
    """The document of a host that nobody has asked yet."""
    return Host(host=host, next_free_at=now, expires_at=now + KEPT)
