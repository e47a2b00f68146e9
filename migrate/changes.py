"""What some rows change in the journal: read when it is asked for, saved together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from migrate.encode import decode, encode
from migrate.stage import CONTACTS, TO_DO, WAITING, Stage


@dataclass
class Batch:
    """What some rows change; read from the journal when it is asked for, saved at the end.

    Args:
        stage: the journal.
        run: the run's id, noted in every document.
    """

    stage: Stage
    run: str
    _documents: dict[tuple[int, str], dict[str, Any] | bytes] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)
    _marks: dict[str, dict[bytes, None]] = field(default_factory=dict)
    _owners: dict[bytes, str] = field(default_factory=dict)
    _claimed: list[tuple[bytes, str]] = field(default_factory=list)
    _asked: set[tuple[int, str]] = field(default_factory=set)
    _alone: list[tuple[int, str, bytes, bytes, int]] = field(default_factory=list)

    def add_alone(self, name: str, body: bytes, marks: list[bytes]) -> None:
        """A new contact of whom no other row speaks: nobody else will ask for it or for its marks."""
        self._alone.append((CONTACTS, name, body, b"".join(marks), TO_DO))

    def expect(self, marks: list[bytes], contacts: list[str]) -> None:
        """Read in one go what the rows will ask for."""
        self._owners |= self.stage.owners(list(dict.fromkeys(marks)))
        self._load(CONTACTS, [*contacts, *self._owners.values()])

    def _load(self, place: int, ids: list[str]) -> None:
        new = [name for name in dict.fromkeys(ids) if (place, name) not in self._asked]
        self._asked |= {(place, name) for name in new}
        for name, (body, marks) in self.stage.bodies(place, new).items():
            self._documents[place, name] = decode(body)
            self._marks[name] = {marks[at : at + 17]: None for at in range(0, len(marks), 17)}

    def get(self, place: int, name: str) -> dict[str, Any] | None:
        """A document, to be changed as one likes."""
        self._load(place, [name])
        found = self._documents.get((place, name))
        if isinstance(found, bytes):
            found = self._documents[place, name] = decode(found)
        return found

    def put(self, place: int, name: str, document: dict[str, Any] | bytes, *, waits: bool = False) -> None:
        """A new document.

        Args:
            place: its collection.
            name: its id.
            document: its fields, or those encoded with the run in them.
            waits: whether it must not be written before all rows were read.
        """
        self._asked.add((place, name))
        self._documents[place, name] = document
        if waits:
            self._waiting.add(name)

    def owner(self, mark: bytes) -> str | None:
        """The contact that has a mark; it must have been expected."""
        return self._owners.get(mark)

    def claim(self, marks: list[bytes], contact: str) -> None:
        """Give a contact the marks that nobody has; a picture may be several people's."""
        mine = self._marks.setdefault(contact, {})
        for mark in marks:
            if mark[:1] == b"i":
                mine[mark] = None
            elif mark not in self._owners:
                self._owners[mark] = contact
                self._claimed.append((mark, contact))
                mine[mark] = None

    def save(self) -> None:
        """Write it to the journal."""
        rows = self._alone
        for (place, name), document in self._documents.items():
            if isinstance(document, bytes):
                body = document
            else:
                document["migrationRun"] = self.run
                body = encode(document)
            marks = b"".join(self._marks.get(name, {})) if place == CONTACTS else b""
            rows.append((place, name, body, marks, WAITING if name in self._waiting else TO_DO))
        self.stage.save(rows)
        self.stage.claim(self._claimed)
