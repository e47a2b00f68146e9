"""One lead's page in the browser: what the site answers, and which addresses come to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.review.events import AddressSeen, BrowserCrashed, Event, Lead, PageOpened, PostRemoved, SiteDown

if TYPE_CHECKING:
    from playwright.async_api import Page, Request, Response

_GONE = {404: "The site has no such page (any more).", 410: "The post was removed."}
_FAILURES = {
    "ERR_NAME_NOT_RESOLVED": "the site's name is not known",
    "ERR_CONNECTION_REFUSED": "the site refuses connections",
    "ERR_CONNECTION_RESET": "the site broke the connection off",
    "ERR_CONNECTION_CLOSED": "the site broke the connection off",
    "ERR_EMPTY_RESPONSE": "the site broke the connection off",
    "ERR_INTERNET_DISCONNECTED": "this machine is offline",
    "ERR_TIMED_OUT": "the site does not answer",
    "ERR_CONNECTION_TIMED_OUT": "the site does not answer",
    "ERR_CERT": "the site's certificate is not valid",
    "ERR_TOO_MANY_REDIRECTS": "the site redirects in circles",
}
MOST_TEXT = 1_100_000
"""Characters of a page that are taken from it; it may say what it likes."""


@dataclass
class Clipboard:
    """What was copied last, and while which lead was worked on: it lies there still when the next one is opened."""

    text: str = ""
    lead: str = ""

    def put(self, text: str, lead: str) -> None:
        """The person copied a text."""
        self.text, self.lead = text, lead

    def holds(self, text: str, lead: str) -> bool:
        """Whether a text that was read from it came into it with this lead."""
        if text != self.text:
            self.put(text, lead)
        return self.lead == lead


class Tab:
    """A lead's tab.

    Args:
        lead: the lead.
        emit: told what happens.
        timeout_s: how long a page may take.
        clipboard: the machine's; all tabs have the same.
    """

    def __init__(self, lead: Lead, emit: Callable[[Event], None], timeout_s: float, clipboard: Clipboard) -> None:
        self.lead = lead
        self.front = False
        self.closing = False
        self.page: Page | None = None
        self._emit = emit
        self._timeout_s, self._clipboard = timeout_s, clipboard
        self._held: list[Event] = []
        self._status: int | None = None
        self._touched = False
        self._known: set[str] = set()
        self._sights: dict[Any, dict[str, Any]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._down = False
        self._opened: PageOpened | None = None
        self._early: list[AddressSeen] = []

    def attach(self, page: Page) -> None:
        """Watch a page of this lead: its tab, or a window that the site opened from it."""
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("domcontentloaded", self._loaded)
        page.on("crash", self._crashed)

    async def load(self) -> None:
        """Go to the contact page. What comes of it is told by events."""
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as TooLate

        assert self.page is not None
        try:
            await self.page.goto(self.lead.contact_url, wait_until="commit", timeout=self._timeout_s * 1000)
        except TooLate:
            self._down = True
            reason = f"The site has not answered for {self._timeout_s:.0f} s."
            self.say(SiteDown(self.lead.id, None, reason))
        except Error:
            return  # told by the request that failed, or the page is closed

    @property
    def is_spent(self) -> bool:
        """Whether nothing more comes of this tab: closed, crashed, or its page could not be had."""
        return self.page is None or self.page.is_closed() or self._down

    @property
    def is_open(self) -> bool:
        """Whether its page was had and told."""
        return self._opened is not None

    def _crashed(self, page: Page) -> None:
        if page is self.page:
            self._down = True
            self.say(BrowserCrashed(self.lead.id, "The process of the page crashed."))

    def show(self) -> None:
        """The person looks at this tab now: say what happened in it before, or once more that it is open."""
        if self.front and self._opened is not None:
            self._emit(self._opened)
        self.front = True
        held, self._held = self._held, []
        for event in held:
            self._emit(event)

    def say(self, event: Event) -> None:
        """Tell an event; what happens in a tab that is only prepared is kept until it is shown."""
        if self.closing:
            return
        if not self.front:
            self._held.append(event)
        # That a page can't be had is worth knowing before it is its turn.
        if self.front or isinstance(event, (SiteDown, PostRemoved)):
            self._emit(event)

    def _is_main(self, request: Request) -> bool:
        try:
            return request.is_navigation_request() and request.frame == request.frame.page.main_frame
        except Exception:  # of a page that is not there yet or no more, Playwright can't say whose a request is
            return False

    def _answered(self, response: Response) -> None:
        if not self._is_main(response.request) or 300 <= response.status < 400:
            return
        self._status, self._down = response.status, False
        if response.status in _GONE:
            self.say(PostRemoved(self.lead.id, response.status, _GONE[response.status]))
        elif response.status >= 500:
            self._down = True
            self.say(SiteDown(self.lead.id, response.status, f"The site answers with an error ({response.status})."))

    def _failed(self, request: Request) -> None:
        failure = request.failure or ""
        if not self._is_main(request) or "ERR_ABORTED" in failure:
            return
        known = next((words for sign, words in _FAILURES.items() if sign in failure), failure or "no reason given")
        self._status, self._down = None, True
        self.say(SiteDown(self.lead.id, None, f"The page can't be had: {known}."))

    async def _loaded(self, page: Page) -> None:
        from playwright.async_api import Error

        if self._down or page.url.startswith(("chrome-error:", "about:")):
            return
        try:
            title = await page.title()
        except Error:
            return
        self._opened = PageOpened(self.lead.id, page.url, title[:300], self._status)
        self.say(self._opened)
        early, self._early = self._early, []
        for seen in early:
            self.say(seen)

    # --- what is seen

    def sees(self, frame: Any, payload: Any) -> None:
        """Take what the script in a page or frame tells. Only the latest sight of each is read."""
        if not isinstance(payload, dict) or self.closing:
            return
        self._touched = self._touched or payload.get("touched") is True
        self._sights.setdefault(frame, {}).update(payload)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        from leadgen.trial.seen import look_at_page, look_at_text

        while self._sights:
            frame, sight = self._sights.popitem()
            url, relays = str(sight.get("url", ""))[:2000], self.lead.relay_domains
            for kind in ("copied", "clipboard"):
                if isinstance(text := sight.get(kind), str):
                    if kind == "copied":
                        self._clipboard.put(text, self.lead.id)
                    is_of_this = self._clipboard.holds(text, self.lead.id)
                    for seen in look_at_text(text, url, relays):
                        relay = seen.kind == "relay"
                        self._address(seen.address, seen.where, seen.kind if relay else kind, url, is_of_this)
            if isinstance(html := sight.get("html"), str):
                shown = await asyncio.to_thread(look_at_page, html[:MOST_TEXT], url, relays)
                for seen in shown.addresses:
                    self._address(seen.address, seen.where, seen.kind, url)
                if shown.removed and _is_main_frame(frame) and self._status not in _GONE:
                    self.say(PostRemoved(self.lead.id, self._status, f"The page says: {shown.removed}"))

    def _address(self, address: str, where: str, kind: str, url: str, is_of_this: bool = True) -> None:
        if address not in self._known:
            self._known.add(address)
            seen = AddressSeen(self.lead.id, address, where, kind, self._touched and is_of_this, url)
            # A page is looked at while it loads; that it is open is told first.
            self.say(seen) if self._opened is not None else self._early.append(seen)


def _is_main_frame(frame: Any) -> bool:
    return getattr(frame, "parent_frame", None) is None
