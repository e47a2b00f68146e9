"""Schedules as an operator meets them: what may be typed, what is sent, what is shown, and what asks first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import when
from console.live import feeds
from console.live.feed import Doc
from console.live.session import BackendError
from console.screens.campaigns import schedule_rows
from console.screens.campaigns.choices import Choices, City, TemplateChoice
from console.screens.campaigns.entry import AGAIN, ONCE, Entry, WhenEntry, problems, refusals
from console.screens.campaigns.form import CampaignForm
from console.screens.campaigns.schedule_editing import entry_of
from console.screens.confirm import ConfirmScreen
from leadgen.api.schemas import ScheduleCampaign
from leadgen.model.recurrence import days_text
from leadgen.model.schedule import Schedule
from leadgen.model.validation import validate
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.text import Line

pytestmark = pytest.mark.usefixtures("no_frames")
CHOICES = Choices((City("austin", "Austin, TX", "America/Chicago"),), (TemplateChoice(1, "Introduction"),))
NOW = recorded.NOW
FILLED: dict[str, Any] = {"city": "austin", "template": 1, "leads": "50"}


# -- what is typed


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("Mon – Fri", [0, 1, 2, 3, 4]),
        ("tuesday, thursday", [1, 3]),
        ("sat-mon", [0, 5, 6]),
        ("daily", list(range(7))),
        ("every day", list(range(7))),
        ("weekends", [5, 6]),
        ("fri wed fri", [2, 4]),
    ],
)
def test_days_are_read_as_people_write_them(text: str, days: list[int]) -> None:
    assert when.parse_days(text) == days


@given(st.sets(st.integers(0, 6), min_size=1).map(sorted))
def test_days_that_are_told_can_be_typed(days: list[int]) -> None:
    assert when.parse_days(days_text(days)) == days


@pytest.mark.parametrize("text", ["", "m", "monkey business", "mon-", "-", "1-5", "mon\x1b", "mo"])
def test_what_is_no_day_is_refused(text: str) -> None:
    if text.startswith("monkey"):
        with pytest.raises(ValueError, match="business"):
            when.parse_days(text)
        return
    with pytest.raises(ValueError, match="mon-fri"):
        when.parse_days(text)


@pytest.mark.parametrize(
    ("parse", "text", "read"),
    [
        (when.parse_time, "9:05", "09:05"),
        (when.parse_time, "23:59", "23:59"),
        (when.parse_at, "2026-12-01 9:00", "2026-12-01T09:00"),
        (when.parse_at, "2026-12-01T09:00", "2026-12-01T09:00"),
        (when.parse_end, "", ("", None)),
        (when.parse_end, "Never", ("", None)),
        (when.parse_end, "10 runs", ("", 10)),
        (when.parse_end, "1 run", ("", 1)),
        (when.parse_end, "2026-12-31", ("2026-12-31", None)),
    ],
)
def test_times_and_ends_are_read(parse: Any, text: str, read: Any) -> None:
    assert parse(text) == read


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (when.parse_time, "24:00"),
        (when.parse_time, "9"),
        (when.parse_time, "09:00:00"),
        (when.parse_time, "٠٩:٠٠"),
        (when.parse_at, "2026-02-30 09:00"),
        (when.parse_at, "tomorrow"),
        (when.parse_at, "2026-12-01"),
        (when.parse_at, "2026-W49-2 09:00"),
        (when.parse_end, "0 runs"),
        (when.parse_end, "31.12.2026"),
        (when.parse_end, "2026-13-01"),
    ],
)
def test_what_is_no_time_is_refused(parse: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


@pytest.mark.parametrize(
    "entry",
    [
        WhenEntry(ONCE, at="2026-12-01 9:00", zone=" Europe/Dublin "),
        WhenEntry(AGAIN, days="daily", time="9:00", ends="2026-12-31"),
        WhenEntry(AGAIN, days="sat-mon", time="00:00", zone="UTC", ends="10 runs"),
    ],
)
def test_whatever_the_form_accepts_the_backend_understands(entry: WhenEntry) -> None:
    filled = Entry("austin", 1, "50", entry)
    assert not problems(filled, CHOICES, 10_000)
    assert filled.endpoint == "scheduleCampaign"
    validate(ScheduleCampaign, filled.body(CHOICES))


def test_each_field_of_the_time_has_its_own_complaint() -> None:
    wrong = Entry("austin", 1, "50", WhenEntry(AGAIN, days="x", time="x", zone="x", ends="x"))
    assert set(problems(wrong, CHOICES, 10_000)) == {"days", "time", "zone", "ends"}
    assert set(problems(Entry("austin", 1, "50", WhenEntry(ONCE, at="x")), CHOICES, 10_000)) == {"at"}
    named = [{"field": f, "allowed": "a"} for f in ("when.at", "when.timezone", "when.until", "maxRuns")]
    assert set(refusals(named)) == {"at", "zone", "ends"}


def test_the_next_run_is_told_before_anything_is_sent() -> None:
    def told(entry: WhenEntry, zone: str = "America/Chicago") -> str:
        return "".join(text for text, _ in schedule_rows.next_of(entry, zone, NOW))

    assert told(WhenEntry(AGAIN, days="mon-fri", time="9:00")) == "→ Thu Nov 19 09:00, in 18h"
    assert told(WhenEntry(ONCE, at="2026-11-18 14:00")) == "that time has passed"
    assert told(WhenEntry(ONCE, at="2026-11-18 14:03")) == "→ Wed Nov 18 14:03, in 1m"
    assert told(WhenEntry(AGAIN, days="fri", time="9:00", zone="Asia/Tokyo")) == "→ Fri Nov 20 09:00, in 1d"
    assert told(WhenEntry(AGAIN, days="fri", time="9:00"), zone="") == ""
    assert told(WhenEntry(AGAIN, days="f", time="9:00")) == ""
    assert told(WhenEntry()) == ""


# -- what is shown


def docs() -> tuple[Doc, ...]:
    return tuple(Doc(d["id"], Schedule.from_firestore(d), 0) for d in recorded.SCHEDULES)


def test_the_next_to_run_comes_first_and_those_that_ended_last() -> None:
    shown = [doc.value.city for doc in schedule_rows.ordered(tuple(reversed(docs())))]
    assert shown == ["austin", "dallas", "newark", "san luis obispo", "phoenix"]


def test_a_row_tells_the_next_run_and_what_became_of_the_last() -> None:
    campaigns = {d["id"]: feeds._request(d) for d in recorded.REQUESTS}
    rows = [schedule_rows.row(doc, campaigns, NOW, recorded.ZONE) for doc in schedule_rows.ordered(docs())]
    cells = [["".join(text for text, _ in cell) for cell in row.cells[2:]] for row in rows]
    assert cells == [
        ["Thu 09:00", "42 leads"],
        ["Thu 17:30", "left out"],
        ["Mon 07:00", "not started"],
        ["paused", "–"],
        ["ended", "196 leads"],
    ]


def test_moments_ahead_are_told_shortly() -> None:
    here = ZoneInfo("America/Chicago")

    def told(moment: datetime) -> str:
        return when.day_and_time(moment.astimezone(here), NOW)

    assert told(NOW + timedelta(hours=3)) == "17:02"
    assert told(NOW + timedelta(hours=12)) == "Thu 02:02"
    assert told(NOW + timedelta(days=7)) == "Nov 25"
    assert told(datetime(2027, 3, 1, tzinfo=UTC)) == "Feb 2027"


# -- the screen


async def press(pilot: Any, *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def fill(pilot: Any, values: dict[str, Any]) -> None:
    """Fill the form in; the pictures show that it can be done by typing."""
    for name, value in values.items():
        pilot.app.screen.query_one(f"#{name}").value = value
    await settled(pilot)


def changes(session: recorded.FakeSession) -> list[tuple[str, Any]]:
    return [(name, body) for name, body, _ in session.calls if name in {"scheduleCampaign", "changeSchedule"}]


async def test_a_time_in_the_form_schedules_and_a_refused_one_is_said_beneath_its_field() -> None:
    fields = [{"field": "when.at", "value": "2026-11-18T08:30", "allowed": "must lie in the future"}]
    session = recorded.FakeSession(refuse=BackendError("The request is not valid", fields=fields))
    app, _ = recorded.recorded_app(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await fill(pilot, {**FILLED, "when": ONCE, "at": "2026-11-23 08:30"})
        await press(pilot, "ctrl+s")
        said = app.screen.query_one("#at-said", Line)
        assert (said.text, said.display) == ("At: must lie in the future", True)
        await fill(pilot, {"when": AGAIN, "days": "mon-fri", "time": "9:00", "ends": "10 runs"})
        await press(pilot, "ctrl+s")
        body = {"city": "austin", "templateId": 1, "numLeads": 50}
        assert changes(session) == [
            ("scheduleCampaign", {**body, "when": {"at": "2026-11-23T08:30"}}),
            ("scheduleCampaign", {**body, "when": {"days": [0, 1, 2, 3, 4], "time": "09:00"}, "maxRuns": 10}),
        ]
        assert not [name for name, _, _ in session.calls if name == "triggerHarvest"]
        assert "scheduled" in app.screen.query_one("#form-said", Line).text
        assert not app.screen.query_one("#form").has_class("-again"), "ready for a campaign now"


async def test_space_pauses_and_resumes_the_chosen_schedule_and_the_details_follow() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "2", "escape", "space", "x", "d")
        assert changes(world.session) == [], "in the list of campaigns these keys mean nothing"
        assert app.screen.query_one("#detail", LineList).lines[0][0] == "status"
        await press(pilot, "s", "space", "j", "j", "j", "space")
        first, paused = recorded.SCHEDULES[0]["id"], recorded.SCHEDULES[3]["id"]
        assert changes(world.session) == [
            ("changeSchedule", {"scheduleId": first, "action": "pause"}),
            ("changeSchedule", {"scheduleId": paused, "action": "resume"}),
        ]
        assert app.screen.query_one("#detail", LineList).lines[0] == ("next", (("paused", "warn"),))
        await press(pilot, "escape")
        assert app.screen.query_one("#detail", LineList).lines[0][0] == "status"


async def test_removing_asks_and_enter_alone_removes_nothing() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "escape", "s")
        for keys in (("d", "enter"), ("d", "escape")):
            await press(pilot, keys[0])
            assert isinstance(app.screen, ConfirmScreen)
            await press(pilot, keys[1])
            assert not isinstance(app.screen, ConfirmScreen)
        assert changes(world.session) == []
        await press(pilot, "d")
        await press(pilot, "right", "enter")
        assert changes(world.session) == [
            ("changeSchedule", {"scheduleId": recorded.SCHEDULES[0]["id"], "action": "remove"})
        ]


async def test_run_now_repeated_after_a_lost_answer_carries_the_same_key() -> None:
    session = recorded.FakeSession(refuse=BackendError("The backend did not answer", "within 30 s"))
    app, _ = recorded.recorded_app(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "escape", "s", "x")
        await press(pilot, "x")
        await press(pilot, "x")
        keys = [key for name, _, key in session.calls if name == "changeSchedule"]
        assert keys[0] == keys[1] != keys[2], "the third press is a new wish"


# -- changing one in the form


def test_a_schedule_in_the_form_says_what_was_typed_for_it() -> None:
    for typed in (
        WhenEntry(ONCE, at="2026-12-01 09:00"),
        WhenEntry(AGAIN, days="mon-fri", time="09:00", zone="America/Denver", ends="2026-12-31"),
        WhenEntry(AGAIN, days="daily", time="23:05", ends="10 runs"),
    ):
        entry = Entry("austin", 1, "50", typed)
        body = entry.body(CHOICES)
        rule = when.recurrence(body["when"], "America/Chicago").model_dump(by_alias=True)
        stored = {**recorded.SCHEDULES[0], "recurrence": rule, "maxRuns": body.get("maxRuns")}
        stored |= {"city": "austin", "templateId": 1, "numberOfLeadsToProcess": 50}
        shown = entry_of("id", Schedule.from_firestore(stored), CHOICES)
        assert not problems(shown, CHOICES, 10_000)
        assert shown.body(CHOICES) == {"scheduleId": "id", **body}


async def test_e_changes_the_chosen_schedule_and_escape_leaves_it_as_it_is() -> None:
    app, world = recorded.recorded_app()
    schedule_id = recorded.SCHEDULES[0]["id"]
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "e")
        pane = app.screen.query_one("#form-pane", Pane)
        assert pane.title == "New campaign", "in the list of campaigns it means nothing"
        await press(pilot, "s", "e")
        assert pane.title == "Change the schedule"
        before = app.screen.query_one(CampaignForm).entry
        assert (before.schedule_id, before.when.kind) == (schedule_id, AGAIN)
        await press(pilot, "escape")
        assert (pane.title, changes(world.session)) == ("New campaign", [])
        assert app.screen.query_one(CampaignForm).entry == Entry(template=before.template), "nothing of it is left"
        assert app.focused is app.screen.query_one("#schedules")

        await press(pilot, "e")
        await fill(pilot, {"leads": "7"})
        await press(pilot, "ctrl+s")
        ((endpoint, body),) = changes(world.session)
        assert (endpoint, body["scheduleId"], body["numLeads"]) == ("scheduleCampaign", schedule_id, 7)
        assert validate(ScheduleCampaign, body).schedule_id == schedule_id
        assert [n.title for n in app._notifications][-1] == "Schedule changed"
        assert (pane.title, app.screen.query_one(CampaignForm).entry.schedule_id) == ("New campaign", "")
        await press(pilot, "e", "n")
        await press(pilot, "escape", "n")
        assert app.screen.query_one(CampaignForm).entry.schedule_id == ""


async def test_a_refused_change_stays_in_the_form_to_be_mended() -> None:
    refused = BackendError("The request is not valid", fields=[{"field": "numLeads", "allowed": "at most 10"}])
    app, world = recorded.recorded_app(session=recorded.FakeSession(refuse=refused))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "s", "e", "ctrl+s")
        assert app.screen.query_one("#leads-said", Line).text == "Leads: at most 10"
        assert "not changed" in app.screen.query_one("#form-said", Line).text
        await press(pilot, "ctrl+s")
        assert [body["scheduleId"] for _, body in changes(world.session)] == [recorded.SCHEDULES[0]["id"]] * 2
