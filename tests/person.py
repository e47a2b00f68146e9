"""A person at the demo site's contact page: reads the picture, types what it says, presses Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from console.review import Companion

PATIENCE_S = 60.0
Act = Callable[[Any], Coroutine[Any, Any, Any]]


def solve_as_a_person(site: str) -> Act:
    """What a person does there, on a Playwright page. The site itself tells what they would read in the picture.

    Args:
        site: base address of the demo site.
    """

    async def act(page: Any) -> None:
        token = await page.locator("input[name=token]").get_attribute("value")
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = (await http.get(f"{site}/_standin/captcha/{token}")).json()["answer"]
        await page.keyboard.type(answer)
        await page.keyboard.press("Enter")

    return act


def hands(companion: Companion, act: Act) -> Any:
    """Do something in the page that is in front; blocks until it is done."""
    window, loop = companion._window, companion._loop
    assert loop is not None
    (tab,) = [tab for tab in window._tabs.values() if tab.front]
    return asyncio.run_coroutine_threadsafe(act(tab.page), loop).result(PATIENCE_S)
