"""Databases as they are found: each moves or is refused in words, and none of them changes by a byte."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from leadgen.model.errors import LeadgenError
from migrate import source as source_module
from migrate.moving import Migration, Wish, prepare
from migrate.stage import CONTACTS, Stage
from tests.data.legacy import wild


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _convert(tmp_path: Path, wish: Wish) -> tuple[Migration, Stage]:
    stage = Stage(tmp_path / "journal" / "run.sqlite3")
    with prepare(wish) as plan:
        migration = Migration(plan, stage)
        migration.convert()
    return migration, stage


@pytest.mark.parametrize("maker", wild.MAKERS, ids=lambda maker: str(maker.__name__))
def test_a_wild_file_moves_or_is_refused_in_words(maker: Callable[[Path], wild.Wild], tmp_path: Path) -> None:
    folder = tmp_path / "legacy"
    folder.mkdir()
    made = maker(folder / "master_contacts.db")
    before = _hashes(folder)
    if made.refused:
        with pytest.raises(LeadgenError) as caught:
            _convert(tmp_path, Wish(contacts=made.path))
        assert made.refused in caught.value.detail
        assert "Traceback" not in caught.value.detail
    else:
        migration, stage = _convert(tmp_path, Wish(contacts=made.path))
        assert stage.count(CONTACTS) == made.contacts
        assert migration.report.tables[0].rejected == len(list(stage.rejects())) == made.rejected
    assert _hashes(folder) == before


def test_what_can_be_read_of_a_damaged_file_moves_when_asked(tmp_path: Path) -> None:
    made = wild.damaged_page(tmp_path / "damaged.db")
    migration, stage = _convert(tmp_path, Wish(contacts=made.path, salvage=True))
    table = migration.report.tables[0]
    assert table.damaged == 1
    assert 400 < stage.count(CONTACTS) < 600
    assert table.read == stage.count(CONTACTS)
    assert not migration.report.is_whole


def test_a_file_that_another_program_holds_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "_WAIT_S", 0.05)
    path = tmp_path / "held.db"
    wild.no_rows(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(LeadgenError, match="locked by another program"), prepare(Wish(contacts=path)):
            pass
    finally:
        other.close()


def test_nobody_can_write_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "read.db"
    wild.no_rows(path)
    other = sqlite3.connect(path, isolation_level=None, timeout=0.01)
    with prepare(Wish(contacts=path)), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO contacts (phone) VALUES ('1')")
    other.close()


def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "changing.db"
    wild.log_mode_without_log(path)
    with (
        pytest.raises(LeadgenError, match="changed by another program"),
        prepare(Wish(contacts=path)),
        path.open("ab") as file,
    ):
        file.write(b"\0" * 4096)


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "is a folder"), (tmp_path / "no.db", "no file")):
        with pytest.raises(LeadgenError, match=words), prepare(Wish(contacts=path)):
            pass


def test_the_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    _, stage = _convert(tmp_path, Wish(contacts=wild.no_rows(tmp_path / "a.db").path))
    assert stage.path.stat().st_mode & 0o077 == 0
    with pytest.raises(LeadgenError, match="running already"):
        Stage(stage.path)


def test_the_command_without_a_file_names_those_that_it_takes() -> None:
    from typer.testing import CliRunner

    from console.cli.app import app

    told = CliRunner().invoke(app, ["migrate"])
    assert told.exit_code == 2
    said = " ".join(told.output.split())
    assert all(option in said for option in ("--contacts", "--email", "--config", "--rejects")), said
