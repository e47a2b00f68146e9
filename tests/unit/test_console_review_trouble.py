"""The review screen in trouble: pages that fail, claims that are lost, answers that do not come."""

from __future__ import annotations

from typing import Any

import pytest

from console.live import feeds
from console.live.session import BackendError
from console.review import BrowserCrashed, BrowserMissing, NoDisplay, PageClosed, PostRemoved, SiteDown
from console.screens.confirm import ConfirmScreen
from console.screens.review.hand import PageState
from tests.review_play import FOUND, play
from tests.snapshots.scenes.review import held, leads

pytestmark = pytest.mark.usefixtures("no_frames")
DOWN = BackendError("The backend does not answer", "ConnectError", "Check the network.", status=0)
TAKEN = BackendError("Conflict", "Lead is with bob@example.com until 20:12.", "Take the next lead.", status=409)


async def test_a_page_that_is_closed_crashed_or_down_is_told_and_enter_opens_it_again() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        page = at.page
        ends = (
            (PageClosed(page.id), PageState.CLOSED, "was closed"),
            (BrowserCrashed(page.id, "The browser ended unexpectedly."), PageState.CRASHED, "unexpectedly"),
            (BrowserCrashed("", "The browser did not start."), PageState.CRASHED, "did not start"),
            (SiteDown(page.id, 503, "The site answers with an error (503)."), PageState.DOWN, "503"),
            (PostRemoved(page.id, 410, "The post was removed."), PageState.REMOVED, "removed"),
        )
        for number, (event, state, said) in enumerate(ends, start=1):
            await at.say(event, event)
            assert at.hand.page is state
            assert said in at.text("address")
            assert len(at.world.browser.opened) == number
            await at.press("enter")
            assert at.hand.page is PageState.OPENING
            assert at.world.browser.opened[-1] == page
        assert at.hand.epoch == 1, "the claim is kept through all of this"


async def test_an_address_that_was_seen_outlives_its_page() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        await at.propose()
        await at.say(PageClosed(at.page.id))
        assert FOUND in at.text("address")
        await at.press("enter")
        assert [report[2] for report in at.reports()] == [FOUND]


async def test_without_a_display_or_a_browser_the_page_is_shown_and_copied() -> None:
    for kind, said in ((NoDisplay, "no display"), (BrowserMissing, "Install Chrome")):
        async with play(leads(3)) as at:
            copied: list[str] = []
            at.pilot.app.copy_to_clipboard = copied.append
            await at.press("enter")
            event = kind(at.page.id, at.page.contact_url, said)
            await at.say(event, event)
            assert at.page.contact_url in at.text("address")
            assert said in at.text("address")
            assert copied == [at.page.contact_url]
            await at.press("o")
            assert copied == [at.page.contact_url] * 2
            assert len(at.world.browser.opened) == 1


async def test_a_page_known_to_be_gone_is_marked_before_its_turn() -> None:
    async with play(leads(4)) as at:
        await at.press("enter")
        await at.say(PostRemoved("contact0000", 410, "The post was removed."))
        rows = {row.key: row.cells[-1] for row in at.screen.query_one("#leads").rows}
        assert rows["contact0000"][0][0] == "page gone"
        assert at.hand.page is not PageState.REMOVED


async def test_a_lead_somebody_else_has_is_refused_in_words_and_in_a_row_the_next_is_taken() -> None:
    def claim(body: dict[str, Any]) -> Any:
        if body["leadId"] == "contact0000":
            raise TAKEN
        return at.world.claim(body)

    async with play(leads(4), claimCaptcha=claim) as at:
        await at.press("enter")
        await at.propose()
        await at.press("enter")
        assert "is with bob@example.com" in at.told()
        assert at.hand.lead == "contact0001"


async def test_a_claim_is_prolonged_while_the_person_works_and_runs_out_when_they_do_not() -> None:
    async with play(leads(3)) as at:
        await at.press("enter")
        await at.wait(300)
        assert "yours for 5:00" in at.label()
        await at.wait(61)
        prolonged = [body for body, _ in at.world.calls("claimCaptcha") if "epoch" in body]
        assert prolonged == [{"leadId": "contact0002", "epoch": 1}]
        assert "yours for 10:00" in at.label()
        for _ in range(30):
            await at.wait(30)
        assert len(at.world.calls("claimCaptcha")) <= 3, "nobody has done anything for long"
        assert "ran out" in at.label()
        await at.press("n")
        await at.wait(1)
        assert "yours for" in at.label(), "a claim that ran out is theirs again if nobody took it"


async def test_a_lost_claim_is_said_clearly_and_can_be_made_anew() -> None:
    def claim(body: dict[str, Any]) -> Any:
        if "epoch" in body:
            raise TAKEN
        return at.world.claim(body)

    async with play(leads(3), claimCaptcha=claim) as at:
        await at.press("enter")
        await at.propose()
        at.world.leads[2] |= {"review": held("bob", epoch=2), "version": 9}
        at.world.world.live.replace(feeds.REVIEW, at.world.leads)
        await at.wait(1)
        assert at.hand.lost
        assert "is with bob@example.com" in at.text("address")
        assert FOUND in at.text("address")
        assert "no longer yours" in at.label()
        await at.press("f", "e")
        assert not at.reports()
        await at.press("enter")
        assert at.claims() == ["contact0002"] * 2


async def test_a_lead_that_somebody_resolved_meanwhile_is_noticed_before_the_person_is_done() -> None:
    def claim(body: dict[str, Any]) -> Any:
        if "epoch" in body:
            raise BackendError("Conflict", "Lead was resolved by boss@example.com.", "Take the next.", status=409)
        return at.world.claim(body)

    async with play(leads(3), claimCaptcha=claim) as at:
        await at.press("enter")
        at.world.world.live.replace(feeds.REVIEW, at.world.leads[:2])
        await at.wait(1)
        assert "resolved by boss@example.com" in at.text("address")


async def test_a_second_report_on_a_lead_is_refused_in_words_and_the_address_is_not_forgotten() -> None:
    late = BackendError("Conflict", "Lead was resolved by bob@example.com at 20:00.", "Take the next.", status=409)
    async with play(leads(3), resolveCaptcha=late) as at:
        await at.press("enter")
        await at.propose()
        await at.press("enter")
        assert "resolved by bob@example.com" in at.told()
        assert FOUND in at.told()
        assert "refused" in at.text("yours")
        await at.press("u")
        assert not at.world.calls("undoCaptcha")


async def test_a_report_that_gets_no_answer_is_sent_again_under_the_same_key_and_the_work_goes_on() -> None:
    async with play(leads(4), resolveCaptcha=DOWN) as at:
        await at.press("enter")
        await at.propose()
        await at.press("enter")
        assert at.hand.lead == "contact0000"
        await at.propose("eve@fenceworks.com")
        await at.press("enter")
        assert "not delivered" in at.text("yours")
        for _ in range(4):
            await at.wait(9)
        tried = at.world.calls("resolveCaptcha")
        assert len(tried) >= 3
        assert {body["leadId"] for body, _ in tried} == {"contact0003"}, "nothing overtakes it"
        assert len({key for _, key in tried}) == 1
        await at.press("u")
        at.world.world.session.answers["resolveCaptcha"] = at.world.resolve
        await at.wait(31)
        await at.wait(1)
        names = [(name, body["leadId"]) for name, body, _ in at.world.world.session.calls][-3:]
        assert names == [
            ("resolveCaptcha", "contact0003"),
            ("resolveCaptcha", "contact0000"),
            ("undoCaptcha", "contact0000"),
        ]


async def test_a_claim_that_gets_no_answer_is_asked_for_again_under_the_same_key() -> None:
    async with play(leads(3), claimCaptcha=DOWN) as at:
        await at.press("enter")
        assert "does not answer" in at.text("address")
        assert not at.world.browsers
        await at.wait(6)
        at.world.world.session.answers["claimCaptcha"] = at.world.claim
        await at.press("r")
        keys = {key for _, key in at.world.calls("claimCaptcha")}
        assert len(keys) == 1
        assert at.page.id == "contact0002"


async def test_the_console_is_not_left_with_reports_that_did_not_arrive_without_a_question() -> None:
    async with play(leads(3), resolveCaptcha=DOWN) as at:
        await at.press("enter")
        await at.propose()
        await at.press("enter", "q")
        assert isinstance(at.pilot.app.screen, ConfirmScreen)
        await at.press("enter")
        assert at.pilot.app.is_running
        await at.press("q", "tab", "enter")
        assert at.pilot.app._exit
