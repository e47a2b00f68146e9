"""Schedules on the emulator: one campaign per planned time, whatever comes twice, late, at once or never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import firestore

from console.client.schedules import read_schedules
from console.live import feeds
from leadgen.api import schedules as api
from leadgen.api import schemas
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.problem import KeyReused
from leadgen.environment import read_environment
from leadgen.harvest.sources import load_sources
from leadgen.model.documents import ProcessorRequest, Template
from leadgen.model.errors import Conflict, InvalidInput, NotAllowed, NotFound
from leadgen.model.ids import scheduled_request_id
from leadgen.model.recurrence import Recurrence
from leadgen.model.roles import Role
from leadgen.model.schedule import RunOutcome, Schedule
from leadgen.model.status import RequestStatus, ScheduleStatus
from leadgen.pipeline.context import Context
from leadgen.pipeline.schedule_tick import attend, start_due
from leadgen.pipeline.schedules import Plan, create_schedule
from leadgen.pipeline.sweep import sweep
from local.classifieds.source import source_toml
from tests.counting import counted
from tests.crashes import Fate, end_states
from tests.support import START, Broker, FakeClock

CALLER = Caller(uid="u1", email="grace@example.com", role=Role.OPERATOR)
DAILY = {"days": [0, 1, 2, 3, 4, 5, 6], "time": "11:00", "timezone": "America/Chicago"}
"""Its first run is an hour after `START`."""
FIRST = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
ID = "5" * 32
PLAN = Plan("austin", 1, 50, Recurrence(**DAILY), None, CALLER.email)
AFTER_THE_CHANGE = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
"""Four days later the clocks have been set forward: still 11:00 in Chicago."""


class World:
    """The backend's side of schedules, with a clock that moves when told."""

    def __init__(self, db: firestore.Client, folder: Path) -> None:
        self.db, self.clock, self.broker = db, FakeClock(), Broker()
        (folder / "demo.toml").write_text(source_toml("http://127.0.0.1:9", START.date()), encoding="utf-8")
        self.sources = load_sources(folder)
        template = Template(
            template_id=1, template_name="Hello", base_subject="s", base_body_html="b", created_at=START
        )
        self.put_template(template)

    def put_template(self, template: Template) -> None:
        self.db.document("templates/1").set(template.to_firestore())

    def archive_template(self, archived: bool) -> None:
        self.db.document("templates/1").update({"isArchived": archived})

    def context(self) -> Context:
        return Context(
            self.db, read_environment(), clock=self.clock, publisher=self.broker, sources=self.sources, open_reader=None
        )

    def schedule(self, when: dict[str, Any] | None = None, key: str = "k1", **more: Any) -> schemas.ScheduleOut:
        body = {"city": "austin", "templateId": 1, "numLeads": 50, "when": when or DAILY, **more}
        return api.schedule_campaign(Call(CALLER, schemas.ScheduleCampaign.model_validate(body), key))

    def change(self, schedule_id: str, action: str, key: str = "") -> schemas.ScheduleOut:
        body = schemas.ChangeSchedule.model_validate({"scheduleId": schedule_id, "action": action})
        return api.change_schedule(Call(CALLER, body, key))

    def tick(self) -> int:
        return start_due(self.context())

    def read(self, schedule_id: str) -> Schedule:
        return Schedule.from_firestore(self.db.document(f"schedules/{schedule_id}").get().to_dict() or {})

    def campaigns(self) -> dict[str, ProcessorRequest]:
        found = self.db.collection("processorQueue").stream()
        return {s.id: ProcessorRequest.from_firestore(s.to_dict() or {}) for s in found}

    def end_campaign(self, request_id: str, found: int = 42, status: RequestStatus = RequestStatus.COMPLETED) -> None:
        self.db.document(f"processorQueue/{request_id}").update({"status": str(status), "counts.found": found})

    def activity(self) -> list[str]:
        entries = sorted((s.to_dict() or {} for s in self.db.collection("activity").stream()), key=lambda e: e["at"])
        return [f"{entry['kind']}: {entry['text']}" for entry in entries]


@pytest.fixture
def world(firestore_db: firestore.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(firestore_db, tmp_path)
    monkeypatch.setattr(Context, "from_environment", classmethod(lambda _: made.context()))
    return made


# -- once per planned time


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
@pytest.mark.usefixtures("firestore_db")
def test_a_tick_struck_at_any_step_is_made_up_for_once(
    worker_project: str, tmp_path: Path, error: Callable[[], Exception] | None
) -> None:
    """Between the campaign and the schedule's next time, too: they are one commit, whose answer may be lost."""

    def run(fate: Fate, number: int) -> tuple[Any, ...]:
        db = firestore.Client(project=f"{worker_project}-{'f' if error else 'k'}{number}")
        folder = tmp_path / str(number)
        folder.mkdir()
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


def _withdraw_acknowledgement(world: World) -> None:
    policy = world.sources[0].policy.model_copy(update={"acknowledged_by": ""})
    world.sources = (replace(world.sources[0], policy=policy),)


def _remove_source(world: World) -> None:
    world.sources = ()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_archive, "Template 1 is archived. leadgen templates list"),
        (_withdraw_acknowledgement, "nobody has acknowledged its policy. Read the site's terms"),
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
    _withdraw_acknowledgement(world)
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
