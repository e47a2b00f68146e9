"""A new operator's way: from the open console to a started campaign and its sent mail, in few key presses."""

from __future__ import annotations

from typing import Any

from console.live import feeds
from console.screens.campaigns.form import CampaignForm
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.table import LiveTable

PRESSES = ("2", "n", "a", "tab", "tab", "5", "enter", "4")
MOST = 8


async def test_a_campaign_is_started_and_its_sent_mail_found_in_eight_presses() -> None:
    app, world = recorded.recorded_app(recorded.EMPTY)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in PRESSES:
            await pilot.press(key)
            await settled(pilot)
            if key == "enter":
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


async def test_a_template_made_meanwhile_is_offered_and_what_was_filled_in_stays() -> None:
    answers: dict[str, Any] = {"getTemplates": []}
    app, world = recorded.recorded_app(recorded.EMPTY, session=recorded.FakeSession(answers=answers))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        assert app.screen.query_one(CampaignForm).entry.template is None
        await pilot.press("n", "d", "tab", "escape", "6")
        await settled(pilot)
        answers["getTemplates"] = recorded.TEMPLATES
        await pilot.press("2")
        await settled(pilot)
        await settled(pilot)
        entry = app.screen.query_one(CampaignForm).entry
        assert (entry.city, entry.template) == ("dallas", 1)
        asked = len([name for name, _, _ in world.session.calls if name == "getTemplates"])
        app.flush()
        await settled(pilot)
        assert len([name for name, _, _ in world.session.calls if name == "getTemplates"]) == asked, "once for a visit"
