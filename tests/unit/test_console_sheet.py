"""The console's style sheet: every widget looks as with the library's own, and nothing is parsed twice."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Label

import console
from console.app import LeadgenApp
from console.sheet import Sheet


class Small(App[None]):
    """Rules by type, class, id, place, state and ancestry."""

    CSS = """
    Vertical:focus-within { border: round $primary; }
    Vertical.late Label { color: $error; text-style: bold; }
    #one { background: $surface; }
    Label.seen { color: $success; }
    Horizontal > Label:first-child { margin: 1; }
    Input:focus { background: $panel; }
    """

    def __init__(self, sheet: Stylesheet | None = None) -> None:
        super().__init__()
        if sheet is not None:
            sheet.set_variables(self.get_css_variables())
            self.stylesheet = sheet

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Input(id="one")
            yield Input(id="two", classes="seen")
            with Horizontal():
                yield Label("a", classes="seen")
                yield Label("b")
            yield DataTable[str]()
            yield Button("c", disabled=True)


async def looks(app: Small) -> list[list[str]]:
    """How everything looks after each of several changes."""
    seen: list[list[str]] = []

    def look() -> None:
        nodes = [*app.screen.walk_children(with_self=True)]
        names = [(node, name) for node in nodes for name in sorted(node._get_component_classes())]
        parts = [node.get_component_styles(name).css for node, name in names]
        seen.append([node.styles.css for node in nodes] + parts)

    async with app.run_test() as pilot:
        look()
        await pilot.press("tab")
        look()
        app.query_one("#box").add_class("late")
        await pilot.pause()
        look()
        await app.query_one("#box").mount(Label("new", classes="seen", id="new"))
        look()
        app.theme = "textual-light"
        await pilot.pause()
        look()
        app.query_one("#new").set_class(False, "seen")
        await app.query_one("#two").remove()
        look()
    return seen


async def test_everything_looks_as_with_the_library() -> None:
    for ours, theirs in zip(await looks(Small(Sheet())), await looks(Small()), strict=True):
        assert len(ours) > 10
        assert ours == theirs


async def test_nothing_is_parsed_twice_for_the_same_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[tuple[object, ...]] = []
    plain = Stylesheet._parse_rules

    def count(self: Stylesheet, css: str, read_from: tuple[str, str], *more: object) -> object:
        parsed.append((css, read_from, more, *self._variables.values()))
        return plain(self, css, read_from, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Stylesheet, "_parse_rules", count)
    monkeypatch.setattr(Sheet, "_parsed", {})
    await looks(Small(Sheet()))
    once = len(parsed)
    assert len(set(parsed)) == once > 10
    await looks(Small(Sheet()))
    assert len(parsed) == once


async def test_a_widget_is_given_rules_if_they_are_others_than_before(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[DOMNode] = []
    plain = Stylesheet.replace_rules

    def note(node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        if isinstance(node, Widget):  # and not a part, whose styles are worked out on a node made for that
            given.append(node)
        plain(node, rules, animate)

    monkeypatch.setattr(Stylesheet, "replace_rules", note)
    app = Small(Sheet())
    async with app.run_test() as pilot:
        await pilot.pause()
        given.clear()
        app.refresh_css()
        await pilot.pause()
        assert given == []
        (label,) = (one for one in app.query(Label) if not one.has_class("seen"))
        label.add_class("seen")
        await pilot.pause()
        assert given == [label]


async def test_a_part_is_worked_out_when_it_is_asked_for() -> None:
    app = Small(Sheet())
    async with app.run_test():
        table = app.query_one(DataTable)
        assert "datatable--cursor" in table._component_styles
        assert "no-such-part" not in table._component_styles
        with pytest.raises(KeyError):
            table.get_component_styles("no-such-part")
        worked_out = len(table._component_styles)
        assert worked_out < len(table._get_component_classes())
        table.get_component_styles("datatable--odd-row")
        assert len(table._component_styles) == worked_out + 1


def screens() -> list[type[Screen[Any]]]:
    """Every screen and dialog of the console."""
    folder = str(Path(console.__file__).parent / "screens")
    for module in pkgutil.walk_packages([folder], "console.screens."):
        importlib.import_module(module.name)
    found, waiting = [], [Screen]
    while waiting:
        waiting += (of := waiting.pop()).__subclasses__()
        found.append(of)
    return [screen for screen in found if screen.__module__.startswith("console.")]


def test_every_style_sheet_is_some_screens_and_can_be_parsed() -> None:
    used = {Path(path) for path in _paths(LeadgenApp)}
    for screen in screens():
        used |= {Path(path) for path in _paths(screen)}
    root = Path(console.__file__).parent
    assert used == {root.parent / "styles.tcss", *root.rglob("*.tcss")}
    sheet = Sheet(variables=LeadgenApp(lambda: None).get_css_variables())  # type: ignore[arg-type,return-value]
    sheet.read_all(sorted(used))
    sheet.parse()
    assert len(sheet.rules) > 150


def _paths(of: type[Any]) -> list[Path]:
    given = of.__dict__.get("CSS_PATH") or []
    beside = Path(importlib.import_module(of.__module__).__file__ or "").parent
    return [beside / path for path in (given if isinstance(given, list) else [given])]
