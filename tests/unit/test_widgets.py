"""The widgets: text that fits its cells, and a table that costs only what changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from widgets import spans
from widgets.gauge import gauge
from widgets.table import MARK_S, Column, LiveTable, Row


@given(st.text(alphabet=st.characters(exclude_categories=["C", "M"])), st.integers(1, 30), st.booleans())
def test_fitted_text_has_exactly_its_cells(text: str, cells: int, right: bool) -> None:
    assert spans.width(spans.fit(((text, ""), ("tail", "muted")), cells, right=right)) == cells


@pytest.mark.parametrize(("fraction", "filled"), [(0, 0), (0.001, 1), (0.5, 5), (0.999, 9), (1, 10), (7, 10), (-1, 0)])
def test_a_bar_is_empty_only_at_nothing_and_full_only_at_all(fraction: float, filled: int) -> None:
    assert len(spans.bar(fraction, 10)[0][0]) == filled


def test_sparklines_scale_and_keep_their_length() -> None:
    shown = "".join(text for text, _ in spans.sparkline((0, 1, 100), 5))
    assert shown == "▁▁▁▂█"


def test_a_gauge_asks_for_attention_near_its_limit() -> None:
    assert any(tone == "warn" for _, tone in gauge("LLM", 15, 20))
    assert not any(tone == "warn" for _, tone in gauge("LLM", 14, 20))


def rows(*keys: str, suffix: str = "") -> list[Row]:
    """Rows with these keys."""
    return [Row(key, (((key + suffix, ""),),), version=suffix) for key in keys]


class TableApp(App[None]):
    """A table alone."""

    def compose(self) -> ComposeResult:
        yield LiveTable((Column("name", 0),), id="table")


async def table_of(pilot: Any, count: int = 50) -> LiveTable:
    """A table with rows, focused."""
    table: LiveTable = pilot.app.query_one(LiveTable)
    table.show(rows(*(f"k{n}" for n in range(count))), 0)
    table.focus()
    await pilot.pause()
    return table


async def test_cursor_and_first_visible_row_stay_when_rows_come_and_go() -> None:
    async with TableApp().run_test(size=(40, 10)) as pilot:
        table = await table_of(pilot)
        await pilot.press(*("j",) * 20)
        await pilot.pause()
        top = table.rows[table.scroll_offset.y].key
        table.show([*rows("new1", "new2"), *table.rows], 1)
        assert table.cursor_key == "k20"
        assert table.rows[table.scroll_offset.y].key == top
        table.show([r for r in table.rows if r.key != "k20"], 2)
        assert table.cursor_key == "k21", "the next one takes the place of a row that went"
        table.show([], 3)
        assert table.cursor_key is None


async def test_only_changed_lines_are_painted() -> None:
    async with TableApp().run_test(size=(40, 10)) as pilot:
        table = await table_of(pilot)
        painted: list[int] = []
        original = table.render_line

        def noting(y: int) -> Any:
            painted.append(y)
            return original(y)

        table.render_line = noting  # type: ignore[method-assign]
        changed = list(table.rows)
        changed[3] = rows("k3", suffix="!")[0]
        table.show(changed, 1)
        await pilot.pause()
        assert set(painted) == {3}
        painted.clear()
        table.show(list(changed), 2)
        await pilot.pause()
        assert not painted, "the same content costs nothing"


async def test_a_change_is_marked_for_a_moment_and_a_new_age_is_not() -> None:
    async with TableApp().run_test(size=(40, 10)) as pilot:
        table = await table_of(pilot, 3)
        assert not table._changed, "the first content is no change"
        table.show([*rows("k0", suffix="!"), *rows("k1", "k2")], 10)
        aged = [Row("k0", ((("k0 1m", ""),),), "!"), *rows("k1", "k2")]
        table.show(aged, 10.5)
        assert set(table._changed) == {"k0"}
        table.settle(10.1 + MARK_S)
        assert not table._changed


async def test_keys_move_the_cursor_and_stop_at_the_ends() -> None:
    async with TableApp().run_test(size=(40, 10)) as pilot:
        table = await table_of(pilot)
        await pilot.press("k", "up")
        assert table.cursor == 0
        await pilot.press("G")
        assert table.cursor == 49
        await pilot.press("down", "g", "pagedown")
        assert table.cursor == 10
