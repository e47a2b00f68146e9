"""Figures over hours and days: counted right, drawn right, exported, and read within the bounds that are told."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live.governor import Used
from console.live.session import BackendError
from console.screens.plots import screen as plots
from console.stats.export import export
from console.stats.figures import charts, days_back, hours_back, per_slice
from console.stats.picture import to_svg
from tests.snapshots import recorded
from tests.snapshots.scenes.plots import recorded_stats
from tests.snapshots.scenes.scene import settled
from widgets import bars
from widgets.bars import BarChart, Series
from widgets.spans import width

ZONE = ZoneInfo("America/Chicago")


def test_hours_end_with_the_present_one_and_each_moment_counts_once() -> None:
    now = datetime(2026, 11, 18, 20, 2, tzinfo=UTC)
    starts = hours_back(now, 24, 1, ZONE)
    assert starts[-1].hour == 14
    moments = [now.timestamp() - 60 * minute for minute in range(24 * 60 - 60)]
    assert sum(one.sent for one in per_slice(moments, starts, 1)) == len(moments)
    assert [one.sent for one in per_slice(moments, starts, 1)][-1] == 3


def test_six_hours_begin_where_the_operators_day_does() -> None:
    starts = hours_back(datetime(2026, 11, 18, 20, 2, tzinfo=UTC), 28, 6, ZONE)
    assert {start.hour for start in starts} == {0, 6, 12, 18}
    assert starts[-1] <= datetime(2026, 11, 18, 20, 2, tzinfo=UTC) < starts[-1] + timedelta(hours=6)


def test_a_change_of_the_clocks_loses_no_slice() -> None:
    for now in (datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)):
        starts = [start.timestamp() for start in hours_back(now, 28, 6, ZONE)]
        assert {b - a for a, b in pairwise(starts)} == {6 * 3600}


def test_the_last_day_is_the_operators_today() -> None:
    late = datetime(2026, 11, 19, 3, 0, tzinfo=UTC)
    assert [d.day for d in days_back(late, 2, ZONE)] == [17, 18]
    assert [d.day for d in days_back(late, 2, UTC)] == [18, 19]


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=40), st.integers(30, 130), st.integers(1, 9)
)
def test_a_chart_fills_its_cells_and_never_more(values: list[float | None], cells: int, height: int) -> None:
    series = Series("mails", tuple(values), lambda v: f"{v:.0f}")
    lines = bars.rows(series, cells, height)
    assert len(lines) == height + 1
    assert {width(line) for line in lines} == {cells}


def test_the_highest_bar_is_full_and_the_smallest_can_be_seen() -> None:
    lines = ["".join(text for text, _ in line) for line in bars.rows(Series("x", (0, 1, 100, None), str), 24, 3)]
    foot, top = lines[-1][bars.AXIS :], lines[1][bars.AXIS :]
    assert top.count("█") >= 1
    assert "·" in foot
    assert "▁" in foot
    assert "?" in foot


def test_what_has_no_known_price_is_not_shown_as_free() -> None:
    stats = recorded_stats()
    dollars = charts(stats)[3].series[1]
    assert dollars.values.count(None) == 1
    assert "40 unpriced" in dollars.note
    assert [one["unpricedCalls"] for one in stats.facts()["modelByDay"]].count(40) == 1


def test_facts_are_json_and_add_up_to_what_is_drawn() -> None:
    stats = recorded_stats()
    facts = json.loads(json.dumps(stats.facts(), default=str))
    drawn = {chart.name: chart for chart in charts(stats)}
    assert sum(one["sent"] for one in facts["sendsByHour"]) == sum(v or 0 for v in drawn["hours"].series[0].values)
    assert sum(one["harvested"] for one in facts["funnelByDay"]) == sum(
        v or 0 for v in drawn["funnel"].series[0].values
    )
    assert facts["documentReads"] == 61


def test_the_svg_is_well_formed_and_holds_a_bar_for_each_value() -> None:
    stats = recorded_stats()
    root = ET.fromstring(to_svg(charts(stats), "leadgen <b>&"))
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    wanted = sum(1 for chart in charts(stats) for series in chart.series for value in series.values if value)
    assert names.count("rect") == wanted + 1
    assert "leadgen <b>&" in "".join(root.itertext())


def test_an_export_says_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export(recorded_stats(), tmp_path / "new" / "a.svg", ZONE) == str(tmp_path / "new" / "a.svg")

    def none(_: Path) -> Path:
        raise BackendError("There is no browser to draw with", "", "Install one: make setup")

    monkeypatch.setattr("console.picture.to_png", none)
    said = export(recorded_stats(), tmp_path / "a.png", ZONE)
    assert "a.svg only" in said
    assert "no browser" in said
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="file"):
        export(recorded_stats(), tmp_path / "file" / "a.svg", ZONE)


async def test_the_plots_open_over_the_dashboard_and_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "read", lambda *_: recorded_stats())
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("p")
        await settled(pilot)
        shown = app.screen.query_one(BarChart)
        for key, name in (("3", "funnel"), ("right", "model"), ("right", "hours"), ("left", "model")):
            await pilot.press(key)
            assert shown.chart is not None
            assert shown.chart.name == name
        await pilot.press("escape")
        await settled(pilot)
        assert app.scope == "dashboard"


async def test_figures_that_can_not_be_read_are_told_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [BackendError("The figures could not be read", "Firestore can't be reached."), None]

    def read(*_: Any) -> Any:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return recorded_stats()

    monkeypatch.setattr(plots, "read", read)
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("p")
        await settled(pilot)
        assert app.screen.query_one(BarChart).chart is None
        assert "can't be reached" in str(app.screen.query_one(BarChart).render())
        await pilot.press("l")
        await settled(pilot)
        assert app.screen.query_one(BarChart).chart is not None


def test_a_day_without_calls_costs_nothing() -> None:
    assert Used(0, 0, 0.0).cost == "$0.00"
