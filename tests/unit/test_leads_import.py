"""Leads of one's own: spreadsheets as they are written, columns as they are named, rows, and the sending."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from console.cli import leads as command
from console.cli.app import app
from console.contacts import export
from console.leads import mapping, sending, tables
from console.leads.checking import Checked, Lead, as_email, as_phone, check
from console.live.session import BackendError
from leadgen.api.schemas import ProcessLead
from leadgen.model.errors import InvalidInput
from leadgen.model.status import PostOutcome

ROWS = "Name;Firma;Tel.;E-Mail\nJörg Müller;Müller & Söhne;(512) 236-1234;jörg@müller.example\n"
TABLE = (
    "company,contact,phone number,email address,town\n"
    "Lone Star,Ada,512-236-1234,Ada@Lone-Star.example,Austin\n"
    "Hill,Ben,512-236-77,ben@hill.example,\n"
    "Trinity,Cy,,cy@@x,\n"
    "Nobody,Dee,,,\n"
    "Again,Eve,+1 512 236 1234,eve@x.example,\n"
    "Rose,Fay,,Fay <fay@rose.example>,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(ROWS.replace(";", delimiter).replace("\n", newline).encode(encoding))
    table = tables.read_file(path)
    assert table.headings == ("Name", "Firma", "Tel.", "E-Mail")
    assert table.lines[0].cells == ("Jörg Müller", "Müller & Söhne", "(512) 236-1234", "jörg@müller.example")
    assert table.delimiter == delimiter
    assert mapping.guess(table) == ("name", "businessName", "phone", "email")


def test_quotes_lines_within_cells_and_excels_own_first_line() -> None:
    table = tables.read_text('sep=;\r\nname;notes;phone\r\n"Ada; A.";"one\r\ntwo ""x""";5122361234\r\n\r\nBen;;\r\n')
    assert table.headings == ("name", "notes", "phone")
    assert table.lines[0].cells[:1] == ("Ada; A.",)
    assert table.lines[0].cells[1].split() == ["one", "two", '"x"']
    assert [line.number for line in table.lines] == [3, 6]


@pytest.mark.parametrize(
    ("raw", "word"),
    [(b"PK\x03\x04rest", "workbook"), (b"", "nothing"), (b"\n \n", "nothing"), (b"\xff\xfe", "nothing")],
)
def test_what_is_no_table_is_told(tmp_path: Path, raw: bytes, word: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(raw)
    with pytest.raises(tables.BadTable) as caught:
        tables.read_file(path)
    assert word in caught.value.detail
    assert caught.value.hint
    with pytest.raises(tables.BadTable, match="can't be read"):
        tables.read_file(tmp_path / "none.csv")


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    with pytest.raises(tables.BadTable, match="more than"):
        tables.read_text("name\n" + "x\n" * 5)
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    path = tmp_path / "big.csv"
    path.write_text("x" * 11)
    with pytest.raises(tables.BadTable, match="larger"):
        tables.read_file(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    text, encoding = tables.decoded(raw)
    try:
        table = tables.read_text(text, encoding)
    except tables.BadTable:
        return
    check(table, mapping.guess(table))


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("First Name,Last Name,Company Name,Work E-mail,Mobile Phone", "firstName lastName businessName email phone"),
        ("businessName,phone,email,websiteUrl,sourceUrl", "businessName phone email websiteUrl sourceUrl"),
        ("Prénom,Société,Courriel,Téléphone portable,Ville", "firstName businessName email phone city"),
        ("Phone 1 - Value,E-mail 1 - Value,Organization Name,x,y", "phone email businessName - -"),
        ("Phone,Telephone,name,NAME,Member no.", "phone - name - -"),
    ],
)
def test_headings_are_understood(headings: str, fields: str) -> None:
    table = tables.read_text(f"{headings}\na,b,c,d,e\n")
    assert mapping.guess(table) == tuple("" if field == "-" else field for field in fields.split())


def test_a_column_without_a_known_heading_is_told_by_what_stands_in_it() -> None:
    table = tables.read_text(
        "A,B,Contact,D\nx,512-236-1234,ada@x.example,https://x.example\ny,512 236 1235,b@x.example,\n"
    )
    assert mapping.guess(table) == ("", "phone", "email", "websiteUrl")


def test_what_we_export_is_imported_as_it_was(tmp_path: Path) -> None:
    document = {"businessName": "=Lone", "phone": "+15122361234", "email": "a@x.example", "city": "austin",
                "servicesRendered": ["a", "b"], "leadDataJson": {"websiteUrl": "https://x.example"}}  # fmt: skip
    export.write(tmp_path / "out.csv", [export.cells("k", document)])
    table = tables.read_file(tmp_path / "out.csv")
    lead = check(table, mapping.guess(table)).leads[0]
    assert lead.data["phone"] == "+15122361234"
    assert lead.data["email"] == "a@x.example"
    assert lead.data["servicesRendered"] == ["a", "b"]
    assert lead.data["websiteUrl"] == "https://x.example"


def test_a_mapping_file_names_fields_and_headings(tmp_path: Path) -> None:
    table = tables.read_text(TABLE)
    path = tmp_path / "map.toml"
    path.write_text('name = "Contact"\nphone = "phone number"\n')
    assert mapping.from_file(path, table) == ("", "name", "phone", "", "")
    path.write_text('nam = "contact"\nphone = "nothing"\n')
    with pytest.raises(InvalidInput) as caught:
        mapping.from_file(path, table)
    assert [problem.field for problem in caught.value.fields] == ["nam", "phone"]
    path.write_text("= x")
    with pytest.raises(InvalidInput, match="can't be read"):
        mapping.from_file(path, table)


def checked(text: str = TABLE) -> Checked:
    table = tables.read_text(text)
    return check(table, mapping.guess(table))


def test_rows_are_sorted_with_the_reason() -> None:
    found = checked()
    assert [(one.line.number, one.data["email"]) for one in found.leads] == [
        (2, "ada@lone-star.example"), (7, "fay@rose.example"),
    ]  # fmt: skip
    reasons = {one.line.number: one.reason for one in found.rejects}
    assert "bad phone '512-236-77'" in reasons[3]
    assert "bad email" in reasons[4]
    assert "no phone, no email" in reasons[5]
    assert "the same person as line 2" in reasons[6]


@pytest.mark.parametrize(
    ("text", "said"),
    [("512.236.1234", "+15122361234"), ("5122361234.0", "+15122361234"), ("5.12236E+09", ""), ("123", ""),
     ("+49 30 901820", "+4930901820"), ("call me", ""), ("(512) 236-1234 ext. 5", "+15122361234")],
)  # fmt: skip
def test_phones(text: str, said: str) -> None:
    assert as_phone(text) == said


@pytest.mark.parametrize("text", ["a@b", "a@x.example, b@x.example", "a@x.example;b@y.example", "x", "a b@x.example"])
def test_addresses_that_are_none(text: str) -> None:
    assert as_email(text)[1].startswith("bad email")


def test_every_request_is_one_the_endpoint_takes() -> None:
    text = (
        "first name,last name,tel,web,services,source,timezone,body\n"
        f"Ada,Lee,5122361234,x.example,a;b,https://p.example/1,America/Chicago,{'x' * 200}\n"
    )
    lead = checked(text).leads[0]
    request = ProcessLead.model_validate(lead.body(3))
    assert request.lead_data.name == "Ada Lee"
    assert request.lead_data.website_url == "https://x.example"
    assert (request.source_url, request.timezone, request.template_id) == ("https://p.example/1", "America/Chicago", 3)
    assert lead.key(3) == checked(text).leads[0].key(3)
    assert lead.key(3) != lead.key(None)
    assert not checked(text.replace("America/Chicago", "Mars/Base")).leads
    assert not checked("name,phone\n" + "x" * 501 + ",5122361234\n").leads


def test_every_outcome_has_a_word() -> None:
    shown = {str(outcome) for outcome in PostOutcome} - {"NO_CONTACT", "DEAD"}
    assert set(sending.OUTCOMES) == shown


class Backend:
    """Answers from a list, and notes what it was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[dict[str, Any], str | None]] = []

    def call(self, endpoint: str, body: Any, *, idempotency_key: str | None = None, revision: int | None = None) -> Any:
        assert endpoint == "processLead"
        self.calls.append((body, idempotency_key))
        answer = self.answers.pop(0) if self.answers else {"leadId": "k", "outcome": "QUEUED", "created": True}
        if isinstance(answer, Exception):
            raise answer
        return answer


DOWN = BackendError("The backend does not answer", "processLead: ConnectError")
REFUSED = BackendError("Not valid", "x", fields=[{"field": "leadData.phone", "allowed": "must be a phone"}])


def many(count: int) -> list[Lead]:
    return list(checked("phone\n" + "".join(f"51223612{n:02}\n" for n in range(count))).leads)


def test_an_outage_is_waited_out_and_the_same_request_is_sent_again() -> None:
    waits: list[float] = []
    backend = Backend(DOWN, DOWN, {"leadId": "k", "outcome": "DUPLICATE", "created": False}, REFUSED)
    work = sending.Import(many(3), None, waits.append)
    work.run(backend)  # type: ignore[arg-type]
    assert waits == [1.0, 2.0]
    assert backend.calls[0] == backend.calls[2]
    assert [one.outcome for one in work.results] == ["duplicate", "refused", "kept"]
    assert work.results[1].reason == "leadData.phone must be a phone"
    assert not work.broken


def test_a_long_outage_stops_it_and_it_goes_on_later() -> None:
    backend = Backend({"leadId": "k", "outcome": "REVIEW", "created": True}, DOWN, DOWN, DOWN)
    work = sending.Import(many(3), 1, lambda _: None)
    work.run(backend)  # type: ignore[arg-type]
    assert (work.left, bool(work.broken)) == (2, True)
    work.run(backend)  # type: ignore[arg-type]
    assert (work.left, work.broken) == (0, "")
    assert [one.outcome for one in work.results] == ["review", "queued", "queued"]
    assert len({key for _, key in backend.calls}) == 3


def test_it_stops_after_the_lead_under_way() -> None:
    work = sending.Import(many(3), None, lambda _: None)
    work.run(Backend(), lambda _: work.stop())  # type: ignore[arg-type]
    assert work.left == 2


def test_rejects_are_written_beside_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    assert sending.rejects_path(file).name == "leads-rejects.csv"
    (tmp_path / "leads-rejects.csv").touch()
    path = sending.rejects_path(file)
    assert path.name == "leads-rejects-2.csv"
    table = tables.read_text(TABLE)
    assert sending.write_rejects(path, table, checked().rejects) == 4
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["company", "contact", "phone number", "email address", "town", "line", "reason"]
    assert rows[1][:2] == ["Hill", "Ben"]
    assert rows[1][5] == "3"


def run(monkeypatch: pytest.MonkeyPatch, backend: Any, *words: str) -> Result:
    monkeypatch.setattr(command, "open_session", lambda: backend)
    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=lambda _: None))
    return CliRunner().invoke(app, ["leads", "import", *words])


def test_the_command_sends_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(TABLE, encoding="utf-8-sig")
    backend = Backend()
    result = run(monkeypatch, backend, str(file), "--template", "2", "--city", "dallas", "--json")
    assert result.exit_code == 5, result.output
    facts = json.loads(result.stdout)
    assert facts["counts"] == {"queued": 2}
    assert [one["line"] for one in facts["rejects"]] == [3, 4, 5, 6]
    assert Path(facts["rejectsFile"]).exists()
    assert [body["leadData"]["city"] for body, _ in backend.calls] == ["Austin", "dallas"]
    assert all(body["templateId"] == 2 for body, _ in backend.calls)


def test_a_dry_run_sends_nothing_and_signs_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(TABLE)
    result = run(monkeypatch, None, str(file), "--dry-run")
    assert result.exit_code == 0, result.output
    assert "2 rows would be sent, 4 rejected" in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("answers", "code"), [([REFUSED, REFUSED], 1), ([DOWN] * 3, 4)])
def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Any], code: int) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(TABLE)
    assert run(monkeypatch, Backend(*answers), str(file)).exit_code == code
    assert run(monkeypatch, Backend(), str(tmp_path / "none.csv")).exit_code == 1
