"""What a screen is given to show: everything known at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from console.live import feeds
from console.live.feed import Window
from console.live.health import FeedState, Freshness, Health, freshness
from console.live.history import History
from console.live.session import UserInfo

if TYPE_CHECKING:
    from console.live.governor import Governor
    from console.live.shapes import Mailbox

_NOTHING = Window()


@dataclass(frozen=True)
class View:
    """Everything known at one moment.

    Args:
        windows: what each feed holds.
        health: how fresh it is.
        now: the moment, in UTC.
        clock: the moment, in monotonic seconds.
        zone: the timezone times are shown in; `None` for the machine's.
        user: who is signed in, once known.
        project: the project's name, once known.
        backend: where the backend is, once known.
        paused_at: when the view was frozen, in monotonic seconds; `None` while it is live.
        history: how the counts moved.
    """

    windows: Mapping[str, Window]
    health: Health
    now: datetime
    clock: float
    zone: tzinfo | None = None
    user: UserInfo | None = None
    project: str = ""
    backend: str = ""
    paused_at: float | None = None
    history: History = field(default_factory=History)

    def window(self, feed: str) -> Window:
        """What a feed holds."""
        return self.windows.get(feed, _NOTHING)

    def problem(self, feed: str) -> str:
        """Why a feed can't be read; empty if it can."""
        health = self.health.feeds.get(feed)
        return health.message if health is not None and health.state is not FeedState.LIVE else ""

    @property
    def freshness(self) -> tuple[Freshness, str]:
        """What the badge says."""
        return freshness(self.health, self.clock, self.paused_at)

    @property
    def governor(self) -> Governor | None:
        """The LLM Governor, if it has a document."""
        return next(iter(self.window(feeds.GOVERNOR).values), None)

    @property
    def settings(self) -> Any:
        """The configuration in force; `None` until it is known. Without a document the defaults are in force."""
        window = self.window(feeds.SETTINGS)
        if not window.loaded or window.unreadable:
            return None
        if not window.docs:
            from leadgen.model.config import StoredSettings

            return StoredSettings()
        return window.docs[0].value

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """The sending accounts, those that work first."""
        return tuple(sorted(self.window(feeds.MAILBOXES).values, key=lambda m: (not m.is_usable, m.paused, m.account)))

    def sent_today(self) -> int | None:
        """Mails sent in the last 24 hours over all mailboxes; `None` until known."""
        if not self.window(feeds.MAILBOXES).loaded:
            return None
        return sum(mailbox.sent_since(self.now) for mailbox in self.mailboxes)
