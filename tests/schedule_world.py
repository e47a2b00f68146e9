"""Schedules over the Firestore emulator, with a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.cloud import firestore

from leadgen.api import schedules as api
from leadgen.api import schemas
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.environment import read_environment
from leadgen.harvest.sources import load_sources
from leadgen.model.documents import ProcessorRequest, Template
from leadgen.model.recurrence import Recurrence
from leadgen.model.roles import Role
from leadgen.model.schedule import Schedule
from leadgen.model.status import RequestStatus
from leadgen.pipeline.context import Context
from leadgen.pipeline.schedule_tick import start_due
from leadgen.pipeline.schedules import Plan
from local.classifieds.source import source_toml
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


def withdraw_acknowledgement(world: World) -> None:
    policy = world.sources[0].policy.model_copy(update={"acknowledged_by": ""})
    world.sources = (replace(world.sources[0], policy=policy),)
