"""What becomes of rows: who is one person, what never sends again, who is never written to, what is rejected."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leadgen.model.documents import Contact, Document, EmailJob, ProcessorRequest, Suppression, Template
from leadgen.model.ids import contact_id, email_job_id
from migrate.corrected import database_of
from migrate.encode import decode
from migrate.errors import SourceProblem
from migrate.moving import Migration, Wish, prepare
from migrate.old_config import read_config
from migrate.pace import Pace
from migrate.rows import Rules
from migrate.sample import Sample
from migrate.stage import ADDRESSES, CONTACTS, MAILS, REQUESTS, SUPPRESSIONS, TEMPLATES, Stage

PHONE, OTHER = "+15125550134", "+15125550199"
_CONTACTS = ("phone", "name", "email", "last_sent", "status", "city", "lead_data_json", "created_at", "notes")
_MAILS = ("template_id", "lead_data", "city", "status", "created_at", "sent_at")


class Legacy:
    """Databases of the earlier program, and what they become."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage = Stage(folder / "journal.sqlite3")
        self.migration: Migration

    def table(self, path: str, name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> Path:
        file = self.folder / path
        connection = sqlite3.connect(file)
        connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {', '.join(columns)})")
        for row in rows:
            values = [row.get(column) for column in columns]
            connection.execute(f"INSERT INTO {name} VALUES (NULL{', ?' * len(columns)})", values)
        connection.commit()
        connection.close()
        return file

    def convert(self, contacts: list[dict[str, Any]], mails: list[dict[str, Any]] = [], **wish: Any) -> Legacy:  # noqa: B006
        paths = Wish(
            contacts=self.table("c.db", "contacts", _CONTACTS, contacts),
            email=self.table("e.db", "email_queue", _MAILS, mails) if mails else None,
        )
        return self.run(replace(paths, **wish))

    def run(self, wish: Wish) -> Legacy:
        with prepare(wish) as plan:
            self.migration = Migration(plan, self.stage)
            self.migration.convert()
        return self

    def documents(self, place: int) -> dict[str, dict[str, Any]]:
        return {d.id: decode(d.body) for d, _ in self.stage.documents(place, 0, 100_000)}

    def one(self, place: int = CONTACTS) -> dict[str, Any]:
        (document,) = self.documents(place).values()
        return document

    def rejects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stage.rejects()]


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return Legacy(tmp_path)


def _lead(**fields: Any) -> str:
    return json.dumps({"phone": "512-555-0134", "email": "ada@firm.com", **fields})


def test_rows_with_one_telephone_become_one_contact_by_the_stated_rule(legacy: Legacy) -> None:
    legacy.convert(
        [
            {
                "phone": "(512) 555-0134",
                "name": "Ada",
                "status": "PHONE_ONLY",
                "city": "austin",
                "created_at": "2024-03-01",
            },
            {"phone": OTHER, "name": "Bob", "status": "PROCESSED", "created_at": "2024-03-01"},
            {
                "phone": 5125550134,
                "name": "Ada Lovelace",
                "email": "ada@firm.com",
                "last_sent": "2024-05-01",
                "status": "PROCESSED",
                "city": "dallas",
                "created_at": "2024-02-01",
            },
        ]
    )
    contacts = legacy.documents(CONTACTS)
    assert set(contacts) == {contact_id("phone", PHONE), contact_id("phone", OTHER)}
    ada = Contact.from_firestore(contacts[contact_id("phone", PHONE)])
    assert (ada.name, ada.email, ada.city, ada.cities) == ("Ada", "ada@firm.com", "austin", ["dallas"])
    assert ada.status == "PROCESSED"
    assert f"{ada.created_at:%Y-%m-%d}" == "2024-02-01"
    assert ada.last_sent is not None
    assert f"{ada.last_sent:%Y-%m-%d}" == "2024-05-01"
    assert [(a.field, a.value) for a in ada.alternatives] == [("name", "Ada Lovelace")]
    assert legacy.migration.report.tables[0].merged == 1


def test_a_row_without_a_telephone_is_who_has_its_email_wherever_that_row_stands(legacy: Legacy) -> None:
    legacy.convert(
        [
            {"email": "ada@firm.com", "name": "A.", "status": "unsubscribed"},
            {"phone": PHONE, "email": "ADA@firm.com", "status": "PROCESSED"},
            {"email": "alone@firm.com", "status": "PROCESSED"},
        ]
    )
    contacts = legacy.documents(CONTACTS)
    assert set(contacts) == {contact_id("phone", PHONE), contact_id("email", "alone@firm.com")}
    assert contacts[contact_id("phone", PHONE)]["status"] == "SUPPRESSED"


def test_two_telephones_with_one_email_stay_two_and_the_operator_is_told(legacy: Legacy) -> None:
    legacy.convert([{"phone": PHONE, "email": "a@firm.com"}, {"phone": OTHER, "email": "a@firm.com"}])
    second = legacy.documents(CONTACTS)[contact_id("phone", OTHER)]
    assert second["possibleDuplicates"][0]["contactId"] == contact_id("phone", PHONE)


def test_what_was_sent_never_sends_again_and_contact_and_address_remember(legacy: Legacy) -> None:
    legacy.convert(
        [{"phone": PHONE, "email": "ada@firm.com", "status": "PROCESSED", "last_sent": "2024-01-01"}],
        [
            {"template_id": 1, "lead_data": _lead(), "status": "QUEUED", "created_at": "2024-06-01"},
            {"template_id": 1, "lead_data": _lead(), "status": "sent", "sent_at": "2024-05-05 10:00:00"},
            {"template_id": 2, "lead_data": _lead(), "status": "Delivered", "created_at": "2024-04-04"},
        ],
    )
    ada = contact_id("phone", PHONE)
    mails = legacy.documents(MAILS)
    first = EmailJob.from_firestore(mails[email_job_id(1, ada)])
    assert first.status == "SENT"
    assert first.sent_at is not None
    assert first.contact_id == ada
    assert EmailJob.from_firestore(mails[email_job_id(2, ada)]).sent_at is not None
    assert f"{legacy.one()['lastSent']:%Y-%m-%d}" == "2024-05-05"
    assert legacy.one(ADDRESSES)["jobId"] == email_job_id(1, ada)


@pytest.mark.parametrize(
    ("before", "sent_at", "after"),
    [
        ("QUEUED", None, "HELD"),
        ("pending", None, "HELD"),
        ("retry", "2024-01-01", "SENT"),
        ("SENDING", None, "PARKED"),
        ("in progress", None, "PARKED"),
        ("skipped", None, "CANCELLED"),
        ("ERROR_API_FAILURE", None, "ERROR_API_FAILURE"),
        ("opted-out", None, "SUPPRESSED"),
    ],
)
def test_no_status_of_the_earlier_program_makes_a_mail_leave(
    before: str, sent_at: str | None, after: str, legacy: Legacy
) -> None:
    legacy.convert(
        [{"phone": PHONE, "email": "ada@firm.com"}],
        [{"template_id": 1, "lead_data": _lead(), "status": before, "created_at": "2024-01-01", "sent_at": sent_at}],
    )
    assert legacy.one(MAILS)["status"] == after
    assert "notBefore" not in legacy.one(MAILS)


def test_a_mail_without_a_contact_makes_one_and_one_without_an_address_does_not_wait(legacy: Legacy) -> None:
    legacy.convert(
        [{"phone": OTHER}],
        [{"template_id": 1, "lead_data": json.dumps({"phone": PHONE, "city": "denver"}), "status": "QUEUED"}],
    )
    mail = legacy.one(MAILS)
    assert mail["status"] == "ERROR_NO_EMAIL"
    assert mail["timezone"] == "America/Denver"
    assert contact_id("phone", PHONE) in legacy.documents(CONTACTS)


@pytest.mark.parametrize("status", ["UNSUBSCRIBED", "do not contact", "Opt-Out", "bounced", "STOP"])
def test_who_opted_out_is_on_the_list_by_phone_and_email_and_their_mail_is_stopped(status: str, legacy: Legacy) -> None:
    legacy.convert(
        [{"phone": PHONE, "email": "Ada@Firm.com", "status": status}],
        [{"template_id": 1, "lead_data": _lead(), "status": "QUEUED"}],
    )
    listed = [Suppression.from_firestore(one) for one in legacy.documents(SUPPRESSIONS).values()]
    assert {(one.kind, one.value) for one in listed} == {("phone", PHONE), ("email", "ada@firm.com")}
    assert legacy.one()["status"] == "SUPPRESSED"
    assert legacy.one(MAILS)["status"] == "SUPPRESSED"


def test_an_opt_out_holds_even_if_its_row_cannot_move(legacy: Legacy) -> None:
    legacy.convert([{"phone": PHONE, "status": "unsubscribed", "lead_data_json": "{bad"}])
    assert not legacy.documents(CONTACTS)
    assert legacy.one(SUPPRESSIONS)["value"] == PHONE


def test_a_rejected_row_is_kept_whole_with_every_reason(legacy: Legacy) -> None:
    legacy.convert(
        [
            {
                "phone": b"\xff\x00",
                "name": "Ada",
                "email": "nobody",
                "status": "??",
                "last_sent": "yesterday",
                "notes": "n",
            }
        ]
    )
    (reject,) = legacy.rejects()
    assert {p["field"] for p in reject["problems"]} == {"phone", "email", "status", "lastSent"}
    assert reject["values"]["phone"] == {"base64": "/wA="}
    assert reject["values"]["notes"] == "n"
    assert not legacy.documents(CONTACTS)


def test_rejects_that_were_corrected_move_under_the_same_rules(legacy: Legacy, tmp_path: Path) -> None:
    legacy.convert([{"phone": "555-1234", "name": "Ada", "notes": "n"}])
    file = tmp_path / "rejects.jsonl"
    assert legacy.migration.write_rejects(file) == 1
    assert file.stat().st_mode & 0o077 == 0
    file.write_text(file.read_text().replace("555-1234", "512-555-0134"))
    (tmp_path / "again").mkdir()
    again = Legacy(tmp_path / "again").run(Wish(rejects=file))
    assert again.one()["phone"] == PHONE
    assert again.one()["legacy"]["notes"] == "n"
    assert again.one()["legacy"]["rows"] == "contacts:1"


@pytest.mark.parametrize("line", ["{", "[]", '{"table": "x"}', '{"table": "contacts", "row": "1", "values": {}}', ""])
def test_a_wrong_line_among_corrected_rejects_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(SourceProblem):
        database_of(file, tmp_path)


def test_originals_and_unknown_columns_and_keys_are_kept(legacy: Legacy) -> None:
    data = json.dumps({"websiteUrl": "https://a.com", "price": 40, "business": "Ada Ltd", "deep": {"x": [1]}})
    legacy.convert([{"phone": "(512) 555-0134 x9", "notes": "call late", "lead_data_json": data}])
    contact = legacy.one()
    assert contact["leadDataJson"]["websiteUrl"] == "https://a.com"
    assert contact["businessName"] == "Ada Ltd"
    kept = contact["legacy"]
    assert kept["phone"] == "(512) 555-0134 x9"
    assert kept["notes"] == "call late"
    assert kept["leadDataJson.price"] == "40"
    assert json.loads(kept["leadDataJson.deep"]) == {"x": [1]}


def test_every_document_is_one_the_backend_can_read(legacy: Legacy, tmp_path: Path) -> None:
    contacts, email, _ = Sample(300, seed=5, dirt=0.3).write(tmp_path / "sample")
    legacy.run(Wish(contacts=contacts, email=email, rules=Rules(template_offset=100)))
    kinds: dict[int, type[Document]] = {
        CONTACTS: Contact,
        MAILS: EmailJob,
        TEMPLATES: Template,
        REQUESTS: ProcessorRequest,
    }
    for place, kind in {**kinds, SUPPRESSIONS: Suppression}.items():
        documents = legacy.documents(place)
        assert documents
        for document in documents.values():
            kind.from_firestore(document)
    assert set(legacy.documents(TEMPLATES)) == {"101", "102", "103"}
    assert {mail["templateId"] for mail in legacy.documents(MAILS).values()} == {101, 102}
    assert not {r["status"] for r in legacy.documents(REQUESTS).values()} & {"PENDING", "PROCESSING"}
    assert not {m["status"] for m in legacy.documents(MAILS).values()} & {"QUEUED", "SENDING", "DRAFTING"}
    for table in legacy.migration.report.tables:
        assert table.read == table.rows


def test_conversion_that_stops_anywhere_goes_on_to_the_same_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrate.reading.BATCH", 40)
    contacts, email, _ = Sample(200, seed=6, dirt=0.3).write(tmp_path / "sample")
    wish = Wish(contacts=contacts, email=email)
    whole = Legacy(_folder(tmp_path, "whole")).run(wish)
    broken = Legacy(_folder(tmp_path, "broken"))
    stops = 0
    while True:
        left = 3

        def stop(_self: Any, _table: str, _rows: int) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise KeyboardInterrupt

        with prepare(wish) as plan:
            broken.migration = Migration(plan, broken.stage, lambda a, t, n: stop(a, t, n))
            try:
                broken.migration.convert()
                break
            except KeyboardInterrupt:
                stops += 1
                broken.stage.close()
                broken.stage = Stage(tmp_path / "broken" / "journal.sqlite3")
    assert stops >= 3
    for place in range(6):
        assert broken.documents(place) == whole.documents(place)
    assert broken.rejects() == whole.rejects()
    assert [t.read for t in broken.migration.report.tables] == [t.read for t in whole.migration.report.tables]


def _folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_known_keys_of_the_old_configuration_are_taken_and_the_rest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps(
            {
                "llm": {"model": "x", "transaction_limit": "25"},
                "start_hour": "8am",
                "end_hour": 20,
                "work_days": "mon,tue",
                "min_delay": 90,
                "max_delay": 30,
                "emails_per_day": 10**9,
                "smtp_password": "hunter2",
            }
        )
    )
    plan = read_config(path)
    assert plan.changes == {
        "llmTransactionLimit": 25,
        "workingHours": {"start": "08:00", "end": "20:00", "days": [0, 1]},
    }
    assert set(plan.refused) == {"min_delay", "max_delay", "emails_per_day"}
    assert plan.unknown == ["llm.model", "smtp_password"]
    assert "hunter2" not in str(plan.as_dict())


def test_the_pace_ramps_by_half_every_five_minutes_and_keeps_the_limit() -> None:
    clock, slept = [0.0], [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds
        clock[0] += seconds

    pace = Pace(0, True, lambda: clock[0], sleep)
    written = 0
    while clock[0] < 300:
        pace.take(400)
        written += 400
    assert written == pytest.approx(500 * 300, rel=0.01)
    clock[0] = 300.0
    assert pace.rate() == 750
    clock[0] = 601.0
    assert pace.rate() == 1125
    assert Pace(600, True, lambda: 0.0, sleep).rate() == 500
    limited = Pace(100, False, lambda: clock[0], sleep)
    begin = clock[0]
    for _ in range(10):
        limited.take(50)
    assert clock[0] - begin == pytest.approx(4.5)
