"""A day at the console, key by key, over recorded documents: all of it is shown, and there is always a way back."""

from __future__ import annotations

import pytest

from console.actions import SCREENS
from console.screens.help import HelpScreen
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled

_AWAY = recorded.offline_health()


async def test_a_day_in_a_narrow_terminal(caplog: pytest.LogCaptureFixture) -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
            await settled(pilot)

        await settled(pilot)
        for entry in SCREENS:  # Morning: a look at everything.
            await press(entry.key)
            assert app.current_mode == entry.name
            await press("escape")  # Out of a field, if the screen begins in one.
            await press("question_mark")
            assert isinstance(app.screen, HelpScreen)
            await press("escape", "tab", "z", "z", "j", "k")
        await press("2", "n", "a", "right", "tab", "tab", "5", "ctrl+s")  # A campaign is started.
        assert [name for name, *_ in world.session.calls].count("triggerHarvest") == 1
        await press("4", "slash", *"sent", "enter", "escape", "1")
        world.live.health = _AWAY  # At noon the network goes, and comes back.
        await press("v", "v", "r")
        assert "OFFLINE" in str(app.screen.query_one("#badge").render())
        world.live.health = recorded.live_health()
        await press("t", "t", "t", "t")
        assert "LIVE" in str(app.screen.query_one("#badge").render())
        assert app.theme == "leadgen-dark"
        await pilot.press("q")
    assert world.live.stopped
    assert "could not be shown" not in caplog.text
