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

LOST_AFTER_S = 0.5
"""A follower is lost if a widget is removed while it is there. Keys then go on after so long."""


class KeysInTurn(App[None]):
    """An app that handles one key after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._keys_waiting: deque[events.Key | events.Paste] = deque()
        self._key_under_way = 0
        """The number of the key that is having its effect; 0 if none is."""
        self._keys_sent = 0
        self._key_lost: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        """Let a key that comes from the keyboard wait for its turn; anything else goes its way at once."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._key_under_way:
            self._keys_waiting.append(event)
        else:
            await self._send_key(event)

    async def _send_key(self, key: events.Key | events.Paste) -> None:
        self._keys_sent += 1
        number = self._key_under_way = self._keys_sent
        target = self.focused or self.screen
        await super().on_event(key)
        self._key_lost = asyncio.get_running_loop().call_later(LOST_AFTER_S, self.call_later, self._had_effect, number)
        way_up = [node for node in target.ancestors_with_self for _ in range(2)]
        await self._follow(deque(way_up * 2), number)

    async def _follow(self, way: deque[DOMNode], number: int) -> None:
        """Go through the next queue of the way that is still open; at its end the key has had its effect."""
        while way:
            if way.popleft().call_later(self._follow, way, number):
                return
        await self._had_effect(number)

    async def _had_effect(self, number: int) -> None:
        """The key with this number has had its effect: the next one's turn."""
        if number != self._key_under_way:
            return
        self._key_under_way = 0
        if self._key_lost is not None:
            self._key_lost.cancel()
        if self._keys_waiting:
            await self._send_key(self._keys_waiting.popleft())
