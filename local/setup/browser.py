"""A Chrome or Chromium for the operator's CAPTCHA window and for pictures of the console."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

VARIABLE = "LEADGEN_BROWSER"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_USUAL_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/opt/google/chrome/chrome",
)
_PLAYWRIGHT_PATTERNS = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
_INSTALL_TIMEOUT_S = 900


def find_browser() -> Path | None:
    """An installed browser: LEADGEN_BROWSER, then the usual names on PATH, the usual places, and Playwright's own.

    Raises:
        FileNotFoundError: LEADGEN_BROWSER names a file that does not exist.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"{VARIABLE} names {named}, and there is no such file")
        return Path(named)
    return next(_installed(), None)


def _installed() -> Iterator[Path]:
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield from (Path(place) for place in _USUAL_PLACES if Path(place).is_file())
    for pattern in _PLAYWRIGHT_PATTERNS:
        yield from sorted((path for path in _playwright_folder().glob(pattern) if path.is_file()), reverse=True)


def _playwright_folder() -> Path:
    """https://playwright.dev/python/docs/browsers#managing-browser-binaries"""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if named and named != "0":
        return Path(named)
    caches = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return caches / "ms-playwright"


def ensure_browser(say: Callable[[str], None]) -> Path | None:
    """Find a browser or install one; None when neither works, after saying what to do.

    Args:
        say: told what happens.
    """
    found = find_browser()
    if found is not None:
        return found
    say("no Chrome or Chromium was found; downloading Playwright's Chromium")
    if _succeeds([sys.executable, "-m", "playwright", "install", "chromium"]):
        found = find_browser()
    if found is None and _may_use_apt():
        say("that did not work; installing the system's package chromium")
        _succeeds(["apt-get", "update", "-qq"])
        if _succeeds(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            found = find_browser()
    if found is None:
        say(
            "no browser could be installed. Everything works without one except solving CAPTCHAs and pictures of the "
            f"console. Install Chrome or Chromium, or set {VARIABLE} to its program"
        )
    return found


def _may_use_apt() -> bool:
    return platform.system() == "Linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _succeeds(command: list[str]) -> bool:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=quiet, timeout=_INSTALL_TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
