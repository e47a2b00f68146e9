"""A migration from its beginning to its end.

1. `prepare` (in `migrate.plan`) opens the databases without changing them and matches tables and columns: nothing is
   read yet but the schema. What it gives is data, to be shown and agreed to.
2. `Migration.convert` turns rows into documents in the journal.
3. `Migration.write` writes them to Firestore; `Migration.move` does both, side by side where that is possible.
4. `Migration.verify` compares.

The run's id is a hash of the databases' bytes, the mapping and the rules: the same wish is the same run, wherever and
however often it is started, and its documents are the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen.model.errors import LeadgenError
from leadgen.store.clock import Clock, SystemClock
from migrate.census import take_census
from migrate.errors import TargetConflict
from migrate.index import IdentityLog
from migrate.pace import Pace
from migrate.plan import Part, Plan, Wish, prepare
from migrate.private import write_private
from migrate.reading import TableReader
from migrate.report import CollectionReport, Report, TableReport
from migrate.run_document import DONE, RUNNING, RunDocument
from migrate.stage import PLACES, TEMPLATES, THERE_BEFORE, WRITTEN, Stage
from migrate.staging import Staging, Table
from migrate.streaming import Streaming, streaming
from migrate.target import Target
from migrate.upload import Upload
from migrate.verify import verify

if TYPE_CHECKING:
    from google.cloud.firestore import Client

__all__ = ["Migration", "Plan", "Watch", "Wish", "prepare"]

_NOTE_EVERY_S = 60.0
Watch = Callable[[str, str, int], None]
"""Told what is being done (read, write, verify), of which table or collection, and how many more are done."""


def _nobody(_action: str, _name: str, _number: int) -> None:
    return None


class Migration:
    """One run.

    Args:
        plan: what is moved.
        stage: the journal, of this run and this project alone.
        watch: see `Watch`.
        clock: the present moment.
    """

    def __init__(self, plan: Plan, stage: Stage, watch: Watch = _nobody, clock: Clock | None = None) -> None:
        self.plan = plan
        self.stage = stage
        self.report = Report(plan.run, left_out=dict(plan.left_out))
        self._watch = watch
        self._clock = clock or SystemClock()
        self._began = self._noted = time.monotonic()
        self._document: RunDocument | None = None
        self._goes_on = False
        self._done: dict[str, int] = {}

    def convert(self) -> None:
        """Turn rows into documents in the journal; what is there already is not done again.

        Raises:
            SourceProblem: a table is damaged and we are not to go on behind it.
        """
        staging = self._staging(lambda: None)
        self.report.tables = []
        for part in self.plan.parts:
            with self._begun(staging, part) as table:
                self._take(staging, table)
        self._converted()

    def _staging(self, meanwhile: Callable[[], None]) -> Staging:
        def watch(table: str, rows: int) -> None:
            self._report_on("read", table, rows)
            meanwhile()

        return Staging(self.stage, self.plan.run, self.plan.wish.rules, watch)

    def _begun(self, staging: Staging, part: Part) -> AbstractContextManager[Table]:
        reader = TableReader(part.source.connection, part.mapping.table, self.plan.wish.salvage)
        return staging.begun(part.mapping, reader, part.source.changed_at)

    def _take(self, staging: Staging, table: Table) -> None:
        staging.take(table)
        self.report.tables.append(self._table(table))

    def _converted(self) -> None:
        self.stage.release()
        self.report.config = self.plan.config.as_dict() if self.plan.config else None
        self._count()

    def _report_on(self, action: str, name: str, number: int) -> None:
        """Tell who watches, and now and then the project: a run that is silent for long is taken as dead."""
        self._watch(action, name, number)
        self._done[action] = self._done.get(action, 0) + number
        now = time.monotonic()
        if self._document is not None and now - self._noted > _NOTE_EVERY_S:
            self._noted = now
            self._document.note({"progress": self._done}, self._clock.now())

    def _table(self, table: Table) -> TableReport:
        kind = table.mapping.kind.name
        report = TableReport(kind, table.mapping.table, table.mapping.rows)
        report.take(table.tally)
        known = int(self.stage.get(f"damage:{kind}", 0))
        report.damaged = max(table.reader.damage.places, known)
        self.stage.put(f"damage:{kind}", report.damaged)
        return report

    def _count(self) -> None:
        for place, name in enumerate(PLACES):
            documents = self.stage.count(place)
            if documents:
                self.report.collections[name] = CollectionReport(
                    documents, self.stage.count(place, WRITTEN), self.stage.count(place, THERE_BEFORE)
                )
        self.report.seconds = round(time.monotonic() - self._began, 3)

    def write(self, db: Client, pace: Pace, target: Target | None = None) -> None:
        """Write the documents of the journal, and the configuration.

        Raises:
            TargetConflict: the project has other templates under the same numbers.
            LeadgenError: we may not, or the service stays away; running it again goes on.
        """
        target = target or Target(db)
        document = RunDocument(db, self.plan.run)
        present = document.read()
        if self._is_done(present):
            return
        upload = self._begin(db, target, document, present, pace)
        self._rest(db, document, present, upload)

    def _is_done(self, present: dict[str, Any]) -> bool:
        if present.get("status") == DONE:
            self.report.done_before = True
            self._count()
        return self.report.done_before

    def _begin(self, db: Client, target: Target, document: RunDocument, present: dict[str, Any], pace: Pace) -> Upload:
        if present.get("status") != RUNNING:
            self.stage.forget_writes()
        self._goes_on = any(self.stage.count(place, WRITTEN) for place in range(len(PLACES)))
        self._refuse_other_templates(target)
        document.begin(self.plan.as_dict(), self._clock.now())
        self._document = document
        log = IdentityLog(db, target, self.stage)
        return Upload(
            self.stage, target, log, self.plan.run, pace, lambda name, number: self._report_on("write", name, number)
        )

    def _rest(self, db: Client, document: RunDocument, present: dict[str, Any], upload: Upload) -> None:
        upload.everything()
        if self._goes_on and self._says_too_much(document):
            # The journal is of another time. What is there is found again.
            self.stage.forget_writes()
            upload.read_log()
            upload.everything()
        self._configure(db, document, present)
        self._count()
        document.finish(self.report.as_dict(), self._clock.now())
        self._document = None

    def _says_too_much(self, document: RunDocument) -> bool:
        """Whether the journal counts more as written than Firestore has; what was acknowledged just now, it has."""
        return any(document.count(name) < self.stage.count(place, WRITTEN) for place, name in enumerate(PLACES))

    def move(self, db: Client, pace: Pace, target: Target | None = None) -> None:
        """`convert` and `write` together: contacts of which no other row speaks are written while others are read.

        All tables are looked through before anything is written, so a damaged one is still refused as a whole.

        Raises:
            SourceProblem: a table is damaged and we are not to go on behind it.
            TargetConflict: the project has other templates under the same numbers.
            LeadgenError: we may not, or the service stays away; running it again goes on.
        """
        try:
            self._move(db, pace, target)
        except LeadgenError as error:
            if self._document is not None:
                self._document.fail(error.detail, self._clock.now())
            raise

    def _move(self, db: Client, pace: Pace, target: Target | None) -> None:
        target = target or Target(db)
        document = RunDocument(db, self.plan.run)
        present = document.read()
        wish = self.plan.wish
        if not self._is_worth_streaming() or present.get("status") == DONE:
            self.convert()
            self.write(db, pace, target)
            return
        stream: list[Streaming] = []
        staging = self._staging(lambda: stream[0].go_on() if stream else None)
        self.report.tables = []
        with ExitStack() as opened:
            contacts = next(part for part in self.plan.parts if part.mapping.kind.name == "contacts")
            begun = opened.enter_context(self._begun(staging, contacts))  # a second process starts
            staging.census = take_census(self.plan.parts, wish.rules.region, salvage=wish.salvage, beside=begun.beside)
            self.stage.put("census", True)
            for part in self.plan.parts:
                if part is contacts:
                    upload = self._begin(db, target, document, present, pace)
                    upload.read_log()
                    stream.append(opened.enter_context(streaming(self.stage, upload)))
                    self._take(staging, begun)
                else:
                    with self._begun(staging, part) as table:
                        self._take(staging, table)
            self._converted()
            stream[0].finish()
        self._rest(db, document, present, upload)

    def _is_worth_streaming(self) -> bool:
        """Whether contacts are to be converted, and all that were so far know whether they are final."""
        progress = self.stage.get("table:contacts", {})
        is_known = not progress or self.stage.get("census", False)
        has_contacts = any(part.mapping.kind.name == "contacts" for part in self.plan.parts)
        return has_contacts and is_known and not progress.get("done")

    def _refuse_other_templates(self, target: Target) -> None:
        """A mail names its template by number: two templates of one number would send the wrong text."""
        wanted = [d for d, _ in self.stage.documents(TEMPLATES, 0, 100_000)]
        for start in range(0, len(wanted), 300):
            some = wanted[start : start + 300]
            stored = target.fetch(TEMPLATES, [d.id for d in some], ["migrationRun"])
            taken = sorted(int(d.id) for d in some if d.id in stored and not stored[d.id].run())
            if taken:
                raise TargetConflict(
                    f"The project has templates of its own under the numbers {', '.join(map(str, taken[:10]))}.",
                    hint="Move the old ones to other numbers: --template-offset 1000 (mails follow).",
                )

    def _configure(self, db: Client, document: RunDocument, present: dict[str, Any]) -> None:
        config = self.plan.config
        if config is None or "configRevision" in present:
            return
        from migrate.old_config import apply_config

        apply_config(db, config, self._clock)
        self.report.config = config.as_dict()
        document.note({"configRevision": config.revision}, self._clock.now())

    def verify(self, db: Client, target: Target | None = None) -> None:
        """Compare what is stored with the journal.

        Raises:
            LeadgenError: we may not, or the service stays away.
        """
        self.report.verified = verify(
            self.stage,
            target or Target(db),
            self.plan.run,
            lambda name, number: self._watch("verify", name, number),
        )
        self.report.seconds = round(time.monotonic() - self._began, 3)

    def write_rejects(self, path: Path) -> int:
        """Write the rejected rows, one JSON object per line, for nobody's eyes but the owner's.

        Returns:
            How many there are; without any there is no file.
        """
        number = write_private(path, (f"{line}\n" for line in self.stage.rejects()))
        self.report.rejects_file = str(path) if number else ""
        return number
