"""The configuration's screen: what is saved and what is not, bounds, conflicts, history, roles."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live.session import BackendError
from console.screens.config import screen as config_screen
from console.screens.config.draft import Draft, flat, read, written
from console.screens.config.entries import Entry, at_fraction, entries, entry, fraction, stepped
from leadgen.model.config import Settings
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled

pytestmark = pytest.mark.usefixtures("no_frames")
DEFAULTS = flat(Settings().model_dump(by_alias=True, mode="json"))
NUMBERS = [e for e in entries() if e.is_number]


@pytest.fixture(autouse=True)
def _recorded_history(monkeypatch: pytest.MonkeyPatch) -> None:
    history = [{"revision": 2, "updatedBy": "ada@example.com", "updatedAt": recorded.before(days=1), "dailyCap": 77}]
    monkeypatch.setattr(config_screen, "earlier", lambda _session: history)


def test_every_setting_of_the_backend_can_be_reached() -> None:
    dumped = Settings().model_dump(by_alias=True, mode="json")
    names = {e.path.partition(".")[0] for e in entries()}
    assert names == set(dumped)
    assert all(e.high > e.low for e in NUMBERS)
    assert not [e.path for e in entries() if e.group == "Other"], "a setting has no title"


@given(st.sampled_from(NUMBERS), st.floats(0, 1), st.integers(-20, 20))
def test_no_step_and_no_click_leaves_the_bounds(e: Entry, share: float, steps: int) -> None:
    value = at_fraction(e, share)
    for found in (value, stepped(e, value, steps)):
        assert e.low <= found <= e.high
        assert 0 <= fraction(e, found) <= 1
        assert e.kind == "number" or isinstance(found, int)


@given(st.sampled_from(NUMBERS), st.floats(0, 1))
def test_a_step_up_moves_up_until_the_end(e: Entry, share: float) -> None:
    value = at_fraction(e, share)
    assert stepped(e, value, 1) > value or value == e.high
    assert stepped(e, value, -1) < value or value == e.low


@pytest.mark.parametrize("e", entries(), ids=lambda e: e.path)
def test_what_is_written_reads_back(e: Entry) -> None:
    assert read(e, written(e, DEFAULTS[e.path])) == DEFAULTS[e.path]


def test_a_change_back_is_none_and_the_body_has_only_changes() -> None:
    draft = Draft(dict(DEFAULTS), 4)
    draft.put("dailyCap", 300)
    draft.put("workingHours.start", "08:00")
    assert draft.body() == {"dailyCap": 300, "workingHours": {"start": "08:00"}}
    draft.put("dailyCap", DEFAULTS["dailyCap"])
    assert draft.body() == {"workingHours": {"start": "08:00"}}


def test_what_somebody_else_saves_does_not_undo_unsaved_changes_and_is_marked() -> None:
    draft = Draft(dict(DEFAULTS), 4)
    draft.put("dailyCap", 300)
    draft.put("pauseAfter", 5)
    draft.put("recontactDays", 90)
    draft.rebase({**DEFAULTS, "dailyCap": 50, "pauseAfter": 5}, 5)
    assert draft.changes == {"dailyCap": 300, "recontactDays": 90}
    assert draft.overtaken == {"dailyCap"}
    assert draft.revision == 5


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("dailyCap", 10_001, "at most 10000"),
        ("workingHours.start", "25:00", "HH:MM"),
        ("activeTimezones", ["Mars/Olympus"], "IANA"),
        ("workingHours.days", [7], "at most 6"),
    ],
)
def test_what_the_backend_would_refuse_is_said_before(path: str, value: Any, said: str) -> None:
    draft = Draft(dict(DEFAULTS), 1, {path: value})
    assert said in draft.problems()[path]


def test_a_rule_about_two_settings_is_said_at_one_of_them() -> None:
    draft = Draft(dict(DEFAULTS), 1, {"sendIntervalSeconds.min": 500.0})
    assert "sendIntervalSeconds.min" in draft.problems()


def app_of(role: str = "admin", **more: Any) -> tuple[Any, Any]:
    """An app with the screen's data recorded."""
    return recorded.recorded_app(session=recorded.FakeSession(role=role, **more))


async def opened(pilot: Any) -> None:
    """The screen, with the cursor on the first setting."""
    await settled(pilot)
    await pilot.press("7")
    await settled(pilot)
    await pilot.press("down")


async def test_a_save_names_the_revision_and_only_what_changed() -> None:
    answers = {"updateConfig": {**Settings().model_dump(by_alias=True, mode="json"), "llmTransactionLimit": 22,
                                "dailyCap": 2000, "revision": 5}}  # fmt: skip
    app, behind = app_of(answers=answers)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("right", "right", "ctrl+s")
        await settled(pilot)
        assert ("updateConfig", {"llmTransactionLimit": 22}, None) in behind.session.calls
        assert behind.session.revisions == [4]
        assert not app.screen._draft.changes
        assert app.screen._draft.revision == 5


async def test_a_conflict_keeps_the_changes_and_a_second_save_is_made_against_the_new_revision() -> None:
    conflict = BackendError("Conflict", "The configuration is at revision 5.", "Look again.")
    app, behind = app_of(answers={"updateConfig": conflict})
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("right", "ctrl+s")
        await settled(pilot)
        assert app.screen._draft.changes == {"llmTransactionLimit": 21}
        behind.live.replace("settings", [{**recorded.SETTINGS[0], "llmTransactionLimit": 60, "revision": 5}])
        await settled(pilot)
        assert app.screen._draft.overtaken == {"llmTransactionLimit"}
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert behind.session.revisions == [4, 5]


async def test_a_value_that_is_not_allowed_is_not_sent() -> None:
    app, behind = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        app.screen._put("sendIntervalSeconds.min", 5000.0)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "updateConfig" not in [c[0] for c in behind.session.calls]
        assert any(n.title == "Not saved" for n in app._notifications)


async def test_a_viewer_changes_nothing() -> None:
    app, behind = app_of(role="viewer")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("right", "ctrl+s")
        await settled(pilot)
        assert not app.screen._draft.changes
        assert "updateConfig" not in [c[0] for c in behind.session.calls]
        assert any("role admin" in n.message for n in app._notifications)


async def test_a_click_on_a_bar_sets_the_value() -> None:
    app, _ = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        table = app.screen.query_one("#settings")
        start, cells = table.span_of(1)
        await pilot.click("#settings", offset=(start + cells - 1, 1))
        await settled(pilot)
        assert app.screen._draft.value("llmTransactionLimit") == entry("llmTransactionLimit").high


async def test_an_earlier_configuration_is_taken_over_unsaved() -> None:
    app, behind = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("h", "enter")
        await settled(pilot)
        assert app.screen._draft.changes == {"dailyCap": 77}
        await pilot.press("U")
        assert not app.screen._draft.changes
        assert "updateConfig" not in [c[0] for c in behind.session.calls]


async def test_a_typed_value_is_checked_before_it_is_taken() -> None:
    app, _ = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", *("backspace",) * 4, *"7000", "enter")
        assert app.screen.query_one("#ask-said").text == "must be at most 6000"
        await pilot.press("backspace", "enter")
        await settled(pilot)
        assert app.screen._draft.value("llmTransactionLimit") == 700
