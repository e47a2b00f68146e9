"""The first line says who one is here, whatever the width: the role is what decides what one may do."""

from __future__ import annotations

import pytest

from console.live.session import UserInfo
from console.screens.frame import LiveScreen
from console.screens.topbar import badge, who
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.spans import width
from widgets.text import Line

pytestmark = pytest.mark.usefixtures("no_frames")
LONG = "operator.with.a.long.name@sales.department.of.contoso.example"


async def _first_line(cells: int, email: str, offline: bool, role: str = "operator") -> tuple[str, int, str]:
    """What stands at its left, the room it has, and what the badge says."""
    session = recorded.FakeSession(role=role)
    session.user = UserInfo(email, role)
    app, _ = recorded.recorded_app(health=recorded.offline_health() if offline else None, session=session)
    async with app.run_test(size=(cells, 36)) as pilot:
        await settled(pilot)
        line = app.screen.query_one("#who", Line)
        return line.text, line.size.width, app.screen.query_one("#badge", Line).text


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("cells", [60, 80, 100, 120, 160])
async def test_the_role_is_never_cut(cells: int, offline: bool) -> None:
    said, room, fresh = await _first_line(cells, LONG, offline)
    assert width(((said, ""),)) <= room
    assert said.endswith(" operator")
    assert "·" in said
    assert ("OFFLINE" if offline else "LIVE") in fresh


async def test_what_fits_is_not_cut() -> None:
    said, _, _ = await _first_line(120, "grace@example.com", offline=False)
    assert said == "demo-leadgen · grace@example.com operator"


async def test_another_size_is_another_room(monkeypatch: pytest.MonkeyPatch) -> None:
    session = recorded.FakeSession()
    session.user = UserInfo(LONG, "operator")
    app, _ = recorded.recorded_app(session=session)
    async with app.run_test(size=(160, 36)) as pilot:
        await settled(pilot)
        line = app.screen.query_one("#who", Line)
        before = line.text
        # Not only when something is shown anew: nothing may be new for long.
        monkeypatch.setattr(LiveScreen, "show", lambda *_: None)
        for cells in (80, 160):
            await pilot.resize_terminal(cells, 24)
            await settled(pilot)
            beside = app.screen.query_one("#limits-beside", Line)
            assert beside.display is (cells > 80)
            assert all(word in beside.text for word in ("ada@contoso.com", "LLM", "sent"))
            assert line.text.endswith(" operator")
            assert width(((line.text, ""),)) <= line.size.width
        assert line.text == before


async def test_the_project_stays_before_the_address_does() -> None:
    app, _ = recorded.recorded_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "".join(text for text, _ in who(app.view(), 32)) == "demo-leadgen · grace@e… operator"
        assert badge(app.view())
