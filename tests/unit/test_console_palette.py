"""Whatever the palette offers is done when it is chosen, be it the screen's or the app's to do."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from console.actions import SCREENS, ScreenEntry, of_scope
from console.app import LeadgenApp
from console.screens.help import HelpScreen
from console.screens.migrations.screen import MigrationsScreen
from console.screens.palette import ActionCommands
from console.screens.plots.screen import PlotsScreen
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.text import Line

pytestmark = pytest.mark.usefixtures("no_frames")


@pytest.mark.parametrize("entry", SCREENS, ids=lambda entry: entry.name)
def test_every_command_is_something_its_screen_or_the_app_can_do(entry: ScreenEntry) -> None:
    module, _, name = entry.made_by.partition(":")
    screen = getattr(import_module(module), name)
    for action in of_scope(entry.name, "everywhere"):
        does = f"action_{action.action.partition('(')[0]}"
        assert not action.command or hasattr(screen, does) or hasattr(LeadgenApp, does), action.command


@pytest.mark.parametrize(
    ("command", "is_done"),
    [
        ("go to: backend", lambda app: app.current_mode == "backend"),
        ("migrations: show", lambda app: isinstance(app.screen, MigrationsScreen)),
        ("help: show", lambda app: isinstance(app.screen, HelpScreen)),
        ("theme: next", lambda app: app.theme == "leadgen-light"),
        ("live view: pause or resume", lambda app: "PAUSED" in app.screen.query_one("#badge", Line).text),
        ("pane: zoom", lambda app: app.screen.has_class("-zoom")),
        ("plots: show", lambda app: isinstance(app.screen, PlotsScreen)),
    ],
)
async def test_a_chosen_command_is_run(command: str, is_done: Callable[[LeadgenApp], Any]) -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        offered = {str(hit.text): hit.command async for hit in ActionCommands(app.screen).discover()}
        app.call_later(offered[command])
        await settled(pilot)
        await settled(pilot)
        assert is_done(app)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("theme", "theme: next"),
        ("light", "theme: next"),
        ("dark colour", "theme: next"),
        ("figures", "plots: show"),
        ("bell", "notifications: off or on"),
        ("zoom", "pane: zoom"),
        ("gobac", "go to: backend"),
        ("help", "help: show"),
    ],
)
async def test_a_command_is_found_by_its_name_and_by_the_words_of_its_help(typed: str, first: str) -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        hits = [hit async for hit in ActionCommands(app.screen).search(typed)]
        assert str(max(hits).text if hits else "") == first


@pytest.mark.parametrize("typed", ["zzz", "light zzz"])
async def test_what_nothing_is_called_finds_nothing(typed: str) -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert not [hit async for hit in ActionCommands(app.screen).search(typed)]
