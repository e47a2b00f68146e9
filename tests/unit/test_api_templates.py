"""Templates, previews, test mails, the suppression list: from the request or the command line to what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import suppression as suppression_cli
from console.cli import templates as templates_cli
from console.cli.app import app
from console.cli.template_files import read_template, template_file
from console.client.problems import BackendError
from leadgen.api import suppression as suppression_api
from leadgen.api import templates as templates_api
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.environment import read_environment
from leadgen.mail.optout import read_token
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, LeadData, Suppression
from leadgen.model.errors import Conflict, InvalidInput, LeadgenError, NotAllowed, NotFound
from leadgen.model.ids import suppression_id
from leadgen.model.roles import Role
from leadgen.model.status import ContactStatus
from leadgen.model.validation import validate
from leadgen.pipeline.context import Context
from leadgen.store.records import Commit
from tests.memory_firestore import MemoryFirestore

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
READY = {"senderName": "Ada", "postalAddress": "1 Main St, Austin", "emailProvider": "outbox"}
BODY = "<p>Hi {{ greetingName }},</p><p>I read your ad and wonder whether you take on new work this week.</p>"
TEMPLATE = {"templateId": 1, "templateName": "First", "baseSubject": "For {{ greetingName }}", "baseBodyHtml": BODY}
CONTACT = "0123456789abcdef" * 2


@dataclass
class World:
    """The backend over a Firestore in memory."""

    db: Any = field(default_factory=MemoryFirestore)
    role: Role = Role.OPERATOR

    def context(self) -> Context:
        return Context(self.db, read_environment(), clock=self, sources=())  # type: ignore[arg-type]

    def now(self) -> datetime:
        return NOW

    def call(self, name: str, body: dict[str, Any] | None = None, *, key: str = "", role: Role | None = None) -> Any:
        endpoint, caller = ENDPOINTS[name], Caller("u1", "op@contoso.example", role or self.role)
        if not caller.role.covers(endpoint.role):
            raise NotAllowed(name)
        given = validate(endpoint.request, body) if endpoint.request else None
        answer = endpoint.work(Call(caller, given, key))
        return [one.model_dump(by_alias=True, mode="json") for one in answer] if isinstance(answer, list) else (
            answer.model_dump(by_alias=True, mode="json")
        )  # fmt: skip

    def configure(self, **changes: Any) -> None:
        settings = Settings.model_validate({**READY, **changes})
        Commit(self.db).put(self.context().names.settings, settings).run()

    def contact(self, **fields: Any) -> None:
        lead = LeadData(name="Maria Lopez", email="maria@lonestar.example", city="austin", fields={"price": "$40"})
        known = {"email": lead.email, "status": ContactStatus.PROCESSED, "timezone": "America/Chicago", **fields}
        contact = Contact(lead_data_json=lead, created_at=NOW, last_updated=NOW, **known)
        Commit(self.db).put(self.context().names.contacts.document(CONTACT), contact).run()

    def versions(self) -> dict[str, dict[str, Any]]:
        return dict(self.db.all("templates/1/versions"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for variable in ("LEADGEN_TOKEN_KEY", "LEADGEN_PUBLIC_URL"):
        monkeypatch.delenv(variable, raising=False)
    for module in (templates_api, suppression_api):
        monkeypatch.setattr(module.Context, "from_environment", made.context)
    made.configure()
    return made


def test_every_save_makes_a_version_and_every_version_stays(world: World) -> None:
    assert world.call("saveTemplate", TEMPLATE)["version"] == 1
    second = {**TEMPLATE, "baseSubject": "Other", "alternativeSubjects": ["Third"], "defaults": {"offer": "10 %"}}
    assert world.call("saveTemplate", second)["version"] == 2
    assert world.call("saveTemplate", second)["version"] == 2  # the same again changes nothing
    kept = world.versions()
    assert {number: one["baseSubject"] for number, one in kept.items()} == {"1": TEMPLATE["baseSubject"], "2": "Other"}
    assert kept["2"]["alternativeSubjects"] == ["Third"]
    assert kept["2"]["savedBy"] == "op@contoso.example"
    assert world.call("getTemplates")[0]["defaults"] == {"offer": "10 %"}


def test_a_template_from_before_versions_keeps_what_it_said(world: World) -> None:
    world.call("saveTemplate", TEMPLATE)
    del world.db.documents["templates/1/versions/1"]
    world.call("saveTemplate", {**TEMPLATE, "baseSubject": "Other"})
    assert world.versions()["1"]["baseSubject"] == TEMPLATE["baseSubject"]


def test_two_who_edit_at_once_do_not_overwrite_one_another(world: World) -> None:
    world.call("saveTemplate", {**TEMPLATE, "expectedVersion": 0})
    world.call("saveTemplate", {**TEMPLATE, "baseSubject": "Mine", "expectedVersion": 1})
    with pytest.raises(Conflict, match="version 2"):
        world.call("saveTemplate", {**TEMPLATE, "baseSubject": "Yours", "expectedVersion": 1})
    assert world.call("getTemplates")[0]["baseSubject"] == "Mine"


def test_a_template_with_errors_is_not_saved_and_one_with_warnings_is(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.call("saveTemplate", {**TEMPLATE, "baseBodyHtml": BODY + "{{ nmae }}"})
    assert caught.value.fields[0].field == "baseBodyHtml"
    assert not world.db.all("templates")
    saved = world.call("saveTemplate", {**TEMPLATE, "baseBodyHtml": BODY + '<img src="https://x.example/a.png">'})
    assert {finding["code"] for finding in saved["findings"]} == {"missing-alt", "image-only"}


def test_archiving_makes_no_version_and_can_be_undone(world: World) -> None:
    world.call("saveTemplate", TEMPLATE)
    assert world.call("archiveTemplate", {"templateId": 1})["isArchived"]
    assert world.call("archiveTemplate", {"templateId": 1})["isArchived"]
    assert world.call("archiveTemplate", {"templateId": 1, "archived": False})["isArchived"] is False
    assert list(world.versions()) == ["1"]
    with pytest.raises(NotFound):
        world.call("archiveTemplate", {"templateId": 9})


@pytest.mark.parametrize(
    ("endpoint", "role"),
    [
        ("getTemplates", Role.VIEWER),
        ("previewTemplate", Role.VIEWER),
        ("saveTemplate", Role.OPERATOR),
        ("archiveTemplate", Role.OPERATOR),
        ("testSend", Role.OPERATOR),
        ("suppress", Role.OPERATOR),
        ("unsuppress", Role.OPERATOR),
        ("importSuppressions", Role.OPERATOR),
    ],
)
def test_each_endpoint_needs_its_role(endpoint: str, role: Role) -> None:
    assert ENDPOINTS[endpoint].role is role


def test_a_preview_is_the_mail_the_lead_would_get(world: World) -> None:
    world.contact()
    world.call("saveTemplate", TEMPLATE)
    seen = world.call("previewTemplate", {"templateId": 1, "contactId": CONTACT}, role=Role.VIEWER)
    assert (seen["to"], seen["subject"], seen["refusal"]) == ("maria@lonestar.example", "For Maria", "")
    assert "1 Main St, Austin" in seen["html"]
    assert "Reply STOP" in seen["text"]
    with pytest.raises(NotFound):
        world.call("previewTemplate", {"templateId": 1, "contactId": "f" * 32})


def test_a_preview_tells_what_each_variable_says_even_if_the_mail_cannot_be_made(world: World) -> None:
    world.contact()
    for body in (BODY, BODY + "{% if"):
        seen = world.call(
            "previewTemplate", {"draft": {"baseSubject": "S", "baseBodyHtml": body}, "contactId": CONTACT}
        )
        said = {one["name"]: one["value"] for one in seen["variables"]}
        assert (said["greetingName"], said["senderName"], said["websiteUrl"]) == ("Maria", "Ada", "")
        assert said["fields.price"] == "$40"


def test_a_preview_says_why_the_mail_would_not_leave(world: World) -> None:
    world.contact(last_sent=NOW)
    world.call("saveTemplate", TEMPLATE)
    ask = {"templateId": 1, "contactId": CONTACT}
    assert "written to on 2026-11-24" in world.call("previewTemplate", ask)["refusal"]
    world.call("suppress", {"kind": "domain", "value": "lonestar.example"})
    assert "suppressed" in world.call("previewTemplate", ask)["refusal"]
    world.configure(postalAddress="")
    assert "postal address" in world.call("previewTemplate", ask)["refusal"]


def test_a_preview_shows_drafts_earlier_versions_and_other_variations(world: World) -> None:
    world.call("saveTemplate", TEMPLATE)
    world.call("saveTemplate", {**TEMPLATE, "baseSubject": "[[One|Two]]"})
    assert world.call("previewTemplate", {"templateId": 1, "version": 1})["subject"] == "For Maria"
    drawn = {world.call("previewTemplate", {"templateId": 1, "seed": str(n)})["subject"] for n in range(20)}
    assert drawn == {"One", "Two"}
    bad = {"baseSubject": "x", "baseBodyHtml": "{{ nmae }}"}
    seen = world.call("previewTemplate", {"draft": bad})
    assert (seen["html"], seen["findings"][0]["code"]) == ("", "unknown-variable")
    for wrong in ({}, {"templateId": 1, "draft": bad}, {"draft": bad, "version": 1}):
        with pytest.raises(InvalidInput):
            world.call("previewTemplate", wrong)


def test_a_test_goes_to_the_caller_alone_and_once_for_a_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADGEN_TOKEN_KEY", "key")
    monkeypatch.setenv("LEADGEN_PUBLIC_URL", "https://go.example")
    world.contact()
    world.call("saveTemplate", TEMPLATE)
    for _ in range(2):
        sent = world.call("testSend", {"templateId": 1, "contactId": CONTACT}, key="k1")
    assert (sent["to"], sent["provider"]) == ("op@contoso.example", "outbox")
    assert "before" in sent["message"]
    (mail,) = world.db.all("outbox").values()
    assert (mail["to"], mail["subject"], mail["draft"]) == ("op@contoso.example", "[Test] For Maria", False)
    token = mail["text"].partition("token=")[2].partition("\n")[0]
    assert read_token("key", token) == "op@contoso.example"  # the lead can't be opted out by whoever tries the link
    assert not world.db.all("emailQueue")
    assert "lastSent" not in world.db.all("contacts")[CONTACT]


def test_no_test_without_postal_address_or_mailbox(world: World) -> None:
    world.call("saveTemplate", TEMPLATE)
    world.configure(emailProvider="graph")
    with pytest.raises(Conflict, match="no mailbox"):
        world.call("testSend", {"templateId": 1})
    world.configure(postalAddress="")
    with pytest.raises(Conflict, match="postal address"):
        world.call("testSend", {"templateId": 1})
    with pytest.raises(InvalidInput):
        world.call("testSend", {"templateId": 1, "to": "other@x.example"})


def test_importing_is_idempotent_and_tells_each_bad_line(world: World) -> None:
    wish = {
        "entries": [
            {"value": v} for v in ("A@x.example", "+1 512 236 1234", "bad.example", "a@x.example", "a@b@c", "12")
        ]
    }
    first, again = world.call("importSuppressions", wish), world.call("importSuppressions", wish)
    assert (first["added"], first["known"], again["added"], again["known"]) == (3, 1, 0, 4)
    assert [one["index"] for one in first["rejected"]] == [4, 5]
    kept = {(one["kind"], one["value"]) for one in world.db.all("suppressions").values()}
    assert kept == {("email", "a@x.example"), ("phone", "+15122361234"), ("domain", "bad.example")}


def test_who_opted_out_is_taken_off_by_an_admin_only(world: World) -> None:
    wish = {"kind": "email", "value": "a@x.example", "reason": "asked to be written to"}
    assert "not on" in world.call("unsuppress", wish)["message"]
    entry = Suppression(kind="email", value="a@x.example", reason="opted out", created_by="recipient", created_at=NOW)
    Commit(world.db).put(world.context().names.suppressions.document(suppression_id("email", entry.value)), entry).run()
    with pytest.raises(NotAllowed, match="opted out"):
        world.call("unsuppress", wish)
    assert "is off" in world.call("unsuppress", wish, role=Role.ADMIN)["message"]
    assert not world.db.all("suppressions")
    assert any("asked to be written to" in one["text"] for one in world.db.all("activity").values())


class Session:
    """What the command line works with: the same endpoints, and their errors as the backend tells them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def call(self, endpoint: str, body: dict[str, Any] | None = None, *, idempotency_key: str = "") -> Any:
        try:
            return self._world.call(endpoint, body, key=idempotency_key)
        except LeadgenError as error:
            raise BackendError(error.title, error.detail, error.hint) from None

    def firestore(self) -> Any:
        return self._world.db


@pytest.fixture
def leadgen(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for module in (templates_cli, suppression_cli):
        monkeypatch.setattr(module, "open_session", lambda: Session(world))
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


FILE = """---
name: First hello
subject: For {{ greetingName }}
subject: Second
default offer: 10 %
---
<p>Hi {{ greetingName }}, we offer {{ offer }} to everybody who signs up with us before the week is over.</p>
"""


def test_a_template_is_edited_linted_previewed_and_archived_from_a_file(
    leadgen: Callable[..., Result], tmp_path: Path, world: World
) -> None:
    file = tmp_path / "first.html"
    file.write_text(FILE, encoding="utf-8")
    assert leadgen("templates", "lint", "-f", file).exit_code == 0
    saved = leadgen("templates", "edit", 1, "-f", file, "--json")
    assert json.loads(saved.stdout)["alternativeSubjects"] == ["Second"]
    shown = leadgen("templates", "show", 1).stdout
    assert shown.strip() == FILE.strip()
    seen = json.loads(leadgen("templates", "preview", 1, "--json").stdout)
    assert seen["subject"] in ("For Maria", "Second")
    assert "10 %" in seen["text"]
    assert "Hi Maria" in leadgen("templates", "preview", 1).stdout
    file.write_text("<p>A body alone keeps the name, the subjects and the defaults: {{ offer }}, and it is long.</p>")
    assert leadgen("templates", "edit", 1, "-f", file).exit_code == 0
    assert (world.call("getTemplates")[0]["templateName"], len(world.versions())) == ("First hello", 2)
    assert json.loads(leadgen("templates", "show", 1, "--version", 1, "--json").stdout)["baseBodyHtml"] in FILE
    assert leadgen("templates", "test-send", 1, "--json").exit_code == 0
    assert leadgen("templates", "archive", 1).exit_code == 0
    assert json.loads(leadgen("templates", "list", "--json").stdout) == []
    assert json.loads(leadgen("templates", "list", "--archived", "--json").stdout)[0]["isArchived"]


def test_starter_templates_are_saved_once_and_write_over_nothing(world: World, leadgen: Callable[..., Result]) -> None:
    world.call("saveTemplate", TEMPLATE)  # takes the number of the first
    saved = json.loads(leadgen("templates", "starter", "--json").stdout)
    assert [one["templateId"] for one in saved] == [2, 3, 4]
    assert {one["version"] for one in saved} == {1}
    assert world.call("getTemplates")[0]["baseBodyHtml"] == BODY
    world.call("archiveTemplate", {"templateId": 2})
    again = leadgen("templates", "starter")
    assert (again.exit_code, again.stderr) == (0, "All starter templates are there already.\n")
    assert len(world.call("getTemplates")) == 4
    assert json.loads(leadgen("templates", "starter", "--json").stdout) == []


def test_what_is_wrong_ends_with_its_exit_code(leadgen: Callable[..., Result], tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("---\nsubject: x\n---\n<p>{{ nmae }}</p>", encoding="utf-8")
    assert leadgen("templates", "lint", "-f", bad).exit_code == 1
    assert leadgen("templates", "preview", "-f", bad).exit_code == 1
    assert leadgen("templates", "edit", 7, "-f", bad).exit_code == 2  # a new one needs a name
    assert leadgen("templates", "show", 7).exit_code == 1
    assert leadgen("templates", "lint").exit_code == 2
    bad.write_text("---\nsubjekt: x\n---\n<p>x</p>", encoding="utf-8")
    result = leadgen("templates", "lint", "-f", bad)
    assert result.exit_code == 2
    assert "line 2" in result.stderr
    bad.write_text('---\nsubject: x\n---\n<p>Hi</p><img src="https://x.example/a.png">', encoding="utf-8")
    assert leadgen("templates", "lint", "-f", bad).exit_code == 0
    assert leadgen("templates", "lint", "-f", bad, "--strict").exit_code == 1


def test_a_file_says_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text(FILE, encoding="utf-8")
    fields = read_template(tmp_path / "t.html")
    assert template_file({**fields, "description": ""}) == FILE


def test_a_list_is_imported_with_its_rejects_by_line(
    leadgen: Callable[..., Result], tmp_path: Path, world: World
) -> None:
    file = tmp_path / "list.csv"
    file.write_text('\ufeffEmail,Reason\na@x.example,complained\n\nnobody\n"b@y.example",\n', encoding="utf-8")
    result = leadgen("suppress", "import", file, "--json")
    assert result.exit_code == 5
    told = json.loads(result.stdout)
    assert (told["added"], [one["line"] for one in told["rejected"]]) == (2, [4])
    assert {one["reason"] for one in world.db.all("suppressions").values()} == {"complained", "imported"}
    file.write_text("# ours\na@x.example\nnew.example\n+1 512 236 1234\n", encoding="utf-8")
    result = leadgen("suppress", "import", file, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"added": 2, "known": 1, "rejected": []})
    file.write_text("nobody\n", encoding="utf-8")
    assert leadgen("suppress", "import", file).exit_code == 1
    file.write_text("", encoding="utf-8")
    assert leadgen("suppress", "import", file).exit_code == 2


def test_one_is_added_and_taken_off(leadgen: Callable[..., Result], world: World) -> None:
    assert leadgen("suppress", "add", "Lone@Star.example").exit_code == 0
    assert leadgen("suppress", "add", "Lone@Star.example").exit_code == 0
    assert len(world.db.all("suppressions")) == 1
    assert leadgen("suppress", "remove", "lone@star.example").exit_code == 2  # without a reason
    assert leadgen("suppress", "remove", "lone@star.example", "--reason", "asked to").exit_code == 0
    assert not world.db.all("suppressions")
