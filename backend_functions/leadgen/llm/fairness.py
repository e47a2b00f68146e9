"""Whose turn it is: what is free goes first to the campaign that has had the least of the window.

Whoever goes without leaves a ticket. While it is valid, others leave it its share: a campaign of 2,000 leads that never
stops asking can't keep one of ten waiting. A ticket that nobody comes back for lapses, so that nothing stays unused
for long.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ticket:
    """A campaign's place in the queue.

    Args:
        campaign: its id, or "" for leads without one.
        calls: how many calls it waits for.
        since: since when, in milliseconds since the epoch.
        returns: when it was told to come back.
        until: when the ticket lapses.
    """

    campaign: str
    calls: int
    since: int
    returns: int
    until: int


def valid(tickets: Iterable[Ticket], now_ms: int) -> tuple[Ticket, ...]:
    """The tickets that have not lapsed."""
    return tuple(ticket for ticket in tickets if ticket.until > now_ms)


def shares(free: int, wanted: Mapping[str, int], had: Mapping[str, int]) -> dict[str, int]:
    """Divide what is free: each further grant goes to whoever has had the least, among those who still want one.

    Args:
        free: grants to give.
        wanted: how many each campaign wants.
        had: how many each has in the window already.

    Returns:
        What each gets; no more than it wants, and in all no more than is free.
    """
    given = dict.fromkeys(wanted, 0)
    queue = [(had.get(campaign, 0), campaign) for campaign, calls in wanted.items() if calls > 0]
    heapq.heapify(queue)
    for _ in range(free):
        if not queue:
            break
        has, campaign = heapq.heappop(queue)
        given[campaign] += 1
        if given[campaign] < wanted[campaign]:
            heapq.heappush(queue, (has + 1, campaign))
    return given
