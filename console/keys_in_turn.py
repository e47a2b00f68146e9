"""Keys, and what is pasted, have their effect one after the other, however fast they come.

Textual hands each key at once to the widget that has the focus, and goes on. If the network, a busy moment or a macro
delivers several together, those behind a Tab still go to the field before it, and those behind an Enter are typed into
a form that is being sent. Here a key waits until the one before has had its effect.

When that is, nobody says. A key travels from the widget in focus through its ancestors to the app, which runs what is
bound to it; what that sets off at the widget (`Changed`, `Submitted`) takes the same way again. So a follower is sent
behind the key, along the same queues: twice through each, that it stays behind what is set off there, and twice the
whole way. When it arrives, all of that has been handled.
"""

from __future__ import annotations

import asyncio
from collections import deque

from textual import events
from textual.app import App
from textual.dom import DOMNode

LOOKED_AFTER_S = 0.5
"""How often to look whether the widget whose queue the follower is in was removed, and the follower with it."""


class KeysInTurn(App[None]):
    """An app that handles one key after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._keys_waiting: deque[events.Key | events.Paste] = deque()
        self._follower_at: DOMNode | None = None
        """Whose queue the follower of the key under way is in; `None` if no key is under way."""
        self._looking: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        """Let a key that comes from the keyboard wait for its turn; anything else goes its way at once."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._follower_at is not None:
            self._keys_waiting.append(event)
        else:
            await self._send_key(event)

    async def _send_key(self, key: events.Key | events.Paste) -> None:
        target = self.focused or self.screen
        await super().on_event(key)
        way_up = [node for node in target.ancestors_with_self for _ in range(2)]
        self._look_later()
        await self._follow(deque(way_up * 2))

    async def _follow(self, way: deque[DOMNode]) -> None:
        """Go through the next queue of the way that is still open; at its end it is the next key's turn."""
        while way:
            self._follower_at = way.popleft()
            if self._follower_at.call_later(self._follow, way):
                return
        self._follower_at = None
        if self._looking is not None:
            self._looking.cancel()
        if self._keys_waiting:
            await self._send_key(self._keys_waiting.popleft())

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(LOOKED_AFTER_S, self._look)

    def _look(self) -> None:
        """Go on without a follower that is lost. One that is only slow, because much is to be done, is waited for."""
        if self._follower_at is not None and self._follower_at.is_running:
            self._look_later()
        else:
            self.call_later(self._follow, deque())
