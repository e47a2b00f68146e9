"""An SVG as PNG, drawn by the browser that the review uses, too."""

from __future__ import annotations

from pathlib import Path

from console.live.session import BackendError

DRAW_TIMEOUT_MS = 20_000


def to_png(svg: Path) -> Path:
    """Draw an SVG file as a PNG beside it.

    Raises:
        BackendError: there is no browser to draw with.
    """
    from playwright.sync_api import Error, sync_playwright

    from local.setup.browser import find_browser

    browser_path = find_browser()
    if browser_path is None:
        raise BackendError("There is no browser to draw with", str(svg), "Install one: make setup")
    png = svg.with_suffix(".png")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(browser_path), args=_arguments(), timeout=DRAW_TIMEOUT_MS
            )
            page = browser.new_page(viewport={"width": 1500, "height": 950}, device_scale_factor=1.5)
            page.set_content(
                f"<body style='margin:0'>{svg.read_text(encoding='utf-8')}</body>", timeout=DRAW_TIMEOUT_MS
            )
            page.locator("svg").first.screenshot(path=str(png), timeout=DRAW_TIMEOUT_MS)
            browser.close()
    except Error as error:
        raise BackendError("The browser could not draw", f"{svg}: {error.message.splitlines()[0]}") from None
    return png


def _arguments() -> list[str]:
    import os

    # A browser run as root refuses its sandbox; a desktop user never takes this branch.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [*sandbox, "--disable-gpu", "--disable-background-networking", "--no-first-run"]
