"""What the endpoints of schedules take: each wrong field is named with what is allowed, before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest

from leadgen.api import schemas
from leadgen.api.endpoints import ENDPOINTS
from leadgen.model.errors import InvalidInput
from leadgen.model.roles import Role
from leadgen.model.validation import validate

ONCE = {"at": "2026-12-01T09:00", "timezone": "America/Chicago"}
WEEKLY = {"days": [0, 1, 2, 3, 4], "time": "09:00"}
BODY = {"city": "austin", "templateId": 1, "numLeads": 50, "when": WEEKLY}
ID = "0123456789abcdef" * 2


def refused(kind: type, body: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        validate(kind, body)
    return {problem.field: problem.allowed for problem in caught.value.fields}


@pytest.mark.parametrize(
    "when",
    [
        ONCE,
        WEEKLY,
        {**WEEKLY, "until": "2026-12-31", "timezone": "Asia/Kathmandu"},
        {"days": [6], "time": "00:00"},
        {"at": "2028-02-29T23:59"},
    ],
)
def test_what_can_be_asked_for(when: dict[str, Any]) -> None:
    assert validate(schemas.ScheduleCampaign, {**BODY, "when": when}).when.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({}, "when"),
        ({"timezone": "UTC"}, "when"),
        ({**ONCE, **WEEKLY}, "when"),
        ({"days": [0]}, "when"),
        ({"time": "09:00"}, "when"),
        ({**ONCE, "until": "2026-12-31"}, "when"),
        ({**ONCE, "at": "2026-12-01"}, "when.at"),
        ({**ONCE, "at": "2026-12-01 09:00"}, "when.at"),
        ({**ONCE, "at": "2026-12-01T09:00:30"}, "when.at"),
        ({**ONCE, "at": "2026-12-01T09:00Z"}, "when.at"),
        ({**ONCE, "at": "2026-02-29T09:00"}, "when.at"),
        ({**ONCE, "at": "9999-12-31T23:59"}, "when.at"),
        ({**ONCE, "at": "0001-01-01T00:00"}, "when.at"),
        ({**ONCE, "at": "２026-12-01T09:00"}, "when.at"),
        ({**ONCE, "at": 5}, "when.at"),
        ({**ONCE, "at": "2026-W49-2T09:00"}, "when.at"),
        ({**WEEKLY, "time": "24:00"}, "when.time"),
        ({**WEEKLY, "time": "9:00"}, "when.time"),
        ({**WEEKLY, "time": "09:00:00"}, "when.time"),
        ({**WEEKLY, "days": [7]}, "when.days.0"),
        ({**WEEKLY, "days": [True]}, "when.days.0"),
        ({**WEEKLY, "days": ["mon"]}, "when.days.0"),
        ({**WEEKLY, "days": [0] * 8}, "when.days"),
        ({**WEEKLY, "until": "31.12.2026"}, "when.until"),
        ({**WEEKLY, "until": "2026-W01-1"}, "when.until"),
        ({**WEEKLY, "hour": 9}, "when.hour"),
    ],
)
def test_a_time_that_is_none_is_refused_by_its_field(when: dict[str, Any], field: str) -> None:
    assert list(refused(schemas.ScheduleCampaign, {**BODY, "when": when})) == [field]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "CST6", "America", 7])
def test_a_timezone_is_one_of_the_iana_database(zone: Any) -> None:
    assert list(refused(schemas.ScheduleCampaign, {**BODY, "when": {**WEEKLY, "timezone": zone}})) == ["when.timezone"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"maxRuns": 0}, "maxRuns"),
        ({"maxRuns": True}, "maxRuns"),
        ({"numLeads": 10_001}, "numLeads"),
        ({"scheduleId": "../x"}, "scheduleId"),
        ({"when": ONCE, "maxRuns": 2}, "maxRuns"),
    ],
)
def test_other_fields_have_their_bounds(more: dict[str, Any], field: str) -> None:
    assert list(refused(schemas.ScheduleCampaign, {**BODY, **more})) == [field]


@pytest.mark.parametrize("body", [{"scheduleId": ID, "action": "delete"}, {"scheduleId": ID}, {"action": "pause"}])
def test_a_change_names_a_schedule_and_one_of_four_actions(body: dict[str, Any]) -> None:
    assert refused(schemas.ChangeSchedule, body)


def test_schedules_are_an_operators_work() -> None:
    for name in ("scheduleCampaign", "changeSchedule"):
        assert (ENDPOINTS[name].method, ENDPOINTS[name].role) == ("POST", Role.OPERATOR)
        assert ENDPOINTS[name].role is ENDPOINTS["triggerHarvest"].role
