"""A migration into a real Firestore: whole, killed, repeated, raced, compared and taken back."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.cloud import firestore
from typer.testing import CliRunner

from console.cli.app import app
from leadgen.model.documents import Contact
from leadgen.model.ids import contact_id, suppression_id
from leadgen.process.entries import mark_entry
from leadgen.process.identity import Marks, recognise
from leadgen.process.index import is_suppressed
from leadgen.process.index_log import IndexLog, LogMemory
from leadgen.store.records import Commit
from local.stack import web
from migrate import reading, upload
from migrate.convert.phones import phones
from migrate.errors import TargetConflict
from migrate.moving import Migration, Wish, prepare
from migrate.pace import Pace
from migrate.rollback import roll_back
from migrate.sample import Sample
from migrate.stage import PLACES, Stage
from migrate.target import Target, messages

Documents = dict[str, dict[str, Any]]


class Killed(BaseException):
    """The process is gone."""


class MortalTarget(Target):
    """Firestore as a process sees it that dies at one of its calls: before it, or after it was done."""

    left = 1_000_000
    after = False
    calls = 0

    def commit(self, writes: Any) -> Any:
        return self._mortally(lambda: super(MortalTarget, self).commit(writes))

    def fetch(self, place: int, ids: Any, fields: Any = ()) -> Any:
        return self._mortally(lambda: super(MortalTarget, self).fetch(place, ids, fields))

    def _mortally(self, call: Any) -> Any:
        self.calls += 1
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.after):
            raise Killed
        answer = call()
        if self.left == 0:
            raise Killed
        return answer


@pytest.fixture
def sample(tmp_path: Path) -> Wish:
    contacts, email, config = Sample(80, seed=9, dirt=0.3).write(tmp_path / "legacy")
    return Wish(contacts=contacts, email=email, config=config)


def _move(
    db: firestore.Client, wish: Wish, journal: Path, target: Target | None = None, pace: Pace | None = None
) -> Migration:
    stage = Stage(journal)
    try:
        with prepare(wish) as plan:
            migration = Migration(plan, stage)
            migration.move(db, pace or Pace(), target)
            migration.verify(db)
            return migration
    finally:
        stage.close()


def _everything(db: firestore.Client) -> dict[str, Documents]:
    return {name: {s.id: s.to_dict() or {} for s in db.collection(name).stream()} for name in PLACES}


def _index(db: firestore.Client) -> Any:
    return IndexLog(db, LogMemory()).refresh(datetime.now(UTC)).index


def _empty(db: firestore.Client) -> None:
    address = os.environ["FIRESTORE_EMULATOR_HOST"]
    url = f"http://{address}/emulator/v1/projects/{db.project}/databases/(default)/documents"
    status, text = web.request("DELETE", url)
    assert status == 200, text


def test_killed_at_twenty_moments_it_ends_as_an_undisturbed_run(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "CHUNK", 7)
    monkeypatch.setattr(reading, "BATCH", 10)  # so that some are written while others are converted
    whole = _move(firestore_db, sample, tmp_path / "whole.sqlite3")
    undisturbed, marks = _everything(firestore_db), len(_index(firestore_db))
    assert whole.report.is_verified
    assert all(one.written == one.documents for one in whole.report.collections.values())
    _empty(firestore_db)

    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    rng, kills = random.Random(seed), 0
    journal = tmp_path / "killed.sqlite3"
    for _life in range(100):
        target = MortalTarget(firestore_db, rng=rng)
        target.after = rng.random() < 0.5
        target.left = rng.randint(2, 7) if kills < 20 else 1_000_000
        try:
            migration = _move(firestore_db, sample, journal, target)
            if kills >= 20:
                break
            _empty(firestore_db)  # and the journal of the finished run is still there
        except Killed:
            kills += 1
            if rng.random() < 0.2:
                journal.unlink()  # the machine is lost, too
    assert kills >= 20
    assert _everything(firestore_db) == undisturbed
    assert len(_index(firestore_db)) == marks
    assert migration.report.is_verified
    assert sum(one.there_before for one in migration.report.collections.values()) == 0


def test_at_no_moment_is_there_a_contact_without_its_opt_out(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "CHUNK", 3)
    monkeypatch.setattr(reading, "BATCH", 10)
    commits: list[list[str]] = []

    class Noting(Target):
        def commit(self, writes: Sequence[bytes]) -> Any:
            answer = super().commit(writes)
            commits.append([messages().Write.FromString(one).update.name.partition("/documents/")[2] for one in writes])
            return answer

    _move(firestore_db, sample, tmp_path / "journal.sqlite3", Noting(firestore_db))
    when = {name: moment for moment, names in enumerate(commits) for name in names}
    contacts = _everything(firestore_db)["contacts"]
    opted_out = {key: one["phone"] for key, one in contacts.items() if one["status"] == "SUPPRESSED" and one["phone"]}
    assert len(opted_out) >= 3
    for key, number in opted_out.items():
        assert when[f"suppressions/{suppression_id('phone', number)}"] <= when[f"contacts/{key}"]
    assert any({name.partition("/")[0] for name in names} >= {"suppressions", "contacts"} for names in commits)


def test_what_the_journal_takes_as_written_and_firestore_lost_is_written_again(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "CHUNK", 20)
    target = MortalTarget(firestore_db, rng=random.Random(1))
    target.after, target.left = True, 9
    with pytest.raises(Killed):
        _move(firestore_db, sample, tmp_path / "journal.sqlite3", target)
    lost = [snapshot.reference for snapshot in firestore_db.collection("contacts").limit(5).stream()]
    assert lost
    for reference in lost:  # a backup was put back that knows the run, and not all that it wrote
        reference.delete()
    done = _move(firestore_db, sample, tmp_path / "journal.sqlite3")
    assert done.report.is_verified
    assert all(reference.get().exists for reference in lost)


def test_moved_contacts_are_known_to_the_harvester_and_opt_outs_too(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path
) -> None:
    _move(firestore_db, sample, tmp_path / "run.sqlite3")
    index = _index(firestore_db)
    contacts = _everything(firestore_db)["contacts"]
    for name, document in contacts.items():
        contact = Contact.from_firestore(document)
        if contact.phone:
            known = recognise(Marks((contact.phone,), (), "", ""), index)
            assert [one.contact_id for one in known] == [name]
    for entry in _everything(firestore_db)["suppressions"].values():
        assert is_suppressed(index, entry["kind"], entry["value"])


def test_what_is_there_stays_and_twice_is_once(firestore_db: firestore.Client, sample: Wish, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "look.sqlite3")
    with prepare(sample) as plan:
        Migration(plan, stage).convert()
    theirs = stage.documents(PLACES.index("contacts"), 0, 1)[0][0].id
    stage.close()
    mine = {"phone": "+15125550134", "status": "PROCESSED", "name": "not to be touched"}
    firestore_db.collection("contacts").document(theirs).set(mine)

    first = _move(firestore_db, sample, tmp_path / "one.sqlite3")
    before = _everything(firestore_db)
    assert before["contacts"][theirs] == mine
    assert first.report.collections["contacts"].there_before == 1
    assert not first.report.is_whole
    revision = firestore_db.document("config/settings").get().get("revision")

    firestore_db.document("config/settings").update({"dailyCap": 7})
    again = _move(firestore_db, sample, tmp_path / "two.sqlite3")
    assert again.report.done_before
    assert _everything(firestore_db) == before
    settings = firestore_db.document("config/settings").get()
    assert (settings.get("dailyCap"), settings.get("revision")) == (7, revision)


def test_a_harvester_that_writes_meanwhile_loses_nothing(
    firestore_db: firestore.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our reading of the log and each of our first commits somebody appends to it."""
    monkeypatch.setattr(upload, "CHUNK", 30)
    log = IndexLog(firestore_db, LogMemory())
    clean, _, _ = Sample(100, seed=2, dirt=0).write(tmp_path / "clean")
    (written,) = sqlite3.connect(clean).execute("SELECT phone FROM contacts").fetchone()
    number = phones(written, "US", lambda _: None).numbers[0]
    someone = "ab" * 16

    class Busy(Target):
        races = 0

        def commit(self, writes: Any) -> Any:
            if self.races < 3 and any(b"identityIndex" in write for write in writes):
                self.races += 1
                entry = mark_entry("phone", number if self.races == 1 else f"+1512555{self.races:04}", someone)
                commit = Commit(firestore_db)
                log.append(commit, log.refresh(datetime.now(UTC)), [entry])
                commit.run()
            return super().commit(writes)

    target = Busy(firestore_db)
    migration = _move(firestore_db, Wish(contacts=clean), tmp_path / "run.sqlite3", target)
    assert target.races == 3
    assert migration.report.is_verified
    known = recognise(Marks((number,), (), "", ""), _index(firestore_db))
    assert [one.contact_id for one in known] == [someone]
    contact = _everything(firestore_db)["contacts"][contact_id("phone", number)]
    assert contact["possibleDuplicates"][0]["contactId"] == someone


def test_verify_tells_missing_changed_and_different_apart_and_rollback_spares_what_was_touched(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path
) -> None:
    done = _move(firestore_db, sample, tmp_path / "run.sqlite3")
    contacts = firestore_db.collection("contacts")
    gone, touched = sorted(snapshot.id for snapshot in contacts.stream())[:2]
    contacts.document(gone).delete()
    contacts.document(touched).update({"name": "Somebody Else"})
    again = _move(firestore_db, sample, tmp_path / "run.sqlite3")
    compared = (again.report.verified or {})["contacts"]
    assert (compared.missing, compared.changed, compared.different) == (1, 1, 0)
    assert compared.examples == [gone]
    assert not again.report.is_verified

    removed = roll_back(Target(firestore_db), done.plan.run, Pace())
    assert removed["contacts"].touched == 1
    left = _everything(firestore_db)
    assert {name: set(documents) for name, documents in left.items() if documents} == {"contacts": {touched}}
    firestore_db.document(f"migrations/{done.plan.run}").update({"status": "ROLLED_BACK"})
    back = _move(firestore_db, sample, tmp_path / "run.sqlite3")
    assert back.report.collections["contacts"].there_before == 0
    assert back.report.collections["emailQueue"].written == back.report.collections["emailQueue"].documents


def test_templates_of_the_project_are_never_mistaken_for_the_old_ones(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path
) -> None:
    firestore_db.document("templates/2").set({"templateId": 2, "baseSubject": "new"})
    with pytest.raises(TargetConflict, match="under the numbers 2"):
        _move(firestore_db, sample, tmp_path / "run.sqlite3")
    assert not list(firestore_db.collection("contacts").limit(1).stream())


def test_clean_rows_come_back_as_the_same_csv(firestore_db: firestore.Client, tmp_path: Path) -> None:
    """SQLite → CSV, and SQLite → Firestore → CSV, are the same lines."""
    contacts, _, _ = Sample(120, seed=3, dirt=0).write(tmp_path / "legacy")
    _move(firestore_db, Wish(contacts=contacts), tmp_path / "run.sqlite3")
    fields = ("name", "email", "source_url", "business_name", "category", "city")
    camel = ("name", "email", "sourceUrl", "businessName", "category", "city")
    query = f"SELECT phone, last_sent, services_rendered, image_hash, {', '.join(fields)} FROM contacts"
    before = []
    for phone, sent, services, image, *rest in sqlite3.connect(contacts).execute(query):
        number = "+1" + "".join(filter(str.isdigit, phone))[-10:]
        before.append([number, sent or "", services, image or "", *(value or "" for value in rest)])
    after = []
    for document in _everything(firestore_db)["contacts"].values():
        sent = document.get("lastSent")
        when = f"{sent:%Y-%m-%d %H:%M:%S}" if sent else ""
        services = ", ".join(document["servicesRendered"])
        after.append([document["phone"], when, services, document["imageHash"], *(document[name] for name in camel)])
    assert _csv(after) == _csv(before)


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(sorted(rows))
    return out.getvalue()


def test_the_command_moves_compares_and_takes_back(
    firestore_db: firestore.Client, sample: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADGEN_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    files = ["--contacts", str(sample.contacts), "--email", str(sample.email)]

    refused = runner.invoke(app, ["migrate", *files])
    assert refused.exit_code == 2
    assert "--dry-run" in refused.stderr
    looked = runner.invoke(app, ["migrate", *files, "--dry-run", "--json"])
    assert looked.exit_code == 5
    assert not list(firestore_db.collection("contacts").limit(1).stream())
    assert runner.invoke(app, ["migrate", *files, "--resume", "--yes"]).exit_code == 2

    moved = runner.invoke(app, ["migrate", *files, "--yes", "--verify", "--json", "--report", "report.md"])
    assert moved.exit_code == 5, moved.stderr
    report = json.loads(moved.stdout)["report"]
    assert all(not one["missing"] and not one["different"] for one in report["verified"].values())
    rejected = sum(one["rejected"] for one in report["tables"])
    assert len((tmp_path / report["rejects_file"]).read_text().splitlines()) == rejected > 0
    assert (tmp_path / "report.md").read_text().startswith(f"# Migration {report['run']}")
    assert firestore_db.document(f"migrations/{report['run']}").get().get("status") == "DONE"

    back = runner.invoke(app, ["migrate", "--rollback", report["run"], "--yes"])
    assert back.exit_code == 0, back.stderr
    assert not any(_everything(firestore_db).values())
    assert runner.invoke(app, ["migrate", "--rollback", "nothing", "--yes"]).exit_code == 1
