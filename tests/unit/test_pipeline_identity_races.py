"""Whatever workers, operators and accidents do at the same time: nobody is queued or written to twice.

Random histories of posts, merges, undone merges, opt-outs, mails that leave and CAPTCHAs that are solved. At any commit
of any step another step may come in between, or the worker may die before or after it. Each step has a view of its own
of the identity log. After each history the unfinished batches are processed again, as the sweep would have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from leadgen.model.documents import Contact, EmailJob
from leadgen.model.errors import Conflict, InvalidInput
from leadgen.pipeline.batches import LEASE, process_batch
from leadgen.pipeline.contacts import merge, unmerge
from leadgen.pipeline.resolution import Resolution, resolve
from leadgen.process.index import standing_for
from leadgen.process.index_log import IndexLog, LogMemory
from leadgen.store import records
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Raced, need
from tests.authors import Ad, World
from tests.memory_firestore import MemoryFirestore

CAMPAIGNS = ("a" * 32, "b" * 32)
PHONES = [f"512-236-120{n}" for n in range(4)]
EMAILS = [f"{name}@{name}works.com" for name in ("ann", "bob", "cyd")]
WAITING = ("QUEUED", "HELD", "DRAFTING")
_DEFAULTS: dict[str, Any] = records.retrying.__kwdefaults__ or {}


class Killed(BaseException):
    """The worker is gone."""


@dataclass(frozen=True)
class Step:
    """One thing that happens.

    Args:
        kind: what.
        args: to whom or what.
        at: the commit, from 0, at which something comes in between.
        between: the other step, "dies before" or "dies after", or "is told wrong": the commit is applied, and its
            repetition by the client library reports that it was refused.
    """

    kind: str
    args: tuple[Any, ...]
    at: int = 0
    between: Step | str | None = None


ads = st.builds(
    Ad,
    phones=st.lists(st.sampled_from(PHONES), max_size=2, unique=True).map(tuple),
    emails=st.lists(st.sampled_from(EMAILS), max_size=2, unique=True).map(tuple),
    business=st.sampled_from(["", "", "Ann's Fences", "Gates & More"]),
    picture=st.sampled_from([None, None, 1, 2]),
    captcha=st.booleans(),
)
numbers = st.integers(0, 7)
plain = st.one_of(
    st.builds(Step, st.just("posts"), st.tuples(st.sampled_from(CAMPAIGNS), st.lists(ads, min_size=1, max_size=3))),
    st.builds(Step, st.just("merge"), st.tuples(numbers, numbers)),
    st.builds(Step, st.just("unmerge"), st.tuples(numbers)),
    st.builds(Step, st.just("suppress"), st.tuples(st.sampled_from(EMAILS))),
    st.builds(Step, st.just("send"), st.tuples(numbers)),
    st.builds(Step, st.just("solve"), st.tuples(numbers, st.sampled_from(EMAILS))),
)
accidents = st.one_of(st.none(), st.sampled_from(["dies before", "dies after", "is told wrong"]), plain, plain)
steps = st.builds(
    lambda step, at, between: Step(step.kind, step.args, at, between), plain, st.integers(0, 2), accidents
)


class History:
    """Runs steps and looks at what they leave behind."""

    def __init__(self) -> None:
        self.world = World(MemoryFirestore())
        for city, request_id in zip(("austin", "dallas"), CAMPAIGNS, strict=True):
            self.world.campaign(request_id, city)
        self.batches: list[tuple[str, int]] = []
        self._pending: tuple[int, Step | str] | None = None
        self._plain_run = Commit.run

    def run(self, commit: Commit) -> list[datetime]:
        """A commit, with what comes in between."""
        if self._pending is None or self._pending[0] > 0:
            if self._pending is not None:
                self._pending = (self._pending[0] - 1, self._pending[1])
            return self._plain_run(commit)
        (_, between), self._pending = self._pending, None
        if isinstance(between, Step):
            self.take(between)
        elif between == "dies before":
            raise Killed
        written = self._plain_run(commit)
        if between == "dies after":
            raise Killed
        if between == "is told wrong":
            raise Raced("applied, and refused when it was repeated")
        return written

    def take(self, step: Step) -> None:
        """Let a step happen."""
        self._pending = (step.at, step.between) if step.between is not None else None
        self.world.clock.advance(1)
        try:
            getattr(self, f"_{step.kind}")(*step.args)
        except (Killed, Conflict, InvalidInput, Raced):
            pass
        finally:
            self._pending = None

    def _posts(self, request_id: str, found: list[Ad]) -> None:
        pending, self._pending = self._pending, None
        number = self.world.harvest(request_id, found)
        self._pending = pending
        self.batches.append((request_id, number))
        process_batch(self.world.worker(), request_id, number)

    def _contact(self, number: int, **fields: str) -> str:
        ids = sorted(i for i, c in self.contacts().items() if all(c.get(k) == v for k, v in fields.items()))
        if not ids:
            raise Conflict("there is none")
        return ids[number % len(ids)]

    def _merge(self, one: int, other: int) -> None:
        merge(self.world.worker(), self._contact(one), self._contact(other), "op@x")

    def _unmerge(self, number: int) -> None:
        unmerge(self.world.worker(), self._contact(number, status="MERGED"), "op@x")

    def _suppress(self, email: str) -> None:
        self.world.suppress("email", email)

    def _solve(self, number: int, email: str) -> None:
        lead = self._contact(number, status="PENDING_CAPTCHA")
        worker = self.world.worker()
        resolve(self.world.db, worker.identities, Resolution(lead, True, email, "op@x", (), 3), self.world.clock)

    def _send(self, number: int) -> None:
        """As the mail agent does it: look at the contact, take the mail, send, note it; each a commit of its own."""
        rooms = Collections(self.world.db)
        queued = sorted(i for i, m in self.mails().items() if m["status"] == "QUEUED")
        if not queued:
            return
        ref = rooms.emails.document(queued[number % len(queued)])
        job = need(ref, EmailJob, "mail")
        person = need(rooms.contacts.document(job.value.contact_id), Contact, "contact")
        refused = {"SUPPRESSED": "SUPPRESSED", "MERGED": "CANCELLED"}.get(str(person.value.status))
        if refused:
            Commit(self.world.db).change(job, {"status": refused}).run()
            return
        Commit(self.world.db).change(job, {"status": "DRAFTING"}).run()
        others = [m["status"] for i, m in self._of_person(job.value.contact_id) if i != job.id]
        assert not {*others} & {"SENT", *WAITING}, f"a second mail leaves: {others}"
        job = need(ref, EmailJob, "mail")
        person = need(person.ref, Contact, "contact")
        sent = Commit(self.world.db).change(job, {"status": "SENT"})
        sent.change(person, {"lastSent": self.world.clock.now()}).run()

    def _of_person(self, contact_id: str) -> list[tuple[str, dict[str, Any]]]:
        index = self.index()
        person = standing_for(index, bytes.fromhex(contact_id))
        mails = self.mails().items()
        return [(i, m) for i, m in mails if standing_for(index, bytes.fromhex(m["contactId"])) == person]

    def contacts(self) -> dict[str, dict[str, Any]]:
        return self.world.all("contacts")

    def mails(self) -> dict[str, dict[str, Any]]:
        return self.world.all("emailQueue")

    def index(self) -> Any:
        return IndexLog(self.world.db, LogMemory()).refresh(self.world.clock.now()).index

    def recover(self) -> None:
        """Another worker finishes what dead ones left; agents that died are found out by the reconciler."""
        for _ in range(3):
            self.world.clock.advance(LEASE.total_seconds() + 60)
            for request_id, number in self.batches:
                process_batch(self.world.worker(), request_id, number)

    def check(self, *, at_rest: bool) -> None:
        index, contacts, mails = self.index(), self.contacts(), self.mails()
        waiting: Counter[str] = Counter()
        sent: set[str] = set()
        addresses: Counter[str] = Counter()
        for mail in mails.values():
            assert mail["contactId"] in contacts
            person = standing_for(index, bytes.fromhex(mail["contactId"]))
            waiting[person] += mail["status"] in WAITING
            addresses[mail["leadData"]["email"]] += mail["status"] in WAITING
            if mail["status"] == "SENT":
                sent.add(person)
        assert max(waiting.values(), default=0) <= 1, waiting
        assert not sent & set(+waiting), "a mail waits for somebody who was written to"
        assert max(addresses.values(), default=0) <= 1, addresses
        for claimant in set(index._owners.values()) | set(index._shown_by):
            assert claimant.hex() in contacts, "a claim of nobody"
            assert standing_for(index, claimant) in contacts
        for contact_id, contact in contacts.items():
            stands = standing_for(index, bytes.fromhex(contact_id))
            assert (contact["status"] == "MERGED") == (stands != contact_id)
            if contact["status"] == "MERGED":
                assert standing_for(index, bytes.fromhex(contact["mergedInto"])) == stands
        for request_id in CAMPAIGNS:
            self.world.counts(request_id)
            if at_rest:
                assert self.world.request(request_id).in_flight == 0


@given(st.lists(steps, min_size=1, max_size=9))
@settings(max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
def test_nobody_is_queued_or_written_to_twice(history: list[Step]) -> None:
    past = History()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_DEFAULTS, "sleep", lambda seconds: None)
        patch.setattr(Commit, "run", lambda commit: past.run(commit))
        for step in history:
            note(str(step))
            past.take(step)
            past.check(at_rest=False)
        past.recover()
        past.check(at_rest=True)


def test_a_batch_whose_commit_was_applied_and_reported_as_refused_counts_once() -> None:
    past = History()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_DEFAULTS, "sleep", lambda seconds: None)
        patch.setattr(Commit, "run", lambda commit: past.run(commit))
        past.take(Step("posts", (CAMPAIGNS[0], [Ad(phones=(PHONES[0],))]), 1, "is told wrong"))
    assert past.world.counts(CAMPAIGNS[0]).phone_only == 1
    assert past.world.request(CAMPAIGNS[0]).in_flight == 0


def test_two_workers_that_meet_one_person_by_different_marks_at_the_same_moment_agree() -> None:
    """Their contacts would have different ids, so only the log can tell the second worker that it is late."""
    past = History()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_DEFAULTS, "sleep", lambda seconds: None)
        patch.setattr(Commit, "run", lambda commit: past.run(commit))
        past.take(Step("posts", (CAMPAIGNS[1], [Ad(emails=(EMAILS[1],))])))
        by_mail = Step("posts", (CAMPAIGNS[1], [Ad(emails=(EMAILS[0],))]))
        past.take(Step("posts", (CAMPAIGNS[0], [Ad(phones=(PHONES[0],), emails=(EMAILS[0],))]), 1, by_mail))
    assert len(past.contacts()) == len(past.mails()) == 2
    assert past.world.counts(CAMPAIGNS[0]).duplicates == 1


def _plain(documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    traces = ("lastUpdated", "updatedAt", "keptApart", "timesMerged", "possibleDuplicates")
    return {key: {k: v for k, v in d.items() if k not in traces} for key, d in documents.items()}


@given(st.lists(plain, min_size=2, max_size=6), numbers, numbers, numbers)
@settings(max_examples=30, suppress_health_check=list(HealthCheck), derandomize=True)
def test_undone_merges_leave_everything_as_it_was(history: list[Step], one: int, other: int, third: int) -> None:
    past = History()
    for step in history:
        past.take(step)
    if not past.contacts():
        return
    before = _plain(past.contacts()), _plain(past.mails()), [past.world.counts(r) for r in CAMPAIGNS]
    before_index = past.index()
    merged = []
    for left, right in ((one, other), (other, third)):
        names = [past._contact(left), past._contact(right)]
        if names[0] == names[1]:
            continue
        act: Callable[[], Any] = lambda names=names: merge(past.world.worker(), *names, "op@x")  # noqa: E731
        try:
            done = act()
        except Conflict:
            continue
        if done.changed:
            merged.append(done.merged_id)
    for contact_id in reversed(merged):
        unmerge(past.world.worker(), contact_id, "op@x")
    assert _plain(past.contacts()) == before[0]
    assert _plain(past.mails()) == before[1]
    assert [past.world.counts(r) for r in CAMPAIGNS] == before[2]
    after_index = past.index()
    for contact_id in past.contacts():
        contact = bytes.fromhex(contact_id)
        assert standing_for(before_index, contact) == standing_for(after_index, contact)
    assert before_index._owners == after_index._owners
    past.check(at_rest=False)
