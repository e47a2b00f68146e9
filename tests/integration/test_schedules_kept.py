"""Schedules: what is refused, pausing, removing, running at once, and the list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.client.schedules import read_schedules
from console.live import feeds
from leadgen.api.problem import KeyReused
from leadgen.model.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tests.schedule_world import DAILY, FIRST, World, withdraw_acknowledgement, world

__all__ = ["world"]


def test_the_same_key_makes_one_schedule_however_late_it_comes_again(world: World) -> None:
    when = {"at": "2026-03-04T11:00", "timezone": "America/Chicago"}
    first = world.schedule(when)
    world.clock.moment = FIRST + timedelta(hours=1)
    world.tick()
    again = world.schedule(when)
    assert again.schedule_id == first.schedule_id
    assert again.message == "This schedule was recorded before."
    with pytest.raises(KeyReused):
        world.schedule(when, numLeads=51)
    world.change(first.schedule_id, "remove")
    assert world.schedule(when).status == "REMOVED", "a late repeat does not bring it back"
    assert len(world.campaigns()) == 1


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"when": {"at": "2026-03-04T10:00", "timezone": "America/Chicago"}}, InvalidInput),  # now is not later
        ({"when": {"at": "2035-01-01T10:00"}}, InvalidInput),
        ({"when": {**DAILY, "until": "2026-03-03"}}, InvalidInput),
        ({"templateId": 9}, InvalidInput),
        ({"city": "atlantis"}, NotFound),
    ],
)
def test_what_would_never_run_is_refused_and_not_recorded(
    world: World, more: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        world.schedule(**more)
    assert not list(world.db.collection("schedules").stream())


def test_a_source_that_nobody_acknowledged_is_not_scheduled(world: World) -> None:
    withdraw_acknowledgement(world)
    with pytest.raises(NotAllowed):
        world.schedule()


def test_without_a_timezone_the_citys_is_meant(world: World) -> None:
    made = world.schedule({"days": [2], "time": "11:00"})
    assert world.read(made.schedule_id).recurrence.timezone == "America/Chicago"
    assert made.next_run_at == FIRST


def test_what_passes_while_paused_is_not_made_up_for(world: World) -> None:
    made = world.schedule()
    paused = [world.change(made.schedule_id, "pause") for _ in range(2)]
    assert [p.status for p in paused] == ["PAUSED", "PAUSED"]
    world.clock.moment = FIRST + timedelta(days=2, hours=1)
    assert world.tick() == 0
    resumed = [world.change(made.schedule_id, "resume") for _ in range(2)]
    assert [r.next_run_at for r in resumed] == [FIRST + timedelta(days=3)] * 2
    assert world.tick() == 0
    assert sum("paused the schedule" in text for text in world.activity()) == 1


def test_a_single_run_whose_time_passed_while_paused_asks_for_another_time(world: World) -> None:
    made = world.schedule({"at": "2026-03-04T11:00", "timezone": "America/Chicago"})
    world.change(made.schedule_id, "pause")
    world.clock.moment = FIRST + timedelta(hours=1)
    with pytest.raises(Conflict, match="no run left"):
        world.change(made.schedule_id, "resume")


def test_removed_is_removed(world: World) -> None:
    made = world.schedule()
    assert [world.change(made.schedule_id, "remove").status for _ in range(2)] == ["REMOVED", "REMOVED"]
    world.clock.moment = FIRST
    assert world.tick() == 0
    for action in ("pause", "resume", "run"):
        with pytest.raises(Conflict, match="was removed"):
            world.change(made.schedule_id, action)
    with pytest.raises(NotFound):
        world.change("f" * 32, "remove")


def test_run_now_is_one_campaign_per_key_and_waits_for_no_time(world: World) -> None:
    made = world.schedule(maxRuns=1)
    first = world.change(made.schedule_id, "run", key="a")
    assert world.change(made.schedule_id, "run", key="a").request_id == first.request_id
    assert list(world.campaigns()) == [first.request_id]
    with pytest.raises(Conflict, match="still running"):
        world.change(made.schedule_id, "run", key="b")
    world.end_campaign(first.request_id)
    world.clock.moment = FIRST
    assert world.tick() == 1, "what was started by hand does not count towards the runs"


def test_lists_show_what_is_not_removed_with_what_became_of_the_last_run(world: World) -> None:
    kept = world.schedule()
    once = world.schedule({"at": "2026-03-04T10:30", "timezone": "America/Chicago"}, key="k2")
    gone = world.schedule(key="k3")
    world.change(gone.schedule_id, "remove")
    world.clock.moment = FIRST
    world.tick()
    run = world.read(once.schedule_id).last_run
    assert run is not None
    world.end_campaign(run.request_id, found=9)
    listed = read_schedules(world.db)
    assert [(one.id, str(one.schedule.status)) for one in listed] == [
        (kept.schedule_id, "ACTIVE"),
        (once.schedule_id, "ENDED"),
    ]
    assert listed[1].found == 9, "from the campaign itself, not from the last look at it"
    feed = next(feed for feed in feeds.console_feeds() if feed.name == feeds.SCHEDULES)
    shown = list(feed.query(world.db).stream())
    assert {snapshot.id for snapshot in shown} == {kept.schedule_id, once.schedule_id}
    assert all(feed.parse(snapshot.to_dict() or {}).city == "austin" for snapshot in shown)
