"""A narrow terminal loses room, and nothing that the operator needs to find their way."""

from __future__ import annotations

import pytest

from console.actions import ACTIONS, SCREENS
from console.actions.keymap import Keymap
from console.screens.frame import key_bar
from console.screens.help import KEY_CELLS, help_lines
from widgets.spans import width


@pytest.mark.parametrize("cells", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("screen", [entry.name for entry in SCREENS])
def test_the_key_bar_fits_and_keeps_every_screen_and_the_help(screen: str, cells: int) -> None:
    bar = key_bar(screen, Keymap(), cells=cells, typing=False)
    said = "".join(text for text, _ in bar)
    assert width(bar) <= cells
    assert " ? help" in said
    assert all(f" {entry.key} " in f"{said} " for entry in SCREENS)


@pytest.mark.parametrize("cells", [66, 78])
def test_the_help_tells_all_of_every_action(cells: int) -> None:
    for action in ACTIONS:
        lines = help_lines(action, Keymap(), cells)
        assert all(width(line) <= cells for line in lines)
        told = " ".join(line[-1][0] for line in lines)
        assert told.startswith(" ".join(action.help.split()))
        assert all(width(line[:-1]) == KEY_CELLS for line in lines)
