"""The local copy against a real Firestore: what it reads, and what that costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.contacts import history
from console.contacts.copy import Copy
from console.contacts.remote import Remote
from console.contacts.sync import Sync
from console.live import feeds
from tests.counting import counted

if TYPE_CHECKING:
    from google.cloud import firestore

NOW = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
COUNT = 700


def fill(db: firestore.Client) -> None:
    """Contacts, some of them of one moment."""
    for start in range(0, COUNT, 350):
        batch = db.batch()
        for n in range(start, start + 350):
            at = NOW - timedelta(minutes=2 * COUNT - n - n % 2)
            batch.set(db.document(f"contacts/c{n:05}"), {"lastUpdated": at, "status": "PROCESSED", "name": f"N{n}"})
        batch.commit()


class Kept(Remote):
    """The collection over the test's own client, which stays open."""

    def close(self) -> None: ...


def sync_of(copy: Copy, db: Any, now: datetime = NOW) -> tuple[Sync, Kept]:
    remote = Kept(lambda: db)
    return Sync(copy, remote, lambda: now), remote


def test_the_copy_is_filled_once_and_follows_and_mends(firestore_db: firestore.Client, tmp_path: Path) -> None:
    fill(firestore_db)
    copy = Copy(tmp_path / "copy.sqlite", "me")
    with counted(firestore_db) as meter:
        with meter.stage("fill") as bill:
            sync, remote = sync_of(copy, firestore_db)
            assert sync.begin().here == COUNT
        # A page that is not full ends it; the count beside it is for the progress.
        assert bill.reads == remote.reads.documents == COUNT + 1
        with meter.stage("again") as bill:
            sync, remote = sync_of(copy, firestore_db)
            assert sync.begin().here == COUNT
        assert bill.reads == remote.reads.documents <= 5

        firestore_db.document("contacts/c00002").update({"lastUpdated": NOW - timedelta(minutes=1), "name": "new"})
        feed = next(one for one in feeds.console_feeds() if one.name == feeds.CONTACTS)
        found = feed.query(firestore_db).get()
        assert len(found) == feed.window
        assert found[0].id == "c00002"
        with meter.stage("follow") as bill:
            assert sync.catch_up().here == COUNT
        assert bill.reads <= 5
        document = copy.reader().document("c00002")
        assert document is not None
        assert document["name"] == "new"

        firestore_db.document("contacts/c00350").delete()
        with meter.stage("check") as bill:
            sync, remote = sync_of(copy, firestore_db, NOW + timedelta(days=1))
            assert sync.begin().here == COUNT - 1
        assert bill.reads == remote.reads.documents < COUNT


def test_the_history_of_a_contact(firestore_db: firestore.Client) -> None:
    contact = {"email": "a@lone.example", "phone": "+15122361234", "requestId": "r1", "merges": ["m1", "gone"]}
    entry = history.suppression_ids(contact)[1]
    firestore_db.document("emailQueue/e1").set({"contactId": "k", "status": "SENT", "createdAt": NOW})
    firestore_db.document("emailQueue/e2").set({"contactId": "other", "status": "SENT", "createdAt": NOW})
    firestore_db.document("contactMerges/m1").set({"mergedId": "x", "at": NOW})
    firestore_db.document("processorQueue/r1").set({"city": "austin"})
    firestore_db.document(f"suppressions/{entry}").set({"value": "lone.example", "createdAt": NOW})

    class Session:
        def firestore(self) -> Any:
            from google.cloud.firestore import Client

            return Client(project=firestore_db.project)

    found = history.read(Session(), "k", contact)  # type: ignore[arg-type]
    assert [mail["status"] for mail in found["mails"]] == ["SENT"]
    assert [one["mergedId"] for one in found["merges"]] == ["x"]
    assert [one["value"] for one in found["suppressions"]] == ["lone.example"]
    assert found["campaign"] == {"city": "austin"}
