"""`leadgen captcha`: the review without a screen, through the endpoints' own work."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import captcha
from console.cli.app import app
from console.client.problems import BackendError
from leadgen.api import review
from leadgen.model.errors import LeadgenError
from tests.memory_firestore import MemoryFirestore
from tests.reviewers import Desk, lead_id

MAIL = "ann@fenceworks.com"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(MemoryFirestore(), leads=2)
    desk.clock.moment = datetime.now(UTC)
    monkeypatch.setattr(review, "Context", SimpleNamespace(from_environment=lambda: desk.worker))

    def call(name: str, body: dict[str, Any], *, idempotency_key: str = "") -> dict[str, Any]:
        try:
            return desk.call("ann", name, idempotency_key, **body)
        except LeadgenError as error:
            raise BackendError(error.title, error.detail, error.hint) from None

    session = SimpleNamespace(firestore=lambda: desk.db, call=call)
    monkeypatch.setattr(captcha, "open_session", lambda: session)
    return desk


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["captcha", *words])


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_lead_goes_from_claim_to_queued_mail_and_back(desk: Desk) -> None:
    claimed = facts("claim")
    assert (claimed["leadId"], claimed["contactUrl"]) == (lead_id(0), "https://ads.test/post/0/contact")
    epoch = str(claimed["epoch"])
    done = facts("resolve", lead_id(0), MAIL, "--epoch", epoch)
    assert (done["status"], bool(done["emailId"])) == ("PROCESSED", True)
    assert [lead["leadId"] for lead in facts("list")] == [lead_id(1)]
    assert facts("undo", lead_id(0), "--epoch", epoch)["changed"]
    assert [lead["leadId"] for lead in facts("list")] == [lead_id(0), lead_id(1)]
    again = run("resolve", lead_id(0), MAIL, "--epoch", epoch)
    assert again.exit_code == 1
    assert "taken back by ann@ops.example" in " ".join(again.output.split())


def test_claim_says_where_to_go_and_what_to_type(desk: Desk) -> None:
    claimed = run("claim", lead_id(1))
    assert claimed.stdout.strip() == "https://ads.test/post/1/contact"
    assert "Fences 1 is yours until" in claimed.output
    assert f"leadgen captcha resolve {lead_id(1)} --epoch 1 ADDRESS" in " ".join(claimed.output.split())
    assert facts("claim", lead_id(1), "--epoch", "1")["epoch"] == 1


def test_the_list_shows_who_has_a_lead_and_a_claim_that_ran_out_as_free(desk: Desk) -> None:
    facts("claim", lead_id(0))
    held, free = facts("list")
    assert (held["heldBy"], free["heldBy"], free["heldUntil"]) == ("ann@ops.example", "", None)
    shown = run("list").stdout
    assert f"{lead_id(0)} Fences 0, with ann@ops.example until" in shown
    assert f"{lead_id(1)} Fences 1\n" in shown
    contact = desk.world.all("contacts")[lead_id(0)]
    later = datetime.now(UTC) + timedelta(minutes=11)
    assert captcha.lead_facts(lead_id(0), contact, later)["heldBy"] == ""
    assert facts("release", lead_id(0))["changed"]
    assert facts("list")[0]["heldUntil"] is None


def test_failures_are_said_with_what_follows(desk: Desk) -> None:
    said = [run("fail", lead_id(0)).stdout for _ in range(3)]
    assert "1 failed so far; the lead waits again" in said[0]
    assert "given up after 3 failures" in said[2]
    assert run("undo", lead_id(0)).stdout.startswith("The report is taken back")


def test_what_is_refused_has_a_reason_and_an_exit_code(desk: Desk) -> None:
    desk.claim("bob", 0)
    for words, said in (
        (("claim", lead_id(0)), "is with bob@ops.example until"),
        (("resolve", lead_id(0), MAIL), "is with bob@ops.example until"),
        (("resolve", lead_id(1), "nonsense"), "must be an email address"),
        (("undo", lead_id(1)), "no such report"),
        (("claim", "f" * 32), "There is no lead"),
    ):
        result = run(*words)
        assert result.exit_code == 1, words
        assert said in " ".join(result.output.split())


def test_a_lead_is_named_by_the_beginning_of_its_id(desk: Desk) -> None:
    whole = "abc" + "4" * 29
    short = whole[:8]
    desk.rooms.contacts.document(whole).create(desk.lead(0).to_firestore())
    epoch = str(facts("claim", short)["epoch"])
    assert facts("release", short.upper())["changed"]
    epoch = str(facts("claim", short)["epoch"])
    assert facts("fail", short, "--epoch", epoch)["attempts"] == 1
    assert facts("undo", short)["changed"]
    assert facts("resolve", short, MAIL)["status"] == "PROCESSED"
    assert f"Lead {whole} is PROCESSED" in run("resolve", short, MAIL).stdout


@pytest.mark.parametrize("words", [("claim",), ("resolve", MAIL), ("fail",), ("release",), ("undo",)])
def test_a_beginning_that_is_not_clear_is_refused_and_changes_nothing(desk: Desk, words: tuple[str, ...]) -> None:
    command, *rest = words
    before = desk.world.all("contacts")
    for start, said in (
        ("000", f"Several contacts have ids that begin with '000': {lead_id(0)}, {lead_id(1)}"),
        ("f0f0", "No contact has an id that begins with 'f0f0'. leadgen captcha list shows them."),
        ("not/an/id", "No contact has an id"),
    ):
        result = run(command, start, *rest)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in " ".join(result.stderr.split())
    assert desk.world.all("contacts") == before


def test_operators_are_listed_with_their_median(desk: Desk) -> None:
    for number, seconds in enumerate((10, 30)):
        epoch = str(facts("claim", lead_id(number))["epoch"])
        desk.clock.advance(seconds)
        run("resolve", lead_id(number), f"{number}@works.com", "--epoch", epoch)
    (ann,) = facts("operators")
    assert ann == {"email": "ann@ops.example", "solved": 2, "failed": 0, "undone": 0, "medianSeconds": 20}
    assert "20" in run("operators").stdout
