"""What the command line says: each thing once, in words, whole in a pipe; and what it checks before it asks."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from console.cli import admin, campaigns
from console.cli.app import app
from console.cli.output import table, told
from console.client.emails import find_email
from console.client.problems import BackendError
from console.live.governor import read_governor

FIELDS = [{"field": "leadId", "value": "nope", "allowed": "must be an id"}]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            BackendError(
                "The request is not valid", "The request is not valid: leadId must be an id.", "Look.", FIELDS
            ),
            ["  leadId (is nope): must be an id", "✗ The request is not valid.", "  Look."],
        ),
        (
            BackendError("The request is not valid", "The configuration is not valid: leadId must be.", "", FIELDS),
            ["  leadId (is nope): must be an id", "✗ The configuration is not valid."],
        ),
        (BackendError("Not found", "There is no template 5.", ""), ["✗ Not found: There is no template 5."]),
    ],
)
def test_a_refusal_says_each_thing_once(
    error: BackendError, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit), told():
        raise error
    assert capsys.readouterr().err.splitlines() == said


def test_a_table_in_a_pipe_has_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    address = "a" * 60 + "@a-rather-long-name-of-a-domain.example"
    table("Mails", ["id", "to", "why"], [["1", address, "sending is paused in the configuration " * 5]])
    assert any(
        address in line and line.rstrip().endswith("configuration") for line in capsys.readouterr().out.splitlines()
    )


@pytest.mark.parametrize("text", ["", "a/b", "nope", "..", "12 34", "é"])
def test_what_can_be_no_id_is_not_asked_about(text: str) -> None:
    nobody: Any = None
    assert find_email(nobody, text) == []
    assert campaigns.find_campaigns(nobody, text) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["admin", "create-user", "ann@x.example", "--role", "boss"], "'boss' is not a role"),
        (["admin", "create-user", "ann"], "'ann' is no email address"),
        (["admin", "create-user", "ann@x.example"], "--password-stdin"),
        (["demo", "--headless", "--city", "atlantis"], "austin"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked_or_started(
    line: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object) -> None:
        raise AssertionError("nothing may be started")

    monkeypatch.setattr(admin, "Admin", started)
    monkeypatch.setattr("local.stack.Stack.reset", started)
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 2
    assert said in done.output


def test_a_governor_that_wrote_nothing_yet_has_the_usual_limit() -> None:
    assert read_governor({}).limit == 20
    assert read_governor({"limit": 0}).limit == 0
