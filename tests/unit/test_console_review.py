"""The review screen: each way a lead can go, with a stand-in of the browser and of the backend."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.live import feeds
from console.live.session import BackendError
from console.review import BrowserCrashed, BrowserMissing, Lead, NoDisplay, PageClosed, PostRemoved, SiteDown
from console.screens.asking import AskScreen
from console.screens.confirm import ConfirmScreen
from console.screens.review.hand import SETTLES_S, PageState
from tests.snapshots.scenes.review import Reviewing, held, lead, leads, opened, seen
from tests.snapshots.scenes.scene import settled

pytestmark = pytest.mark.usefixtures("no_frames")
FOUND = "dana@fenceworks.com"
DOWN = BackendError("The backend does not answer", "ConnectError", "Check the network.", status=0)
TAKEN = BackendError("Conflict", "Lead is with bob@example.com until 20:12.", "Take the next lead.", status=409)


class Play:
    """The screen and the hands at it."""

    def __init__(self, world: Reviewing, pilot: Any) -> None:
        self.world, self.pilot, self.screen = world, pilot, pilot.app.screen
        self.keys = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self.pilot.press(key)
            await settled(self.pilot)

    async def say(self, *events: Any) -> None:
        for event in events:
            self.world.browser.say(event)
        await settled(self.pilot)

    async def wait(self, seconds: float) -> None:
        self.world.world.clock.advance(seconds)
        await settled(self.pilot)

    async def propose(self, address: str = FOUND) -> None:
        """The page of the lead in hand opens, the person solves it, the address comes up and is read."""
        await self.say(opened(self.page), seen(self.page, address))
        await self.wait(SETTLES_S + 0.1)

    @property
    def page(self) -> Lead:
        """The page opened last."""
        return self.world.browser.opened[-1]

    @property
    def hand(self) -> Any:
        return self.screen.desk.hand

    def text(self, name: str) -> str:
        return " ".join(text for _, pieces in self.screen.query_one(f"#{name}").lines for text, _ in pieces)

    def label(self) -> str:
        return "".join(text for text, _ in self.screen.query_one("#address-pane").note)

    def told(self) -> str:
        return " | ".join(f"{n.title}: {n.message}" for n in self.pilot.app._notifications)

    def reports(self) -> list[tuple[str, bool, str, int]]:
        made = [body for body, _ in self.world.calls("resolveCaptcha")]
        return [(b["leadId"], b["captchaSuccess"], b["extractedEmail"], b["epoch"]) for b in made]

    def claims(self) -> list[str]:
        return [body["leadId"] for body, _ in self.world.calls("claimCaptcha") if "epoch" not in body]


@contextlib.asynccontextmanager
async def play(waiting: list[dict[str, Any]] | None = None, **more: Any) -> AsyncIterator[Play]:
    world = Reviewing(waiting, **more)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        yield Play(world, pilot)


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
