"""A migration from its beginning to its end.

1. `prepare` opens the databases without changing them and matches tables and columns: nothing is read yet but the
   schema. What it gives is data, to be shown and agreed to.
2. `Migration.convert` turns rows into documents in the journal.
3. `Migration.write` writes them to Firestore; `Migration.move` does both, side by side where that is possible.
4. `Migration.verify` compares.

The run's id is a hash of the databases' bytes, the mapping and the rules: the same wish is the same run, wherever and
however often it is started, and its documents are the same.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen.model.errors import LeadgenError
from leadgen.model.ids import digest
from leadgen.store.clock import Clock, SystemClock
from migrate.census import Census, take_census
from migrate.corrected import database_of
from migrate.errors import MappingProblem, SourceProblem, TargetConflict
from migrate.fields import BY_NAME, KINDS
from migrate.index import IdentityLog
from migrate.mapping import TableMapping, load_overrides, map_database
from migrate.old_config import ConfigPlan, apply_config, read_config
from migrate.pace import Pace
from migrate.private import write_private
from migrate.reading import TableReader
from migrate.report import CollectionReport, Report, TableReport
from migrate.rows import Rules
from migrate.run_document import DONE, RUNNING, RunDocument
from migrate.source import Source, open_source
from migrate.stage import PLACES, TEMPLATES, THERE_BEFORE, WRITTEN, Stage
from migrate.staging import Staging
from migrate.streaming import Streaming, streaming
from migrate.target import Target
from migrate.upload import Upload
from migrate.verify import verify

if TYPE_CHECKING:
    from google.cloud.firestore import Client

VERSION = "1"
"""Raised when the same rows would give other documents."""
_NOTE_EVERY_S = 60.0
Watch = Callable[[str, str, int], None]
"""Told what is being done (read, write, verify), of which table or collection, and how many more are done."""


def _nobody(_action: str, _name: str, _number: int) -> None:
    return None


@dataclass(frozen=True)
class Wish:
    """What is to be moved, and how.

    Args:
        contacts: the database with `contacts`.
        email: the database with `templates`, `email_queue` and `processor_queue`.
        rejects: corrected rows of an earlier run, instead of databases.
        config: the earlier program's `config.json`.
        only: names of tables; all if empty.
        map_file: the mapping file.
        rules: see `Rules`.
        salvage: go on behind damaged places.
    """

    contacts: Path | None = None
    email: Path | None = None
    rejects: Path | None = None
    config: Path | None = None
    only: tuple[str, ...] = ()
    map_file: Path | None = None
    rules: Rules = field(default_factory=Rules)
    salvage: bool = False


@dataclass(frozen=True)
class Part:
    """One table and the database it is in."""

    source: Source
    mapping: TableMapping


@dataclass(frozen=True)
class Plan:
    """What would be moved; nothing was written.

    Args:
        wish: what was asked for.
        run: the run's id.
        parts: tables, in the order in which they move.
        left_out: tables that stay, with the reason.
        config: what of the configuration file is taken.
    """

    wish: Wish
    run: str
    parts: list[Part]
    left_out: dict[str, str]
    config: ConfigPlan | None

    def as_dict(self) -> dict[str, Any]:
        """The plan as data: what a screen shows before anything is written."""
        sources = {part.source.path.name: part.source.sha256 for part in self.parts}
        return {
            "run": self.run,
            "sources": sources,
            "tables": [part.mapping.as_dict() for part in self.parts],
            "leftOut": self.left_out,
            "config": self.config.as_dict() if self.config else None,
            "rules": _rules(self.wish),
        }


@contextmanager
def prepare(wish: Wish) -> Iterator[Plan]:
    """Open the databases and match their columns. They stay open for as long as the block lasts.

    Raises:
        SourceProblem: a file can't be read.
        MappingProblem: it is not certain which column is which.
    """
    unknown = sorted(set(wish.only) - set(BY_NAME))
    if unknown:
        raise MappingProblem(f"{unknown[0]} is no table that moves; those are {', '.join(BY_NAME)}.")
    overrides = load_overrides(wish.map_file)
    with ExitStack() as open_files:
        parts: list[Part] = []
        left_out: dict[str, str] = {}
        for database, source in _open(wish, open_files):
            mapped = map_database(source.connection, database, overrides, wish.only)
            parts += [Part(source, mapping) for mapping in mapped.tables]
            left_out |= mapped.left_out
        for part in parts:
            left_out.pop(part.mapping.table, None)
        parts.sort(key=lambda part: KINDS.index(part.mapping.kind))
        config = read_config(wish.config) if wish.config else None
        if not parts and config is None:
            raise SourceProblem("There is nothing to move.", hint="Name a database: --contacts FILE, --email FILE")
        yield Plan(wish, _run_id(wish, parts, config), parts, left_out, config)


def _open(wish: Wish, open_files: ExitStack) -> Iterator[tuple[str, Source]]:
    if wish.rejects is not None:
        folder = Path(open_files.enter_context(tempfile.TemporaryDirectory(prefix="leadgen-migrate-")))
        source = open_files.enter_context(open_source(database_of(wish.rejects, folder)))
        tables = {name for (name,) in source.connection.execute("SELECT name FROM sqlite_master")}
        for database in ("contacts", "email"):
            if any(kind.database == database and kind.name in tables for kind in BY_NAME.values()):
                yield database, source
        return
    for database, path in (("email", wish.email), ("contacts", wish.contacts)):
        if path is not None:
            yield database, open_files.enter_context(open_source(path))


def _rules(wish: Wish) -> dict[str, Any]:
    rules = wish.rules
    return {
        "region": rules.region,
        "zone": str(rules.zone),
        "templateOffset": rules.template_offset,
        "salvage": wish.salvage,
    }


def _run_id(wish: Wish, parts: list[Part], config: ConfigPlan | None) -> str:
    tables = [{**part.mapping.as_dict(), "sha256": part.source.sha256} for part in parts]
    known = {"tables": tables, "config": config.as_dict() if config else None, "rules": _rules(wish)}
    return digest("migration", VERSION, json.dumps(known, sort_keys=True))[:16]


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
        self._done: dict[str, int] = {}

    def convert(self) -> None:
        """Turn rows into documents in the journal; what is there already is not done again.

        Raises:
            SourceProblem: a table is damaged and we are not to go on behind it.
        """
        self._convert(None, lambda: None, lambda: None)

    def _convert(
        self, census: Census | None, before_contacts: Callable[[], None], meanwhile: Callable[[], None]
    ) -> None:
        wish = self.plan.wish

        def watch(table: str, rows: int) -> None:
            self._report_on("read", table, rows)
            meanwhile()

        staging = Staging(self.stage, self.plan.run, wish.rules, watch, census)
        self.report.tables = []
        for part in self.plan.parts:
            if part.mapping.kind.name == "contacts":
                before_contacts()
            reader = TableReader(part.source.connection, part.mapping.table, wish.salvage)
            tally = staging.convert(part.mapping, reader, part.source.changed_at)
            self.report.tables.append(self._table(part, reader, tally))
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

    def _table(self, part: Part, reader: TableReader, tally: Any) -> TableReport:
        kind = part.mapping.kind.name
        table = TableReport(kind, part.mapping.table, part.mapping.rows)
        table.take(tally)
        known = int(self.stage.get(f"damage:{kind}", 0))
        table.damaged = max(reader.damage.places, known)
        self.stage.put(f"damage:{kind}", table.damaged)
        return table

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
        self._refuse_other_templates(target)
        document.begin(self.plan.as_dict(), self._clock.now())
        self._document = document
        log = IdentityLog(db, target, self.stage)
        return Upload(
            self.stage, target, log, self.plan.run, pace, lambda name, number: self._report_on("write", name, number)
        )

    def _rest(self, db: Client, document: RunDocument, present: dict[str, Any], upload: Upload) -> None:
        upload.everything()
        if any(document.count(name) < self.stage.count(place, WRITTEN) for place, name in enumerate(PLACES)):
            # The journal says more than Firestore has: it is of another time. What is there is found again.
            self.stage.forget_writes()
            upload.everything()
        self._configure(db, document, present)
        self._count()
        document.finish(self.report.as_dict(), self._clock.now())
        self._document = None

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
        census = take_census(self.plan.parts, wish.rules.region, salvage=wish.salvage)
        self.stage.put("census", True)
        with ExitStack() as open_streams:
            stream: list[Streaming] = []
            uploads: list[Upload] = []

            def begin() -> None:
                uploads.append(self._begin(db, target, document, present, pace))
                uploads[0].read_log()
                stream.append(open_streams.enter_context(streaming(self.stage, uploads[0])))

            self._convert(census, begin, lambda: stream[0].go_on() if stream else None)
            stream[0].finish()
        self._rest(db, document, present, uploads[0])

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
