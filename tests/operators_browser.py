"""A real browser beside the console, the person at it, and pages of all kinds, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import psutil
import pytest
from aiohttp import web

from console.live import feeds
from console.live.feed import Doc
from console.live.session import BackendError
from console.review import Companion, Event, Lead, PageOpened
from console.review.window import Window
from leadgen.model.errors import LeadgenError
from leadgen.model.status import ContactStatus
from local.serving import running
from tests.person import hands
from tests.reviewers import Desk, lead_id
from tests.snapshots import recorded

PATIENCE_S = 100.0
"""For a machine that has other things to do; nothing here waits for time to pass."""
HEADED = bool(os.environ.get("LEADGEN_TEST_HEADED"))
"""With a window, for a machine that has a display, or a virtual one."""
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
    "/asks": """<h1>Contact</h1><button onclick="document.getElementById('at').textContent =
        confirm('Show the address?') ? 'yes@fenceworks.com' : 'no@fenceworks.com'">Show</button><p id="at"></p>""",
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
        return hands(self.companion, act)

    def open(self, url: str, name: str = "lead", **more: Any) -> PageOpened:
        self.companion.open(Lead(name, url, **more))
        return self.wait(PageOpened, lambda event: event.lead == name)

    def up(self, site: str) -> None:
        """A page is in front, whichever."""
        if not any(tab.front and not tab.is_spent for tab in self.companion._window._tabs.values()):
            self.open(f"{site}/mentions")

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
    browser = Browser(Companion(events.put, profile, **({"headless": not HEADED} | more)), events)
    browser.profile = profile
    return browser


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


def elsewhere(browser: Browser, profile: Path, **more: Any) -> Browser:
    """Another window in the same thread, which saves the start of a driver."""
    companion, events = browser.companion, queue.Queue[Event]()
    usual = {"headless": True, "program": None, "timeout_s": 30.0, "read_clipboard": False}
    window = Window(events.put, profile, **(usual | more))
    window._playwright = companion._window._playwright
    assert companion._loop is not None
    lead = Lead("a", "https://ads.example/contact")
    asyncio.run_coroutine_threadsafe(window.open(lead), companion._loop).result(PATIENCE_S)
    return Browser(companion, events)


def review_app(desk: Desk, browser: Browser, leads: int) -> tuple[Any, recorded.StillClock]:
    """The console of an operator of a desk of so many leads, with this browser beside it."""

    def waiting() -> list[Doc]:
        found = ((lead_id(number), desk.lead(number)) for number in range(leads))
        return [Doc(i, lead, lead.last_updated) for i, lead in found if lead.status is ContactStatus.PENDING_CAPTCHA]

    class Operator(recorded.FakeSession):
        def call(self, endpoint: str, body: Any, *, idempotency_key: str | None = None, revision: Any = None) -> Any:
            try:
                answer = desk.call("ann", endpoint, idempotency_key or "", **body)
            except LeadgenError as error:
                raise BackendError(error.title, error.detail, error.hint, status=error.status) from None
            world.live.store.replace(feeds.REVIEW, waiting())
            return answer

    app, world = recorded.recorded_app(recorded.EMPTY, session=Operator())
    world.live.store.replace(feeds.REVIEW, waiting())
    companion = browser.companion

    def make_browser(on_event: Callable[[Event], None]) -> Any:
        companion._on_event = lambda event: (browser.events.put(event), on_event(event))
        return SimpleNamespace(open=companion.open, prepare=companion.prepare, close=lambda: None)

    app.make_browser = make_browser
    return app, world.clock
