"""Identities on the real store: workers at the same time, a log of many segments, and a merge that is undone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.cloud import firestore

from leadgen.model.documents import Contact
from leadgen.pipeline.batches import process_batch
from leadgen.pipeline.contacts import merge, unmerge
from leadgen.pipeline.single import Submission, queue
from tests.authors import Ad, World
from tests.counting import counted

A, B = "a" * 32, "b" * 32
SPELLINGS = ("(512) 236-12{:02}", "+1 512 236 12{:02}", "512.236.12{:02}", "5 1 2 - 2 3 6 - 1 2 {:02}")
PEOPLE = 5


@pytest.fixture
def world(firestore_db: firestore.Client) -> World:
    world = World(firestore_db, segment_bytes=900)
    world.campaign(A)
    world.campaign(B, "dallas", template=2)
    return world


def _ads(spelling: str) -> list[Ad]:
    return [Ad(phones=(spelling.format(n),), emails=(f"p{n}@fence{n}.com",), business=f"F{n}") for n in range(PEOPLE)]


def test_workers_that_meet_the_same_people_at_the_same_moment_queue_each_once(world: World) -> None:
    """Four workers, two cities, four spellings of each number; every worker reads the log for itself."""
    jobs = [(A if n % 2 else B, spelling) for n, spelling in enumerate(SPELLINGS)]
    batches = [(campaign, world.harvest(campaign, _ads(spelling))) for campaign, spelling in jobs]
    workers = [world.worker() for _ in batches]
    with ThreadPoolExecutor(len(batches)) as pool:
        steps = zip(workers, batches, strict=True)
        done = [pool.submit(process_batch, worker, campaign, number) for worker, (campaign, number) in steps]
        for one in done:
            one.result()
    assert len(world.all("contacts")) == PEOPLE
    assert len(world.all("emailQueue")) == PEOPLE
    counts = world.counts(A), world.counts(B)
    assert sum(c.queued for c in counts) == PEOPLE
    assert sum(c.duplicates for c in counts) == PEOPLE * (len(SPELLINGS) - 1)
    late = [Ad(phones=(f"512-236-13{n:02}",), emails=(f"late{n}@late{n}.com",)) for n in range(20)]
    world.meet(A, *late)
    segments = world.all("identityIndex")
    assert len(segments) > 1
    assert [s["sealed"] for _, s in sorted(segments.items())] == [True] * (len(segments) - 1) + [False]
    assert set(world.meet(A, *_ads(SPELLINGS[0]))) == {"DUPLICATE"}, "a new process reads all segments"


def test_a_batch_of_new_leads_costs_little_more_than_the_leads_themselves(world: World) -> None:
    world.segment_bytes = 100_000
    world.meet(A, *_ads(SPELLINGS[0]))
    ads = [Ad(phones=(f"512-236-14{n:02}",), emails=(f"n{n}@new{n}.com",), picture=n) for n in range(10)]
    worker, number = world.worker(), world.harvest(A, ads)
    worker.identities.refresh(world.clock.now())
    with counted(world.db) as meter:
        process_batch(worker, A, number)
    paid = meter.total.by_collection
    assert (paid["write", "contacts"], paid["write", "emailQueue"], paid["write", "identityIndex"]) == (10, 10, 1)
    assert meter.total.writes <= 20 + 5
    assert meter.total.reads <= 6


def test_a_merge_and_its_undoing_are_stored_as_they_are_planned(world: World) -> None:
    world.meet(A, Ad(phones=("512-236-1201",), picture=1), Ad(emails=("ann@fenceworks.com",), business="Ann's"))
    before, mails, counts = world.all("contacts"), world.all("emailQueue"), world.counts(A)
    phone_id, mail_id = world.contact(phone="+15122361201")[0], world.contact(email="ann@fenceworks.com")[0]
    assert world.meet(B, Ad(phones=("512-236-1201",), emails=("ann@fenceworks.com",))) == ["DUPLICATE"]
    assert world.contact(status="MERGED")[0] == phone_id
    unmerge(world.worker(), phone_id, "op@x")
    assert _plain(world.all("contacts")) == _plain(before)
    assert _plain(world.all("emailQueue")) == _plain(mails)
    assert world.counts(A) == counts
    assert merge(world.worker(), phone_id, mail_id, "op@x").survivor_id == mail_id
    assert unmerge(world.worker(), phone_id, "op@x").changed
    assert len(world.all("contactMerges")) == 2


def test_a_mail_asked_for_by_the_operator_goes_to_the_person_and_not_to_the_merged_contact(world: World) -> None:
    world.meet(A, Ad(phones=("512-236-1201",)), Ad(emails=("ann@fenceworks.com",)))
    world.meet(A, Ad(phones=("512-236-1201",), emails=("ann@fenceworks.com",)))
    lead = {"phone": "+1 512 236 1201", "email": "ann@fenceworks.com"}
    wish = Submission(lead, "", "", 1, "austin", "America/Chicago", "op@x")
    email_id, status, created = queue(world.worker(), wish)
    assert (status, created) == ("QUEUED", False)
    assert list(world.all("emailQueue")) == [email_id]
    _, _, created = queue(world.worker(), Submission(lead, "", "", 3, "austin", "America/Chicago", "op@x"))
    assert created
    assert {m["contactId"] for m in world.all("emailQueue").values()} == {world.contact(status="PROCESSED")[0]}


def _plain(documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    traces = ("lastUpdated", "updatedAt", "keptApart", "timesMerged", "cities")
    read = {key: Contact.from_firestore(d).to_firestore() if "sourceUrl" in d else d for key, d in documents.items()}
    return {key: {k: v for k, v in d.items() if k not in traces} for key, d in read.items()}
