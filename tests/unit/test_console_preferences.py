"""An operator's own settings: kept, read back, and never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console import preferences
from console.actions import ACTIONS
from console.actions.keymap import Keymap, checked
from console.app import LeadgenApp
from console.theme import THEMES, next_theme
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled


def test_a_choice_is_kept_and_what_the_operator_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text('# mine\n[keys]\nquit = "x"  # as in mail\n', encoding="utf-8")
    kept = (
        preferences.load(path).saved("look", "theme", "leadgen-light").saved("columns", "contacts", ["name", "email"])
    )
    assert kept.text("look", "theme") == "leadgen-light"
    text = path.read_text(encoding="utf-8")
    assert text.startswith('# mine\n[keys]\nquit = "x"  # as in mail\n')
    again = preferences.load(path)
    assert again.names("columns", "contacts") == ("name", "email")
    assert again.saved("look", "theme", None).text("look", "theme", "none") == "none"


def test_a_damaged_file_is_told_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text("[keys\nquit = ", encoding="utf-8")
    damaged = preferences.load(path)
    assert "can't be read" in damaged.problems[0]
    with pytest.raises(OSError, match="nothing is written"):
        damaged.saved("look", "theme", "leadgen-light")
    assert path.read_text(encoding="utf-8") == "[keys\nquit = "


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"no.such": "x"}, "no action of that name"),
        ({"table.move": "x"}, "no action of that name that has a key"),
        ({"quit": 5}, "is not a key"),
        ({"quit": "x,"}, "is not a key"),
        ({"quit": "1"}, "already means go.dashboard"),
        ({"campaign.new": "q"}, "already means quit"),
    ],
)
def test_a_key_that_can_not_be_used_is_left_out_and_told(wanted: dict[str, Any], said: str) -> None:
    keymap, problems = checked(wanted)
    assert not keymap.keys
    assert said in problems[0]


def test_keys_that_change_places_are_fine() -> None:
    keymap, problems = checked({"zoom": "v", "pause": "z"})
    assert not problems
    assert keymap.keys == {"zoom": "v", "pause": "z"}


def test_a_changed_key_works_and_help_says_so() -> None:
    quits = next(a for a in ACTIONS if a.id == "quit")
    assert Keymap().text(quits) == "q"
    assert Keymap({"quit": "ctrl+w"}).text(quits) == "Ctrl+w"


async def test_the_console_takes_its_owners_keys_and_theme(tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text('[look]\ntheme = "contrast"\n[keys]\npause = "f8"\nquit = "1"\n', encoding="utf-8")
    live = recorded.RecordedLive(recorded.FULL, recorded.live_health())
    session: Any = recorded.FakeSession()
    app = LeadgenApp(
        lambda: session,
        clock=recorded.StillClock(),
        zone=recorded.ZONE,
        make_live=lambda _s, _c: live,
        settings=preferences.load(path),
    )
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert app.theme == "leadgen-contrast"
        assert [n.title for n in app._notifications] == ["A setting of yours can't be used"]
        await pilot.press("f8")
        assert app.view().freshness[0].name == "LIVE"
        assert app._frozen is not None
        await pilot.press("t")
        assert app.theme == next_theme("leadgen-contrast").name
    assert preferences.load(path).text("look", "theme") == app.theme


async def test_what_a_role_does_not_cover_is_said_and_not_done() -> None:
    app, behind = recorded.recorded_app(session=recorded.FakeSession(role="viewer"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("ctrl+s")
        await settled(pilot)
        said = [f"{n.title} {n.message}" for n in app._notifications]
    assert any("role operator; yours is viewer" in text for text in said), said
    assert "triggerHarvest" not in [call[0] for call in behind.session.calls]


def test_every_theme_can_be_reached() -> None:
    name, seen = THEMES[0].name, set()
    for _ in THEMES:
        seen.add(name)
        name = next_theme(name).name
    assert seen == {t.name for t in THEMES}
