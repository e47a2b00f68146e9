"""The command palette: every action of the registry that makes sense on the present screen, as ``noun: verb``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.fuzzy import Matcher

from console.actions import Action, of_scope
from console.screens.frame import LiveScreen


class Palette(CommandPalette):
    """The library's palette in the console's colours."""

    CSS_PATH = "palette.tcss"


def match(matcher: Matcher, action: Action) -> float:
    """How well what was typed fits an action, in the library's measure; 0 if not at all.

    A name may fit loosely, letter by letter. Help is a sentence, in which some such letters are always found, so each
    word typed must begin a word of it. That counts for less than the same words in a name, and for more than letters
    scattered over one: who types "light" wants the theme, not the "live view".
    """
    by_name: float = matcher.match(action.command)
    words = matcher.query.lower().split()
    said = re.findall(r"\w+", action.help.lower())
    if not all(any(one.startswith(word) for one in said) for word in words):
        return by_name
    # As the library counts unbroken letters, plus one for each beginning of a word, but without its prize for a whole
    # run found in a name.
    return max(by_name, 2.0 * (sum(map(len, words)) + len(words)))


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
        """Those whose name matches, or whose sentence of help has the words typed."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = match(matcher, action)
            if score > 0:
                yield Hit(score, matcher.highlight(action.command), self._runner(action), help=action.help)

    def _runner(self, action: Action) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            # What the screen can't do by itself is the app's, as it is when a key is pressed.
            name = action.action.partition("(")[0]
            place = self.screen if hasattr(self.screen, f"action_{name}") else self.app
            await self.app.run_action(action.action, default_namespace=place)

        return run
