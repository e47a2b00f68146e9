"""The browser window: the tab of the present lead, that of the next one, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.review.events import (
    BrowserCrashed,
    BrowserMissing,
    Event,
    Lead,
    NoDisplay,
    PageClosed,
    SiteDown,
)
from console.review.launching import NO_DISPLAY, DriverGone, Missing, NoScreen, Unstartable, has_display, launch
from console.review.profile import EndRecord
from console.review.tab import Clipboard, Tab

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Playwright

BINDING = "leadgenSees"
_CLIPBOARD = ["clipboard-read", "clipboard-write"]
"""Whatever is not named is denied to the site."""
_ENDING_S = 60.0
"""How long a browser that was closed may take to write that it was."""
_SOON_S = 0.1
_ATTEMPTS = 2
_GONE_S = 30.0
"""How long the next browser waits for the last one's process to end: two on one profile get in each other's way."""
_BEHIND_MS = 5_000.0
_ORDER_S = 150.0
"""How long the browser may take over an order, its start included; pages load by themselves after that."""
_STEP_S = 20.0
"""How long a browser that runs may take over one thing it is told. Some wait for ever for a process of theirs."""


class Window:
    """Runs in the companion's loop. Orders are carried out one after another: a lead may be asked for while its tab is
    still being made behind the present one.

    Args:
        emit: told what happens.
        profile: the operator's profile folder.
        headless: without a window; for tests.
        program: the browser to use, or `None` for an installed one.
        timeout_s: how long a page may take.
        read_clipboard: whether the operator allows that.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        profile: Path,
        *,
        headless: bool,
        program: Path | None,
        timeout_s: float,
        read_clipboard: bool,
    ) -> None:
        self._emit, self._profile = emit, profile
        self._headless, self._program, self._timeout_s = headless, program, timeout_s
        self._read_clipboard = read_clipboard
        self._playwright: Playwright | None = None
        self._context: BrowserContext | None = None
        self._record: EndRecord | None = None
        self._closed_by_person: BrowserContext | None = None
        self._ending = False
        self._wanted = self._next = ""
        self._tabs: dict[str, Tab] = {}
        self._pages: dict[Page, Tab] = {}
        self._clipboard = Clipboard()
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, lead: Lead) -> None:
        """Show a lead's page."""
        self._wanted = lead.id
        async with self._turn():
            # The browser that is there may be on its way out, closed by the person a moment ago: then a new one is
            # started.
            for _ in range(_ATTEMPTS):
                if self._wanted != lead.id or not await self._begin(lead) or await self._show(lead):
                    return
        self._emit(BrowserCrashed(lead.id, "The browser ended as soon as it had started."))

    async def prepare(self, lead: Lead) -> None:
        """Load a lead's page behind the present one. Without a browser there is nothing to prepare."""
        self._next = lead.id
        async with self._turn():
            is_new = self._next == lead.id != self._wanted and lead.id not in self._tabs
            if self._context is not None and is_new and _is_address(lead.contact_url):
                for other in [one for one in self._tabs.values() if not one.front]:
                    await self._close_tab(other)
                await self._new_tab(lead, behind=True)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """The turn of an order. A browser that hangs over one is left: the next order gets another."""
        async with self._order:
            try:
                async with asyncio.timeout(_ORDER_S):
                    yield
            except TimeoutError:
                if self._context is not None:
                    await self._leave(self._context)
                raise

    async def _show(self, lead: Lead) -> bool:
        """Whether the order is carried out, or overtaken by a later one; not if the browser went away meanwhile."""
        from playwright.async_api import Error

        tab = self._tabs.get(lead.id)
        if tab is None or tab.lead != lead or (tab.is_spent and tab.front):
            spent, tab = tab, await self._new_tab(lead, behind=False)
            if spent is not None:
                await self._close_tab(spent)
        if tab is None or self._wanted != lead.id or tab.page is None:
            return self._wanted != lead.id
        done = [one for one in self._tabs.values() if one is not tab and one.front]
        for other in done:
            other.closing, other.front = True, False
        tab.show()
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(_STEP_S):
                await tab.page.bring_to_front()
        for other in done:
            await self._close_tab(other)
        return True

    async def _begin(self, lead: Lead) -> bool:
        """Whether there is a browser now; if not, it was said why."""
        if not _is_address(lead.contact_url):
            self._emit(SiteDown(lead.id, None, "The lead has no contact page that a browser could open."))
            return False
        if not self._headless and not has_display():
            self._emit(NoDisplay(lead.id, lead.contact_url, NO_DISPLAY))
            return False
        try:
            if self._context is None:
                await self._start()
        except NoScreen as problem:
            self._emit(NoDisplay(lead.id, lead.contact_url, str(problem)))
        except Missing as problem:
            self._emit(BrowserMissing(lead.id, lead.contact_url, str(problem)))
        except Unstartable as problem:
            self._emit(BrowserCrashed(lead.id, str(problem)))
        return self._context is not None

    async def _start(self) -> None:
        self._ending = False
        await self._last_one_gone()
        try:
            context = await self._launch()
        except DriverGone:
            await self._stop_driver()
            context = await self._launch()
        await context.expose_binding(BINDING, self._sees)
        context.on("close", lambda _: self._spawn(self._ended(context)))
        context.on("page", self._opened_by_site)
        # What a page asks in a box of its own is the person's to answer; without this the driver says no.
        context.on("dialog", lambda _: None)
        self._record = EndRecord(self._profile)
        self._context = context

    async def _launch(self) -> BrowserContext:
        try:
            from playwright.async_api import async_playwright
        except ImportError:
            raise Missing("Playwright is not installed. Install it: pip install playwright") from None
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        return await launch(
            self._playwright,
            self._profile,
            headless=self._headless,
            program=self._program,
            read_clipboard=self._read_clipboard,
        )

    async def _last_one_gone(self) -> None:
        for _ in range(int(_GONE_S / _SOON_S)):
            if self._record is None or not self._record.is_running():
                return
            await asyncio.sleep(_SOON_S)

    # --- tabs

    async def _new_tab(self, lead: Lead, *, behind: bool) -> Tab | None:
        from playwright.async_api import Error

        context = self._context
        if context is None:
            return None
        tab = self._tabs[lead.id] = Tab(lead, self._emit, self._timeout_s, self._clipboard)
        try:
            async with asyncio.timeout(_STEP_S):
                tab.page = await self._empty_page(context, lead, behind=behind)
        except (Error, TimeoutError) as failure:
            self._tabs.pop(lead.id, None)
            # A page behind that does not come is no reason to take the one in front from the person.
            if not behind or isinstance(failure, Error):
                await self._leave(context)
            return None
        self._adopt(tab, tab.page)
        self._spawn(tab.load())
        return tab

    async def _empty_page(self, context: BrowserContext, lead: Lead, *, behind: bool) -> Page:
        page = await self._page_behind(context) if behind else self._unused(context) or await context.new_page()
        if self._read_clipboard:
            parts = urlsplit(lead.contact_url)
            # For this site alone: whoever may be read to may read, too.
            await context.grant_permissions(_CLIPBOARD, origin=f"{parts.scheme}://{parts.netloc}")
        return page

    def _unused(self, context: BrowserContext) -> Page | None:
        """The empty page that a browser starts with."""
        return next((p for p in context.pages if p not in self._pages and p.url == "about:blank"), None)

    async def _page_behind(self, context: BrowserContext) -> Page:
        """A page that does not come to the front: the person is typing in the one that is there."""
        from playwright.async_api import Error

        present = self._tabs.get(self._wanted)
        if present is None or present.page is None or present.is_spent:
            return await context.new_page()
        try:
            session = await context.new_cdp_session(present.page)
            # By its address it is told from a window that the site opens at this moment.
            url = f"about:blank#{secrets.token_hex(8)}"
            async with context.expect_page(lambda page: page.url == url, timeout=_BEHIND_MS) as made:
                await session.send("Target.createTarget", {"url": url, "background": True})
            await session.detach()
            return await made.value
        except Error:
            # The page that was to ask for it went away. It costs the front for a moment, and is put right.
            page = await context.new_page()
            with contextlib.suppress(Error):
                await present.page.bring_to_front()
            return page

    def _adopt(self, tab: Tab, page: Page) -> None:
        if page not in self._pages:
            self._pages[page] = tab
            tab.attach(page)
            page.on("close", lambda _: self._spawn(self._closed(tab, page)))

    async def _opened_by_site(self, page: Page) -> None:
        """A window that a lead's page opened belongs to that lead."""
        opener = await page.opener()
        tab = self._pages.get(opener) if opener is not None else None
        if tab is not None:
            self._adopt(tab, page)

    async def _close_tab(self, tab: Tab) -> None:
        from playwright.async_api import Error

        tab.closing = True
        if self._tabs.get(tab.lead.id) is tab:
            del self._tabs[tab.lead.id]
        for page in [page for page, owner in self._pages.items() if owner is tab]:
            with contextlib.suppress(Error, TimeoutError):
                async with asyncio.timeout(_STEP_S):
                    await page.close()

    def _sees(self, source: dict[str, Any], payload: Any) -> None:
        tab = self._pages.get(source["page"])
        if tab is not None:
            tab.sees(source["frame"], payload)

    # --- ends

    async def _closed(self, tab: Tab, page: Page) -> None:
        self._pages.pop(page, None)
        if self._ending or tab.closing or page is not tab.page:
            return
        await asyncio.sleep(_SOON_S)  # when a browser ends, its pages are reported first
        if self._context is None or tab.closing or self._tabs.get(tab.lead.id) is not tab or tab.page is not page:
            return
        if not self._context.pages and self._record is not None and self._record.is_gone():
            return  # told by its end, which knows why
        self._tabs.pop(tab.lead.id, None)
        if tab.front:
            self._closed_by_person = context = self._context
            self._emit(PageClosed(tab.lead.id))
            if not context.pages:
                # Whether a browser without a window ends, and when, differs from system to system. This one does.
                await self._leave(context)

    async def _leave(self, context: BrowserContext) -> None:
        """Have done with a browser, whatever state it is in."""
        from playwright.async_api import Error

        record = self._record
        self._forget(context)
        try:
            async with asyncio.timeout(_STEP_S):
                await context.close()
        except Error:
            return  # it has gone by itself
        except TimeoutError:
            if record is not None:
                record.kill()  # while it runs the profile is taken, and no other browser starts

    def _forget(self, context: BrowserContext) -> None:
        if self._context is context:
            self._context = None
            self._tabs.clear()
            self._pages.clear()

    async def _ended(self, context: BrowserContext) -> None:
        if self._context is not context:
            return
        record = self._record
        front = next((tab for tab in self._tabs.values() if tab.front), None)
        self._forget(context)
        if self._ending:
            return
        if front is not None and not front.is_open and self._closed_by_person is context:
            await self.open(front.lead)  # asked for while the browser was on its way out
        elif not await _was_closed(record):
            self._emit(BrowserCrashed(front.lead.id if front else "", "The browser ended unexpectedly."))
        elif front is not None:
            self._emit(PageClosed(front.lead.id))

    async def end(self) -> None:
        """Close the browser and the driver."""
        self._ending = True
        if self._context is not None:
            await self._context.close()
            self._context = None
        await self._stop_driver()
        self._tabs.clear()
        self._pages.clear()

    async def _stop_driver(self) -> None:
        driver, self._playwright = self._playwright, None
        if driver is not None:
            with contextlib.suppress(Exception):  # whatever it says, it is not used again
                await asyncio.wait_for(driver.stop(), _GONE_S)

    def failed(self, error: Exception) -> None:
        """An order could not be carried out, for a reason nobody foresaw."""
        self._emit(BrowserCrashed(self._wanted, f"The browser did not do as it was told ({type(error).__name__})."))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _was_closed(record: EndRecord | None) -> bool:
    """Whether the browser was closed, not killed."""
    for _ in range(int(_ENDING_S / _SOON_S)):
        closed = record.was_closed() if record is not None else None
        if closed is not None:
            return closed
        await asyncio.sleep(_SOON_S)
    return False


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
