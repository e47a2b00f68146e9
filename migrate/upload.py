"""Writes the journal's documents to Firestore.

A document is made, never overwritten: what is there already stays, whoever made it. What the journal says was written
is not asked for again; what it does not know of is found by the refusal, so a run that was killed between a commit and
its note goes on without a trace. Opt-outs are written first, so that there is no moment at which they are not heeded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from leadgen.model.errors import Unavailable
from leadgen.process.entries import NOBODY, PICTURE, SUPPRESSED
from migrate.encode import decode, encode
from migrate.index import IdentityLog
from migrate.pace import Pace
from migrate.stage import (
    ADDRESSES,
    CONTACTS,
    MAILS,
    PLACES,
    REQUESTS,
    SUPPRESSIONS,
    TEMPLATES,
    THERE_BEFORE,
    WRITTEN,
    Stage,
    Staged,
)
from migrate.target import Refused, Target

CHUNK = 480
"""Documents of one commit, which takes 500 writes; the identity log needs two of them."""
_CHUNK_BYTES = 6_000_000
"""A request may have 10 MiB."""
_LANES = 3
_TRIES = 20
_MARK = 17
Watch = Callable[[str, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of the documents of one commit, by their numbers in the journal."""

    written: list[int]
    there_before: list[int]


class Upload:
    """Writes what is to be written.

    Args:
        stage: the journal.
        target: Firestore.
        log: the identity log.
        run: the run's id.
        pace: how fast.
        watch: is told the collection and how many documents were settled.
    """

    def __init__(
        self, stage: Stage, target: Target, log: IdentityLog, run: str, pace: Pace, watch: Watch = lambda _c, _n: None
    ) -> None:
        self._stage = stage
        self._target = target
        self._log = log
        self._run = run
        self._pace = pace
        self._watch = watch
        self.looks_first = False
        """Documents are looked up before they are written: the last ones looked at held some that were there."""
        self._knows_log = False

    def everything(self) -> None:
        """Write all that is to be written.

        Raises:
            LeadgenError: we may not, or the service stays away. What was written is noted.
        """
        if not self._knows_log and any(self._stage.to_do(place, 1) for place in (SUPPRESSIONS, CONTACTS)):
            self.read_log()
        self._logged(SUPPRESSIONS)
        for place in (ADDRESSES, TEMPLATES):
            self._side_by_side(place)
        self._logged(CONTACTS)
        for place in (MAILS, REQUESTS):
            self._side_by_side(place)

    def read_log(self) -> None:
        """Read the identity log, before the first document that belongs to it.

        What others append later is found by the refusal of the next commit.

        Raises:
            LeadgenError: we may not, or the service stays away.
        """
        self._log.read()
        self._knows_log = True

    def logged_ones(self) -> None:
        """Write what is to be written of opt-outs and contacts.

        Raises:
            LeadgenError: as above.
        """
        self._log.read_on()
        self._logged(SUPPRESSIONS)
        self._logged(CONTACTS)

    def chunk(self, place: int, after: int = 0) -> list[Staged]:
        """The next documents of a collection, as many as go into one commit."""
        chosen: list[Staged] = []
        size = 0
        for document in self._stage.to_do(place, CHUNK, after):
            size += len(document.body)
            if chosen and size > _CHUNK_BYTES:
                break
            chosen.append(document)
        return chosen

    def is_full(self, chunk: Sequence[Staged]) -> bool:
        """Whether a commit is worth sending although more may come."""
        return len(chunk) >= CHUNK or sum(len(document.body) for document in chunk) > _CHUNK_BYTES // 2

    def room(self, chunk: Sequence[Staged]) -> int:
        """How many documents go into a commit beside these."""
        return CHUNK - len(chunk)

    def note(self, place: int, outcome: Outcome) -> None:
        """Note in the journal what became of documents."""
        self._stage.begin()
        self._stage.settle(place, outcome.written, WRITTEN)
        self._stage.settle(place, outcome.there_before, THERE_BEFORE)
        self._stage.commit()
        self._watch(PLACES[place], len(outcome.written) + len(outcome.there_before))

    def _side_by_side(self, place: int) -> None:
        """Collections that no log follows: several commits at a time."""
        under_way: deque[Future[Outcome]] = deque()
        after = 0
        with ThreadPoolExecutor(_LANES) as lanes:
            while chunk := self.chunk(place, after):
                after = chunk[-1].seq
                self._pace.take(len(chunk))
                under_way.append(lanes.submit(self._create, chunk))
                if len(under_way) >= _LANES:
                    self.note(place, under_way.popleft().result())
            while under_way:
                self.note(place, under_way.popleft().result())

    def _create(self, chunk: Sequence[Staged]) -> Outcome:
        left = list(chunk)
        written: list[int] = []
        there: list[int] = []
        for _ in range(_TRIES):
            if not left:
                return Outcome(written, there)
            try:
                self._target.commit([self._target.creation(d.place, d.id, d.body) for d in left])
                return Outcome(written + [d.seq for d in left], there)
            except Refused:
                found, left = self._sorted_out(left)
                written += found.written
                there += found.there_before
        raise _too_many()

    def _sorted_out(self, chunk: Sequence[Staged]) -> tuple[Outcome, list[Staged]]:
        """Which documents are there already, ours or others', and which are not."""
        found = self._target.fetch(chunk[0].place, [d.id for d in chunk], ["migrationRun"])
        ours = [d.seq for d in chunk if d.id in found and found[d.id].run() == self._run]
        others = [d.seq for d in chunk if d.id in found and found[d.id].run() != self._run]
        return Outcome(ours, others), [d for d in chunk if d.id not in found]

    def _logged(self, place: int) -> None:
        """Collections that the identity log follows: one commit after another, each with its entries."""
        tries = after = 0
        while chunk := self.chunk(place, after):
            tries += 1
            if tries > _TRIES:
                raise _too_many()
            if self.looks_first and self._found(place, chunk):
                tries = 0
                continue
            chunk, entries = self.claims(place, chunk)
            try:
                self.commit(chunk, entries)
            except Refused:
                if not self._found(place, chunk):
                    self._log.read_on()  # it was not the documents: somebody appended
                continue
            self.note(place, Outcome([d.seq for d in chunk], []))
            tries, after = 0, chunk[-1].seq

    def commit(self, chunk: Sequence[Staged], entries: bytes) -> None:
        """Write documents, and their entries to the end of the identity log.

        Raises:
            Refused: one is there already, or the log has another end.
            LeadgenError: we may not, or the service stays away.
        """
        self._pace.take(len(chunk))
        writes = [self._target.creation(place, name, body) for _, place, name, body, _ in chunk]
        appending, tip = self._log.appending(entries) if entries else ([], self._log.tip)
        answer = self._target.commit([*writes, *appending])
        if appending:
            self._log.tip = replace(tip, update_time=answer.write_results[-1].update_time)

    def _found(self, place: int, chunk: list[Staged]) -> bool:
        """Note which documents are there already; whether any was."""
        outcome, _ = self._sorted_out(chunk)
        self.looks_first = bool(outcome.written or outcome.there_before)
        if self.looks_first:
            self.note(place, outcome)
        return self.looks_first

    def claims(self, place: int, chunk: list[Staged]) -> tuple[list[Staged], bytes]:
        """The documents and their entries in the identity log, packed; a document whose mark is another's says so."""
        if place == CONTACTS and not self._log.has_entries:  # nobody is known yet: as most migrations begin
            return chunk, b"".join([_as_entries(document) for document in chunk])
        marks = [_marks(document) for document in chunk]
        logged = self._log.owners([mark for some in marks for mark in some if mark[:1] != PICTURE])
        entries: list[bytes] = []
        settled: list[Staged] = []
        for document, mine in zip(chunk, marks, strict=True):
            contact = bytes.fromhex(document.id) if place == CONTACTS else NOBODY
            others: list[str] = []
            for mark in mine:
                owner = logged.get(mark)
                if owner is None or (owner == NOBODY and mark[:1] != SUPPRESSED):
                    entries.append(mark + contact)  # as `leadgen.process.entries.pack` packs it
                elif owner != contact:
                    others.append(owner.hex())
            settled.append(self._with_possible(document, others) if others else document)
        return settled, b"".join(entries)

    def _with_possible(self, document: Staged, others: list[str]) -> Staged:
        content = decode(document.body)
        noted = content.setdefault("possibleDuplicates", [])
        known = {entry["contactId"] for entry in noted}
        for other in dict.fromkeys(others):
            if other not in known and len(noted) < 10:
                reason = "was known before the migration by the same phone, email or page"
                noted.append({"contactId": other, "reason": reason, "at": content["createdAt"]})
        body = encode(content)
        self._stage.amend(document.seq, body)
        return document._replace(body=body)


def _marks(document: Staged) -> list[bytes]:
    if document.place == SUPPRESSIONS:
        return [SUPPRESSED + bytes.fromhex(document.id)]
    return [document.marks[at : at + _MARK] for at in range(0, len(document.marks), _MARK)]


def _as_entries(contact: Staged) -> bytes:
    """All marks of a contact as entries; see `leadgen.process.entries.pack`."""
    marks, owner = contact.marks, bytes.fromhex(contact.id)
    return b"".join([marks[at : at + _MARK] + owner for at in range(0, len(marks), _MARK)])


def _too_many() -> Unavailable:
    return Unavailable(
        "The same documents are being changed by too many at once.",
        hint="Pause the campaigns, or wait a moment, and run the same command again.",
    )
