"""Schedules on the emulator: one campaign per planned time, whatever comes twice, late, at once or never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from leadgen.model.errors import InvalidInput
from leadgen.model.ids import scheduled_request_id
from leadgen.model.schedule import RunOutcome
from leadgen.model.status import RequestStatus, ScheduleStatus
from leadgen.pipeline.schedule_tick import attend
from leadgen.pipeline.schedules import create_schedule
from leadgen.pipeline.sweep import sweep
from tests.counting import counted
from tests.crashes import Fate, end_states
from tests.databases import Databases
from tests.schedule_world import AFTER_THE_CHANGE, DAILY, FIRST, ID, PLAN, World, withdraw_acknowledgement, world
from tests.support import START

__all__ = ["world"]


def test_a_campaign_starts_when_its_time_has_come_and_not_before(world: World) -> None:
    made = world.schedule()
    assert (made.status, made.next_run_at) == ("ACTIVE", FIRST)
    world.clock.moment = FIRST - timedelta(seconds=1)
    assert world.tick() == 0
    world.clock.moment = FIRST
    assert [world.tick(), world.tick(), world.tick()] == [1, 0, 0], "a tick that comes again starts nothing"
    ((request_id, campaign),) = world.campaigns().items()
    assert request_id == scheduled_request_id(made.schedule_id, FIRST)
    assert (campaign.city, campaign.template_id, campaign.number_of_leads_to_process) == ("austin", 1, 50)
    assert (campaign.status, campaign.schedule_id) == (RequestStatus.PENDING, made.schedule_id)
    assert campaign.requested_by == "grace@example.com"
    after = world.read(made.schedule_id)
    assert (after.next_run_at, after.runs, after.outcome) == (FIRST + timedelta(days=1), 1, RunOutcome.STARTED)
    assert sum("campaign.started: The schedule of grace@example.com started austin" in t for t in world.activity()) == 1


def test_ticks_at_the_same_moment_make_one_campaign(world: World) -> None:
    made = world.schedule()
    world.clock.moment = FIRST
    snapshot = world.db.document(f"schedules/{made.schedule_id}").get()
    barrier, started, failed = threading.Barrier(4), [], []

    def tick() -> None:
        context = world.context()
        barrier.wait(10)
        try:
            started.append(attend(context, snapshot))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (sorted(started), failed) == ([False, False, False, True], [])
    assert len(world.campaigns()) == 1
    assert world.read(made.schedule_id).runs == 1
    with counted(world.db) as meter:
        assert not attend(world.context(), snapshot)
    assert meter.total.writes == 0, "one that comes too late writes nothing"


def test_a_tick_that_read_long_ago_does_nothing_for_a_schedule_that_was_changed(world: World) -> None:
    made = world.schedule()
    world.clock.moment = FIRST
    old = world.db.document(f"schedules/{made.schedule_id}").get()
    world.change(made.schedule_id, "pause")
    assert not attend(world.context(), old)
    assert world.campaigns() == {}


@pytest.mark.parametrize("error", [None, lambda: ServiceUnavailable("down")], ids=["killed", "failing"])
def test_a_tick_struck_at_any_step_is_made_up_for_once(
    databases: Databases, tmp_path: Path, error: Callable[[], Exception] | None
) -> None:
    """Between the campaign and the schedule's next time, too: they are one commit, whose answer may be lost."""

    def run(fate: Fate, number: int) -> tuple[Any, ...]:
        folder = tmp_path / str(number)
        folder.mkdir()
        with databases.one() as db:
            world = World(db, folder)
            made, _ = create_schedule(world.context(), ID, PLAN)
            for minute in range(3):
                world.clock.moment = FIRST + timedelta(minutes=minute)
                with fate.over(db):
                    fate.survive(world.tick)
            after = world.read(ID)
            told = sum(text.startswith("campaign.started") for text in world.activity())
            return made.next_run_at, list(world.campaigns()), after.runs, after.missed, after.next_run_at, told

    (undisturbed, end), *others = end_states(run, error)
    assert end == (FIRST, [scheduled_request_id(ID, FIRST)], 1, 0, FIRST + timedelta(days=1), 1)
    assert any("commit" in step for step in undisturbed.trace)
    for fate, state in others:
        assert state == end, str(fate)


def test_a_minute_in_which_nothing_is_due_costs_one_read(world: World) -> None:
    world.schedule()
    paused = world.schedule(key="k2")
    world.change(paused.schedule_id, "pause")
    with counted(world.db) as meter:
        world.tick()
    assert (meter.total.calls, meter.total.reads, meter.total.writes) == (1, 1, 0)


def test_a_campaign_that_is_there_while_the_schedule_has_not_moved_on_is_not_made_again(world: World) -> None:
    """As after a restore of one collection, or when a clock that is behind planned the same time again."""
    made = world.schedule()
    before = world.db.document(f"schedules/{made.schedule_id}").get().to_dict() or {}
    world.clock.moment = FIRST
    world.tick()
    (request_id,) = world.campaigns()
    world.db.document(f"schedules/{made.schedule_id}").set(before)
    assert world.tick() == 0
    assert list(world.campaigns()) == [request_id]
    after = world.read(made.schedule_id)
    assert after.next_run_at == FIRST + timedelta(days=1)
    assert after.last_run is not None
    assert after.last_run.request_id == request_id


def test_the_minute_tick_starts_schedules_even_when_its_other_parts_fail(world: World) -> None:
    world.schedule()
    world.clock.moment = FIRST

    def broken(topic: str, message: dict[str, Any]) -> None:
        raise RuntimeError("no broker")

    world.broker.publish = broken  # type: ignore[method-assign]
    with pytest.raises(ExceptionGroup):
        sweep(world.context())
    assert len(world.campaigns()) == 1


def test_one_damaged_schedule_does_not_keep_the_others(world: World) -> None:
    world.db.document(f"schedules/{'0' * 32}").set({"dueAt": START, "city": 5})
    made = world.schedule()
    world.db.document(f"schedules/{'1' * 32}").set(
        {**(world.db.document(f"schedules/{made.schedule_id}").get().to_dict() or {}), "recurrence.timezone": "x"}
    )
    world.db.document(f"schedules/{'1' * 32}").update({"recurrence.timezone": "Mars/Olympus", "dueAt": START})
    world.clock.moment = FIRST
    with pytest.raises(ExceptionGroup):
        world.tick()
    assert [c.schedule_id for c in world.campaigns().values()] == [made.schedule_id]


# -- missed, skipped, failed


def test_a_day_without_ticks_is_made_up_for_by_one_campaign_and_said(world: World) -> None:
    made = world.schedule()
    world.clock.moment = FIRST + timedelta(days=3, hours=2)
    assert [world.tick(), world.tick()] == [1, 0]
    assert list(world.campaigns()) == [scheduled_request_id(made.schedule_id, FIRST)]
    after = world.read(made.schedule_id)
    assert (after.runs, after.missed, after.next_run_at) == (1, 3, AFTER_THE_CHANGE)
    assert "nothing ran the schedules until now; 3 later times are left out" in after.note
    assert any("3 later times are left out" in text for text in world.activity())


def test_a_run_is_left_out_while_the_campaign_before_it_is_running(world: World) -> None:
    made = world.schedule()
    world.clock.moment = FIRST
    world.tick()
    (request_id,) = world.campaigns()
    world.end_campaign(request_id, found=7, status=RequestStatus.PROCESSING)
    world.clock.moment = FIRST + timedelta(days=1)
    assert world.tick() == 0
    after = world.read(made.schedule_id)
    assert (after.outcome, after.skipped, after.runs) == (RunOutcome.SKIPPED, 1, 1)
    assert "still running, with 7 of 50 leads" in after.note
    assert any(text.startswith("schedule.skipped: Schedule for austin") for text in world.activity())
    world.end_campaign(request_id)
    world.clock.moment = FIRST + timedelta(days=2)
    assert world.tick() == 1
    assert world.read(made.schedule_id).note == ""


def test_what_became_of_the_last_campaign_is_looked_up_until_it_has_ended(world: World) -> None:
    made = world.schedule({"at": "2026-03-04T11:00", "timezone": "America/Chicago"})
    world.clock.moment = FIRST
    world.tick()
    (request_id,) = world.campaigns()
    assert world.read(made.schedule_id).status is ScheduleStatus.ENDED
    world.end_campaign(request_id, found=31)
    world.clock.advance(60)
    world.tick()
    assert world.read(made.schedule_id).last_run.found == 0, "looked at every five minutes only"  # type: ignore[union-attr]
    world.clock.advance(300)
    world.tick()
    after = world.read(made.schedule_id)
    assert after.last_run is not None
    assert (after.last_run.found, after.last_run.status) == (31, RequestStatus.COMPLETED)
    assert after.due_at is None, "nothing more to look at: the tick's query no longer finds it"
    assert after.expires_at is not None


def _archive(world: World) -> None:
    world.archive_template(True)


def _remove_source(world: World) -> None:
    world.sources = ()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_archive, "Template 1 is archived. leadgen templates list"),
        (withdraw_acknowledgement, "nobody has acknowledged its policy. Read the site's terms"),
        (_remove_source, "No source has listings for austin. Cities with listings: none"),
    ],
)
def test_what_can_not_be_started_is_said_with_what_to_do_and_tried_again_next_time(
    world: World, break_it: Callable[[World], None], said: str
) -> None:
    made = world.schedule()
    sources = world.sources
    break_it(world)
    world.clock.moment = FIRST
    assert [world.tick(), world.tick()] == [0, 0]
    after = world.read(made.schedule_id)
    assert (after.status, after.outcome, after.failed) == (ScheduleStatus.ACTIVE, RunOutcome.FAILED, 1)
    assert said in after.note
    assert "Next try Thu Mar 5 11:00 America/Chicago" in after.note
    assert sum(said in text and text.startswith("schedule.failed") for text in world.activity()) == 1
    world.sources = sources
    world.archive_template(False)
    world.clock.moment = FIRST + timedelta(days=1)
    assert world.tick() == 1
    assert world.read(made.schedule_id).note == ""


def test_a_schedule_ends_after_its_runs_and_after_its_last_day(world: World) -> None:
    twice = world.schedule(maxRuns=2)
    until = world.schedule({**DAILY, "until": "2026-03-05"}, key="k2", city="dallas")
    for day in range(4):
        world.clock.moment = FIRST + timedelta(days=day)
        world.tick()
        for request_id in world.campaigns():
            world.end_campaign(request_id)
    for made in (twice, until):
        after = world.read(made.schedule_id)
        assert (after.status, after.runs, after.next_run_at) == (ScheduleStatus.ENDED, 2, None)
    assert len(world.campaigns()) == 4
    with pytest.raises(InvalidInput, match="more than the 2 runs"):
        world.schedule(scheduleId=twice.schedule_id, maxRuns=2)
    again = world.schedule(scheduleId=twice.schedule_id, maxRuns=3)
    assert (again.status, again.next_run_at) == ("ACTIVE", AFTER_THE_CHANGE)


# -- what people do
