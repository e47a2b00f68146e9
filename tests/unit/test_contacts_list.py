"""`leadgen contacts list` and `forget-copy`: what is listed, what is read, what is written, and what is left behind."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import auth, contacts_copy
from console.cli.app import app
from console.contacts import place
from console.contacts.remote import Reads
from tests.snapshots.contacts_recorded import contact, key
from tests.unit.test_contacts_copy import Collection

PROFILE = SimpleNamespace(name="p", project_id="demo")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    made = Collection()
    for n in range(30):
        document = contact(n)
        made.set(key(n), document.pop("lastUpdated"), **{k: v for k, v in document.items() if k != "status"})
        made.documents[key(n)][0]["status"] = document["status"]
    monkeypatch.setenv("LEADGEN_CACHE_DIR", str(tmp_path / "cache"))
    session = SimpleNamespace(
        profile=PROFILE, project_label="demo", user=SimpleNamespace(email="ada@x.example"), firestore=lambda: None
    )
    monkeypatch.setattr(contacts_copy, "open_session", lambda: session)
    monkeypatch.setattr(contacts_copy, "Remote", lambda _client: made)
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["contacts", *words])


def facts(*words: str) -> Any:
    result = run("list", "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_filter_the_order_and_the_limit_hold(there: Collection) -> None:
    found = facts("--filter", "city:austin", "--sort", "business", "--limit", "2")
    assert (found["found"], found["total"], len(found["contacts"])) == (5, 30, 2)
    assert all(one["city"] == "austin" for one in found["contacts"])
    names = [one["business"] for one in facts("--sort", "business", "--limit", "0")["contacts"]]
    filled = [name.casefold() for name in names if name]
    assert filled == sorted(filled)


def test_the_second_time_next_to_nothing_is_read_and_offline_nothing(there: Collection) -> None:
    facts()
    there.reads = Reads()
    facts()
    assert there.reads.documents <= 3
    there.reads = Reads()
    assert facts("--offline")["total"] == 30
    assert there.reads.documents == 0


def test_a_csv_holds_all_that_is_found(there: Collection, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    result = run("list", "--filter", "-status:merged", "--csv", str(path))
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == facts("--filter", "-status:merged")["found"]
    assert rows[0]["contactId"] == key(0)
    assert rows[0]["websiteUrl"] == "https://lone-star.example"


def test_bad_input_is_told(there: Collection) -> None:
    result = run("list", "--filter", "status:gone")
    assert result.exit_code == 1
    assert "At character 8" in result.stderr
    assert run("list", "--sort", "colour").exit_code == 2


def test_forgetting_and_signing_out_leave_nothing_behind(there: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    facts()
    assert len(place.copies_of(PROFILE)) == 1
    assert "deleted" in run("forget-copy").stderr
    assert list(place.folder().iterdir()) == []
    facts()
    monkeypatch.setattr(auth, "_profile", lambda: PROFILE)
    monkeypatch.setattr(auth, "forget_token", lambda _name: None)
    assert CliRunner().invoke(app, ["auth", "logout"]).exit_code == 0
    assert list(place.folder().iterdir()) == []
