"""Takes the pictures of a scene: it is played once, and the terminal then made larger for the second picture."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from tests.snapshots.scenes.scene import SIZES, Scene, settled

Size = tuple[int, int]


class Taken(App[str]):
    """Stands for an app of which there is a picture already, where an app that makes one is asked for.

    Args:
        svg: the picture.
    """

    def __init__(self, svg: str) -> None:
        super().__init__()
        self._svg = svg

    def run(self, *_args: Any, **_options: Any) -> str:
        """The picture."""
        return self._svg


@functools.lru_cache(maxsize=2)
def pictures(scene: Scene) -> dict[Size, str]:
    """The scene at every size, as SVG."""
    return asyncio.run(_taken(scene, SIZES))


def picture(scene: Scene, size: Size) -> str:
    """The scene at one size, as SVG; the pictures at its other sizes are kept for the next call."""
    return pictures(scene)[size] if scene.resized else asyncio.run(_taken(scene, (size,)))[size]


async def _taken(scene: Scene, sizes: tuple[Size, ...]) -> dict[Size, str]:
    app = scene.make()
    taken: dict[Size, str] = {}
    async with app.run_test(size=sizes[0], notifications=True, tooltips=True) as pilot:
        await scene.play(pilot)
        for size in sizes:
            if size != sizes[0]:
                await _resized(pilot, size)
            taken[size] = app.export_screenshot(title=app.title, simplify=True)
    return taken


async def _resized(pilot: Pilot[Any], size: Size) -> None:
    await pilot.resize_terminal(*size)
    await settled(pilot)
