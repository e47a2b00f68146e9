"""The review screen and the hands at it, with a stand-in of the browser and of the backend."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from console.review import Lead
from console.screens.review.hand import SETTLES_S
from tests.snapshots.scenes.review import Reviewing, opened, seen
from tests.snapshots.scenes.scene import settled

FOUND = "dana@fenceworks.com"


class Play:
    """The screen and the hands at it."""

    def __init__(self, world: Reviewing, pilot: Any) -> None:
        self.world, self.pilot, self.screen = world, pilot, pilot.app.screen
        self.keys = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self.pilot.press(key)
            await settled(self.pilot)

    async def say(self, *events: Any) -> None:
        for event in events:
            self.world.browser.say(event)
        await settled(self.pilot)

    async def wait(self, seconds: float) -> None:
        self.world.world.clock.advance(seconds)
        await settled(self.pilot)

    async def propose(self, address: str = FOUND) -> None:
        """The page of the lead in hand opens, the person solves it, the address comes up and is read."""
        await self.say(opened(self.page), seen(self.page, address))
        await self.wait(SETTLES_S + 0.1)

    @property
    def page(self) -> Lead:
        """The page opened last."""
        return self.world.browser.opened[-1]

    @property
    def hand(self) -> Any:
        return self.screen.desk.hand

    def text(self, name: str) -> str:
        return " ".join(text for _, pieces in self.screen.query_one(f"#{name}").lines for text, _ in pieces)

    def label(self) -> str:
        return "".join(text for text, _ in self.screen.query_one("#address-pane").note)

    def told(self) -> str:
        return " | ".join(f"{n.title}: {n.message}" for n in self.pilot.app._notifications)

    def reports(self) -> list[tuple[str, bool, str, int]]:
        made = [body for body, _ in self.world.calls("resolveCaptcha")]
        return [(b["leadId"], b["captchaSuccess"], b["extractedEmail"], b["epoch"]) for b in made]

    def claims(self) -> list[str]:
        return [body["leadId"] for body, _ in self.world.calls("claimCaptcha") if "epoch" not in body]


@contextlib.asynccontextmanager
async def play(waiting: list[dict[str, Any]] | None = None, **more: Any) -> AsyncIterator[Play]:
    world = Reviewing(waiting, **more)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        yield Play(world, pilot)
