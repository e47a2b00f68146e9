"""The contacts in Firestore, as the sync asks for them. Every method blocks on the network, with a timeout.

What each costs, at Firestore's prices: a page one read per document and at least one; a count one read per 1,000
contacts in its span and at least one; `ids` one read per contact; `changed_at` one read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.contacts import records
from console.contacts.conditions import micros
from console.contacts.copy import Cursor
from console.contacts.records import Row

if TYPE_CHECKING:
    from google.cloud.firestore import Client, Query

TIMEOUT_S = 30.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Reads:
    """Document reads that were paid for, as Firestore counts them."""

    documents: int = 0

    def add(self, number: int) -> None:
        """Count reads; an answer without a document costs one, too."""
        self.documents += max(1, number)


class Remote:
    """The collection.

    Args:
        client: makes the client; called when first needed.
        reads: where reads are counted.
    """

    def __init__(self, client: Callable[[], Client], reads: Reads | None = None) -> None:
        self._make = client
        self._client: Any = None
        self.reads = reads or Reads()

    def close(self) -> None:
        """End the connection."""
        from console.live import link

        client, self._client = self._client, None
        if client is not None:
            link.dispose(client, [])

    @property
    def _db(self) -> Any:
        if self._client is None:
            self._client = self._make()
        return self._client

    @property
    def _contacts(self) -> Any:
        return self._db.collection("contacts")

    def page(self, after: Cursor, limit: int) -> list[Row]:
        """The contacts that changed after a place, in the order of change.

        Args:
            after: the place; one without an id takes those of its moment, too.
            limit: the most of them.
        """
        query: Query = self._contacts.order_by("lastUpdated").order_by("__name__")
        if after.id:
            query = query.start_after([moment(after.updated), self._at(after.id)])
        elif after.updated:
            query = query.start_at([moment(after.updated)])
        found = query.limit(limit).get(timeout=TIMEOUT_S)
        self.reads.add(len(found))
        return [records.row(one.id, one.to_dict() or {}, one.update_time) for one in found]

    def _at(self, contact_id: str) -> Any:
        return self._contacts.document(contact_id)

    def count(self, first: int = 0, end: int | None = None) -> int:
        """How many contacts there are that were changed in a span of time; see `Copy.count`."""
        query = self._span(first, end)
        found = int(query.count().get(timeout=TIMEOUT_S)[0][0].value)
        self.reads.add(-(-found // 1000))
        return found

    def ids(self, first: int, end: int | None = None) -> set[str]:
        """The contacts that were changed in a span of time."""
        found = self._span(first, end).select([]).get(timeout=TIMEOUT_S)
        self.reads.add(len(found))
        return {str(one.id) for one in found}

    def _span(self, first: int, end: int | None) -> Any:
        from google.cloud.firestore import FieldFilter

        query = self._contacts
        if first:
            query = query.where(filter=FieldFilter("lastUpdated", ">=", moment(first)))
        if end is not None:
            query = query.where(filter=FieldFilter("lastUpdated", "<", moment(end)))
        return query

    def changed_at(self, contact_id: str) -> int:
        """When a contact was changed last, in microseconds since 1970; 0 if it is no more."""
        found = self._at(contact_id).get(timeout=TIMEOUT_S)
        self.reads.add(1)
        changed = (found.to_dict() or {}).get("lastUpdated") if found.exists else None
        return micros(changed) if isinstance(changed, datetime) else 0


def moment(since_1970: int) -> datetime:
    """Microseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=since_1970)
