"""A picture of the dashboard without a terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.app import LeadgenApp
from console.live.session import Session


class NotCurrent(Exception):
    """The dashboard did not become current in time; the message says what it was waiting for."""


async def _draw(session: Session, path: Path, size: tuple[int, int], timeout_s: float) -> None:
    app = LeadgenApp(lambda: session)
    async with app.run_test(size=size) as pilot:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not app.is_current:
            if asyncio.get_running_loop().time() > deadline:
                raise NotCurrent(f"The dashboard was not current after {timeout_s:.0f} s. {app.live_message}".strip())
            await asyncio.sleep(0.1)
        app.flush()
        await pilot.pause()
        path.write_text(app.export_screenshot(title="leadgen"), encoding="utf-8")


def save_dashboard(
    session: Session, svg_path: Path, *, size: tuple[int, int] = (120, 36), timeout_s: float = 30.0
) -> Path:
    """Draw the dashboard once all its listeners are current.

    Args:
        session: whose data to show.
        svg_path: the file to write.
        size: columns and rows.
        timeout_s: how long to wait for the listeners.

    Returns:
        The file.

    Raises:
        NotCurrent: the listeners were not current in time.
    """
    path = Path(svg_path)
    asyncio.run(_draw(session, path, size, timeout_s))
    return path
