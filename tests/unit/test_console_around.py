"""Jump mode, and what the console tells of itself."""

from __future__ import annotations

from textual.widgets import Input

from console.screens.debug import DebugScreen, facts
from console.screens.jump import JumpScreen
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled


async def test_a_letter_goes_to_its_place_and_escape_stays() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("escape", "ctrl+o")
        screen = app.screen
        assert isinstance(screen, JumpScreen)
        letter = next(key for key, widget in screen._targets.items() if widget.id == "schedules")
        await pilot.press(letter)
        await settled(pilot)
        assert app.focused is not None
        assert app.focused.id == "schedules"
        await pilot.press("ctrl+o", "escape")
        await settled(pilot)
        assert app.focused.id == "schedules"


async def test_jumping_works_out_of_a_field() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("n")
        assert isinstance(app.focused, Input)
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, JumpScreen)


async def test_what_the_console_does_is_told_and_closes() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("f12")
        await settled(pilot)
        assert isinstance(app.screen, DebugScreen)
        told = {name: "".join(t for t, _ in said) for name, said in facts(app.view(), 1.5, (120, 36))}
        assert told["flush"] == "1.5 ms"
        assert told["requests"].endswith("7 documents")
        assert int(told["threads"]) >= 1
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(app.screen, DebugScreen)
