"""What stands on the screens can be read as it is meant: nothing cut where there is room, no figure that misleads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from textual.app import App, ComposeResult

from console.actions.keymap import Keymap
from console.screens.backend.rows import _clock
from console.screens.config.draft import read, written
from console.screens.config.entries import entries, entry
from console.screens.config.rows import shown
from console.screens.email.rows import detail
from console.screens.frame import key_bar
from console.screens.jump import JumpScreen
from leadgen.model.config import Settings
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.lines import LineList
from widgets.spans import Spans
from widgets.table import Column, LiveTable, Row

pytestmark = pytest.mark.usefixtures("no_frames")


def text_of(pieces: Spans) -> str:
    """Pieces without their tones."""
    return "".join(text for text, _ in pieces)


class _Shown(App[None]):
    def __init__(self, widget: Any) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget


COLUMNS = (Column("name", 8), Column("why", 10), Column("zone", 3, right=True))


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ((("A name that is long", ""),), "A name that is long  CT"),
        ((("A name that goes on and on", ""),), "A name that goes o…  CT"),
        ((("Short", ""),), "Short                CT"),
    ],
)
async def test_a_long_text_runs_on_over_the_empty_cell_behind_it(cells: Spans, line: str) -> None:
    table = LiveTable(COLUMNS)
    async with _Shown(table).run_test(size=(23, 4)) as pilot:
        table.show([Row("1", (cells, (("", "muted"),), (("CT", ""),)))], 0)
        await pilot.pause()
        assert table.render_line(0).text == line


async def test_a_long_text_ends_where_another_begins() -> None:
    table = LiveTable(COLUMNS)
    async with _Shown(table).run_test(size=(23, 4)) as pilot:
        table.show([Row("1", ((("A name that is long", ""),), (("held", ""),), (("CT", ""),)))], 0)
        await pilot.pause()
        assert table.render_line(0).text == "A name…  held        CT"


async def test_lines_are_wrapped_once_however_little_room_there_is() -> None:
    lines = LineList()
    async with _Shown(lines).run_test(size=(24, 12)) as pilot:
        lines.show((("unsubscribeUrl", (("https://a.example/u/1", ""),)), ("phone", (("+15125550142", ""),))))
        await pilot.pause()
        said = [line.text.rstrip() for line in (lines.query_one("Static").render_line(y) for y in range(4))]
        assert "phone +15125550142" in said


@pytest.mark.parametrize("screen", ["dashboard", "campaigns", "backend"])
def test_the_screens_are_named_where_there_is_room(screen: str) -> None:
    bar = text_of(key_bar(screen, Keymap(), cells=120, typing=False))
    assert all(f" {name}" in bar for name in ("1 Dashboard", "2 Campaigns", "3 Review", "5 Contacts", "8 Backend"))
    assert " ? help" in bar


@pytest.mark.parametrize("screen", ["review", "email", "contacts"])
def test_what_can_be_done_here_goes_before_the_names_of_other_screens(screen: str) -> None:
    wide = text_of(key_bar(screen, Keymap(), cells=300, typing=False))
    bar = text_of(key_bar(screen, Keymap(), cells=120, typing=False))
    own = wide.partition("? help")[0].rpartition("8 Backend")[2]
    assert own.strip() in bar


async def test_letters_go_when_what_they_stand_on_moves() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+o")
        await settled(pilot)
        assert isinstance(app.screen, JumpScreen)
        await pilot.resize_terminal(120, 36)
        await settled(pilot)
        assert not isinstance(app.screen, JumpScreen)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("llmTransactionLimit", 0, "0 (paused)"),
        ("llmTokensPerMinute", 0, "0 (no bound)"),
        ("llmDollarsPerDay", 0, "0 (no bound)"),
        ("llmDollarsPerDay", 2.5, "$2.5"),
        ("pauseAfter", 0, "0 (no longer pauses)"),
        ("dailyCapTotal", 0, "0 (no cap)"),
        ("dailyCap", 0, "0 mails"),
        ("activeTimezones", [], "all"),
        ("workingHours.days", [0, 1, 2, 3, 4], "Mon–Fri"),
        ("workingHours.days", [], "none"),
    ],
)
def test_a_nought_says_what_it_does(path: str, value: Any, said: str) -> None:
    assert text_of(shown(entry(path), value)) == said


def test_every_setting_is_read_back_as_it_is_written() -> None:
    values = Settings().model_dump(by_alias=True, mode="json")
    for one in entries():
        value: Any = values
        for part in one.path.split("."):
            value = value[part]
        assert read(one, written(one, value)) == value, one.path


@pytest.mark.parametrize(
    ("typed", "days"), [("mon-fri", [0, 1, 2, 3, 4]), ("Mon, Wed", [0, 2]), ("daily", list(range(7)))]
)
def test_working_days_are_typed_as_words(typed: str, days: list[int]) -> None:
    assert read(entry("workingHours.days"), typed) == days


def test_a_day_that_is_none_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="'x' is no day; such as mon-fri"):
        read(entry("workingHours.days"), "x")


def test_a_mail_says_how_long_ago_its_status_changed() -> None:
    from console.live import feeds

    live = recorded.RecordedLive(recorded.FULL, recorded.live_health())
    doc = live.store.window(feeds.EMAILS).docs[0]
    lines = dict(detail(doc, doc.value.updated_at + timedelta(seconds=13), recorded.ZONE))
    assert text_of(lines["status"]) == "queued, 13s ago"


@pytest.mark.parametrize(
    ("skew", "said"), [(0.4, "in step"), (-0.3, "in step"), (200.0, "200 s ahead"), (-9, "9 s behind")]
)
def test_a_clock_is_told_in_words(skew: float, said: str) -> None:
    assert text_of(_clock(skew)) == said
