"""The operator's browser, a real one: what is seen in it, and what is told when something goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright._impl._errors import TargetClosedError

from console.review import (
    AddressSeen,
    BrowserCrashed,
    BrowserMissing,
    Companion,
    Event,
    Lead,
    NoDisplay,
    PageClosed,
    PageOpened,
    PostRemoved,
    SiteDown,
    window,
)
from console.screens.review.hand import PageState
from leadgen.api import review
from leadgen.model.status import EmailStatus
from local.classifieds.app import Settings, build_app
from local.classifieds.truth import truth
from local.serving import running
from local.setup.browser import find_browser
from tests.memory_firestore import MemoryFirestore
from tests.operators_browser import PATIENCE_S, Browser, elsewhere, review_app, site, start
from tests.person import solve_as_a_person
from tests.reviewers import Desk, lead_id

__all__ = ["site"]
pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chrome or Chromium is installed")
_GATED = [post for post in truth().posts if post.route == "CAPTCHA" and post.fetch == "ok"]
GATED = list({post.captcha_email: post for post in _GATED if "@reply." not in post.captcha_email}.values())[:2]
"""Two by different advertisers, with addresses of their own."""
DEAD = next(post for post in truth().posts if post.fetch == "dead")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = start(tmp_path_factory.mktemp("profile") / "shared", read_clipboard=True)
    yield browser
    browser.rest()
    browser.past = []
    process, thread = browser.process(), browser.companion._thread
    assert thread is not None
    browser.companion.close()
    browser.companion.close()
    assert not thread.is_alive(), "closing ends the thread"
    process.wait(PATIENCE_S)
    assert not browser.rest(), "a browser that the console closed is no event"


@pytest.fixture
def browser(shared: Browser) -> Browser:
    """The browser of this file, with nothing to say of earlier tests."""
    shared.rest()
    shared.past = []
    return shared


@pytest.fixture(scope="module")
def classifieds() -> Iterator[str]:
    with running(build_app(Settings())) as url:
        yield url


async def test_from_enter_on_the_screen_to_the_queued_mail_twice_in_a_row(
    browser: Browser, classifieds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(MemoryFirestore(), leads=len(GATED))
    monkeypatch.setattr(review, "Context", SimpleNamespace(from_environment=lambda: desk.worker))
    for number, post in enumerate(GATED):
        page = classifieds + post.path.replace(".html", "/contact")
        desk.rooms.contacts.document(lead_id(number)).update({"leadDataJson.contactUrl": page})
    app, clock = review_app(desk, browser, len(GATED))

    def hand() -> Any:
        return app.screen.desk.hand

    async def until(holds: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, (app.screen.desk.hand, browser.rest())
            await asyncio.sleep(0.01)

    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.session is not None)
        await pilot.press("3")
        app.flush()
        await pilot.press("enter")
        for number, post in enumerate(GATED, start=1):
            page = classifieds + post.path.replace(".html", "/contact")
            await until(lambda page=page: hand().url == page and hand().page is PageState.OPEN and hand().is_claimed)
            await asyncio.to_thread(browser.hands, solve_as_a_person(classifieds))
            await until(lambda: hand().address)
            lines = app.screen.query_one("#address").lines
            assert lines[0] == ("✉", ((post.captcha_email, "accent"),))
            assert "Write to" in str(lines[1])
            clock.advance(1)
            await pilot.press("enter")
            await until(lambda number=number: len(desk.mails()) == number)
    mails = sorted((mail.contact_id, mail.status, mail.lead_data.email) for mail in desk.mails().values())
    assert mails == [(lead_id(n), EmailStatus.QUEUED, post.captcha_email) for n, post in enumerate(GATED)]
    assert desk.operator("ann")["solved"] == len(GATED)


def test_only_what_a_person_sees_is_proposed_and_as_soon_as_it_is_revealed(browser: Browser, site: str) -> None:
    browser.open(f"{site}/gate")
    before = browser.wait(AddressSeen)
    assert (before.address, before.appeared) == ("desk@classifieds.com", False)
    browser.hands(lambda page: page.click("#b"))
    after = browser.wait(AddressSeen)
    assert (after.address, after.appeared, after.kind) == ("revealed@fenceworks.com", True, "text")
    assert "Mail revealed@fenceworks.com today" in after.where
    assert {e.address for e in browser.rest() if isinstance(e, AddressSeen)} == {before.address, after.address}


def test_addresses_in_frames_fields_shadow_trees_and_disguise_are_seen(browser: Browser, site: str) -> None:
    browser.open(f"{site}/ways", relay_domains=("relay.ads.com",))
    wanted = {f"{name}@fenceworks.com" for name in ("framed", "field", "ann", "turned", "shadow")}
    kinds = {}
    while len(kinds) < len(wanted) + 1:
        seen = browser.wait(AddressSeen)
        kinds[seen.address] = seen.kind
    assert kinds.keys() == wanted | {"reply-77@relay.ads.com"}
    assert kinds["reply-77@relay.ads.com"] == "relay"
    assert kinds["ann@fenceworks.com"] == "obfuscated"


def test_what_the_person_copies_is_proposed(browser: Browser, site: str) -> None:
    """By selecting it (here in an invisible layer over a picture), or by the page's own button if that is allowed."""
    browser.open(f"{site}/copy")

    async def select_and_copy(page: Any) -> None:
        await page.locator("#pick").click(click_count=3)
        await page.keyboard.press("Control+c")

    browser.hands(select_and_copy)
    seen = browser.wait(AddressSeen)
    assert (seen.address, seen.kind, seen.where) == (
        "picked@fenceworks.com",
        "copied",
        "Reach me: picked@fenceworks.com",
    )
    browser.hands(lambda page: page.click("button"))
    by_button = browser.wait(AddressSeen)
    assert (by_button.address, by_button.kind, by_button.appeared) == ("button@fenceworks.com", "clipboard", True)
    browser.open(f"{site}/asks", "next")
    browser.hands(lambda page: page.click("h1"))
    left = browser.wait(AddressSeen)
    assert (left.lead, left.kind, left.appeared) == ("next", "clipboard", False), "another lead's is not proposed"


def test_what_a_page_asks_in_a_box_is_left_to_the_person(browser: Browser, site: str) -> None:
    browser.open(f"{site}/asks")

    async def say_yes(page: Any) -> None:
        session = await page.context.new_cdp_session(page)
        await session.send("Page.enable")
        asked = asyncio.get_running_loop().create_future()
        session.on("Page.javascriptDialogOpening", lambda _: asked.done() or asked.set_result(None))
        click = asyncio.create_task(page.click("button"))
        await asked
        await session.send("Page.handleJavaScriptDialog", {"accept": True})
        await click

    browser.hands(say_yes)
    assert browser.wait(AddressSeen, lambda event: event.kind == "text").address == "yes@fenceworks.com"


def test_the_next_page_is_prepared_behind_and_says_nothing_before_its_turn(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions", "first")
    browser.companion.prepare(Lead("second", f"{site}/gate"))
    browser.companion.prepare(Lead("second", f"{site}/gate"))
    tabs = browser.companion._window._tabs
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not ("second" in tabs and len(tabs["second"]._held) >= 2):
        time.sleep(0.02)
    # What is told late of the page of the test before is no word of this one.
    assert not [event for event in browser.rest() if event.lead == "second"]
    assert browser.hands(lambda page: page.title()) == "Ads"
    began = time.monotonic()
    assert browser.open(f"{site}/gate", "second").title == "Gate"
    assert browser.wait(AddressSeen).lead == "second"
    assert time.monotonic() - began < PATIENCE_S
    assert browser.hands(lambda page: page.title()) == "Gate"
    assert not [event for event in browser.rest() if isinstance(event, PageClosed)]


def test_a_lead_asked_for_while_its_page_is_being_prepared_is_opened(browser: Browser, site: str) -> None:
    """A person who knows at a glance that this one is nothing presses the next key before the tab behind is there."""
    browser.open(f"{site}/mentions", "first")
    browser.companion.prepare(Lead("next", f"{site}/gate"))
    browser.companion.open(Lead("next", f"{site}/gate"))
    assert browser.wait(PageOpened).lead == "next"
    browser.companion.prepare(Lead("passed over", f"{site}/gate"))
    browser.companion.open(Lead("overtaken", f"{site}/gate"))
    browser.open(f"{site}/asks", "last")
    assert browser.hands(lambda page: page.evaluate("location.pathname")) == "/asks"
    assert not [event for event in browser.rest() if isinstance(event, (BrowserCrashed, PageClosed))]
    assert not [event for event in browser.past if event.lead in ("passed over", "overtaken")]


def test_a_post_that_is_gone_is_told_also_while_it_is_prepared(browser: Browser, site: str, classifieds: str) -> None:
    browser.companion.open(Lead("a", classifieds + DEAD.path))
    gone = browser.wait(PostRemoved)
    assert (gone.lead, gone.status in (404, 410)) == ("a", True)
    browser.companion.prepare(Lead("b", f"{site}/nothing-here"))
    assert browser.wait(PostRemoved, lambda event: event.lead == "b").status == 404
    browser.companion.open(Lead("b", f"{site}/nothing-here"))
    assert browser.wait(PostRemoved).lead == "b"
    browser.companion.open(Lead("c", f"{site}/says-gone"))
    said = browser.wait(PostRemoved)
    assert (said.lead, said.status) == ("c", 200)
    assert "posting has been deleted" in said.reason
    browser.past = []
    browser.open(f"{site}/mentions", "d")
    browser.open(f"{site}/challenged", "e")
    assert not [e for e in browser.rest() if isinstance(e, (PostRemoved, SiteDown))]


def test_a_site_that_is_down_is_told_with_the_reason_and_opening_again_tries_again(browser: Browser, site: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/contact"
        browser.companion.open(Lead("a", nowhere))
        down = browser.wait(SiteDown)
        assert (down.lead, down.status) == ("a", None)
        assert "refuses connections" in down.reason
        browser.companion.open(Lead("a", nowhere))
        assert browser.wait(SiteDown).lead == "a"
    browser.companion.open(Lead("b", f"{site}/broken"))
    assert browser.wait(SiteDown, lambda event: event.lead == "b").status == 503
    browser.companion.open(Lead("c", "javascript:alert(1)"))
    assert "no contact page" in browser.wait(SiteDown, lambda event: event.lead == "c").reason
    assert not [event for event in browser.past if isinstance(event, PageOpened)]


def test_a_site_that_never_answers_is_told_in_time(tmp_path: Path, shared: Browser) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        window = shared.companion._window
        window._timeout_s, usual = 0.5, window._timeout_s
        try:
            shared.companion.open(Lead("slow", f"http://127.0.0.1:{silent.getsockname()[1]}/"))
            assert "has not answered for" in shared.wait(SiteDown, lambda event: event.lead == "slow").reason
        finally:
            window._timeout_s = usual


def test_a_page_that_crashes_is_told_and_can_be_opened_again(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions")

    async def crash(page: Any) -> None:
        with contextlib.suppress(Exception):
            await page.goto("chrome://crash", timeout=2000)

    browser.hands(crash)
    assert "page crashed" in browser.wait(BrowserCrashed).reason
    browser.open(f"{site}/mentions")


def test_the_browser_says_that_it_is_driven(browser: Browser, site: str) -> None:
    browser.up(site)
    assert browser.hands(lambda page: page.evaluate("navigator.webdriver")) is True
    line = browser.process().cmdline()
    assert not [word for word in line if "AutomationControlled" in word]


def test_a_page_closed_by_the_person_is_told_and_opens_again(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions")
    browser.hands(lambda page: page.close())
    assert browser.wait(PageClosed) == PageClosed("lead")
    browser.open(f"{site}/mentions")
    assert not [event for event in browser.rest() if isinstance(event, BrowserCrashed)]


def test_a_browser_whose_last_window_is_closed_ends_and_the_next_lead_gets_another(
    browser: Browser, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close_all(page: Any) -> None:
        for each in page.context.pages:
            await each.close()

    browser.up(site)
    first = browser.process()
    browser.hands(close_all)
    browser.wait(PageClosed)
    first.wait(PATIENCE_S)
    browser.open(f"{site}/mentions")

    async def on_its_way_out() -> Any:
        raise TargetClosedError("Target page, context or browser has been closed")

    monkeypatch.setattr(browser.companion._window._context, "new_page", on_its_way_out)
    browser.open(f"{site}/gate", "next")
    assert not [event for event in browser.rest() if isinstance(event, BrowserCrashed)]


def test_a_browser_that_is_closed_and_one_that_dies_are_told_apart_and_open_again(browser: Browser, site: str) -> None:
    async def quit_browser(page: Any) -> None:
        session = await page.context.new_cdp_session(page)
        with contextlib.suppress(Exception):
            await session.send("Browser.close")

    browser.up(site)
    browser.hands(quit_browser)
    browser.wait(PageClosed)
    assert not [event for event in browser.rest() if isinstance(event, BrowserCrashed)]
    browser.past = []
    browser.open(f"{site}/mentions")
    browser.process().send_signal(signal.SIGKILL)
    assert "unexpectedly" in browser.wait(BrowserCrashed).reason
    browser.open(f"{site}/mentions")
    assert not [event for event in browser.rest() if isinstance(event, PageClosed)]


def test_a_browser_that_hangs_is_left_and_the_lead_gets_another(
    browser: Browser, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.up(site)
    hanging = browser.process()
    monkeypatch.setattr(window, "_STEP_S", 0.5)
    hanging.suspend()
    browser.companion.open(Lead("next", f"{site}/gate"))
    hanging.wait(PATIENCE_S)
    monkeypatch.undo()
    browser.wait(PageOpened, lambda event: event.lead == "next")
    assert not [event for event in browser.rest() if isinstance(event, (BrowserCrashed, PageClosed))]


def test_a_page_behind_that_does_not_come_leaves_the_one_in_front(
    browser: Browser, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.open(f"{site}/gate", "first")

    async def never(context: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(window, "_STEP_S", 0.2)
    monkeypatch.setattr(browser.companion._window, "_page_behind", never)
    loop, order = browser.companion._loop, browser.companion._window.prepare(Lead("second", f"{site}/mentions"))
    assert loop is not None
    asyncio.run_coroutine_threadsafe(order, loop).result(PATIENCE_S)
    browser.hands(lambda page: page.click("#b"))
    assert browser.wait(AddressSeen, lambda event: event.appeared).lead == "first"
    monkeypatch.undo()
    browser.open(f"{site}/mentions", "second")
    assert not [event for event in browser.past if isinstance(event, (BrowserCrashed, PageClosed))]


def test_without_a_display_no_browser_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("console.review.launching.sys.platform", "linux")
    events: queue.Queue[Event] = queue.Queue()
    companion = Companion(events.put, tmp_path / "none")
    companion.open(Lead("a", "https://ads.example/contact"))
    told = Browser(companion, events).wait(NoDisplay)
    assert (told.lead, told.url) == ("a", "https://ads.example/contact")
    assert not (tmp_path / "none").exists()
    companion.close()


def test_a_display_that_does_not_answer_is_none(
    browser: Browser, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.up(site)
    monkeypatch.setenv("DISPLAY", ":97")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "does not answer" in elsewhere(browser, tmp_path, headless=False).wait(NoDisplay).reason


def test_without_a_browser_it_is_said_what_to_install(browser: Browser, site: str, tmp_path: Path) -> None:
    browser.up(site)
    other = elsewhere(browser, tmp_path, program=tmp_path / "no-such-browser")
    assert "Install Chrome or Chromium" in other.wait(BrowserMissing).reason


def test_a_profile_that_is_in_use_is_told(browser: Browser, site: str) -> None:
    browser.up(site)
    assert "open already" in elsewhere(browser, browser.profile).wait(BrowserCrashed).reason
    assert browser.process().is_running()
