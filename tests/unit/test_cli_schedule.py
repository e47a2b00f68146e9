"""`leadgen schedule`: the same schedules on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import schedule as command
from console.cli.app import app as cli
from console.client.schedules import Listed
from leadgen.api.schemas import ScheduleCampaign
from leadgen.model.schedule import Schedule
from leadgen.model.validation import validate
from tests.snapshots import recorded


class Commands:
    """The command line over a session that notes what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, Any, str | None]] = []
        listed = [Listed(d["id"], Schedule.from_firestore(d), None) for d in recorded.SCHEDULES]
        monkeypatch.setattr(command, "open_session", lambda: self)
        monkeypatch.setattr(command, "read_schedules", lambda db: listed)

    def firestore(self) -> None:
        return None

    def call(self, endpoint: str, body: Any, *, idempotency_key: str | None = None) -> Any:
        self.calls.append((endpoint, body, idempotency_key))
        return {"scheduleId": "a" * 32, "status": "ACTIVE", "message": "Done.", "nextRunAt": "2026-11-19T15:00:00Z"}

    def run(self, *words: str) -> Any:
        return CliRunner().invoke(cli, ["schedule", *words])


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    return Commands(monkeypatch)


ADD = ("add", "--city", "austin", "--template", "1", "--leads", "50")


def test_add_sends_what_the_backend_understands(commands: Commands) -> None:
    done = commands.run(*ADD, "--days", "mon-fri", "--time", "9:00", "--ends", "10 runs", "--key", "k", "--json")
    assert done.exit_code == 0, done.output
    ((endpoint, body, key),) = commands.calls
    assert (endpoint, key) == ("scheduleCampaign", "k")
    assert body["when"] == {"days": [0, 1, 2, 3, 4], "time": "09:00"}
    assert validate(ScheduleCampaign, body).max_runs == 10
    assert json.loads(done.stdout)["scheduleId"] == "a" * 32


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--at", "2026-12-01 09:00", "--days", "mon", "--time", "9:00"),
        ("--days", "mon"),
        ("--time", "9:00"),
        ("--at", "soon"),
        ("--at", "2026-12-01 09:00", "--ends", "10 runs"),
        ("--days", "mon", "--time", "9:00", "--timezone", "Mars/Olympus"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_nothing_is_sent(commands: Commands, words: tuple[str, ...]) -> None:
    assert commands.run(*ADD, *words).exit_code == 2
    assert commands.calls == []


@pytest.mark.parametrize(
    ("word", "action"), [("pause", "pause"), ("resume", "resume"), ("remove", "remove"), ("run-now", "run")]
)
def test_a_schedule_is_named_by_the_beginning_of_its_id(commands: Commands, word: str, action: str) -> None:
    whole = recorded.SCHEDULES[4]["id"]
    assert commands.run(word, whole).exit_code == 0
    assert commands.run(word, "0").exit_code == 1, "several begin so"
    assert [body for _, body, _ in commands.calls] == [{"scheduleId": whole, "action": action}]


def test_list_tells_each_schedule_as_one_fact(commands: Commands) -> None:
    facts = json.loads(commands.run("list", "--json").stdout)
    assert [f["status"] for f in facts] == ["ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "ENDED"]
    assert facts[0]["nextRunAt"] == "2026-11-19T15:00:00+00:00"
    assert facts[0]["lastRun"]["found"] == 42
    assert facts[4]["when"] == {"timezone": "America/Phoenix", "at": "2026-11-17T07:00"}
    assert commands.run("list").exit_code == 0
