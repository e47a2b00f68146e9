"""The console's page says what the console does now."""

from __future__ import annotations

import re

import pytest

from console.actions import ACTIONS, SCREENS
from console.actions.table import PAGE, key_table, renewed
from console.live import feeds
from console.stats import reading
from console.theme import THEMES
from tests.snapshots.for_docs import IMAGES, SHOWN, accepted


def test_the_key_table_is_that_of_the_registry() -> None:
    """Made by: python -m console.actions.table"""
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page


def test_every_key_and_every_command_is_in_it() -> None:
    table = key_table()
    for action in ACTIONS:
        if action.key:
            assert f"`{action.id}`" in table, action.id
        if action.command:
            assert f"| {action.command} |" in table, action.id


def test_what_the_page_says_in_figures_is_true() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"{sum(feed.window for feed in feeds.console_feeds())} documents" in page
    assert f"at most {reading.CAMPAIGNS} campaigns" in page
    assert all(f"`{theme.name.removeprefix('leadgen-')}`" in page for theme in THEMES)
    assert all(re.search(rf"\*\*{entry.key} {entry.title}\*\*", page) for entry in SCREENS)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_page_shows_each_screen_as_the_tests_accepted_it(name: str) -> None:
    """Made by: python -m tests.snapshots.for_docs"""
    assert f"](images/{name}.svg)" in PAGE.read_text(encoding="utf-8")
    assert (IMAGES / f"{name}.svg").read_bytes() == accepted(SHOWN[name]).read_bytes()


def test_no_screen_is_without_a_picture_and_no_picture_without_a_place() -> None:
    assert {entry.name for entry in SCREENS} <= set(SHOWN)
    assert {path.stem for path in IMAGES.glob("*.svg")} == set(SHOWN)


def test_the_first_campaign_takes_the_presses_that_are_told() -> None:
    from tests.unit.test_console_first_campaign import PRESSES

    said = " ".join(PAGE.read_text(encoding="utf-8").split()).partition("key presses:")[2].partition("**")[0]
    shown = {"tab": "Tab", "enter": "Enter"}
    assert re.findall(r"`([^`]+)`", said) == [shown.get(key, key) for key in PRESSES]
