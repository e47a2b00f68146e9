"""Reading what exists among many documents: found over all collections, and billed for what is found."""

from __future__ import annotations

from typing import Any

from google.api_core.exceptions import InvalidArgument
from google.cloud.firestore import Client

from leadgen.store.records import read_existing
from tests.counting import counted, tapped

THERE = ("contacts/a", "suppressions/b", "contacts/a/history/c", "contacts/z/history/c")
MISSING = ("contacts/b", "suppressions/a", "other/a")


def _asked(db: Client) -> list[Any]:
    for path in THERE:
        db.document(path).set({"path": path})
    return [db.document(path) for path in (*THERE, *MISSING)]


def test_one_query_finds_what_exists_in_several_collections_and_costs_no_more(firestore_db: Client) -> None:
    refs = _asked(firestore_db)
    with counted(firestore_db) as meter:
        found = read_existing(firestore_db, [*refs, *refs])
    assert {path: one.to_dict() for path, one in found.items()} == {path: {"path": path} for path in THERE}
    assert (meter.total.reads, meter.total.calls) == (4, 1)


def test_more_than_a_query_takes_are_asked_for_in_several(firestore_db: Client) -> None:
    refs = _asked(firestore_db)
    many = [firestore_db.document(f"suppressions/none{number}") for number in range(70)]
    with counted(firestore_db) as meter:
        assert set(read_existing(firestore_db, [*many, *refs])) == set(THERE)
    assert meter.total.calls == 3


def test_a_service_that_wants_a_collection_named_is_asked_for_each(firestore_db: Client) -> None:
    def particular(name: str, call: Any, request: Any) -> Any:
        if name == "run_query" and not request["structured_query"].from_[0].collection_id:
            raise InvalidArgument("a collection must be named")
        return call()

    refs = _asked(firestore_db)
    with tapped(firestore_db, particular):
        assert set(read_existing(firestore_db, refs)) == set(THERE)


def test_nothing_asked_is_nothing_read(firestore_db: Client) -> None:
    with counted(firestore_db) as meter:
        assert read_existing(firestore_db, []) == {}
    assert meter.total.calls == 0
