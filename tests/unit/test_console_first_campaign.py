"""A new operator's way: from the open console to a started campaign and its sent mail, in few key presses."""

from __future__ import annotations

from console.live import feeds
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.table import LiveTable

PRESSES = ("2", "a", "right", "tab", "tab", "5", "ctrl+s", "4")
MOST = 8


async def test_a_campaign_is_started_and_its_sent_mail_found_in_eight_presses() -> None:
    app, world = recorded.recorded_app(recorded.EMPTY)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in PRESSES:
            await pilot.press(key)
            await settled(pilot)
            if key == "ctrl+s":
                started = [body for name, body, _ in world.session.calls if name == "triggerHarvest"]
                world.live.replace(feeds.REQUESTS, [recorded.request(0, "austin", "PROCESSING", 5)])
                world.live.replace(feeds.EMAILS, [recorded.email(0, "SENT")])
        await settled(pilot)
        assert app.current_mode == "email"
        table = next(t for t in app.screen.query(LiveTable) if t.rows)
        said = " ".join(text for cell in table.rows[0].cells for text, _ in cell)
    assert len(PRESSES) <= MOST
    assert started == [{"templateId": 1, "city": "austin", "numLeads": 5}]
    assert "sent" in said
