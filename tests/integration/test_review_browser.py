"""The operator's browser, a real one: what is seen in it, and what is told when something goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from aiohttp import web

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
)
from leadgen.api import review
from leadgen.model.status import EmailStatus
from local.classifieds.app import Settings, build_app
from local.classifieds.truth import truth
from local.serving import running
from local.setup.browser import find_browser
from tests.memory_firestore import MemoryFirestore
from tests.reviewers import Desk, lead_id

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chrome or Chromium is installed")
PATIENCE_S = 30.0
GATED = next(post for post in truth().posts if post.route == "CAPTCHA" and post.fetch == "ok")
DEAD = next(post for post in truth().posts if post.fetch == "dead")
E = TypeVar("E")

_PAGES = {
    "/gate": """<title>Gate</title><style>.later { display: none }</style><h1>Contact</h1>
        <!-- comment@hidden.com --> <script>const a = "script@hidden.com"</script>
        <p class="later">Mail <b id="who">revealed@fenceworks.com</b> today</p><p style="opacity:0">clear@hidden.com</p>
        <button id="b" onclick="document.querySelector('.later').style.display='block'">Show</button>
        <input value="me@myself.com"><footer>Help: desk@classifieds.com</footer>""",
    "/ways": """<h1>Contact</h1><div id="host"></div><iframe srcdoc="<p>framed@fenceworks.com</p>"></iframe>
        <input readonly value="field@fenceworks.com"><p>ann (at) fenceworks (dot) com</p>
        <p style="unicode-bidi:bidi-override;direction:rtl">moc.skrowecnef@denrut</p><p>reply-77@relay.ads.com</p>
        <script>document.getElementById("host").attachShadow({mode: "open"}).innerHTML =
            "<p>shadow@fenceworks.com</p>"</script>""",
    "/copy": """<h1>Contact</h1><p id="pick" style="opacity:0">Reach me: picked@fenceworks.com</p>
        <button onclick="navigator.clipboard.writeText('button@fenceworks.com')">Copy</button>""",
    "/says-gone": "<title>Ads</title><h1>This posting has been deleted by its author.</h1>",
    "/mentions": f"<title>Ads</title><h1>Fences</h1><p>{'Good fences. ' * 200}Old posts: this ad has expired.</p>",
}


class Browser:
    """A companion, its events, and the hands of the person at it."""

    def __init__(self, companion: Companion, events: queue.Queue[Event]) -> None:
        self.companion, self.events = companion, events
        self.past: list[Event] = []

    def wait(self, kind: type[E], meets: Callable[[E], bool] = lambda event: True) -> E:
        """The next event of that kind; those before it go to `past`."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                event = self.events.get(timeout=0.5)
                self.past.append(event)
                if isinstance(event, kind) and meets(event):
                    return event
        raise AssertionError(f"no {kind.__name__} among {self.past}")

    def rest(self) -> list[Event]:
        """What was said besides, as far as it is known."""
        while not self.events.empty():
            self.past.append(self.events.get())
        return self.past

    def hands(self, act: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Do something in the page that is in front, as a person does."""
        window = self.companion._window
        (tab,) = [tab for tab in window._tabs.values() if tab.front]
        assert self.companion._loop is not None
        return asyncio.run_coroutine_threadsafe(act(tab.page), self.companion._loop).result(PATIENCE_S)

    def open(self, url: str, name: str = "lead", **more: Any) -> PageOpened:
        self.companion.open(Lead(name, url, **more))
        return self.wait(PageOpened, lambda event: event.lead == name)

    def process(self) -> psutil.Process:
        """The browser's own process."""
        profile = f"--user-data-dir={self.profile}"
        found = [
            child
            for child in psutil.Process().children(recursive=True)
            if profile in (line := child.cmdline()) and not any(word.startswith("--type=") for word in line)
        ]
        return found[-1]

    profile: Path = Path()


def start(profile: Path, **more: Any) -> Browser:
    events: queue.Queue[Event] = queue.Queue()
    browser = Browser(Companion(events.put, profile, headless=True, **more), events)
    browser.profile = profile
    return browser


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
def site() -> Iterator[str]:
    async def page(request: web.Request) -> web.Response:
        text = _PAGES.get(request.path)
        if request.path == "/broken":
            return web.Response(status=503, text="<h1>Sorry</h1>", content_type="text/html")
        if request.path == "/challenged":
            return web.Response(status=403, text="<h1>One moment</h1>", content_type="text/html")
        return web.Response(text=text or "", status=200 if text else 404, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    with running(app) as url:
        yield url


@pytest.fixture(scope="module")
def classifieds() -> Iterator[str]:
    with running(build_app(Settings())) as url:
        yield url


def solve_as_a_person(site: str) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """Read the picture (the demo site says what a person would read), type it, press Enter."""

    async def act(page: Any) -> None:
        token = await page.locator("input[name=token]").get_attribute("value")
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = (await http.get(f"{site}/_standin/captcha/{token}")).json()["answer"]
        await page.keyboard.type(answer)
        await page.keyboard.press("Enter")

    return act


def test_from_the_contact_page_to_the_queued_mail(
    browser: Browser, classifieds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(MemoryFirestore())
    monkeypatch.setattr(review, "Context", SimpleNamespace(from_environment=lambda: desk.worker))
    page = classifieds + GATED.path.replace(".html", "/contact")
    desk.rooms.contacts.document(lead_id(0)).update({"leadDataJson.contactUrl": page})
    claimed = desk.claim("ann", None)
    opened = browser.open(claimed["contactUrl"], claimed["leadId"], relay_domains=tuple(claimed["relayDomains"]))
    assert (opened.url, opened.title, opened.status) == (page, "Contact the advertiser", 200)
    browser.hands(solve_as_a_person(classifieds))
    seen = browser.wait(AddressSeen)
    assert (seen.lead, seen.address) == (claimed["leadId"], GATED.captcha_email)
    assert (seen.kind, seen.appeared, seen.url) == ("mailto", True, page)
    assert "Write to" in seen.where
    desk.solve("ann", seen.address, epoch=claimed["epoch"])
    (mail,) = desk.mails().values()
    assert (mail.status, mail.lead_data.email) == (EmailStatus.QUEUED, GATED.captcha_email)
    assert [e for e in browser.rest() if isinstance(e, AddressSeen)] == [seen]


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
    assert (by_button.address, by_button.kind) == ("button@fenceworks.com", "clipboard")


def test_the_next_page_is_prepared_behind_and_says_nothing_before_its_turn(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions", "first")
    browser.companion.prepare(Lead("second", f"{site}/gate"))
    browser.companion.prepare(Lead("second", f"{site}/gate"))
    tabs = browser.companion._window._tabs
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not ("second" in tabs and len(tabs["second"]._held) >= 2):
        time.sleep(0.02)
    assert all(event.lead == "first" for event in browser.rest())
    assert browser.hands(lambda page: page.title()) == "Ads"
    began = time.monotonic()
    assert browser.open(f"{site}/gate", "second").title == "Gate"
    assert browser.wait(AddressSeen).lead == "second"
    assert time.monotonic() - began < PATIENCE_S
    assert browser.hands(lambda page: page.title()) == "Gate"
    assert not [event for event in browser.rest() if isinstance(event, PageClosed)]


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
    assert browser.wait(SiteDown).status == 503
    browser.companion.open(Lead("c", "javascript:alert(1)"))
    assert "no contact page" in browser.wait(SiteDown).reason
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
    browser.open(f"{site}/mentions")
    assert browser.hands(lambda page: page.evaluate("navigator.webdriver")) is True
    line = browser.process().cmdline()
    assert not [word for word in line if "AutomationControlled" in word]


def test_a_page_closed_by_the_person_is_told_and_opens_again(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions")
    browser.hands(lambda page: page.close())
    assert browser.wait(PageClosed) == PageClosed("lead")
    browser.open(f"{site}/mentions")
    assert not [event for event in browser.rest() if isinstance(event, BrowserCrashed)]


def test_a_browser_that_is_closed_and_one_that_dies_are_told_apart_and_open_again(browser: Browser, site: str) -> None:
    async def quit_browser(page: Any) -> None:
        session = await page.context.new_cdp_session(page)
        with contextlib.suppress(Exception):
            await session.send("Browser.close")

    browser.open(f"{site}/mentions")
    browser.hands(quit_browser)
    assert browser.wait(PageClosed) == PageClosed("lead")
    assert not [event for event in browser.rest() if isinstance(event, BrowserCrashed)]
    browser.past = []
    browser.open(f"{site}/mentions")
    browser.process().send_signal(signal.SIGKILL)
    assert "unexpectedly" in browser.wait(BrowserCrashed).reason
    browser.open(f"{site}/mentions")
    assert not [event for event in browser.rest() if isinstance(event, PageClosed)]


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


def test_a_display_that_does_not_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":97")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    events: queue.Queue[Event] = queue.Queue()
    companion = Companion(events.put, tmp_path / "profile")
    companion.open(Lead("a", "https://ads.example/contact"))
    assert "does not answer" in Browser(companion, events).wait(NoDisplay).reason
    companion.close()


def test_without_a_browser_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = start(tmp_path / "profile", program=tmp_path / "no-such-browser")
    browser.companion.open(Lead("a", "https://ads.example/contact"))
    assert "Install Chrome or Chromium" in browser.wait(BrowserMissing).reason
    browser.companion.close()


def test_a_profile_that_is_in_use_is_told(browser: Browser, site: str) -> None:
    browser.open(f"{site}/mentions")
    second = start(browser.profile)
    second.companion.open(Lead("a", f"{site}/mentions"))
    assert "open already" in second.wait(BrowserCrashed).reason
    second.companion.close()
    assert browser.process().is_running()
