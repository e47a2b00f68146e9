"""The local copy: what it keeps, whom it belongs to, what it reads again and what not, and how it mends itself."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.contacts import export, place, records
from console.contacts.conditions import micros
from console.contacts.copy import Copy, Cursor
from console.contacts.keeper import Keeper
from console.contacts.listing import Listing, Order, Question, find, order_of
from console.contacts.remote import Reads
from console.contacts.sync import CHECK_EVERY, PAGE, Progress, Stopped, Sync

NOW = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)


class Collection:
    """Contacts as Firestore would give them, with reads counted as it would bill them."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[dict[str, Any], int]] = {}
        self.reads = Reads()
        self.version = 0
        self.fail: list[Exception] = []

    def set(self, key: str, at: datetime, **more: Any) -> None:
        self.version += 1
        self.documents[key] = ({"lastUpdated": at, "status": "PROCESSED", **more}, self.version)

    def rows(self) -> list[records.Row]:
        found = [records.row(key, data, version) for key, (data, version) in self.documents.items()]
        return sorted(found, key=lambda one: (one[2], one[0]))

    def page(self, after: Cursor, limit: int) -> list[records.Row]:
        if self.fail:
            raise self.fail.pop()
        found = [one for one in self.rows() if (one[2], one[0]) > (after.updated, after.id)][:limit]
        self.reads.add(len(found))
        return found

    def _span(self, first: int, end: int | None) -> list[str]:
        return [one[0] for one in self.rows() if one[2] >= first and (end is None or one[2] < end)]

    def count(self, first: int = 0, end: int | None = None) -> int:
        found = len(self._span(first, end))
        self.reads.add(-(-found // 1000))
        return found

    def ids(self, first: int, end: int | None = None) -> set[str]:
        found = set(self._span(first, end))
        self.reads.add(len(found))
        return found

    def changed_at(self, key: str) -> int:
        self.reads.add(1)
        return micros(self.documents[key][0]["lastUpdated"]) if key in self.documents else 0

    def close(self) -> None: ...


@pytest.fixture
def there() -> Collection:
    made = Collection()
    for n in range(1200):
        made.set(f"k{n:05}", NOW - timedelta(minutes=1300 - n), name=f"Name {n}", businessName=f"B{n}")
    return made


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy.sqlite", "me")


def sync_of(copy: Copy, there: Any, now: datetime = NOW, **more: Any) -> Sync:
    return Sync(copy, there, lambda: now, **more)


def names(copy: Copy) -> dict[str, str]:
    return dict(copy.reader().select("SELECT id, name FROM contact"))


def test_a_second_start_reads_next_to_nothing(copy: Copy, there: Collection) -> None:
    done = sync_of(copy, there).begin()
    assert (done.here, done.filling) == (1200, False)
    filled = there.reads.documents
    assert 1200 <= filled <= 1205
    sync_of(copy, there).begin()
    assert there.reads.documents - filled <= 5


def test_filling_goes_on_where_it_was_stopped(copy: Copy, there: Collection) -> None:
    told: list[Progress] = []
    sync = sync_of(copy, there, report=lambda progress: (told.append(progress), sync.stop()))
    with pytest.raises(Stopped):
        sync.begin()
    assert (told[0].here, told[0].there, told[0].filling) == (PAGE, 1200, True)
    sync_of(copy, there).begin()
    assert copy.count() == 1200
    assert there.reads.documents <= 1200 + 120


def test_a_failure_between_pages_loses_nothing(copy: Copy, there: Collection) -> None:
    there.fail = [TimeoutError("x")]
    with pytest.raises(TimeoutError):
        sync_of(copy, there).begin()
    sync_of(copy, there).begin()
    assert copy.count() == 1200


def test_a_change_that_was_committed_late_is_still_found(copy: Copy, there: Collection) -> None:
    sync_of(copy, there).begin()
    newest = NOW - timedelta(minutes=101)
    there.set("late", newest - timedelta(seconds=20))
    sync_of(copy, there).catch_up()
    assert "late" in names(copy)


def test_an_older_version_never_replaces_a_newer_one(copy: Copy) -> None:
    new, old = ({"lastUpdated": NOW, "name": n, "status": "PROCESSED"} for n in ("new", "old"))
    assert copy.put([records.row("a", new, 5)]) == 1
    assert copy.put([records.row("a", old, 4), records.row("a", new, 5)]) == 0
    assert names(copy) == {"a": "new"}
    document = copy.reader().document("a")
    assert document is not None
    assert document["name"] == "new"


def test_what_the_listener_holds_spares_reading(copy: Copy, there: Collection) -> None:
    sync = sync_of(copy, there)
    sync.begin()
    paid = there.reads.documents
    there.set("k00003", NOW - timedelta(minutes=1), name="changed")
    assert sync.take(there.rows()[-8:], 8)
    assert names(copy)["k00003"] == "changed"
    assert there.reads.documents == paid


def test_a_window_that_does_not_reach_back_is_not_enough(copy: Copy, there: Collection) -> None:
    sync = sync_of(copy, there)
    sync.begin()
    for n in range(20):
        there.set(f"new{n:02}", NOW - timedelta(seconds=60 - n))
    assert not sync.take(there.rows()[-8:], 8)
    sync.catch_up()
    assert copy.count() == 1220


def test_a_clock_that_runs_ahead_hides_nothing(copy: Copy, there: Collection) -> None:
    there.set("ahead", NOW + timedelta(hours=3))
    sync = sync_of(copy, there)
    sync.begin()
    there.set("k00001", NOW + timedelta(minutes=1), name="later")
    sync_of(copy, there, NOW + timedelta(minutes=2)).catch_up()
    assert names(copy)["k00001"] == "later"


def test_a_contact_that_vanished_is_found_by_counting(copy: Copy, there: Collection) -> None:
    sync_of(copy, there).begin()
    del there.documents["k00300"], there.documents["k00900"]
    sync_of(copy, there).begin()
    assert copy.count() == 1200, "the check is made once in a while only"
    paid = there.reads.documents
    sync_of(copy, there, NOW + CHECK_EVERY).begin()
    assert copy.count() == 1198
    assert {"k00300", "k00900"} & names(copy).keys() == set()
    assert there.reads.documents - paid < 1000


def test_a_contact_that_was_missed_is_read_again(copy: Copy, there: Collection) -> None:
    sync = sync_of(copy, there)
    sync.begin()
    copy.remove(["k00500"])
    assert sync.check() == 1
    assert "k00500" in names(copy)


def test_many_contacts_of_one_moment_end_the_search(copy: Copy) -> None:
    there = Collection()
    for n in range(1100):
        there.set(f"k{n:05}", NOW)
    sync = sync_of(copy, there)
    sync.begin()
    del there.documents["k00700"]
    assert sync.check() == 1
    assert copy.count() == 1099
    paid = there.reads.documents
    sync_of(copy, there).begin()
    assert there.reads.documents - paid < 10


def test_another_database_of_the_same_name_is_noticed_at_once(copy: Copy, there: Collection) -> None:
    sync_of(copy, there).begin()
    fresh = Collection()
    fresh.set("only", NOW - timedelta(days=9))
    sync_of(copy, fresh).begin()
    assert list(names(copy)) == ["only"]


def test_nobody_sees_the_copy_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADGEN_CACHE_DIR", str(tmp_path))

    def session(profile: str, project: str, email: str) -> Any:
        made = SimpleNamespace(name=profile, project_id=project)
        return SimpleNamespace(profile=made, user=SimpleNamespace(email=email), project_label=project)

    people = [session("p", "one", "ada@x"), session("p", "one", "ben@x"), session("p", "two", "ada@x"),
              session("q", "one", "ada@x")]  # fmt: skip
    paths = {place.copy_path(place.owner(one)) for one in people}
    assert len(paths) == 4
    assert not any("ada" in path.name for path in paths)
    for path in paths:
        Copy(path, "x").close()
    assert len(place.copies_of(people[0].profile)) == 2


@pytest.mark.skipif(os.name == "nt", reason="rights are otherwise there")
def test_only_the_owner_may_read_the_file(copy: Copy) -> None:
    copy.put([records.row("a", {"lastUpdated": NOW, "status": "X"}, 1)])
    for path in copy.path.parent.glob("copy.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("damage", ["garbage", "cut", "version", "owner", "empty"])
def test_a_copy_that_cannot_be_used_is_made_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "copy.sqlite"
    copy = Copy(path, "me")
    copy.put([records.row(f"{n}", {"lastUpdated": NOW, "status": "X"}, 1) for n in range(500)], Cursor(5, "a"))
    copy.close()
    if damage == "garbage":
        path.write_bytes(b"no database at all" * 500)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "version":
        raw = Copy(path, "me")
        raw._db.execute("PRAGMA user_version = 99")
        raw.close()
    elif damage == "empty":
        path.write_bytes(b"")
    again = Copy(path, "other" if damage == "owner" else "me")
    assert again.count() == 0
    assert again.cursor == Cursor()
    assert bool(again.was_made_anew) is (damage != "empty")
    again.put([records.row("a", {"lastUpdated": NOW, "status": "X"}, 1)], Cursor(7, "a"))
    again.close()
    assert Copy(path, "other" if damage == "owner" else "me").cursor == Cursor(7, "a")


def test_half_a_page_is_no_page(copy: Copy) -> None:
    def rows() -> Any:
        yield records.row("a", {"lastUpdated": NOW, "status": "X"}, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        copy.put(rows(), Cursor(9, "a"))
    assert (copy.count(), copy.cursor) == (0, Cursor())


def test_documents_of_strange_types_are_kept_and_shown(copy: Copy) -> None:
    odd = {"lastUpdated": "yesterday", "status": 7, "name": ["x"], "phone": None, "leadDataJson": "no",
           "servicesRendered": [1, {}], "templateId": True, "attempts": 2**80, "email": "\udc80@x"}  # fmt: skip
    odd["email"] = "x@x"
    copy.put([records.row("a", odd, 1)])
    assert names(copy) == {"a": ""}
    document = copy.reader().document("a")
    assert document is not None
    assert document["name"] == ["x"]


@pytest.mark.parametrize("order", ["-updated", "business", "-business", "score", "sent", "city"])
def test_the_order_holds_and_what_has_no_value_comes_last(copy: Copy, order: str) -> None:
    rng = random.Random(7)
    rows = []
    for n in range(300):
        data = {"lastUpdated": NOW - timedelta(seconds=rng.randrange(99)), "status": "PROCESSED",
                "businessName": rng.choice(["", "Ämter", "beta", "Zeta", "ämter"]), "city": rng.choice(["", "a", "B"]),
                **({"lastSent": NOW - timedelta(hours=n)} if rng.random() < 0.5 else {}),
                "leadDataJson": {"websiteScore": rng.randrange(99)} if rng.random() < 0.5 else {}}  # fmt: skip
        rows.append(records.row(f"{n:03}", data, 1))
    copy.put(rows)
    reader, wanted = copy.reader(), order_of(order)
    numbers, total = find(reader, Question("", wanted), NOW, None)
    listing = Listing(reader, numbers, total)
    entries = [listing.entry(n) for n in range(len(listing))]
    values = [one.value(wanted.field) for one in entries if one is not None]
    filled = [v.casefold() if isinstance(v, str) else v for v in values if v not in (None, "")]
    assert filled == sorted(filled, reverse=wanted.descending)
    assert all(v in (None, "") for v in values[len(filled) :])
    assert [listing.place_of(one.id) for one in entries if one is not None] == list(range(300))


def test_a_row_that_has_gone_leaves_a_gap_and_no_crash(copy: Copy) -> None:
    copy.put([records.row(f"{n}", {"lastUpdated": NOW, "status": "X"}, 1) for n in range(3)])
    reader = copy.reader()
    numbers, total = find(reader, Question("", Order("id", False)), NOW, None)
    listing = Listing(reader, numbers, total)
    copy.remove(["1"])
    assert listing.entry(1) is None
    assert listing.ids(0, 2) == ["0", "2"]
    assert listing.place_of("1") is None
    with pytest.raises(ValueError, match="there are business"):
        order_of("colour")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(1)"])
def test_no_cell_of_an_export_is_a_formula(tmp_path: Path, text: str) -> None:
    cells = export.cells("a", {"name": text, "phone": "+15125550101"})
    assert cells[export.COLUMNS.index("name")] == f"'{text}"
    assert cells[export.COLUMNS.index("phone")] == "+15125550101"


def test_an_export_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def rows() -> Any:
        yield ["a", 'ä\n;"']
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export.write(path, rows(), ["x", "y"])
    assert list(tmp_path.iterdir()) == []
    assert export.write(path, [["a", 'ä\n;"']], ["x", "y"]) == 1
    assert path.read_bytes() == b'\xef\xbb\xbfx,y\r\na,"\xc3\xa4\n;"""\r\n'


def test_the_keeper_fills_says_why_it_cannot_and_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: Collection
) -> None:
    monkeypatch.setenv("LEADGEN_CACHE_DIR", str(tmp_path))
    session: Any = SimpleNamespace(user=SimpleNamespace(email="ada@x"), project_label="p")
    keeper = Keeper(session, there, lambda: NOW)  # type: ignore[arg-type]
    there.fail = [ConnectionError("refused")]
    with pytest.raises(ConnectionError):
        keeper._keep_level()
    taken: list[bool] = []

    def windows() -> Any:
        if not taken:
            taken.append(True)
            there.set("k00001", NOW, name="followed")
            return "", (there.rows()[-8:], 8)
        keeper._ending = True
        return "", None

    monkeypatch.setattr(keeper, "_next", windows)
    keeper._keep_level()
    assert keeper.copy is not None
    assert names(keeper.copy)["k00001"] == "followed"
    assert keeper.progress.here == 1200
    assert not keeper.problem


def test_a_search_that_has_ended_can_still_be_told_to_end(copy: Copy) -> None:
    reader = copy.reader()
    reader.close()
    reader.interrupt()
    assert copy.reader().select("SELECT count(*) FROM contact") == [(0,)]


def test_a_reader_closed_while_it_is_searched_ends_the_search_first(copy: Copy) -> None:
    reader, runs = copy.reader(), threading.Event()
    reader._db.create_function("told", 1, lambda value: (runs.set(), value)[1])
    numbers = "SELECT 1 UNION ALL SELECT told(x + 1) FROM n WHERE x < 5000000"
    with ThreadPoolExecutor(1) as other:
        search = other.submit(reader.select, f"WITH RECURSIVE n(x) AS ({numbers}) SELECT x FROM n")
        assert runs.wait(60)
        reader.close()
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            search.result()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        reader.select("SELECT 1")
