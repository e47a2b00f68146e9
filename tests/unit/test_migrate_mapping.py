"""Which column is which: found by many names, shown as data, overridden by a file, refused where it is not certain."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from leadgen.model.errors import LeadgenError
from migrate.errors import MappingProblem
from migrate.fields import BY_NAME, KINDS, plain
from migrate.mapping import Override, load_overrides, map_columns, map_database
from migrate.moving import Wish, prepare
from migrate.sample import STYLES, Sample

CONTACTS = BY_NAME["contacts"]


@pytest.mark.parametrize("style", sorted(STYLES))
def test_three_ways_of_naming_columns_give_the_same_fields(style: str, tmp_path: Path) -> None:
    contacts, email, _ = Sample(5, style=style).write(tmp_path / style)
    with prepare(Wish(contacts=contacts, email=email)) as plan:
        tables = {one["kind"]: set(one["columns"]) for one in plan.as_dict()["tables"]}
    assert tables["contacts"] >= {"phone", "name", "email", "lastSent", "sourceUrl", "leadDataJson", "servicesRendered"}
    assert tables["templates"] >= {"templateId", "templateName", "baseSubject", "baseBodyHtml", "isArchived"}
    assert tables["email_queue"] >= {"templateId", "leadData", "status", "createdAt", "sentAt"}
    assert tables["processor_queue"] >= {"templateId", "city", "numberOfLeadsToProcess", "requestTimestamp", "status"}


def test_no_name_stands_for_two_fields_of_a_table() -> None:
    for kind in KINDS:
        names = [name for words in kind.fields.values() for name in words]
        assert len(names) == len(set(names)), kind.name
        assert all(name == plain(name) for name in names)


def test_columns_that_are_no_field_are_kept_and_shown() -> None:
    mapping = map_columns(CONTACTS, "contacts", ["id", "phone", "shoe_size"], Override())
    assert mapping.as_dict()["kept"] == ["id", "shoe_size"]
    assert "email" in mapping.as_dict()["missing"]


def test_two_candidates_are_refused_by_name() -> None:
    with pytest.raises(MappingProblem, match="phone may be phone or mobile"):
        map_columns(CONTACTS, "contacts", ["phone", "mobile", "status"], Override())
    chosen = map_columns(
        CONTACTS, "contacts", ["phone", "mobile"], Override(columns={"phone": "mobile"}, ignore=("phone",))
    )
    assert chosen.columns["phone"] == "mobile"
    assert chosen.ignored == ("phone",)


def test_the_mapping_file_names_table_columns_and_statuses(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        '[contacts]\ntable = "people"\n[contacts.columns]\nphone = "tel_1"\n'
        '[contacts.statuses]\n"Hot lead" = "PROCESSED"\n'
    )
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE people (tel_1, tel_2, status)")
    mapped = map_database(connection, "contacts", load_overrides(path))
    assert mapped.tables[0].columns == {"phone": "tel_1", "status": "status"}
    assert mapped.tables[0].statuses == {"HOT_LEAD": "PROCESSED"}
    connection.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[people]\n", "is no table that moves"),
        ("[contacts]\ncolour = 1\n", "contacts.colour is no key"),
        ('[contacts.columns]\nshoe = "x"\n', "contacts.columns.shoe is no field"),
        ("[contacts.columns]\nphone = 3\n", "must be names as text"),
        ('[contacts.statuses]\nx = "SENDING"\n', "allowed"),
        ('[email_queue.statuses]\nx = "QUEUED"\n', "allowed"),
        ("[contacts\n", "can't be read"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_the_key(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(content)
    with pytest.raises(MappingProblem, match=words):
        load_overrides(path)


def test_a_column_the_file_names_and_the_table_lacks_is_refused() -> None:
    with pytest.raises(MappingProblem, match="names the column gone"):
        map_columns(CONTACTS, "contacts", ["phone"], Override(columns={"email": "gone"}))


def test_variations_stay_and_the_report_says_so(tmp_path: Path) -> None:
    contacts, email, config = Sample(5).write(tmp_path)
    with prepare(Wish(contacts=contacts, email=email, config=config)) as plan:
        assert "variations" in plan.left_out["variation_storage"]
        assert plan.as_dict()["config"]["unknown"] == ["openai_api_key", "debug"]
        assert "sk-not" not in str(plan.as_dict())
        run = plan.run
    with prepare(Wish(contacts=contacts, email=email, config=config)) as plan:
        assert plan.run == run
    with prepare(Wish(contacts=contacts)) as plan:
        assert plan.run != run


def test_a_table_that_does_not_exist_cannot_be_asked_for(tmp_path: Path) -> None:
    contacts, _, _ = Sample(5).write(tmp_path)
    with pytest.raises(LeadgenError, match="is no table that moves"), prepare(Wish(contacts=contacts, only=("x",))):
        pass
