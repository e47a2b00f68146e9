"""The review screen: each way a lead can go."""

from __future__ import annotations

import pytest

from console.live.session import BackendError
from console.review import Lead, NoDisplay
from console.screens.asking import AskScreen
from console.screens.confirm import ConfirmScreen
from console.screens.review.hand import SETTLES_S
from tests.review_play import FOUND, play
from tests.snapshots.scenes.review import lead, leads, opened, seen

pytestmark = pytest.mark.usefixtures("no_frames")


async def test_a_lead_is_claimed_its_page_opened_its_address_proposed_and_reported_once() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        first = at.page
        assert first == Lead("contact0002", "https://ads.example/austin/2/contact", ("relay.ads.example",))
        (claim,) = at.world.calls("claimCaptcha")
        assert claim[0] == {"leadId": first.id}
        assert claim[1], "a claim that is asked for twice is one"
        await at.propose()
        assert FOUND in at.text("address")
        assert f"Write to {FOUND}" in at.text("address")
        assert "after you began" in at.text("address")
        await at.press("enter")
        assert at.reports() == [(first.id, True, FOUND, 1)]
        assert at.world.calls("resolveCaptcha")[0][1], "a report has a key"
        assert "mail queued" in at.text("yours")


async def test_the_next_lead_follows_at_once_in_a_tab_that_stands_ready() -> None:
    async with play(leads(4)) as at:
        await at.press("enter")
        assert [one.id for one in at.world.browser.prepared] == ["contact0000"]  # bob has contact0002
        await at.propose()
        order: list[str] = []
        at.world.browser.open = lambda one: order.append(f"open {one.id}")
        answers = at.world.world.session.answers
        claim = answers["claimCaptcha"]
        answers["claimCaptcha"] = lambda body: order.append(f"claim {body['leadId']}") or claim(body)
        await at.press("enter")
        assert order == ["open contact0000", "claim contact0000"]
        assert at.hand.lead == "contact0000"
        assert at.screen.query_one("#leads").cursor_key == "contact0000"
        assert [one.id for one in at.world.browser.prepared] == ["contact0000", "contact0001"]


async def test_a_queue_of_twenty_takes_at_most_three_keys_a_lead() -> None:
    async with play([lead(number) for number in range(20)]) as at:
        at.keys = 0
        await at.press("enter")
        for number in range(20):
            await at.propose(f"person{number}@fenceworks.com")
            await at.press("enter")
        assert len({report[0] for report in at.reports()}) == len(at.reports()) == 20
        assert at.keys == 21
        assert at.hand is None
        assert "Nothing else waits" in at.text("address")


async def test_an_address_typed_without_a_display_takes_at_most_three_keys_besides() -> None:
    async with play([lead(number) for number in range(4)]) as at:
        at.keys = 0
        await at.press("enter")
        for number in range(4):
            await at.say(NoDisplay(at.page.id, at.page.contact_url, "There is no display."))
            await at.press("e")
            at.pilot.app.screen.query_one("#ask-text").value = f"person{number}@fenceworks.com"
            await at.press("enter")
        assert len({report[0] for report in at.reports()}) == 4
        assert at.keys <= 4 * 3


async def test_enter_meant_for_what_was_there_before_accepts_nothing() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        await at.say(opened(at.page), seen(at.page, FOUND))
        await at.press("enter")
        assert not at.reports()
        await at.wait(SETTLES_S + 0.1)
        await at.press("enter", "enter", "enter")
        assert len(at.reports()) == 1
        assert len(at.world.browser.opened) == 2


async def test_what_was_there_from_the_start_is_offered_and_the_sites_relay_is_not() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        desk, relay = seen(at.page, "desk@ads.com", appeared=False), seen(at.page, "x@relay.ads.example", kind="relay")
        await at.say(opened(at.page), desk, relay, desk)
        assert at.hand.address == ""
        assert "desk@ads.com" in at.text("address")
        assert "relay.ads.example" not in at.text("address")
        await at.press("enter")
        assert not at.reports()
        await at.press("a")
        assert at.hand.address == "desk@ads.com"
        await at.say(seen(at.page, FOUND))
        await at.press("a")
        assert at.hand.address == FOUND
        await at.press("a", "a")
        await at.wait(1)
        await at.press("enter")
        assert [report[2] for report in at.reports()] == [FOUND]


async def test_an_address_is_edited_and_checked_before_it_is_reported() -> None:
    async with play(leads(3)) as at:
        await at.press("e")
        assert "No lead in hand" in at.told()
        await at.press("enter")
        await at.propose()
        await at.press("e")
        box = at.pilot.app.screen.query_one("#ask-text")
        assert box.value == FOUND
        for wrong in ("", "dana@", "x@eu.relay.ads.example"):
            box.value = wrong
            await at.press("enter")
            assert isinstance(at.pilot.app.screen, AskScreen)
        box.value = " other@fenceworks.com "
        await at.press("enter")
        assert [report[2] for report in at.reports()] == ["other@fenceworks.com"]
        await at.press("e", "escape")
        assert len(at.reports()) == 1


async def test_a_failure_is_asked_about_only_if_it_is_the_last_one() -> None:
    async with play([lead(0, attempts=2), lead(1)]) as at:
        await at.press("enter", "f")
        assert at.reports() == [("contact0001", False, "", 1)]
        assert at.hand.lead == "contact0000"
        await at.press("f")
        assert isinstance(at.pilot.app.screen, ConfirmScreen)
        await at.press("enter")
        assert len(at.reports()) == 1
        await at.press("f", "tab", "enter")
        assert [report[0] for report in at.reports()] == ["contact0001", "contact0000"]


async def test_skip_gives_the_lead_back_and_goes_on_and_escape_stops() -> None:
    async with play(leads(4)) as at:
        await at.press("enter", "s")
        assert [body for body, _ in at.world.calls("releaseCaptcha")] == [{"leadId": "contact0003", "epoch": 1}]
        assert at.hand.lead == "contact0000"
        await at.press("escape")
        assert at.hand is None
        assert len(at.world.calls("releaseCaptcha")) == 2
        assert len(at.claims()) == 2


async def test_taking_another_lead_gives_the_first_one_back() -> None:
    async with play(leads(4)) as at:
        await at.press("enter", "n")
        assert at.screen.query_one("#leads").cursor_key == "contact0000", "n passes over what bob has"
        assert "is in hand" in at.screen.query_one("#address-pane").title
        await at.press("enter")
        assert at.hand.lead == "contact0000"
        assert [body["leadId"] for body, _ in at.world.calls("releaseCaptcha")] == ["contact0003"]
        await at.press("p")
        assert at.screen.query_one("#leads").cursor_key == "contact0003"


async def test_undo_takes_reports_back_the_last_one_first() -> None:
    async with play(leads(4)) as at:
        await at.press("u")
        assert "Nothing to take back" in at.told()
        await at.press("enter")
        await at.propose()
        await at.press("enter")
        await at.propose("eve@fenceworks.com")
        await at.press("enter", "u", "u")
        undone = [body["leadId"] for body, _ in at.world.calls("undoCaptcha")]
        assert undone == ["contact0000", "contact0003"]
        assert at.text("yours").count("taken back") >= 2


async def test_a_mail_that_has_left_can_not_be_taken_back_and_stays_the_last() -> None:
    left = BackendError("Conflict", "This report's mail left at 20:01.", "It can't be called back.", status=409)
    async with play(leads(4), undoCaptcha=left) as at:
        await at.press("enter")
        await at.propose()
        await at.press("enter", "u", "u")
        assert "mail left at 20:01" in at.told()
        assert [body["leadId"] for body, _ in at.world.calls("undoCaptcha")] == ["contact0003"] * 2
        assert "mail queued" in at.text("yours")


async def test_leaving_gives_back_what_is_in_hand_and_ends_the_browser() -> None:
    async with play(leads(3)) as at:
        await at.press("enter", "1")
        assert at.hand is not None, "another screen changes nothing"
        world = at.world
    assert [body for body, _ in world.calls("releaseCaptcha")] == [{"leadId": "contact0002", "epoch": 1}]
    assert world.browser.closed


async def test_a_viewer_looks_and_is_told_what_it_takes() -> None:
    async with play(leads(3), role="viewer") as at:
        assert "not work on them" in at.text("address")
        await at.press("enter", "f", "s", "e")
        assert not at.world.calls("claimCaptcha")


async def test_the_card_shows_what_is_known_as_text_and_sets_the_phone_off() -> None:
    async with play(leads(4)) as at:
        lines = at.screen.query_one("#lead").lines
        shown = at.text("lead")
        accents = [text for _, pieces in lines for text, tone in pieces if tone == "accent"]
        assert accents == ["512.555.0130"]
        assert "[b]here[/b]" in shown
        assert "\x1b" not in shown
        assert "the same picture" in shown
        assert "“Call or text 512.555.0130” phones/3" in shown
