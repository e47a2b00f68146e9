"""The command palette: every action of the registry that makes sense on the present screen, as ``noun: verb``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from console.actions import Action, of_scope
from console.screens.frame import LiveScreen


class Palette(CommandPalette):
    """The library's palette in the console's colours."""

    CSS_PATH = "palette.tcss"


class ActionCommands(Provider):
    """Offers the registry's commands."""

    def _actions(self) -> Iterable[Action]:
        name = self.screen.NAME if isinstance(self.screen, LiveScreen) else ""
        return (action for action in of_scope(name, "everywhere") if action.command)

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        """All of them, before anything is typed."""
        for action in self._actions():
            yield DiscoveryHit(action.command, self._runner(action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = matcher.match(action.command)
            if score > 0:
                yield Hit(score, matcher.highlight(action.command), self._runner(action), help=action.help)

    def _runner(self, action: Action) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            # What the screen can't do by itself is the app's, as it is when a key is pressed.
            name = action.action.partition("(")[0]
            place = self.screen if hasattr(self.screen, f"action_{name}") else self.app
            await self.app.run_action(action.action, default_namespace=place)

        return run
