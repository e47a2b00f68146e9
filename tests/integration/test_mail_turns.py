"""Several mailboxes, caps over all of them, and what is written on mails that wait."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from test_mail_world import ADA, FAST, NOON, Death, Killed, World, changed, world

from leadgen.mail.agent import run_tick
from leadgen.mail.deps import Memory
from leadgen.mail.explaining import explain_mail
from leadgen.mail.lease import BUSY, look
from leadgen.mail.pacing import PATIENCE
from leadgen.mail.records import Mailbox, mailbox_ref
from leadgen.model.config import SendInterval, WorkingHours
from leadgen.model.status import EmailStatus
from leadgen.settings import read_settings
from leadgen.store.client import Collections
from tests.counting import counted

__all__ = ["world"]

GRACE = "grace@contoso.example"


def add_grace(world: World, **fields: object) -> None:
    mailbox_ref(world.db, GRACE).set({"account": GRACE, "provider": "graph", "state": "ACTIVE", **fields})


def accounts(world: World) -> Counter[str]:
    return Counter(job.account for job in world.jobs() if job.status is EmailStatus.SENT)


def log_of(world: World, account: str) -> int:
    data = mailbox_ref(world.db, account).get().to_dict() or {}
    return len(Mailbox.from_firestore(data).pace().sent)


def test_mailboxes_take_turns_and_a_paused_one_is_passed_over(world: World) -> None:
    add_grace(world)
    for number in range(6):
        world.queue(number)
    assert world.tick().sent == 6
    assert accounts(world) == {ADA: 3, GRACE: 3}
    assert (log_of(world, ADA), log_of(world, GRACE)) == (3, 3)
    mailbox_ref(world.db, GRACE).update({"paused": True, "pausedBy": "op@x.example"})
    for number in range(6, 9):
        world.queue(number)
    world.pass_time(minutes=1)
    assert world.tick().sent == 3
    assert accounts(world) == {ADA: 6, GRACE: 3}


def test_the_cap_of_all_mailboxes_is_exact_even_over_a_death(world: World) -> None:
    add_grace(world)
    world.settings = FAST.model_copy(update={"daily_cap_total": 3})
    for number in range(5):
        world.queue(number)
    world.tick()
    world.death = Death()
    assert len(world.delivered()) == 3
    world.pass_time(hours=23, minutes=59)
    assert world.tick().sent == 0
    world.pass_time(minutes=2)
    commits = 6  # taking the lease, SENDING, SENT; SENDING, SENT: two mails that no mailbox counts yet
    world.death = Death(at=commits + 2, after=True)
    with pytest.raises(Killed):
        world.tick()
    world.death = Death()
    before = len(world.delivered())
    world.until_settled(ticks=3)
    assert len(world.delivered()) == 5
    assert before >= 4
    assert log_of(world, ADA) + log_of(world, GRACE) >= 2


def test_a_follow_up_leaves_from_the_mailbox_that_has_its_thread_or_waits(world: World) -> None:
    add_grace(world, lastSentAt=NOON)
    bound = world.queue(1, thread_account=GRACE)
    free = world.queue(2)
    world.tick()
    assert (world.job(bound).account, world.job(free).account) == (GRACE, ADA)
    mailbox_ref(world.db, GRACE).update({"state": "SIGNED_OUT"})
    waiting = world.queue(3, thread_account=GRACE)
    world.pass_time(minutes=1)
    assert world.tick().sent == 0
    assert GRACE in world.job(waiting).reason
    mailbox_ref(world.db, GRACE).update({"state": "ACTIVE"})
    assert world.tick().sent == 1


def test_a_new_mailbox_ramps_up(world: World) -> None:
    mailbox_ref(world.db, ADA).update({"rampStart": NOON.date().isoformat()})
    world.settings = FAST.model_copy(update={"ramp_first_day": 2, "ramp_daily_growth": 2.0})
    for number in range(5):
        world.queue(number)
    assert world.tick().sent == 2
    assert "day 1 of its ramp" in world.mailbox().wait_reason
    world.moment = NOON.replace(hour=0, minute=0) + timedelta(days=1)
    assert world.tick().sent == 2, "four in 24 hours on the second day"


def test_what_waits_says_truly_until_when_also_after_a_change(world: World) -> None:
    friday = world.moment = NOON + timedelta(days=10)
    office = WorkingHours(start="09:00", end="11:00")
    with changed(world, working_hours=office, skip_holidays=False):
        job_id = world.queue(1)
        world.tick()
        monday = friday.replace(hour=15, minute=0) + timedelta(days=3)
        assert (world.job(job_id).not_before, world.job(job_id).waits_for) == (monday, "pace")
    with changed(world, working_hours=WorkingHours(start="09:00", end="11:00", days=[5])):
        world.tick()
        assert world.job(job_id).not_before == friday.replace(hour=15, minute=0) + timedelta(days=1)
    assert world.tick().sent == 1, "the change is noticed before the old time comes"


def test_mails_beyond_the_cap_get_the_time_of_their_own_place(world: World) -> None:
    world.settings = FAST.model_copy(update={"daily_cap": 2, "send_interval_seconds": SendInterval(min=60.0, max=60.0)})
    ids = [world.queue(number) for number in range(5)]
    for _ in range(3):
        world.tick()
        world.pass_time(seconds=61)
    waiting = sorted(
        job.not_before for job in map(world.job, ids) if job.status is EmailStatus.QUEUED and job.not_before
    )
    first, second = sorted(job.sent_at for job in map(world.job, ids) if job.sent_at is not None)
    assert waiting[0] == first + timedelta(days=1)
    assert waiting[1] == second + timedelta(days=1)
    assert waiting[2] >= first + timedelta(days=2)
    assert all("daily cap of 2" in job.reason for job in map(world.job, ids) if job.status is EmailStatus.QUEUED)
    with changed(world, daily_cap=50):
        assert world.tick().sent >= 1, "a higher cap lets them go at once"


def test_a_retry_after_is_not_cut_short_by_a_change(world: World) -> None:
    world.fault("POST", "*/messages", fault="status:500")
    job_id = world.queue(1)
    world.tick()
    until = world.job(job_id).not_before
    with changed(world, pause_after=3):
        world.tick()
    assert world.job(job_id).not_before == until


def test_explain_tells_place_reason_and_time(world: World) -> None:
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=100.0, max=300.0)})
    ids = [world.queue(number, not_before=NOON - timedelta(minutes=9 - number)) for number in range(3)]
    world.tick()
    told = explain_mail(world.db, ids[2], world.settings, world.moment)
    assert (told.status, told.ahead) == (EmailStatus.QUEUED, 1)
    assert "interval between two mails" in told.reason
    assert told.expected_at is not None
    assert NOON + timedelta(seconds=300) <= told.expected_at <= NOON + timedelta(seconds=500)
    paused = explain_mail(world.db, ids[2], world.settings.model_copy(update={"sending_paused": True}), world.moment)
    assert "paused" in paused.reason
    sent = explain_mail(world.db, ids[0], world.settings, world.moment)
    assert sent.reason.startswith("It left on")


def test_a_mail_costs_at_most_five_writes_and_four_reads(world: World) -> None:
    for number in range(26):
        world.queue(number)
    with counted(world.db) as meter:
        assert world.tick().sent == 26
    assert meter.total.writes / 26 <= 5, meter.total.by_collection
    assert meter.total.reads / 26 <= 4, meter.total.by_collection


def test_a_tick_with_nothing_to_do_writes_nothing(world: World) -> None:
    world.queue(1)
    world.tick()
    world.pass_time(minutes=1)
    with counted(world.db) as meter:
        world.tick()
    assert meter.total.writes == 0, meter.total.by_collection
    assert meter.total.reads <= 8


def test_an_orderly_end_leaves_nothing_to_be_looked_through(world: World) -> None:
    world.queue(1)
    world.tick()
    state = look(world.deps).value
    assert (state.owner, state.preparing, state.open_epoch) == ("", [], state.epoch + 1)


def test_a_draft_whose_mail_was_cancelled_meanwhile_is_removed(world: World) -> None:
    job_id = world.queue(1)
    graph = world.provider

    def provider_that_is_slow(mailbox: Mailbox) -> object:
        provider = graph(mailbox)
        create = provider.create_draft

        def cancelled_meanwhile(*args: object) -> object:
            draft = create(*args)  # type: ignore[arg-type]
            world.db.collection("emailQueue").document(job_id).update({"status": "CANCELLED"})
            return draft

        provider.create_draft = cancelled_meanwhile  # type: ignore[method-assign,assignment]
        return provider

    world.provider = provider_that_is_slow  # type: ignore[method-assign,assignment]
    assert world.tick().sent == 0
    assert world.job(job_id).status is EmailStatus.CANCELLED
    assert world.drafts() == 0
    assert look(world.deps).value.preparing == []


def test_at_the_usual_pace_a_mail_costs_at_most_five_writes_and_four_reads(world: World) -> None:
    """One mail in 45 to 120 seconds: hardly one falls into a tick, and the agent goes on from tick to tick."""
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=45.0, max=120.0)})
    Collections(world.db).settings.set(world.settings.model_dump(by_alias=True))
    deps = replace(world.deps, settings=lambda: read_settings(world.db))
    run_tick(deps, 50.0)  # what happens once in the life of a system, or after a change of the rules
    for number in range(12):
        world.queue(number)
    sent = ticks = 0
    with counted(world.db) as meter:
        while sent < 12:
            began = world.moment
            sent += run_tick(deps, 50.0).sent
            ticks += 1
            world.moment = max(world.moment, began + timedelta(seconds=60))
    assert 12 <= ticks <= 25
    assert meter.total.writes / 12 <= 5, meter.total.by_collection
    assert meter.total.reads / 12 <= 4, meter.total.by_collection
    assert meter.total.refused == 0


def test_a_tick_within_the_pause_reads_nothing_and_a_change_counts_before_the_next_mail(world: World) -> None:
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=100.0, max=100.0)})
    for number in range(3):
        world.queue(number)
    assert world.tick().sent == 1
    with counted(world.db) as meter:
        report = world.tick(budget_s=50)
    assert (meter.total.reads, meter.total.writes) == (0, 0)
    assert report.next_at == NOON + timedelta(seconds=100)
    world.pass_time(seconds=101)
    with changed(world, sending_paused=True):
        assert world.tick().sent == 0
    assert world.tick().sent == 1


def test_an_agent_that_vanishes_between_two_ticks_is_followed_by_one_that_counts_its_mails(world: World) -> None:
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=100.0, max=100.0)})
    for number in range(2):
        world.queue(number)
    world.tick()
    assert world.mailbox().sent_last_day == 0, "not written down yet"
    told = explain_mail(world.db, world.queue(3), world.settings, world.moment)
    assert told.expected_at is not None
    assert told.expected_at > NOON, "what is told counts it all the same"
    world.memory = Memory()
    world.pass_time(seconds=101)
    assert world.tick().reason == BUSY
    world.pass_time(minutes=4)
    assert world.tick().sent == 1
    assert world.mailbox().pace().since_pause == 1, "the mail of the one that vanished"


def test_two_processes_that_both_think_they_go_on_do_not_both_send(world: World) -> None:
    """The first sleeps beyond its lease with mails in its hands; the second takes over; the first wakes up."""
    world.settings = FAST.model_copy(
        update={"send_interval_seconds": SendInterval(min=100.0, max=100.0), "daily_cap": 2}
    )
    for number in range(4):
        world.queue(number)
    world.tick()
    first, world.memory = world.memory, Memory()
    world.pass_time(minutes=6)
    assert world.tick().sent == 1
    second, world.memory = world.memory, first
    assert world.tick().sent == 0
    world.pass_time(minutes=2)
    world.memory = second
    world.tick()
    assert len(world.delivered()) == 2, "the cap of two holds, whoever counts"


def test_mail_to_a_far_zone_gets_a_place_of_a_cap_that_is_always_full(world: World) -> None:
    """Every place becomes free in Chicago's morning, when Tokyo sleeps, and there is always more for Chicago."""
    world.settings = FAST.model_copy(
        update={"working_hours": WorkingHours(start="09:00", end="17:00", days=list(range(7))), "daily_cap": 1}
    )
    tokyo = world.queue(900, timezone="Asia/Tokyo")
    world.moment = start = NOON.replace(hour=15, minute=30)
    number = 0
    while world.job(tokyo).status is EmailStatus.QUEUED and world.moment - start < timedelta(days=8):
        if number <= 16:
            world.queue(number, created_at=world.moment, not_before=world.moment)
            number += 1
        world.tick(budget_s=5)
        world.pass_time(hours=6)
    assert world.job(tokyo).status is EmailStatus.SENT
    assert world.moment - start <= PATIENCE + timedelta(days=2)
    assert world.moment - start >= PATIENCE
