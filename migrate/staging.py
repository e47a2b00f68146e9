"""Rows become documents in the journal: one batch, one transaction, so that it can stop at any moment and go on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadgen.model.ids import canonical_email, digest, email_job_id, suppression_id
from leadgen.process.identity import Marks
from migrate.batches import Beside, Converted, check_size, conversion
from migrate.census import Census
from migrate.changes import Batch
from migrate.contacts import ContactRows, Person, merge
from migrate.encode import encode
from migrate.keys import marks_of
from migrate.mails import Mail, MailRows, merge_mails
from migrate.mapping import TableMapping
from migrate.others import RequestRows, TemplateRows
from migrate.reading import BATCH, Row, TableReader
from migrate.rows import Problem, Rejected, Rules, Tally
from migrate.stage import ADDRESSES, CONTACTS, MAILS, REQUESTS, SUPPRESSIONS, TEMPLATES, Stage

Watch = Callable[[str, int], None]


@dataclass
class Table:
    """A table whose conversion has begun.

    Args:
        mapping: which column is which.
        reader: reads it.
        rows: converts a row.
        tally: what happened up to now.
        progress: how far an earlier process came.
        changed_at: when the database was changed last.
        found: batches of rows, or what they became already.
        beside: the second process that converts, if there is one.
    """

    mapping: TableMapping
    reader: TableReader
    rows: Any
    tally: Tally
    progress: dict[str, Any]
    changed_at: datetime
    found: Iterable[list[Row] | Converted]
    beside: Beside | None = None


@dataclass
class Staging:
    """Converts the tables of one run.

    Args:
        stage: the journal.
        run: the run's id.
        rules: of the run.
        watch: is told the table and how many rows were read.
        census: says who is met once; those are final at once, and all others wait until everything was read.
    """

    stage: Stage
    run: str
    rules: Rules
    watch: Watch = lambda _table, _rows: None
    census: Census | None = None

    @contextmanager
    def begun(self, mapping: TableMapping, reader: TableReader, changed_at: datetime) -> Iterator[Table]:
        """Begin to convert what was not converted yet of a table; a second process may, nothing is kept yet.

        Raises:
            SourceProblem: the table is damaged.
        """
        kind = mapping.kind.name
        progress = self.stage.get(f"table:{kind}", {})
        tally = _tally(progress)
        rows = _ROWS[kind](mapping, self.rules, changed_at, tally)
        table = Table(mapping, reader, rows, tally, progress, changed_at, iter(()))
        if progress.get("done"):
            yield table
            return
        batches = reader.batches(*([progress["after"]] if "after" in progress else []))
        if kind != "contacts":
            table.found = batches
            yield table
            return
        with conversion(rows, self.run, batches, (mapping.rows or 0) - tally.read) as found:
            table.found, table.beside = found, found if isinstance(found, Beside) else None
            yield table

    def take(self, table: Table) -> None:
        """Keep what the rows of a table become.

        Raises:
            SourceProblem: the table is damaged.
        """
        kind = table.mapping.kind.name
        if table.progress.get("done"):
            return
        for found in table.found:
            self.stage.begin()
            if isinstance(found, Converted):
                read, last = found.read, found.last
                self._take_converted(table, found)
            else:
                read, last = len(found), found[-1][0]
                self._take(table, found)
            self.stage.put(f"table:{kind}", {"after": last, **_kept(table.tally)})
            self.stage.commit()
            self.watch(kind, read)
        self._finish(kind, table.tally)

    def _take(self, table: Table, batch: list[Row]) -> None:
        kind, mapping, rows, tally = table.mapping.kind.name, table.mapping, table.rows, table.tally
        changes = Batch(self.stage, self.run)
        ready = []
        for row in batch:
            tally.read += 1
            try:
                found = rows.convert(row)
                check_size(encode(found[1] if isinstance(found, tuple) else found.document))
                ready.append((row, found))
            except Rejected as error:
                self._reject(mapping, row, error, tally)
                if error.opted_out is not None:
                    self.opt_out(changes, error.opted_out, "the earlier program had them as opted out", rows.changed_at)
        if kind == "email_queue":
            self._take_mails(changes, [mail for _, mail in ready], tally)
        else:
            place = TEMPLATES if kind == "templates" else REQUESTS
            for row, (name, document) in ready:
                if changes.get(place, name) is None:
                    changes.put(place, name, document)
                else:
                    same = Problem("templateId", "", f"is {name}, as in an earlier row")
                    self._reject(mapping, row, Rejected([same]), tally)
        changes.save()

    def _take_converted(self, table: Table, found: Converted) -> None:
        changes, tally = Batch(self.stage, self.run), table.tally
        tally.read += found.read
        tally.assumptions.update(found.tally.assumptions)
        tally.attention.update(found.tally.attention)
        for refusal in found.refused:
            self._reject(table.mapping, refusal.row, Rejected(refusal.problems), tally)
            if refusal.opted_out is not None:
                self.opt_out(changes, refusal.opted_out, "the earlier program had them as opted out", table.changed_at)
        self._take_people(changes, found.people, tally)
        changes.save()

    def _reject(self, mapping: TableMapping, row: Row, error: Rejected, tally: Tally) -> None:
        tally.rejected += 1
        self.stage.reject(reject_line(mapping, row, error.problems))

    def _take_people(self, changes: Batch, people: list[Person], tally: Tally) -> None:
        later = [person for person in people if not person.marks.phones]
        now = [person for person in people if person.marks.phones]
        for person in later:
            self.stage.defer(json.dumps([*_packed(person.marks), person.opted_out]), person.body)
        self._settle_people(changes, now, tally)

    def _settle_people(self, changes: Batch, people: list[Person], tally: Tally) -> None:
        if self.census is not None:
            people = [person for person in people if not self._took_alone(changes, person, self.census)]
        keys = [marks_of(person.marks) if person.keys is None else person.keys for person in people]
        changes.expect([key for some in keys for key in some], [person.id for person in people])
        for person, marks in zip(people, keys, strict=True):
            self._settle(changes, person, marks, tally)

    def _took_alone(self, changes: Batch, person: Person, census: Census) -> bool:
        """Whether a person needed no look at others, because no other row shows any of their marks."""
        if person.keys is None or not person.marks.phones or person.opted_out:
            return False
        if not census.is_alone(person.marks) or census.shares_page(person.marks):
            return False
        changes.add_alone(person.id, person.body, person.keys)
        return True

    def _settle(self, changes: Batch, person: Person, marks: list[bytes], tally: Tally) -> str:
        """Make a contact of a person, or take them into the one they are."""
        contact = _recognised(changes, person, marks)
        known = changes.get(CONTACTS, contact)
        if known is None:
            is_noted = self._note_possible(changes, person, marks)
            waits = self.census is not None and not self.census.is_alone(person.marks)
            changes.put(CONTACTS, contact, person.document if is_noted or not person.body else person.body, waits=waits)
        else:
            tally.merged += 1
            merge(known, person.document)
        changes.claim(marks, contact)
        if person.opted_out:
            self.opt_out(changes, person.marks, person.opted_out, person.document["createdAt"])
        return contact

    def _note_possible(self, changes: Batch, person: Person, marks: list[bytes]) -> bool:
        """Another contact has their email: perhaps the same person, perhaps an agency. The operator decides.

        Returns:
            Whether there is such a contact.
        """
        others = {changes.owner(mark): None for mark in marks if mark[:1] == b"e"}
        others.pop(None, None)
        if not others:
            return False
        at = person.document["createdAt"]
        noted = [
            {"contactId": other, "reason": "both have the same email, but not the same phone", "at": at}
            for other in others
        ]
        person.document["possibleDuplicates"] = noted[:10]
        return True

    def opt_out(self, changes: Batch, marks: Marks, reason: str, at: datetime) -> None:
        """Somebody who must not be written to stays so, whatever becomes of the contact."""
        for kind, value in marks.strong():
            name = suppression_id(kind, value)
            if changes.get(SUPPRESSIONS, name) is None:
                entry = {"kind": kind, "value": value, "reason": reason, "createdBy": "migration", "createdAt": at}
                changes.put(SUPPRESSIONS, name, entry)

    def _take_mails(self, changes: Batch, mails: list[Mail], tally: Tally) -> None:
        keys = [marks_of(mail.person.marks) for mail in mails]
        changes.expect([key for some in keys for key in some], [mail.person.id for mail in mails])
        for mail, marks in zip(mails, keys, strict=True):
            self._settle_mail(changes, mail, marks, tally)

    def _settle_mail(self, changes: Batch, mail: Mail, marks: list[bytes], tally: Tally) -> None:
        contact_id = _recognised(changes, mail.person, marks, by_email=True)
        contact = changes.get(CONTACTS, contact_id)
        if contact is None:
            tally.say("mails to people without a contact made one")
            contact_id = self._settle(changes, mail.person, marks, Tally())
            contact = mail.person.document
        document = mail.document
        document["contactId"] = contact_id
        document["leadData"] = {**contact["leadDataJson"], **document["leadData"]}
        for name in ("city", "timezone"):
            document[name] = document[name] or contact[name]
        self._respect_opt_out(changes, mail, contact)
        contact.setdefault("templateId", mail.template_id)
        if mail.sent_at is not None:
            contact["lastSent"] = max(contact.get("lastSent", mail.sent_at), mail.sent_at)
            contact["lastUpdated"] = max(contact["lastUpdated"], mail.sent_at)
        job = email_job_id(mail.template_id, contact_id)
        present = changes.get(MAILS, job)
        if present is not None:
            tally.merged += 1
            document = merge_mails(present, document)
        changes.put(MAILS, job, document)
        if mail.sent_at is not None:
            self._claim_address(changes, document["leadData"].get("email", ""), job, mail.sent_at)

    def _respect_opt_out(self, changes: Batch, mail: Mail, contact: dict[str, Any]) -> None:
        document = mail.document
        if document["status"] == "SUPPRESSED" and contact["status"] != "SUPPRESSED":
            contact |= {"status": "SUPPRESSED", "suppressedBy": "migration", "gate": "none"}
            self.opt_out(
                changes, mail.person.marks, "the earlier program had them as suppressed", document["createdAt"]
            )
        if contact["status"] == "SUPPRESSED" and document["status"] == "HELD":
            document |= {"status": "SUPPRESSED", "reason": "the contact was suppressed by migration"}

    def _claim_address(self, changes: Batch, email: str, job: str, at: datetime) -> None:
        """The address remembers its last mail, for contacts that share it."""
        if not email:
            return
        name = digest("mailed", canonical_email(email))
        present = changes.get(ADDRESSES, name)
        if present is None or present["claimedAt"] < at:
            changes.put(ADDRESSES, name, {"jobId": job, "claimedAt": at})

    def _finish(self, kind: str, tally: Tally) -> None:
        """Settle the rows that waited for the others."""
        after = int(self.stage.get("deferred", 0))
        while kind == "contacts" and (rows := self.stage.deferred(after, BATCH)):
            self.stage.begin()
            changes = Batch(self.stage, self.run)
            people = [_unpacked(person, body) for _, person, body in rows]
            self._settle_people(changes, people, tally)
            changes.save()
            after = rows[-1][0]
            self.stage.put("deferred", after)
            self.stage.put(f"table:{kind}", {"after": self._last(kind), **_kept(tally)})
            self.stage.commit()
        self.stage.put(f"table:{kind}", {"after": self._last(kind), "done": True, **_kept(tally)})

    def _last(self, kind: str) -> int:
        return int(self.stage.get(f"table:{kind}", {}).get("after", 0))


_ROWS: dict[str, Any] = {
    "contacts": ContactRows,
    "email_queue": MailRows,
    "templates": TemplateRows,
    "processor_queue": RequestRows,
}


def _recognised(changes: Batch, person: Person, marks: list[bytes], *, by_email: bool = False) -> str:
    """Id of the contact a person is: by phone; by email where they have no phone, or where a mail asks."""
    kinds = [b"p"] if person.marks.phones else [b"e"]
    if by_email:
        kinds = [b"p", b"e"]
    for kind in kinds:
        for mark in marks:
            owner = changes.owner(mark) if mark[:1] == kind else None
            if owner is not None:
                return owner
    return person.id


def _packed(marks: Marks) -> list[Any]:
    return [list(marks.phones), list(marks.emails), marks.image_hash, marks.url]


def _unpacked(person: str, body: bytes) -> Person:
    phones, emails, image, url, opted_out = json.loads(person)
    return Person(Marks(tuple(phones), tuple(emails), image, url), None, opted_out, body)


def _kept(tally: Tally) -> dict[str, Any]:
    return {
        "read": tally.read,
        "rejected": tally.rejected,
        "merged": tally.merged,
        "assumptions": dict(tally.assumptions),
        "attention": dict(tally.attention),
    }


def _tally(kept: dict[str, Any]) -> Tally:
    tally = Tally(kept.get("read", 0), kept.get("rejected", 0), kept.get("merged", 0))
    tally.assumptions.update(kept.get("assumptions", {}))
    tally.attention.update(kept.get("attention", {}))
    return tally


def reject_line(mapping: TableMapping, row: Row, problems: list[Problem]) -> str:
    """A row that can't move, whole and with the reasons, as a line of JSON."""
    line = {
        "table": mapping.kind.name,
        "row": row[0],
        "problems": [{"field": p.field, "column": p.column, "problem": p.problem} for p in problems],
        "values": {name: _plain(value) for name, value in zip(mapping.all_columns, row[1:], strict=True)},
    }
    return json.dumps(line, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value
