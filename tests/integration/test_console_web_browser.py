"""The console in a real browser, over the recorded documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from console.picture import _arguments
from local.setup.browser import find_browser
from tests.unit.test_console_web import served

RECORDED = "from tests.snapshots.recorded import recorded_app; recorded_app()[0].run()"


async def _browser(playwright: Any) -> Browser:
    found = find_browser()
    if found is None:
        pytest.skip("no browser is installed")
    browser: Browser = await playwright.chromium.launch(executable_path=str(found), args=_arguments())
    return browser


async def test_the_browser_shows_the_dashboard_and_asks_nobody_else(tmp_path: Path) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    drawn: list[bytes] = []
    async with async_playwright() as playwright, served((sys.executable, "-c", RECORDED)) as server:
        browser = await _browser(playwright)
        page = await browser.new_page(viewport={"width": 1200, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("websocket", lambda ws: ws.on("framereceived", lambda data: drawn.append(_bytes(data))))
        await page.goto(f"{server.url}/?token={server.door.token}")
        assert page.url == f"{server.url}/", "the token does not stay in the address bar"
        await page.wait_for_selector("body.-first-byte", timeout=30_000)
        for _ in range(300):
            if all(word in b"".join(drawn) for word in (b"Pipeline", b"austin")):
                break
            await page.wait_for_timeout(50)
        shown = b"".join(drawn)
        await page.keyboard.press("q")
        await page.wait_for_selector("body.-closed", timeout=30_000)
        other = await browser.new_page()
        answer = await other.goto(f"{server.url}/")
        assert answer is not None
        await browser.close()
    assert b"Pipeline" in shown
    assert b"austin" in shown
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {server.url.split("/")[2]}
    assert not complaints
    assert answer.status == 401, "another browser does not come in"


def _bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else str(data).encode()
