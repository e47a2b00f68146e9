"""The browser beside the console, in a thread of its own: the screen gives orders and is told what happens.

Playwright is imported in that thread, when the first page is opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from console.review.events import Event, Lead
from console.review.window import Window

log = logging.getLogger("leadgen.review")
STOP_TIMEOUT_S = 10.0


class Companion:
    """The operator's browser. Its methods return at once and may be called from any thread.

    Args:
        on_event: called with each event, from the browser's thread; must be quick and must not raise.
        profile: the operator's profile folder; see `browser_profile`.
        headless: without a window; for tests.
        program: the browser to use; an installed one is looked for if `None`.
        timeout_s: how long a page may take.
        read_clipboard: the operator allows that the clipboard is read after a click in the page, for sites with a
            "copy" button; those sites can then read it as well. What is selected and copied is seen anyway.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        profile: Path,
        *,
        headless: bool = False,
        program: Path | None = None,
        timeout_s: float = 30.0,
        read_clipboard: bool = False,
    ) -> None:
        self._on_event = on_event
        self._make_window = partial(
            Window,
            self._tell,
            profile,
            headless=headless,
            program=program,
            timeout_s=timeout_s,
            read_clipboard=read_clipboard,
        )
        self._window = self._make_window()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self, lead: Lead) -> None:
        """Show the lead's contact page and watch it. The page of the lead before is closed."""
        self._order(lambda: self._window.open(lead))

    def prepare(self, lead: Lead) -> None:
        """Load the contact page of the next lead in a tab behind the present one."""
        self._order(lambda: self._window.prepare(lead))

    def close(self) -> None:
        """End the browser and its thread; waits for it, at most `STOP_TIMEOUT_S`. Another `open` starts anew."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(self._stop(loop), loop)
        if thread is not threading.current_thread():
            thread.join(STOP_TIMEOUT_S)

    async def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await asyncio.wait_for(self._window.end(), STOP_TIMEOUT_S - 1)
        except Exception as error:
            log.warning("the browser did not end as it should: %s", type(error).__name__)
        finally:
            loop.stop()

    def _order(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with self._lock:
            if self._loop is None:
                self._loop, self._window = asyncio.new_event_loop(), self._make_window()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="review browser", daemon=True)
                self._thread.start()
            asyncio.run_coroutine_threadsafe(self._guarded(work), self._loop)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as error:
            log.exception("an order to the browser failed")
            self._window.failed(error)

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            log.exception("an event was lost: %s", type(event).__name__)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
