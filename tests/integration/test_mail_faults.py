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
from test_mail_world import Death, Killed, Stall, World, world

from leadgen.mail.deps import Memory
from leadgen.mail.providers.base import OutcomeUnknown, Unreachable
from leadgen.model.config import SendInterval
from leadgen.model.status import EmailStatus
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
