"""Whatever goes wrong between us and Graph: delivered twice 0, lost 0."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from test_mail_world import ADA, NOON, Death, Killed, Stall, World, world

from leadgen.mail.deps import Memory
from leadgen.mail.providers.base import OutcomeUnknown, Unreachable
from leadgen.mail.records import mailbox_ref
from leadgen.model.config import SendInterval
from leadgen.model.documents import Suppression
from leadgen.model.ids import suppression_id
from leadgen.model.status import EmailStatus
from leadgen.store.client import Collections
from tests.counting import tapped

__all__ = ["world"]

MAILS = 2


def count_acts(world: World) -> int:
    for number in range(MAILS):
        world.queue(number)
    assert world.tick().sent == MAILS
    return world.death.acts


def after_the_draft(world: World) -> int:
    """The number of the act that makes the first draft."""
    return next(number for number, name in enumerate(world.trace(), 1) if name == "create_draft")


def test_killed_at_every_act_in_turn_each_mail_still_leaves_once(world: World) -> None:
    """After one act is before the next: whatever else a process does is to read, which leaves nothing behind."""
    acts = count_acts(world)
    assert acts >= 5 * MAILS
    for act, after in [*((number, False) for number in range(1, acts + 1)), (acts, True)]:
        world.empty()
        world.furnish()
        ids = [world.queue(number) for number in range(MAILS)]
        world.death = Death(at=act, after=after)
        with pytest.raises(Killed):
            world.tick()
        world.death = Death()
        world.until_settled()
        where = f"killed {'after' if after else 'before'} act {act} of {acts}"
        assert world.delivered() == [f"lead{n}@lonestar{n}.example" for n in range(MAILS)], where
        assert [world.job(job_id).status for job_id in ids] == [EmailStatus.SENT] * MAILS, where
        assert world.sent_count() == MAILS, where
        assert world.mailbox().sent_last_day == MAILS, where


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_while_reconciling_each_mail_still_leaves_once(world: World, after: bool) -> None:
    for act in range(1, 7):
        world.empty()
        world.furnish()
        job_id = world.queue(1)
        world.fault("POST", "*/send", fault="status:504", afterEffect=act % 2 == 0)
        world.tick()
        assert world.job(job_id).status is EmailStatus.UNKNOWN
        world.pass_time(minutes=6)
        world.death = Death(at=act, after=after)
        with suppress(Killed):
            world.tick()
        world.death = Death()
        world.until_settled()
        assert world.delivered() == ["lead1@lonestar1.example"], act
        assert world.job(job_id).status is EmailStatus.SENT, act
        assert world.sent_count() == 1, act


def test_what_a_process_does_between_its_acts_is_to_read(world: World) -> None:
    """So a death among reads leaves what a death at the next act leaves, and those are tried above, all of them.

    One document is made before the first act: who dies before that has not begun.
    """
    reads: set[str] = set()
    writes: list[int] = []

    def noted(name: str, call: Callable[[], Any], request: Any) -> Any:
        if name == "commit":
            writes.append(world.death.acts)
        else:
            reads.add(name)
        return call()

    for number in range(MAILS):
        world.queue(number)
    with tapped(world.db, noted):
        assert world.tick().sent == MAILS
    assert writes == [0, *(number for number, name in enumerate(world.death.names, 1) if name == "commit")]
    assert reads == READS


READS = frozenset({"batch_get_documents", "run_query", "run_aggregation_query"})


@pytest.mark.parametrize("seed", range(3))
def test_events_in_any_order_by_several_processes_send_each_mail_once(world: World, seed: int) -> None:
    """Ticks and sweeps of three processes, doubled and shuffled; one of them has been asleep for long."""
    rng = random.Random(seed)
    world.settings = world.settings.model_copy(update={"send_interval_seconds": SendInterval(min=20.0, max=60.0)})
    ids = [world.queue(number) for number in range(4)]
    world.fault("POST", "*/send", nth=2, fault="status:504", afterEffect=bool(seed % 2))
    minds = [Memory(), Memory(), Memory()]
    events = [*range(3), *range(3), 3, 3] * 2
    rng.shuffle(events)
    for event in events:
        if event == 3:
            world.sweep()
        else:
            world.memory = minds[event]
            world.tick()
        world.pass_time(seconds=rng.choice([0, 0, 20, 61, 300]))
    world.until_settled()
    assert world.delivered() == [f"lead{n}@lonestar{n}.example" for n in range(4)], (seed, events)
    assert [world.job(job_id).status for job_id in ids] == [EmailStatus.SENT] * 4, (seed, events)
    left = sorted(job.sent_at for job in map(world.job, ids) if job.sent_at is not None)
    first = [b - a for a, b in pairwise(left)]
    assert sum(gap >= timedelta(seconds=20) for gap in first) >= 2, "the pause holds over processes"
    for memory in minds:
        world.memory = memory
        world.pass_time(minutes=6)
        world.tick()
    assert (world.sent_count(), world.mailbox().sent_last_day) == (4, 4), (seed, events)


THIRD_DRAFT = 10
"""Lease; draft, SENDING, send, SENT; draft, SENDING, send, UNKNOWN; draft."""


class Lossy(Death):
    """The n-th act happens, and its answer is lost: the process lives and must cope."""

    def act(self, perform: Callable[[], Any], name: str = "commit") -> Any:
        self.acts += 1
        result = perform()
        if self.acts != self.at:
            return result
        if name == "commit":
            raise ServiceUnavailable("the answer was lost")
        raise (OutcomeUnknown if name == "send" else Unreachable)("the answer was lost")


def test_each_answer_lost_in_turn_each_mail_still_leaves_once(world: World) -> None:
    acts = count_acts(world)
    for act in range(1, acts + 1):
        world.empty()
        world.furnish()
        ids = [world.queue(number) for number in range(MAILS)]
        world.death = Lossy(at=act)
        with suppress(ServiceUnavailable):
            world.tick()
        world.death = Death()
        world.tick()  # the event that started it comes twice
        world.until_settled()
        where = f"answer {act} of {acts} lost"
        assert world.delivered() == [f"lead{n}@lonestar{n}.example" for n in range(MAILS)], where
        assert [world.job(job_id).status for job_id in ids] == [EmailStatus.SENT] * MAILS, where
        assert world.sent_count() == MAILS, where
        assert world.mailbox().sent_last_day == MAILS, where


def test_killed_again_while_looking_through_what_a_dead_agent_left(world: World) -> None:
    """The first agent dies when one mail has left uncounted, one is being sent and one is only drafted."""
    for act in (1, 2, 3, 5, 8):
        world.empty()
        world.furnish()
        ids = [world.queue(number) for number in range(3)]
        world.death = Death(at=THIRD_DRAFT, after=True)
        world.fault("POST", "*/send", nth=2, fault="status:504", afterEffect=True)
        with pytest.raises(Killed):
            world.tick()
        world.pass_time(minutes=6)
        world.death = Death(at=act, after=act % 2 == 0)
        with suppress(Killed):
            world.tick()
        world.death = Death()
        world.until_settled()
        assert world.delivered() == [f"lead{n}@lonestar{n}.example" for n in range(3)], act
        assert [world.job(job_id).status for job_id in ids] == [EmailStatus.SENT] * 3, act
        assert (world.sent_count(), world.mailbox().sent_last_day) == (3, 3), act


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


def test_two_agents_at_once_send_each_mail_once(world: World) -> None:
    for number in range(10):
        world.queue(number)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                world.tick()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    world.until_settled(ticks=2)
    assert world.delivered() == sorted(f"lead{n}@lonestar{n}.example" for n in range(10))
    assert world.sent_count() == 10


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_stalled_at_every_act_in_turn_beyond_its_lease_no_mail_leaves_twice(world: World, after: bool) -> None:
    acts = count_acts(world)
    for act in range(1, acts + 1):
        world.empty()
        world.furnish()
        ids = [world.queue(number) for number in range(MAILS)]
        world.death = Stall(at=act, after=after, world=world)
        # The provider binds the death it was made with, so the stalled agent wakes up with its own connections.
        with suppress(Killed):
            world.tick()
        world.death = Death()
        world.until_settled()
        where = f"stalled {'after' if after else 'before'} act {act} of {acts}"
        assert world.delivered() == [f"lead{n}@lonestar{n}.example" for n in range(MAILS)], where
        assert [world.job(job_id).status for job_id in ids] == [EmailStatus.SENT] * MAILS, where
        assert world.sent_count() == MAILS, where
        assert world.mailbox().sent_last_day == MAILS, where


def test_a_new_agent_takes_a_mail_out_of_the_dead_one_s_hands_at_once(world: World) -> None:
    """A minute after the death another agent sends; whoever wakes up can't settle the mail any more."""
    job_id = world.queue(1)
    send = next(number for number, name in enumerate(world.trace(), 1) if name == "send")
    world.death = Death(at=send)
    with pytest.raises(Killed):
        world.tick()
    world.death = Death()
    dead = world.job(job_id)
    assert dead.status is EmailStatus.SENDING
    world.pass_time(seconds=61)
    waiting = world.queue(2)
    assert world.tick().sent == 1
    assert world.job(waiting).status is EmailStatus.SENT, "an agent that died stops the others for a minute"
    fenced = world.job(job_id)
    assert fenced.status is EmailStatus.UNKNOWN
    assert fenced.epoch > dead.epoch
    assert fenced.agent_epoch > dead.agent_epoch


def test_what_a_dead_agent_was_drafting_is_removed_and_queued_again(world: World) -> None:
    job_id = world.queue(1)
    world.death = Death(at=after_the_draft(world), after=True)
    with pytest.raises(Killed):
        world.tick()
    world.death = Death()
    assert world.job(job_id).status is EmailStatus.QUEUED
    assert world.drafts() == 1
    world.pass_time(minutes=6)
    assert world.sweep().freed == 1
    assert world.drafts() == 0
    assert world.job(job_id).status is EmailStatus.QUEUED
    assert world.tick().sent == 1
    assert len(world.delivered()) == 1


def test_the_sweep_settles_unknown_mails_and_begins_none(world: World) -> None:
    world.fault("POST", "*/send", fault="status:504", afterEffect=True)
    job_id = world.queue(1)
    world.tick()
    waiting = world.queue(2)
    world.pass_time(minutes=1)
    assert world.sweep().sent == 1
    assert world.job(job_id).status is EmailStatus.SENT
    assert world.job(waiting).status is EmailStatus.QUEUED
