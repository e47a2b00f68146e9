"""An empty backend leads its operator: what mail still needs stands on the dashboard until it is there."""

from __future__ import annotations

from typing import Any

import pytest

from console.live import feeds
from console.screens.campaigns.choices import Choices, TemplateChoice
from console.screens.campaigns.preflight import STOP, preflight
from console.screens.dashboard.first_steps import first_steps
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from widgets.lines import LineList


def told(windows: dict[str, list[dict[str, Any]]], health: Any = None) -> list[str]:
    app, world = recorded.recorded_app(windows, health)
    app.session, app._live = world.session, world.live
    return ["".join(text for text, _ in said) for _, said in first_steps(app.view())]


def test_an_empty_backend_lacks_mailbox_address_and_campaign() -> None:
    mailbox, address, campaign = told(recorded.EMPTY)
    assert "leadgen auth outlook" in mailbox
    assert "Config (7)" in address
    assert "template (6)" in campaign
    assert "campaign (2)" in campaign


@pytest.mark.parametrize(
    ("feed", "gone"), [(feeds.MAILBOXES, "mailbox"), (feeds.SETTINGS, "address"), (feeds.REQUESTS, "campaign")]
)
def test_what_is_there_is_asked_for_no_more(feed: str, gone: str) -> None:
    left = told({**recorded.EMPTY, feed: recorded.FULL[feed]})
    assert len(left) == 2
    assert not any(line.startswith(f"No {gone}") or f"No postal {gone}" in line for line in left)


def test_nothing_is_asked_for_where_all_is_there_or_nothing_is_known() -> None:
    assert told(recorded.FULL) == []
    assert told({}, recorded.loading_health()) == []


async def test_the_steps_stand_above_the_activity() -> None:
    app, _ = recorded.recorded_app({**recorded.FULL, feeds.MAILBOXES: []})
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        lines = app.screen.query_one("#activity", LineList).lines
        assert [head for head, _ in lines].count("to do") == 1
        assert lines[0][0] == "to do"
        assert len(lines) > 1


def test_a_campaign_without_template_or_city_is_stopped_before_it_is_filled_in() -> None:
    app, world = recorded.recorded_app()
    app.session, app._live = world.session, world.live
    texts = [c.text for c in preflight(app.view(), None, Choices()) if c.verdict == STOP]
    assert any("Templates" in text for text in texts)
    assert any("city" in text for text in texts)
    some = Choices(templates=(TemplateChoice(1, "One"),))
    assert not any("emplate" in c.text for c in preflight(app.view(), None, some))
    assert preflight(app.view(), None, None) == preflight(app.view(), None), "what is not known yet stops nothing"
