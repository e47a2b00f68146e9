"""Starts the operator's browser: a window of its own, on a profile of its own, that says that it is driven."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Playwright

START_TIMEOUT_MS = 60_000.0
NO_DISPLAY = "This session has no display (DISPLAY and WAYLAND_DISPLAY are not set)."
INSTALL = "Install Chrome or Chromium, or run: playwright install chromium. LEADGEN_BROWSER names another program."
_NO_SCREEN = ("missing x server", "$display", "cannot open display", "failed to connect to wayland", "ozone platform")
_NOT_THERE = ("executable doesn't exist", "enoent", "no such file")


class Unstartable(Exception):
    """The browser can't be started; the message says why."""


class Missing(Unstartable):
    """There is no browser."""


class DriverGone(Unstartable):
    """The program that drives the browser has ended, and the browser with it."""


class NoScreen(Unstartable):
    """There is no display for its window."""


def has_display() -> bool:
    """Whether a window can be shown. Only X11 and Wayland say so beforehand."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


async def launch(
    playwright: Playwright, profile: Path, *, headless: bool, program: Path | None, read_clipboard: bool
) -> BrowserContext:
    """Start the browser.

    Args:
        playwright: the driver.
        profile: the operator's profile folder.
        headless: without a window; for tests.
        program: the browser; an installed Chrome or Chromium, or Playwright's own, if `None`.
        read_clipboard: whether the clipboard is read after a click.

    Raises:
        Unstartable: with what to do.
    """
    from playwright.async_api import Error

    profile.mkdir(parents=True, exist_ok=True, mode=0o700)
    program = program or _installed()
    try:
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=program,
            headless=headless,
            no_viewport=True,
            accept_downloads=False,
            # As root Chromium's sandbox does not work; anybody else has it.
            chromium_sandbox=not _is_root(),
            env=dict(os.environ),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=START_TIMEOUT_MS,
        )
        if read_clipboard:
            await context.add_init_script("globalThis.leadgenReadsClipboard = true;")
        await context.add_init_script(script=watch_script())
    except Error as error:
        raise _why(error.message) from None
    return context


def watch_script() -> str:
    """What runs in each page."""
    return (resources.files("console.review") / "watch.js").read_text(encoding="utf-8")


def _installed() -> Path | None:
    from local.setup.browser import find_browser

    try:
        return find_browser()
    except FileNotFoundError as error:
        raise Missing(str(error)) from None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _why(message: str) -> Unstartable:
    lower = message.lower()
    if any(sign in lower for sign in _NO_SCREEN):
        return NoScreen("The display that DISPLAY or WAYLAND_DISPLAY names does not answer.")
    if any(sign in lower for sign in _NOT_THERE):
        return Missing(f"No browser was found. {INSTALL}")
    if "processsingleton" in lower or "already in use" in lower or "existing browser session" in lower:
        return Unstartable("A browser window of this operator is open already, perhaps of another console. Close it.")
    if "has been closed" in lower and "browser logs" not in lower:
        return DriverGone("The browser's driver ended unexpectedly.")
    first = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    return Unstartable(f"The browser did not start: {first[:200]}")
