"""Colours that can be read, and nothing that is said by colour alone."""

from __future__ import annotations

from typing import Any

import pytest
from textual.color import Color
from textual.theme import Theme

from console.theme import THEMES
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.spans import THEME_STYLES, TONES
from widgets.table import LiveTable

TEXT, MUTED, FRAME = 4.5, 4.5, 1.3
"""Contrast by WCAG 2.2: 4.5 for text (criterion 1.4.3, level AA). A frame carries no meaning, but should be seen."""
CONTRAST_TEXT = 7.0
"""The same at level AAA (1.4.6), which the high-contrast theme is for."""


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it."""

    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colour_of(theme: Theme, name: str) -> str:
    """A colour of a theme by the name that styles use."""
    named = name.removeprefix("bold ").removeprefix("$")
    value = theme.variables.get(named) or getattr(theme, named)
    assert isinstance(value, str)
    return value


def grounds(theme: Theme) -> dict[str, str]:
    """What text stands on."""
    names = ("background", "surface", "panel", "cursor-row", "changed-row")
    return {name: colour_of(theme, name) for name in names}


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("tone", [tone for tone in ("", *TONES) if tone != "quiet"])
def test_text_of_every_tone_can_be_read_on_every_ground(theme: Theme, tone: str) -> None:
    ink = colour_of(theme, THEME_STYLES[tone])
    least = CONTRAST_TEXT if theme.name == "leadgen-contrast" else TEXT
    poor = {
        name: round(contrast(ink, ground), 2)
        for name, ground in grounds(theme).items()
        if contrast(ink, ground) < least
    }
    assert not poor, f"{theme.name}: {tone or 'text'} {ink} needs {least}"


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_frames_and_the_focus_can_be_seen(theme: Theme) -> None:
    background = colour_of(theme, "background")
    assert contrast(colour_of(theme, "frame"), background) >= FRAME
    assert contrast(colour_of(theme, "accent"), background) >= 3, "criterion 1.4.11: what shows the focus"
    assert contrast(colour_of(theme, "line"), background) >= 1.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_the_tones_with_a_meaning_differ(theme: Theme) -> None:
    assert len({colour_of(theme, THEME_STYLES[tone]) for tone in ("good", "warn", "bad")}) == 3


async def shown_rows(app: Any, table: str) -> list[Any]:
    """The styles of a table's first lines."""
    lines = app.screen.query_one(table, LiveTable)
    return [[segment.style for segment in lines.render_line(y)] for y in range(3)]


async def test_without_colours_everything_is_grey_and_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        cursor, *others = await shown_rows(app, "#requests")
        painted = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
    assert all(style.reverse for style in cursor)
    assert not any(style.reverse for line in others for style in line)
    colours = {c.triplet for s in painted if s.style for c in (s.style.color, s.style.bgcolor) if c and c.triplet}
    assert {max(t) - min(t) for t in colours} <= {0, 1}, "greys only"


def poorly_painted(app: Any) -> dict[str, float]:
    """Texts on the screen whose contrast with what they stand on is too little; frames, bars and signs are none."""
    least = CONTRAST_TEXT if app.theme == "leadgen-contrast" else TEXT
    poor = {}
    for segment in (segment for strip in app.screen._compositor.render_strips() for segment in strip):
        style = segment.style
        if any(c.isalnum() for c in segment.text) and style and style.color and style.bgcolor:
            ink, ground = (c.triplet.hex for c in (style.color, style.bgcolor))
            if contrast(ink, ground) < least:
                poor[segment.text.strip()] = round(contrast(ink, ground), 2)
    return poor


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("2", "n", "tab", "tab", "tab", "down", "down", "down", "enter", "ctrl+s"), id="a form"),
        pytest.param(("6", "tab", "tab", "tab"), id="an editor"),
        pytest.param(("7", "down", "right"), id="settings"),
    ],
)
async def test_what_is_painted_can_be_read_in_every_theme(keys: tuple[str, ...]) -> None:
    app, _ = recorded.recorded_app(session=recorded.FakeSession(role="admin"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        for theme in THEMES:
            app.theme = theme.name
            await settled(pilot)
            assert not poorly_painted(app), theme.name


async def test_the_focused_pane_is_told_by_more_than_its_colour() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        styles = {pane.id: pane.styles.border_title_style.underline for pane in app.screen.query(".pane")}
    assert [name for name, underlined in styles.items() if underlined] == ["requests-pane"]


def test_freshness_is_told_by_a_sign_and_a_word_of_its_own() -> None:
    from console.live.health import Freshness
    from console.screens.topbar import _BADGES

    assert set(_BADGES) == set(Freshness)
    words = {f"{sign} {state}" for state, (sign, _) in _BADGES.items()}
    assert len(words) == len(_BADGES)


async def test_another_theme_paints_what_is_there_and_what_comes_later() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for theme in (*THEMES[1:], THEMES[0]):
            await pilot.press("t")
            await settled(pilot)
            assert app.theme == theme.name
            wanted = Color.parse(colour_of(theme, "background")).rgb
            assert app.screen.query_one("#requests").styles.background.rgb == wanted
            await pilot.press("question_mark")
            await settled(pilot)
            assert app.screen.query_one("#help").styles.background.rgb == Color.parse(colour_of(theme, "surface")).rgb
            await pilot.press("escape")
            await settled(pilot)
