"""Where a key goes: a screen's number is never a letter, and what is typed ahead lands in the field it is meant for."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.widgets import Input

from console.actions import SCREENS
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled


def at_once(app: Any, keys: str) -> None:
    """Press keys so fast that all wait before the first has had its effect."""
    for key in keys:
        app.post_message(events.Key({"/": "slash"}.get(key, key), key))


async def waited(pilot: Any) -> None:
    for _ in range(3):
        await settled(pilot)


async def test_two_numbers_in_a_hurry_show_the_second_screen_and_no_screen_begins_in_a_field() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for first, second in (
            "23",
            "45",
            "67",
            "81",
        ):  # The first one is shown for the first time, which takes longest.
            at_once(app, first + second)
            await waited(pilot)
            assert app.current_mode == next(entry.name for entry in SCREENS if entry.key == second)
        for stack in app._screen_stacks.values():
            focused = stack[0].focused
            assert focused is not None
            assert not focused.check_consume_key("a", "a")


async def test_what_is_typed_ahead_goes_into_the_field_that_a_key_opens() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        at_once(app, "2ndallas")
        await waited(pilot)
        assert app.screen.query_one("#city", Input).value == "dallas", "the d of dallas removes no schedule"
        assert app.current_mode == "campaigns"
        await pilot.press("escape")
        await settled(pilot)
        at_once(app, "5/city:austin 7")
        await waited(pilot)
        assert app.current_mode == "contacts"
        assert app.screen.query_one("#contacts-filter", Input).value == "city:austin 7"


async def test_going_on_to_the_next_field_takes_over_the_city_suggested_and_leaving_does_not() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        city = app.screen.query_one("#city", Input)

        async def left(typed: str, key: str) -> str:
            app.screen.set_focus(city)
            city.value = typed
            await pilot.press(key)
            await pilot.pause()
            return str(city.value)

        for typed, taken in (("AU", "austin"), ("xx", "xx"), ("", ""), ("phoenix", "phoenix"), ("Dallas, TX",) * 2):
            assert await left(typed, "tab") == taken
        for key in ("escape", "ctrl+s"):
            assert await left("a", key) == "a", "only going on in the form says that the suggestion is meant"
