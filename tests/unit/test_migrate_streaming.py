"""Contacts that are written while others are read: only such as no other row speaks of, and nothing is lost."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.model.ids import canonical_url, contact_id
from leadgen.process.entries import mark_key
from leadgen.process.identity import Marks
from leadgen.process.spelt_words import NO_SPAM
from migrate import batches
from migrate.batches import Beside, conversion
from migrate.census import Census, take_census
from migrate.contacts import ContactRows
from migrate.convert import Unusable
from migrate.convert.emails import _OF_NO_SPAM, emails
from migrate.convert.phones import phones
from migrate.encode import decode, encode, is_equal
from migrate.keys import contact_of, marks_of
from migrate.lead import _CANONICAL_URL
from migrate.moving import Migration, Wish, prepare
from migrate.reading import TableReader
from migrate.rows import Rules, Tally
from migrate.sample import Sample
from migrate.stage import CONTACTS, THERE_BEFORE, TO_DO, WAITING, WRITTEN, Stage
from migrate.staging import Staging
from migrate.worker import Worker, WorkerEnded, worker

_AREA = st.sampled_from(["512", "720", "773", "212", "411"])
_DIGITS = st.from_regex(r"[2-9]\d\d[0-9]{4}", fullmatch=True)
_FORMS = ("{}{}", "({}) {}", "+1 {} {}", "1-{}-{}", "{}.{}", "{}{}.0", "{} {} x12", "tel: {}{}", "{}/{}")


def _silent(_text: str) -> None:
    return None


def _numbers(value: Any) -> tuple[str, ...]:
    try:
        return phones(value, "US", _silent).numbers
    except Unusable:
        return ()


@given(_AREA, _DIGITS, st.sampled_from(_FORMS), st.sampled_from(_FORMS))
@settings(max_examples=150)
def test_rows_with_one_number_are_never_taken_for_strangers(area: str, rest: str, one: str, other: str) -> None:
    census = Census("US")
    for form in (one, other):
        census._count_row({*census._phones(form.format(area, rest))})
    for form in (one, other):
        numbers = _numbers(form.format(area, rest))
        if numbers and _numbers(one.format(area, rest)) == _numbers(other.format(area, rest)):
            assert not census.is_alone(Marks(numbers, (), "", ""))


@given(
    st.from_regex(r"[A-Za-z0-9._+-]{1,12}", fullmatch=True),
    st.from_regex(r"[a-z0-9-]{1,9}\.(com|example|test|png|co|uk)", fullmatch=True),
    st.sampled_from(["{}@{}", " {}@{} ", "<{}@{}>", "mailto:{}@{}", "{}@{}; x@y.com", "{}.nospam@{}"]),
)
@settings(max_examples=150)
def test_rows_with_one_address_are_never_taken_for_strangers(local: str, domain: str, form: str) -> None:
    census = Census("US")
    for written in (f"{local}@{domain}", form.format(local, domain)):
        census._count_row({*census._emails(written)})
    try:
        first, second = emails(f"{local}@{domain}", _silent), emails(form.format(local, domain), _silent)
    except Unusable:
        return
    for address in {one.lower() for one in first} & {one.lower() for one in second}:
        assert not census.is_alone(Marks((), (address,), "", ""))


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_keys_are_those_of_the_identity_log(numbers: list[str], addresses: list[str], url: str) -> None:
    addresses = [one.strip().lower() for one in addresses if one.isascii() and "xn--" not in one.lower()]
    marks = Marks(tuple(numbers), tuple(addresses), "fe175330a11d459a", f"https://x.example/{len(url)}")
    assert marks_of(marks) == [mark_key(kind, value) for kind, value in marks.claims()]
    assert contact_of(marks) == marks.contact_id()
    if numbers:
        assert contact_of(marks) == contact_id("phone", numbers[0])


@given(st.from_regex(r"https?://[A-Za-z0-9.:@-]{1,12}(/[ -~]{0,12})?", fullmatch=True))
def test_an_address_taken_as_canonical_is(written: str) -> None:
    if _CANONICAL_URL.match(written):
        assert canonical_url(written) == written


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=80),
        st.one_of(
            st.text(max_size=200), st.integers(-(2**63), 2**63 - 1), st.floats(), st.none(), st.binary(max_size=200),
            st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
            st.lists(st.text(max_size=9), max_size=3), st.dictionaries(st.text(max_size=9), st.booleans(), max_size=3),
        ),
        max_size=9,
    )
)  # fmt: skip
@settings(max_examples=150)
def test_bytes_are_those_of_the_protobuf_library(document: dict[str, Any]) -> None:
    from google.cloud.firestore_v1 import _helpers
    from google.cloud.firestore_v1.types.document import Document

    body = encode(document)
    theirs = Document.pb(Document(fields=_helpers.encode_dict(document)))
    theirs.name = "projects/p/databases/d/documents/c/i"
    assert is_equal(body, theirs)
    changed = {**document, "one more": 1}
    assert not is_equal(encode(changed), theirs)


@pytest.mark.parametrize("first", [["1"], [1], [True], [1.0], [b"1"], ["1", 1], []])
def test_lists_that_are_equal_and_not_alike_have_bytes_of_their_own(first: list[Any]) -> None:
    for other in (["1"], [1], [True], [1.0], [b"1"], ["1", 1], []):
        encode({"several": other})
        (again,) = decode(encode({"several": first})).values()
        assert [(type(one), one) for one in again] == [(type(one), one) for one in first]


def test_texts_of_every_size_come_back() -> None:
    for size in (0, 1, 63, 64, 65, 121, 122, 127, 128, 1_023, 1_024, 20_000):
        document = {"a" * 70: "x" * size, "list": ["y" * size, "z"], "map": {"b": "x" * size}}
        assert decode(encode(document)) == document
        assert decode(encode(document)) == document, "and from what is remembered"


def test_few_wait_for_rows_that_do_not_concern_them(tmp_path: Path) -> None:
    contacts = Sample(2_000, seed=5, dirt=0.0).write(tmp_path / "legacy")[0]
    stage = Stage(tmp_path / "journal.sqlite3")
    with prepare(Wish(contacts=contacts)) as plan:
        staging = Staging(stage, plan.run, Rules(), census=take_census(plan.parts, "US", salvage=False))
        (part,) = plan.parts
        reader = TableReader(part.source.connection, part.mapping.table)
        with staging.begun(part.mapping, reader, part.source.changed_at) as table:
            staging.take(table)
    assert stage.count(CONTACTS, WAITING) < 0.04 * stage.count(CONTACTS)
    stage.close()


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    return Sample(60, seed=4, dirt=0.4).write(tmp_path / "legacy")[0]


def test_a_second_process_gives_what_this_one_gives(contacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def both() -> Iterator[Any]:
        with prepare(Wish(contacts=contacts)) as plan:
            (part,) = plan.parts
            rows = ContactRows(part.mapping, Rules(), part.source.changed_at, Tally())
            monkeypatch.setattr("migrate.reading.BATCH", 9)
            read = TableReader(part.source.connection, part.mapping.table).batches()
            with conversion(rows, "run", read, 60) as batches_of_people:
                for found in batches_of_people:
                    refused = [(one.row, one.problems, one.opted_out) for one in found.refused]
                    people = [(p.id, p.keys, p.body, p.opted_out) for p in found.people]
                    yield found.read, found.last, people, refused, found.tally

    here = list(both())
    monkeypatch.setattr(batches, "_WORTH_IT", 0)
    assert list(both()) == here
    assert sum(len(people) for _, _, people, _, _ in here) > 30


@given(st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from("abcdefgh"), max_size=4)), max_size=12))
def test_a_census_taken_by_two_is_that_of_one(shown: list[tuple[bool, set[str]]]) -> None:
    one, mine, theirs = Census("US", 99), Census("US", 99), Census("US", 99)
    for is_mine, names in shown:
        one._count_row(names)
        (mine if is_mine else theirs)._count_row(names)
    mine.join(theirs)
    assert mine._more == one._more
    assert mine._once == one._once


def test_the_second_process_counts_with_this_one(contacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is counted by one of the two, whoever has time; here that is decided by chance."""
    chance = random.Random(7)
    monkeypatch.setattr("migrate.reading.BATCH", 4)
    monkeypatch.setattr(Worker, "is_waited_for", lambda _: chance.random() < 0.5)
    with prepare(Wish(contacts=contacts)) as plan:
        alone = take_census(plan.parts, "US", salvage=False)
        with worker(None, "run") as other:
            beside = Beside(other, ())
            took = list[bool]()
            count = beside.count
            monkeypatch.setattr(beside, "count", lambda mapping, rows: took.append(count(mapping, rows)) or took[-1])
            both = take_census(plan.parts, "US", salvage=False, beside=beside)
    assert {*took} == {True, False}
    assert both._more == alone._more
    assert any(both._more)


def test_what_fails_while_the_second_process_counts_is_told_when_it_is_asked() -> None:
    with worker(None, "run") as other:
        other.tell("count", None, [(1,)])
        other.tell("count", None, [(2,)])
        other.give("counted")
        with pytest.raises(AttributeError):
            other.take()


def test_the_second_process_gives_way_and_is_not_interrupted_with_this_one() -> None:
    with worker(None, "run") as other:
        other.give("convert", [])
        with pytest.raises(IndexError):  # it answers, so it has begun
            other.take()
        process = other._process.pid
        assert os.getpgid(process) == process  # what the keyboard interrupts is this one's group
        assert os.getsid(process) == os.getsid(0)  # or a kernel that shares time between sessions heeds no priority
        assert os.getpriority(os.PRIO_PROCESS, process) > os.getpriority(os.PRIO_PROCESS, 0)


def test_what_is_final_is_not_changed_by_any_later_row(contacts: Path, tmp_path: Path) -> None:
    """Of the documents that could be written after each batch none looks otherwise in the end."""
    email = contacts.with_name("email_engine.db")
    connection = sqlite3.connect(contacts)
    connection.execute("INSERT INTO contacts (phone, email) SELECT phone, 'other@firm.com' FROM contacts LIMIT 9")
    connection.execute(
        "INSERT INTO contacts (phone, source_url) SELECT '30328502' || (10 + id), source_url FROM contacts LIMIT 9"
    )
    connection.commit()
    connection.close()
    stage, early = Stage(tmp_path / "journal.sqlite3"), dict[str, bytes]()

    def look(_table: str, _rows: int) -> None:
        early.update({d.id: d.body for d in stage.to_do(CONTACTS, 1_000) if d.id not in early})

    with prepare(Wish(contacts=contacts, email=email)) as plan:
        census = take_census(plan.parts, "US", salvage=False)
        staging = Staging(stage, plan.run, Rules(), look, census)
        for part in plan.parts:
            reader = TableReader(part.source.connection, part.mapping.table)
            with staging.begun(part.mapping, reader, part.source.changed_at) as table:
                staging.take(table)
        waiting, final = stage.count(CONTACTS, WAITING), stage.count(CONTACTS, TO_DO)
        stage.release()
        end = {d.id: (d.body, d.marks) for d, _ in stage.documents(CONTACTS, 0, 10_000)}
        other = Stage(tmp_path / "other.sqlite3")
        Migration(plan, other).convert()
    assert waiting > 9
    assert final > 9
    assert all(decode(end[name][0]) == decode(body) for name, body in early.items())
    assert {d.id: (decode(d.body), d.marks) for d, _ in other.documents(CONTACTS, 0, 10_000)} == {
        name: (decode(body), marks) for name, (body, marks) in end.items()
    }
    claimed = [marks[at : at + 17] for _, marks in end.values() for at in range(0, len(marks), 17)]
    strong = [mark for mark in claimed if mark[:1] != b"i"]
    assert len(strong) == len(set(strong)), "a telephone, an address and a page are one contact's"
    stage.close()
    other.close()


def test_what_is_settled_is_counted_and_no_longer_to_do(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "journal.sqlite3")
    states = {4: WAITING}
    stage.save([(CONTACTS, f"{n:02}", b"x", b"", states.get(n, TO_DO)) for n in range(1, 13)])
    stage.settle(CONTACTS, [12, 9, 1, 2], WRITTEN)
    stage.settle(CONTACTS, [6], THERE_BEFORE)
    stage.settle(CONTACTS, [], WRITTEN)
    expected = {1: WRITTEN, 2: WRITTEN, 4: WAITING, 6: THERE_BEFORE, 9: WRITTEN, 12: WRITTEN}
    assert {d.seq: state for d, state in stage.documents(CONTACTS, 0, 99) if state != TO_DO} == expected
    assert [d.seq for d in stage.to_do(CONTACTS, 4, after=2)] == [3, 5, 7, 8]
    assert [stage.count(CONTACTS, state) for state in (TO_DO, WRITTEN, THERE_BEFORE, WAITING)] == [6, 4, 1, 1]
    stage.release()
    stage.forget_writes()
    assert [d.seq for d in stage.to_do(CONTACTS, 99)] == list(range(1, 13))
    stage.close()


def test_a_journal_of_an_earlier_release_is_begun_anew(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "journal.sqlite3")
    connection.execute("CREATE TABLE docs (seq INTEGER PRIMARY KEY, other TEXT)")
    connection.execute("INSERT INTO docs VALUES (1, 'x')")
    connection.commit()
    connection.close()
    for _ in range(2):
        stage = Stage(tmp_path / "journal.sqlite3")
        assert stage.count(CONTACTS) == stage.get("kept", 0)
        stage.save([(CONTACTS, "a", b"x", b"", TO_DO)])
        stage.put("kept", 1)
        stage.close()


def test_a_second_process_that_dies_is_told_and_not_waited_for() -> None:
    with worker("nothing that converts rows", "run") as other:
        other.give("convert", [(1,)])
        with pytest.raises(AttributeError):  # what went wrong there is told here
            other.take()
        other._process.kill()
        other._process.wait()
        other.give("convert", [(2,)])
        with pytest.raises(WorkerEnded, match="ended"):
            other.take()


@given(st.from_regex(NO_SPAM))
@settings(max_examples=200)
def test_an_address_that_asks_for_words_to_be_taken_out_is_never_taken_as_plain(written: str) -> None:
    assert any(word in written.lower() for word in _OF_NO_SPAM)
