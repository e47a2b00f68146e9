"""What Graph answers, or does not, and what becomes of the mail then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_mail_world import ADA, NOON, World, world

from leadgen.mail.records import mailbox_ref
from leadgen.model.documents import Suppression
from leadgen.model.ids import suppression_id
from leadgen.model.status import EmailStatus
from leadgen.store.client import Collections

__all__ = ["world"]

LOST_ANSWERS = [
    {"fault": "status:504"},
    {"fault": "status:500"},
    {"fault": "status:503", "retryAfter": 40},
    {"fault": "status:404"},
    {"drop": True},
]


@pytest.mark.parametrize("rule", LOST_ANSWERS, ids=str)
@pytest.mark.parametrize("left", [True, False], ids=["left", "did-not-leave"])
def test_a_lost_answer_is_looked_into_and_never_simply_repeated(
    world: World, rule: dict[str, object], left: bool
) -> None:
    world.fault("POST", "*/send", afterEffect=left, **rule)
    job_id = world.queue(1)
    assert world.tick().unknown == 1
    assert world.job(job_id).status is EmailStatus.UNKNOWN
    assert len(world.delivered()) == int(left)
    world.until_settled()
    assert world.job(job_id).status is EmailStatus.SENT
    assert len(world.delivered()) == 1
    assert world.sent_count() == 1


@pytest.mark.parametrize("shows", ["draft", "missing"])
def test_a_mailbox_that_is_slow_to_show_what_it_sent_is_given_time(world: World, shows: str) -> None:
    world.microsoft.control("PATCH", "settings", {"sentLagSeconds": 200, "sentLagShows": shows})
    world.fault("POST", "*/send", fault="status:504", afterEffect=True)
    job_id = world.queue(1)
    world.tick()
    for _ in range(8):
        world.pass_time(seconds=60)
        world.tick()
    assert world.job(job_id).status is EmailStatus.SENT
    assert len(world.delivered()) == 1


def test_a_send_that_hangs_is_given_up_and_looked_into(world: World) -> None:
    world.send_timeout_s = 0.6
    world.fault("POST", "*/send", delaySeconds=3)
    job_id = world.queue(1)
    assert world.tick().unknown == 1
    world.microsoft.control("DELETE", "faults")
    world.until_settled()
    assert world.job(job_id).status is EmailStatus.SENT
    assert len(world.delivered()) == 1


def test_202_is_acceptance_even_with_a_retry_after(world: World) -> None:
    world.fault("POST", "*/send", retryAfter=30)
    job_id = world.queue(1)
    assert world.tick().sent == 1
    world.until_settled(ticks=2)
    assert world.job(job_id).status is EmailStatus.SENT
    assert len(world.delivered()) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("path", ["*/send", "*/messages"])
def test_429_is_obeyed_in_both_forms(world: World, form: str, path: str) -> None:
    world.microsoft.control("PATCH", "settings", {"retryAfterForm": form})
    world.fault("POST", path, fault="status:429", retryAfter=120)
    one, other = world.queue(1), world.queue(2)
    report = world.tick()
    assert report.sent == 0
    assert world.mailbox().blocked_until == NOON + timedelta(seconds=120)
    assert {world.job(one).status, world.job(other).status} == {EmailStatus.QUEUED}
    world.pass_time(seconds=119)
    assert world.tick(budget_s=0.5).sent == 0
    world.pass_time(seconds=60)
    assert world.tick().sent == 2
    assert len(world.delivered()) == 2


def test_401_is_answered_by_one_refresh(world: World) -> None:
    world.fault("POST", "*/messages", fault="status:401")
    world.fault("POST", "*/send", fault="status:401")
    world.queue(1)
    assert world.tick().sent == 1
    assert len(world.delivered()) == 1


def test_401_twice_signs_the_mailbox_off_and_keeps_the_mail(world: World) -> None:
    world.microsoft.control("POST", "faults", {"match": {"path": "*/send"}, "fault": "status:401"})
    job_id = world.queue(1)
    world.tick()
    assert world.mailbox().state == "NEEDS_REAUTH"
    assert world.job(job_id).status is EmailStatus.QUEUED
    world.microsoft.control("DELETE", "faults")
    mailbox_ref(world.db, ADA).update({"state": "ACTIVE"})
    assert world.tick().sent == 1
    assert len(world.delivered()) == 1


def test_a_mailbox_that_must_be_signed_in_again_loses_nothing(world: World) -> None:
    world.signed_in = False
    job_id = world.queue(1)
    world.tick()
    assert world.mailbox().state == "NEEDS_REAUTH"
    assert world.job(job_id).status is EmailStatus.QUEUED
    assert world.delivered() == []


def test_a_graph_that_is_down_delays_and_loses_nothing(world: World) -> None:
    world.microsoft.control("POST", "faults", {"match": {"path": "*/messages"}, "fault": "status:500"})
    job_id = world.queue(1)
    world.tick()
    assert world.job(job_id).status is EmailStatus.QUEUED
    assert "500" in world.job(job_id).reason
    world.microsoft.control("DELETE", "faults")
    world.until_settled()
    assert len(world.delivered()) == 1


def test_a_refused_mail_is_an_error_and_the_next_one_leaves(world: World) -> None:
    world.fault("POST", "*/messages", fault="status:400")
    one, other = world.queue(1), world.queue(2)
    report = world.tick()
    assert (report.sent, report.failed) == (1, 1)
    assert {world.job(one).status, world.job(other).status} == {EmailStatus.SENT, EmailStatus.ERROR_API_FAILURE}


def test_a_draft_that_vanished_is_parked_for_a_person(world: World) -> None:
    world.fault("POST", "*/send", fault="status:504")
    job_id = world.queue(1)
    world.tick()
    with world.microsoft.graph(ADA) as graph:
        graph.delete(f"/me/messages/{world.job(job_id).immutable_id}").raise_for_status()
        for item in graph.get("/me/messages").json()["value"]:
            graph.delete(f"/me/messages/{item['id']}")
    world.until_settled()
    assert world.job(job_id).status is EmailStatus.PARKED
    assert world.delivered() == []


def test_a_mail_suppressed_while_its_fate_was_unknown_is_not_sent_again(world: World) -> None:
    world.fault("POST", "*/send", fault="status:504")
    job_id = world.queue(1)
    world.tick()
    address = "lead1@lonestar1.example"
    entry = Suppression(kind="email", value=address, reason="STOP", created_by="x", created_at=NOON)
    Collections(world.db).suppressions.document(suppression_id("email", address)).set(entry.to_firestore())
    world.until_settled()
    assert world.job(job_id).status is EmailStatus.PARKED
    assert world.delivered() == []


def test_unknown_mails_count_towards_the_daily_cap(world: World) -> None:
    world.settings = world.settings.model_copy(update={"daily_cap": 1})
    world.fault("POST", "*/send", fault="status:504", afterEffect=True)
    for number in range(2):
        world.queue(number)
    world.tick()
    world.tick()
    assert len(world.delivered()) == 1
