"""Where a key goes: a screen's number is never a letter, and what is typed ahead lands in the field it is meant for."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from console import keys_in_turn
from console.actions import SCREENS
from console.keys_in_turn import KeysInTurn
from console.live.session import BackendError
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.text import Line

NAMES = {"/": "slash", "\t": "tab", "\r": "enter", "\x1b": "escape"}


def at_once(app: Any, keys: str) -> None:
    """Press keys so fast that all wait before the first has had its effect."""
    for key in keys:
        app.post_message(events.Key(NAMES.get(key, key), key))


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


async def test_a_whole_campaign_typed_at_once_is_what_was_typed_and_the_key_after_it_a_command() -> None:
    app, behind = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        at_once(app, "2")
        await waited(pilot)  # the cities are known now
        at_once(app, "na\t\t20\r4")
        await waited(pilot)
        (body,) = [body for name, body, _ in behind.session.calls if name == "triggerHarvest"]
        assert (body["city"], body["numLeads"]) == ("austin", 20)
        assert app.current_mode == "email"


async def test_a_campaign_sent_before_the_cities_are_known_is_kept_and_says_so() -> None:
    late = BackendError("Backend unavailable", "No answer.", "Try again.")
    session = recorded.FakeSession(answers={"getCities": late})
    app, behind = recorded.recorded_app(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        at_once(app, "2nau\t\t20\r")
        await waited(pilot)
        assert "triggerHarvest" not in [name for name, *_ in behind.session.calls]
        assert "not known yet" in app.screen.query_one("#city-said", Line).text
        assert app.screen.query_one("#city", Input).value == "au"
        assert app.screen.query_one("#leads", Input).value == "20"


async def test_what_is_typed_before_and_after_going_to_the_next_field_stays_apart() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("6")
        await waited(pilot)
        await pilot.press("n")
        await waited(pilot)
        at_once(app, "First name\tA subject\tA body\x1b2")
        await waited(pilot)
        templates = app._screen_stacks["templates"][0]
        assert templates.query_one("#name", Input).value == "First name"
        assert templates.query_one("#subject", Input).value == "A subject"
        assert templates.query_one("#body").text.startswith("A body")
        assert app.current_mode == "campaigns"


async def test_what_is_pasted_waits_for_the_key_that_opens_its_field() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        at_once(app, "5/")
        app.post_message(events.Paste("city:"))
        at_once(app, "austin")
        await waited(pilot)
        assert app.screen.query_one("#contacts-filter", Input).value == "city:austin"


class Vanishing(Static, can_focus=True):
    """Goes at the first key, and the key's follower with it."""

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.remove()

    def call_later(self, callback: Any, *args: Any, **options: Any) -> bool:
        return callback.__name__ == "_follow" or super().call_later(callback, *args, **options)


class VanishingApp(KeysInTurn):
    """Counts the keys that reach it."""

    heard = ""

    def compose(self) -> ComposeResult:
        yield Vanishing()

    def on_key(self, event: events.Key) -> None:
        self.heard += event.key


async def test_a_key_whose_widget_went_with_it_does_not_keep_the_next_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_in_turn, "LOOKED_AFTER_S", 0.0)
    app = VanishingApp()
    async with app.run_test() as pilot:
        app.query_one(Vanishing).focus()
        await pilot.pause()
        at_once(app, "xyz")
        await pilot.pause()
        await pilot.pause()
        assert app.heard == "yz"


class Form(Vertical):
    """Tells its screen in words of its own that it was sent."""

    class Sent(Message):
        """It was."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Input(id="in")

    def on_input_submitted(self) -> None:
        self.post_message(self.Sent())


class FormApp(KeysInTurn):
    """Goes to another field when the form was sent."""

    def compose(self) -> ComposeResult:
        yield Form()
        yield Input(id="behind")

    def on_form_sent(self) -> None:
        self.query_one("#behind").focus()


@pytest.mark.parametrize("looked_after_s", [0.0, keys_in_turn.LOOKED_AFTER_S], ids=["very slow", "usual"])
async def test_the_key_behind_an_enter_waits_until_what_the_enter_set_off_has_been_told_on_and_done(
    monkeypatch: pytest.MonkeyPatch, looked_after_s: float
) -> None:
    monkeypatch.setattr(keys_in_turn, "LOOKED_AFTER_S", looked_after_s)
    app = FormApp()
    async with app.run_test() as pilot:
        app.query_one("#in").focus()
        await pilot.pause()
        at_once(app, "one\rtwo")
        await pilot.pause()
        await pilot.pause()
        assert [field.value for field in app.query(Input)] == ["one", "two"]
