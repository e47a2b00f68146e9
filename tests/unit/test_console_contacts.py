"""`leadgen contacts`: what is known of a lead and from where, merging and undoing, through the endpoints' own work."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import contacts
from console.cli.app import app
from console.client.problems import BackendError
from leadgen.api import work
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.model.errors import LeadgenError
from leadgen.model.roles import Role
from tests.authors import Ad, World
from tests.memory_firestore import MemoryFirestore

A = "a" * 32
CALLER = Caller(uid="u1", email="op@example.com", role=Role.OPERATOR)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(MemoryFirestore())
    world.campaign(A)
    monkeypatch.setattr(work, "Context", SimpleNamespace(from_environment=world.worker))

    def call(name: str, body: dict[str, Any]) -> dict[str, Any]:
        endpoint = ENDPOINTS[name]
        assert endpoint.role is Role.OPERATOR
        assert endpoint.request is not None
        try:
            answer = endpoint.work(Call(CALLER, endpoint.request.model_validate(body)))
        except LeadgenError as error:
            raise BackendError(error.title, error.detail, error.hint) from None
        assert not isinstance(answer, list)
        return answer.model_dump(by_alias=True, mode="json")

    session = SimpleNamespace(firestore=lambda: world.db, call=call)
    monkeypatch.setattr(contacts, "open_session", lambda: session)
    return world


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["contacts", *words])


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_show_tells_where_each_value_comes_from_and_which_others_were_seen(world: World) -> None:
    world.meet(
        A, Ad(phones=("512-236-1201",), emails=("ann@fenceworks.com",), business="Ann's [b]Fences", price="$ 1,200 [b]")
    )
    world.meet(A, Ad(phones=("512-236-1201", "512-236-1202")))
    known = facts("show", "+15122361201")
    assert known["provenance"]["phone"]["sourceUrl"] == "https://ads.test/post/0"
    assert known["alternatives"][0]["value"] == "+15122361202"
    assert facts("show", "ANN@fenceworks.com") == known == facts("show", known["contactId"])
    assert known["leadDataJson"]["fields"] == {"price": "$ 1,200 [b]"}
    shown = run("show", "ann@fenceworks.com").stdout
    assert "$ 1,200 [b]" in shown
    assert "Ann's [b]Fences" in shown
    assert "other phone" in shown
    assert "+15122361202" in shown


def test_a_contact_is_named_by_the_beginning_of_its_id(world: World) -> None:
    world.meet(A, Ad(phones=("512-236-1201",)), Ad(emails=("ann@fenceworks.com",)))
    phone, mail = world.contact(phone="+15122361201")[0], world.contact(email="ann@fenceworks.com")[0]
    assert facts("show", phone[:8])["contactId"] == phone
    assert facts("merge", phone[:8], mail[:8].upper())["survivorId"] == mail
    assert facts("unmerge", phone[:8])["changed"]
    same = next(at for at in range(32) if phone[at] != mail[at])
    for start in (phone[:same], "0e0e0e0e"):
        if start:
            refused = run("show", start)
            assert refused.exit_code == 1
            assert "begin" in refused.stderr


def test_merge_and_unmerge_say_what_they_did_and_do_it_once(world: World) -> None:
    world.meet(A, Ad(phones=("512-236-1201",)), Ad(emails=("ann@fenceworks.com",)))
    phone, mail = world.contact(phone="+15122361201")[0], world.contact(email="ann@fenceworks.com")[0]
    done = facts("merge", phone, mail)
    assert (done["survivorId"], done["mergedId"], done["changed"]) == (mail, phone, True)
    assert not facts("merge", phone, mail)["changed"]
    (merged,) = facts("show", mail)["mergeRecords"]
    assert (merged["mergedId"], merged["by"], merged["mergedStatus"]) == (phone, "op@example.com", "PHONE_ONLY")
    assert f"same person as contact {mail}" in run("show", phone).output
    undone = run("unmerge", phone)
    assert undone.exit_code == 0
    assert f"Contact {phone} stands for itself again." in undone.stdout
    assert not facts("unmerge", phone)["changed"]


def test_what_can_not_be_done_is_said_with_what_to_do_instead(world: World) -> None:
    world.meet(A, Ad(phones=("512-236-1201",)))
    (only,) = world.all("contacts")
    for words, said in (
        (("show", "nobody@fenceworks.com"), "There is no contact nobody@fenceworks.com"),
        (("merge", only, only), "can't be merged with itself"),
        (("merge", only, "f" * 32), "There is no contact ffff"),
        (("unmerge", only), "was not merged into another"),
    ):
        result = run(*words)
        assert result.exit_code == 1
        assert said in " ".join(result.output.split())
