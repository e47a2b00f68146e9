"""A feed: one bounded window of documents that the console keeps up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class Doc(NamedTuple):
    """A document as the console knows it; never changed after it was made.

    Args:
        id: the document's id.
        value: its content, parsed by the feed.
        updated: the server's update time; compares newer or older with another one of the same document.
    """

    id: str
    value: Any
    updated: Any = None


class Window(NamedTuple):
    """What a feed holds at one moment.

    Args:
        docs: the documents in the query's order.
        loaded: whether the server has told us yet; an empty window that is not loaded means "not known".
        unreadable: how many documents could not be parsed and are left out of `docs`.
    """

    docs: tuple[Doc, ...] = ()
    loaded: bool = False
    unreadable: int = 0

    @property
    def values(self) -> tuple[Any, ...]:
        """The parsed documents, in order."""
        return tuple(doc.value for doc in self.docs)


class Feed(NamedTuple):
    """What to listen to. A listener pays one read per document of its window at every start, so windows are bounded.

    Args:
        name: key of the feed in the store.
        title: what it holds, in words for messages.
        query: makes the query (or the document reference, if `single`) for a client.
        window: the most documents it holds.
        parse: turns a document's fields into what the screens read; may raise on a document it can't read.
        single: whether it is one document and not a query.
        newest_by: field of the moment by which documents are shown, newest first. A listener of the client library
            does not keep a query's descending order, so the order is made here.
    """

    name: str
    title: str
    query: Callable[[Client], Any]
    window: int
    parse: Callable[[Mapping[str, Any]], Any]
    single: bool = False
    newest_by: str = ""


class Reader:
    """Turns the snapshots of one listener into documents, parsing only what changed since the one before.

    Args:
        feed: what is listened to.
        known: what the listener before this one knew.
    """

    def __init__(self, feed: Feed, known: dict[str, Doc | None]) -> None:
        self.feed = feed
        self.known = known

    def read(self, snapshots: list[Any]) -> tuple[tuple[Doc, ...], int]:
        """The readable documents in order, and the number of unreadable ones.

        Args:
            snapshots: Firestore document snapshots.
        """
        fresh: dict[str, Doc | None] = {}
        for snapshot in self._ordered(snapshots):
            if snapshot.exists:
                fresh[snapshot.id] = self._doc(snapshot)
        self.known = fresh
        docs = tuple(doc for doc in fresh.values() if doc is not None and doc.value is not None)
        return docs, len(fresh) - len(docs)

    def _ordered(self, snapshots: list[Any]) -> list[Any]:
        field = self.feed.newest_by
        if not field:
            return snapshots

        def moment(snapshot: Any) -> tuple[bool, Any]:
            value: Any = (snapshot.to_dict() or {}).get(field)
            return (True, value.timestamp()) if isinstance(value, datetime) else (False, 0.0)

        return sorted(snapshots, key=moment, reverse=True)

    def _doc(self, snapshot: Any) -> Doc:
        before = self.known.get(snapshot.id)
        if before is not None and before.updated == snapshot.update_time:
            return before
        try:
            value = self.feed.parse(snapshot.to_dict() or {})
        except Exception:
            # One damaged document must not hide the others; the pane says how many were left out.
            value = None
        return Doc(snapshot.id, value, snapshot.update_time)
