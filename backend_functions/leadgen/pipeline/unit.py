"""A unit of work: contacts, mails, claims and counts that change together, in one commit.

It is planned in memory, on contacts and a view of the identity log as they were read, and committed on the condition
that none of them changed since. Who loses a race reads anew and plans again; nothing of the lost plan was stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadgen.model.documents import Contact, ContactMerge, Document, EmailJob
from leadgen.process.entries import Entry, mark_entry, release_entry
from leadgen.process.index import Overlay
from leadgen.process.index_log import IndexLog, View
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Commit, Record, read_all, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference


@dataclass
class Held:
    """A contact in a unit of work; its `contact` is changed in place.

    Args:
        id: the contact's id.
        contact: as it shall be.
        record: as it was read; `None` for a new one.
    """

    id: str
    contact: Contact
    record: Record[Contact] | None = None


@dataclass
class HeldMail:
    """A mail in a unit of work; its `job` is changed in place.

    Args:
        id: the mail's id.
        job: as it shall be.
        record: as it was read; `None` for a new one.
    """

    id: str
    job: EmailJob
    record: Record[EmailJob] | None = None


class UnitOfWork:
    """What one step reads and changes.

    Args:
        db: Firestore.
        log: the identity log.
        now: the present moment.
        view: the log as it was read.
    """

    def __init__(self, db: Client, log: IndexLog, now: datetime, view: View | None = None) -> None:
        self.db, self.now = db, now
        self.names = Collections(db)
        self._log = log
        self._view = view or log.refresh(now)
        self.index = Overlay(self._view.index)
        self._held: dict[str, Held | None] = {}
        self._touched: set[str] = set()
        self._mails: dict[str, HeldMail] = {}
        self._mails_read: set[str] = set()
        self._merges: dict[str, ContactMerge] = {}
        self._changed_merges: list[tuple[Record[ContactMerge], dict[str, Any]]] = []
        self._counts: dict[str, Counter[str]] = {}

    # --- contacts

    def load(self, ids: Iterable[str]) -> None:
        """Read contacts in one round trip."""
        missing = sorted({i for i in ids if i not in self._held})
        found = read_all(self.db, [self.names.contacts.document(i) for i in missing], Contact)
        for contact_id in missing:
            record = found.get(contact_id)
            self._held[contact_id] = self.hold(record) if record is not None else None

    def hold(self, record: Record[Contact]) -> Held:
        """Work on a contact as it was read."""
        held = self._held[record.id] = Held(record.id, record.value.model_copy(deep=True), record)
        return held

    def contact(self, contact_id: str) -> Held | None:
        """A contact, read if it was not; `None` if there is none."""
        self.load([contact_id])
        return self._held[contact_id]

    def add(self, contact_id: str, contact: Contact) -> Held:
        """A new contact."""
        held = self._held[contact_id] = Held(contact_id, contact)
        return held

    def touch(self, held: Held) -> None:
        """Write a contact although nothing in it changes, so that whoever decides on it at the same moment is told."""
        self._touched.add(held.id)

    def claim(self, contact_id: str, marks: Iterable[tuple[str, str]]) -> None:
        """Claim marks for a contact."""
        for kind, value in marks:
            self.index.add(mark_entry(kind, value, contact_id))

    def release(self, kind: str, value: str) -> None:
        """Give a phone or email back that was claimed by mistake: it is nobody's again."""
        self.index.add(release_entry(kind, value))

    def enter(self, entry: Entry) -> None:
        """Add another entry to the log."""
        self.index.add(entry)

    # --- mails

    def mails_of(self, contact_id: str) -> list[HeldMail]:
        """The mails of a contact, those of this unit too."""
        from google.cloud.firestore import FieldFilter

        held = self._held.get(contact_id)
        is_new = held is not None and held.record is None
        if contact_id not in self._mails_read and not is_new:
            query = self.names.emails.where(filter=FieldFilter("contactId", "==", contact_id))
            for snapshot in query.stream(timeout=RPC_TIMEOUT_S):
                record = to_record(snapshot, EmailJob)
                self._mails.setdefault(record.id, HeldMail(record.id, record.value.model_copy(deep=True), record))
        self._mails_read.add(contact_id)
        return [mail for mail in self._mails.values() if mail.job.contact_id == contact_id]

    def add_mail(self, job_id: str, job: EmailJob) -> None:
        """A new mail."""
        self._mails[job_id] = HeldMail(job_id, job)

    # --- counts and merges

    def count(self, request_id: str, amounts: dict[str, int]) -> None:
        """Add to a campaign's counts; keys are camelCase names of `Counts`."""
        if request_id:
            self._counts.setdefault(request_id, Counter()).update(amounts)

    def counts_of(self, request_id: str) -> dict[str, int]:
        """What this unit adds to a campaign's counts, as field paths; taken out, for a caller that writes them."""
        return _paths(self._counts.pop(request_id, Counter()))

    def add_merge(self, merge_id: str, merge: ContactMerge) -> None:
        """Record a merge."""
        self._merges[merge_id] = merge

    def change_merge(self, record: Record[ContactMerge], changes: dict[str, Any]) -> None:
        """Change the record of a merge."""
        self._changed_merges.append((record, changes))

    # --- the commit

    def into(self, commit: Commit) -> Commit:
        """Add everything to a commit."""
        for held in self._held.values():
            if held is not None:
                self._write(commit, self.names.contacts.document(held.id), held.contact, held.record, "lastUpdated")
        for mail in self._mails.values():
            self._write(commit, self.names.emails.document(mail.id), mail.job, mail.record, "updatedAt")
        for merge_id, merge in self._merges.items():
            commit.create(self.names.contact_merges.document(merge_id), merge)
        for record, changes in self._changed_merges:
            commit.change(record, changes)
        for request_id, amounts in self._counts.items():
            commit.increase(self.names.requests.document(request_id), _paths(amounts))
        self._log.append(commit, self._view, self.index.entries)
        return commit

    def _write(
        self, commit: Commit, ref: DocumentReference, document: Document, record: Record[Any] | None, touched: str
    ) -> None:
        if record is None:
            commit.create(ref, document)
            return
        changes = differences(record.value.to_firestore(), document.to_firestore())
        if changes or record.id in self._touched:
            commit.change(record, {**changes, touched: self.now})

    def drop_counts_of_missing(self) -> None:
        """Leave out counts of campaigns that no longer exist: a commit that names one would be refused for ever."""
        refs = [self.names.requests.document(request_id) for request_id in self._counts]
        for snapshot in self.db.get_all(refs, timeout=RPC_TIMEOUT_S) if refs else ():
            if not snapshot.exists:
                del self._counts[snapshot.id]


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The top-level fields to write so that one document becomes the other; what is gone is deleted."""
    from google.cloud.firestore import DELETE_FIELD

    changes = {key: value for key, value in after.items() if before.get(key, DELETE_FIELD) != value}
    return changes | {key: DELETE_FIELD for key in before if key not in after}


def _paths(amounts: Counter[str]) -> dict[str, int]:
    return {f"counts.{name}": amount for name, amount in amounts.items() if amount}
