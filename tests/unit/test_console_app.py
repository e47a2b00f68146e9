"""The console as its operator meets it: keys, freshness, and nothing that ends it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from textual.widgets import Input

from console.app import LeadgenApp
from console.live import feeds
from console.live.session import BackendError, SignedOut, UserInfo
from console.screens.frame import LiveScreen
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.strip import FigureStrip
from widgets.table import LiveTable
from widgets.text import Line

pytestmark = pytest.mark.usefixtures("no_frames")
Settled = Callable[[Any], Awaitable[None]]
FILLED = ("2", "n", *"austin", "tab", "tab", *"50")


async def press(pilot: Any, *keys: str) -> None:
    """Press keys, waiting until each had its effect."""
    for key in keys:
        await pilot.press(key)
    await settled(pilot)


def starts(session: recorded.FakeSession) -> list[tuple[Any, str | None]]:
    """Body and key of each start the backend was asked for."""
    return [(body, key) for name, body, key in session.calls if name == "triggerHarvest"]


def toasts(app: LeadgenApp) -> list[str]:
    """What was told."""
    return [f"{n.title}: {n.message}" for n in app._notifications]


async def test_numbers_switch_screens_and_reserved_ones_do_nothing() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert app.current_mode == "dashboard"
        await press(pilot, "2")
        assert app.current_mode == "campaigns"
        await press(pilot, "escape", "9", "0")
        assert app.current_mode == "campaigns"
        await press(pilot, "1")
        assert app.current_mode == "dashboard"


async def test_the_funnel_is_the_sum_over_the_campaigns() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        shown = {f.label: f.value for f in app.screen.query_one(FigureStrip).figures}
    total = {name: sum(r["counts"].get(name, 0) for r in recorded.REQUESTS) for name in ("harvested", "sent", "review")}
    assert shown["harvested"] == f"{total['harvested']:,}"
    assert shown["sent"] == str(total["sent"])
    assert shown["review"] == str(total["review"])


async def test_counts_are_dashes_until_known() -> None:
    app, _ = recorded.recorded_app({}, recorded.loading_health())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert {f.value for f in app.screen.query_one(FigureStrip).figures} == {"–"}
        assert "CONNECTING" in app.screen.query_one("#badge", Line).text


async def test_new_data_moves_neither_cursor_nor_scroll_nor_focus() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "tab", "tab", *("j",) * 9)
        table = app.screen.query_one("#emails", LiveTable)
        key, top = table.cursor_key, table.rows[table.scroll_offset.y].key
        newer = {**recorded.email(0, "QUEUED"), "id": "newest"}
        world.live.replace(feeds.EMAILS, [newer, *recorded.EMAILS])
        await settled(pilot)
        assert table.rows[0].key == "newest"
        assert table.cursor_key == key
        assert table.rows[table.scroll_offset.y].key == top
        assert app.focused is table


async def test_paused_view_stands_still_and_catches_up() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "v")
        world.live.replace(feeds.REQUESTS, recorded.REQUESTS[:1])
        world.clock.advance(14)
        await settled(pilot)
        table = app.screen.query_one("#requests", LiveTable)
        assert len(table.rows) == 7
        assert "PAUSED 14s" in app.screen.query_one("#badge", Line).text
        await press(pilot, "v")
        assert len(table.rows) == 1


async def test_the_badge_ages_while_nothing_is_confirmed() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        world.clock.advance(14)
        await settled(pilot)
        assert "STALE 14s" in app.screen.query_one("#badge", Line).text


async def test_r_reconnects_and_q_quits() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r")
        assert world.live.reconnects == 1
        await pilot.press("q")
    assert world.live.stopped


async def test_text_from_outside_is_shown_as_text() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        cells = [text for row in app.screen.query_one("#emails", LiveTable).rows for c in row.cells for text, _ in c]
        assert any("[bold]Markup[/bold]" in text for text in cells)
        assert not any("\x1b" in text for text in cells)


async def test_a_damaged_view_becomes_a_message_and_not_the_end() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)

        def broken(*_: Any) -> None:
            raise RuntimeError("[red]out of order")

        screen = app.screen
        assert isinstance(screen, LiveScreen)
        screen.show_view = broken  # type: ignore[method-assign]
        await settled(pilot)
        await settled(pilot)
        assert sum("out of order" in toast for toast in toasts(app)) == 1, "said once, not four times a second"
        assert app.is_running


async def test_a_worker_that_raises_becomes_a_message() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)

        def task() -> None:
            raise RuntimeError("the disk is full")

        app.in_worker(task, "export")
        for _ in range(20):
            await pilot.pause(0.02)
            if toasts(app):
                break
        assert any("the disk is full" in toast for toast in toasts(app))
        assert app.is_running


async def test_without_a_sign_in_it_says_what_to_type() -> None:
    def factory() -> Any:
        raise SignedOut("Nobody is signed in. Run `leadgen auth login`.")

    app = LeadgenApp(factory, clock=recorded.StillClock())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "SIGNED OUT" in app.screen.query_one("#badge", Line).text
        assert "leadgen auth login" in app.screen.query_one("#trouble", Line).text


async def test_who_it_is_is_asked_for_away_from_the_screen_and_again_when_there_was_no_answer() -> None:
    class Unreached(recorded.FakeSession):
        asked_in: ClassVar[list[bool]] = []

        @property
        def user(self) -> UserInfo:
            self.asked_in.append(threading.current_thread() is threading.main_thread())
            if len(self.asked_in) == 1:
                raise BackendError(
                    "The sign-in service does not answer", "ConnectError", "Check the network.", status=0
                )
            return UserInfo("grace@example.com", "operator")

        @user.setter
        def user(self, _: UserInfo) -> None:
            pass

    app, _ = recorded.recorded_app(session=Unreached())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "OFFLINE" in app.screen.query_one("#badge", Line).text
        said = app.screen.query_one("#trouble", Line).text
        assert "does not answer" in said
        assert "Check the network" in said
        assert toasts(app) == []
        await press(pilot, "r")
        await settled(pilot)
        assert "LIVE" in app.screen.query_one("#badge", Line).text
    assert Unreached.asked_in[:2] == [False, False]


async def test_a_start_is_sent_once_however_often_it_is_pressed() -> None:
    gate = threading.Event()

    class Slow(recorded.FakeSession):
        def call(self, endpoint: str, body: Any, *, idempotency_key: str | None = None) -> Any:
            if endpoint == "triggerHarvest":
                gate.wait(10)
            return super().call(endpoint, body, idempotency_key=idempotency_key)

    app, world = recorded.recorded_app(session=Slow())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, *FILLED[1:])
        for key in ("ctrl+s", "ctrl+s", "enter", "1", "2"):
            await pilot.press(key)
        assert app.screen.query_one("#leads", Input).value == "50", "the next keys are commands, before the answer, too"
        gate.set()
        await settled(pilot)
        assert starts(world.session) == [
            ({"city": "austin", "templateId": 1, "numLeads": 50}, starts(world.session)[0][1])
        ]
        assert starts(world.session)[0][1]
        assert app.screen.query_one("#city", Input).value == "", "ready for another"


async def test_a_start_whose_answer_was_lost_is_repeated_with_the_same_key() -> None:
    session = recorded.FakeSession(refuse=BackendError("The backend did not answer", "within 30 s"))
    app, _ = recorded.recorded_app(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, *FILLED[1:])
        await press(pilot, "ctrl+s")
        assert any("did not answer" in toast for toast in toasts(app))
        await press(pilot, "ctrl+s")
        (first, key), (second, again) = starts(session)
        assert first == second
        assert key == again


async def test_nothing_is_sent_while_a_field_is_wrong() -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "n", *"atlantis", "ctrl+s")
        said = [app.screen.query_one(f"#{name}-said", Line).text for name in ("city", "template", "leads")]
        assert said[0].startswith("City:")
        assert not said[1], "one is chosen already"
        assert said[2].startswith("Leads:")
        assert not starts(world.session)
        assert app.focused is app.screen.query_one("#city")


async def test_keys_typed_in_a_field_are_text() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        await press(pilot, "n", *"q1pzt")
        assert app.screen.query_one("#city", Input).value == "q1pzt"
        assert app.is_running


@pytest.mark.parametrize("key", ["question_mark", "ctrl+p"])
async def test_help_and_palette_open_over_live_data_and_close(key: str) -> None:
    app, world = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, key)
        assert len(app.screen_stack) == 2
        world.live.replace(feeds.REQUESTS, recorded.REQUESTS[:2])
        await settled(pilot)
        await press(pilot, "escape")
        assert len(app.screen_stack) == 1
        assert len(app.screen.query_one("#requests", LiveTable).rows) == 2
