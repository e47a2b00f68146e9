"""`leadgen migrate`: moves the databases of the earlier program to Firestore.

Exit codes beside the usual ones: 5 means that something stayed behind, and the report says what; 2 also means that it
is not certain which column is which.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from console.cli.migrate_output import Watching, show_plan, show_report
from console.cli.output import FAILED, PARTLY, UNREACHABLE, USAGE, emit_json, fail, not_there, say, told
from console.cli.target import choice, local_profile, local_stack
from console.client.profile import environment_profile, named_profile
from leadgen.model.errors import Unavailable

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from migrate.moving import Migration, Plan, Wish
    from migrate.pace import Pace

INTERRUPTED = 130


@dataclass(frozen=True)
class _How:
    dry_run: bool
    resume: bool
    verify: bool
    yes: bool
    as_json: bool
    rejects_to: Path | None
    report_to: Path | None
    limit_rate: float
    ramp: bool | None


@dataclass(frozen=True)
class _Place:
    """The database that is written to: a project, and the emulator's address or ""."""

    project: str
    emulator: str

    def client(self) -> Client:
        """A client with an administrator's rights: Application Default Credentials, or the emulator's owner."""
        from google.cloud.firestore import Client

        from migrate.run_document import explained

        if self.emulator:
            os.environ["FIRESTORE_EMULATOR_HOST"] = self.emulator
        else:
            os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
        with explained():
            return Client(project=self.project)


def _place() -> _Place:
    if choice.profile:
        return _Place(named_profile(choice.profile).project_id, "")
    emulator, project = os.environ.get("FIRESTORE_EMULATOR_HOST", ""), os.environ.get("GOOGLE_CLOUD_PROJECT", "")
    if emulator and project:
        return _Place(project, emulator)
    profile = environment_profile() or local_profile(local_stack()[1])
    return _Place(profile.project_id, profile.firestore_host)


def migrate(
    contacts: Annotated[Path | None, typer.Option("--contacts", help="master_contacts.db")] = None,
    email: Annotated[Path | None, typer.Option("--email", help="email_engine.db")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="The earlier program's config.json.")] = None,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Corrected rows, instead of databases.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="Move this table alone; may be repeated.")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="TOML file that says which column is which.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Convert everything, write nothing.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted, or refuse.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare what is stored, document for document.")] = False,
    rollback: Annotated[str, typer.Option("--rollback", help="Remove what this run made, untouched since.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    salvage: Annotated[bool, typer.Option("--salvage", help="Move what can be read of a damaged database.")] = False,
    region: Annotated[str, typer.Option("--region", help="Country of phone numbers without a country code.")] = "US",
    zone: Annotated[str, typer.Option("--zone", help="Timezone of times that do not name one.")] = "UTC",
    template_offset: Annotated[int, typer.Option("--template-offset", min=0, help="Added to template numbers.")] = 0,
    limit_rate: Annotated[float, typer.Option("--limit-rate", min=0, help="Documents a second, at most.")] = 0.0,
    ramp: Annotated[
        bool | None, typer.Option("--ramp/--no-ramp", help="Begin with 500 a second; on for deployed projects.")
    ] = None,
    rejects_to: Annotated[Path | None, typer.Option("--rejects-to", help="File for rows that can't move.")] = None,
    report_to: Annotated[Path | None, typer.Option("--report", help="File for the report, in Markdown.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Move the SQLite databases of the earlier program: contacts, templates, mails and requests."""
    with _told():
        if rollback:
            _roll_back(rollback, yes=yes, as_json=as_json, limit=limit_rate, ramp=ramp)
            return
        wish = _wish(contacts, email, rejects, config, only or [], map_file, region, zone, template_offset, salvage)
        _check_question(yes or dry_run, as_json)
        how = _How(dry_run, resume, verify, yes, as_json, rejects_to, report_to, limit_rate, ramp)
        _move(wish, how)


def _wish(
    contacts: Path | None,
    email: Path | None,
    rejects: Path | None,
    config: Path | None,
    only: list[str],
    map_file: Path | None,
    region: str,
    zone: str,
    template_offset: int,
    salvage: bool,
) -> Wish:
    from migrate.moving import Wish
    from migrate.rows import Rules

    if rejects is not None and (contacts or email):
        fail("--rejects is instead of --contacts and --email.", USAGE)
    if not (contacts or email or rejects or config):
        fail(
            "Say which files of the earlier program are to be moved.",
            USAGE,
            hint="--contacts master_contacts.db, --email email_engine.db, --config config.json, one or several; "
            "or --rejects FILE with rows that were corrected.",
        )
    try:
        rules = Rules(_region(region), ZoneInfo(zone), template_offset)
    except (KeyError, ValueError, OSError):
        fail(f"{zone!r} is no timezone of the IANA database, such as America/Chicago.", USAGE)
    return Wish(contacts, email, rejects, config, tuple(only), map_file, rules, salvage)


def _region(region: str) -> str:
    import phonenumbers

    known = region.upper()
    if known not in phonenumbers.SUPPORTED_REGIONS:
        fail(f"{region!r} is no country in two letters, such as US.", USAGE)
    return known


def _check_question(settled: bool, as_json: bool) -> None:
    if not settled and (as_json or not (sys.stdin.isatty() and sys.stderr.isatty())):
        fail("Without a terminal nobody can be asked.", USAGE, hint="Look with --dry-run, then write with --yes.")


def _move(wish: Wish, how: _How) -> None:
    from migrate.moving import Migration, prepare
    from migrate.private import journal_path
    from migrate.stage import Stage

    with prepare(wish) as plan, tempfile.TemporaryDirectory(prefix="leadgen-migrate-") as folder:
        if not how.as_json:
            show_plan(plan.as_dict())
        place = _Place("", "") if how.dry_run else _place()
        path = Path(folder) / "dry.sqlite3" if how.dry_run else journal_path(place.project, place.emulator, plan.run)
        if how.resume and not path.exists():
            fail(f"There is no interrupted run {plan.run} of these databases.", USAGE, hint="Leave out --resume.")
        if not (how.yes or how.dry_run) and not typer.confirm(f"Write this to the project {place.project}?", err=True):
            fail("Nothing was written.", FAILED)
        stage = Stage(path)
        try:
            with Watching(plan.as_dict(), stage, shown=not how.as_json) as watching:
                migration = Migration(plan, stage, watching.advance)
                _work(migration, place, how)
            _tell(migration, plan, how)
        finally:
            stage.close()


def _work(migration: Migration, place: _Place, how: _How) -> None:
    if how.dry_run:
        migration.convert()
    else:
        from migrate.target import Target

        db = place.client()
        migration.move(db, _pace(place, how.limit_rate, how.ramp), Target(db))
        if how.verify:
            migration.verify(db)
    migration.report.dry_run = how.dry_run


def _pace(place: _Place, limit: float, ramp: bool | None) -> Pace:
    from migrate.pace import Pace

    return Pace(limit, not place.emulator if ramp is None else ramp)


def _tell(migration: Migration, plan: Plan, how: _How) -> None:
    report = migration.report
    if how.rejects_to is not None or not how.dry_run:
        migration.write_rejects(how.rejects_to or Path(f"leadgen-rejects-{plan.run}.jsonl"))
    if how.report_to is not None:
        from migrate.private import write_private

        write_private(how.report_to, iter([report.markdown()]))
    if how.as_json:
        emit_json({"plan": plan.as_dict(), "report": report.as_dict()})
    else:
        show_report(report)
    if not report.is_verified:
        fail("What is stored is not what was written; see the table.", FAILED)
    if not report.is_whole:
        raise typer.Exit(PARTLY)


def _roll_back(run: str, *, yes: bool, as_json: bool, limit: float, ramp: bool | None) -> None:
    from dataclasses import asdict

    from migrate.rollback import is_known, take_back

    _check_question(yes, as_json)
    place = _place()
    db = place.client()
    if not is_known(db, run):
        not_there(f"The project {place.project} knows no migration {run}.", "The console lists them: migrations: show")
    if not yes and not typer.confirm(f"Remove what run {run} made in {place.project}?", err=True):
        fail("Nothing was removed.", FAILED)
    removed: dict[str, Any] = {name: asdict(one) for name, one in take_back(db, run, _pace(place, limit, ramp)).items()}
    if as_json:
        emit_json({"run": run, "removed": removed})
    for name, one in removed.items():
        say(f"{name}: {one['removed']:,} removed, {one['touched']:,} stay because somebody changed them since")
    if any(one["touched"] for one in removed.values()):
        raise typer.Exit(PARTLY)


@contextmanager
def _told() -> Iterator[None]:
    """Exit codes of this command; see the module."""
    from migrate.errors import MappingProblem

    with told():
        try:
            yield
        except MappingProblem as error:
            fail(error.detail, USAGE, hint=error.hint)
        except Unavailable as error:
            fail(error.detail, UNREACHABLE, hint=error.hint)
        except KeyboardInterrupt:
            fail("Stopped. Run the same command again: it goes on where it stopped.", INTERRUPTED)
