"""The lead an operator has in hand: its claim, its page in the browser, and the address that is proposed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from console.review import (
    AddressSeen,
    BrowserCrashed,
    BrowserMissing,
    Event,
    Lead,
    NoDisplay,
    PageClosed,
    PageOpened,
    PostRemoved,
    SiteDown,
)

SETTLES_S = 0.4
"""An address must have been on screen so long before Enter takes it: that key may have been meant for what was there
before."""


class PageState(Enum):
    """The lead's page in the browser."""

    NONE = auto()
    OPENING = auto()
    OPEN = auto()
    CLOSED = auto()
    CRASHED = auto()
    DOWN = auto()
    REMOVED = auto()
    NO_BROWSER = auto()
    """There is no display or no browser: the person uses another one."""


@dataclass(frozen=True)
class Hand:
    """A lead that is being worked on.

    Args:
        lead: the contact's id.
        name: who it is, for messages.
        url: its contact page.
        relays: domains of the site's own relay.
        epoch: the claim; `None` until the backend has given it.
        until: when the claim runs out, in monotonic seconds.
        attempts: failures so far.
        max_attempts: with so many the lead is given up; 0 until it is known.
        page: how its page stands.
        said: what the browser says about it: the title, or what went wrong.
        seen: the addresses in it.
        address: the one that is proposed; "" if none is.
        proposed_at: since when, in monotonic seconds.
        lost: why the claim is over; "" while it is not.
        waiting: why the backend has not given the claim yet; "" if it was not asked twice.
    """

    lead: str
    name: str
    url: str = ""
    relays: tuple[str, ...] = ()
    epoch: int | None = None
    until: float = 0.0
    attempts: int = 0
    max_attempts: int = 0
    page: PageState = PageState.NONE
    said: str = ""
    seen: tuple[AddressSeen, ...] = field(default=())
    address: str = ""
    proposed_at: float = 0.0
    lost: str = ""
    waiting: str = ""

    @property
    def page_of(self) -> Lead:
        """What the browser is asked to open."""
        return Lead(self.lead, self.url, self.relays)

    @property
    def is_claimed(self) -> bool:
        """Whether the backend has given the lead, and has not said that the claim is over."""
        return self.epoch is not None and not self.lost

    @property
    def choices(self) -> tuple[AddressSeen, ...]:
        """The addresses that may be proposed: those that came while the person worked first, none of the relay."""
        fit = [seen for seen in self.seen if seen.kind != "relay"]
        return tuple(sorted(fit, key=lambda seen: not seen.appeared))

    @property
    def proposal(self) -> AddressSeen | None:
        """The sight of the proposed address."""
        return next((seen for seen in self.seen if seen.address == self.address), None)

    @property
    def gives_up(self) -> bool:
        """Whether one more failure is the last."""
        return self.max_attempts > 0 and self.attempts + 1 >= self.max_attempts

    def is_settled(self, now: float) -> bool:
        """Whether the person has had the time to see the proposed address."""
        return bool(self.address) and now - self.proposed_at >= SETTLES_S

    def given(self, answer: dict[str, Any], until: float) -> Hand:
        """The same with the claim that the backend gave."""
        return replace(
            self,
            epoch=int(answer["epoch"]),
            until=until,
            url=str(answer.get("contactUrl") or answer.get("sourceUrl") or self.url),
            relays=tuple(str(domain) for domain in answer.get("relayDomains") or ()),
            attempts=int(answer.get("attempts") or 0),
            max_attempts=int(answer.get("maxAttempts") or 0),
            waiting="",
        )

    def another(self, now: float) -> Hand:
        """The same with the next of the addresses proposed."""
        names = [seen.address for seen in self.choices]
        if not names:
            return self
        at = (names.index(self.address) + 1) % len(names) if self.address in names else 0
        return replace(self, address=names[at], proposed_at=now)


_ENDS: dict[type[Any], PageState] = {
    BrowserCrashed: PageState.CRASHED,
    SiteDown: PageState.DOWN,
    PostRemoved: PageState.REMOVED,
    NoDisplay: PageState.NO_BROWSER,
    BrowserMissing: PageState.NO_BROWSER,
}


def told(hand: Hand, event: Event, now: float) -> Hand:
    """The lead in hand after something happened in the browser; an event about another lead changes nothing.

    Args:
        hand: the lead.
        event: what happened; any may come twice.
        now: monotonic seconds.
    """
    if event.lead != hand.lead and not (isinstance(event, BrowserCrashed) and not event.lead):
        return hand
    if isinstance(event, PageOpened):
        # A page that says that the post is gone is a page, too: what it says stays.
        stays = hand.page is PageState.REMOVED
        return hand if stays else replace(hand, page=PageState.OPEN, said=event.title)
    if isinstance(event, AddressSeen):
        return _seen(hand, event, now)
    if isinstance(event, PageClosed):
        return replace(hand, page=PageState.CLOSED, said="The page was closed.")
    return replace(hand, page=_ENDS[type(event)], said=event.reason)


def _seen(hand: Hand, event: AddressSeen, now: float) -> Hand:
    if any(seen.address == event.address for seen in hand.seen):
        return hand
    hand = replace(hand, seen=(*hand.seen, event))
    if hand.address or event.kind == "relay" or not event.appeared:
        # What was there before the person began is often the site's own: it is offered, not proposed.
        return hand
    return replace(hand, address=event.address, proposed_at=now)
