"""What reading a mailbox takes, whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.providers.base import ProviderError


class Stale(ProviderError):
    """The place is forgotten: reading starts over."""


class Unreadable(ProviderError):
    """This one message can't be had; the others can."""


@dataclass(frozen=True)
class Listed:
    """A message of a folder, before it is fetched.

    Args:
        id: the provider's id; stays the same when the message moves.
        received_at: when it came in, if that is told.
        conversation: the thread it is in.
        is_sent: whether the mailbox's owner sent it.
        is_draft: whether it is a draft.
    """

    id: str
    received_at: datetime | None
    conversation: str = ""
    is_sent: bool = False
    is_draft: bool = False


@dataclass(frozen=True)
class Page:
    """Some messages of a folder.

    Args:
        messages: what is new.
        place: where to go on, the next time as well.
        is_last: whether nothing is left to read at the moment.
    """

    messages: list[Listed]
    place: str
    is_last: bool


class Inbox(Protocol):
    """A mailbox that can be read."""

    folders: tuple[str, ...]
    """What is read, each for itself."""

    def page(self, folder: str, place: str, since: datetime) -> Page:
        """The next messages.

        Args:
            folder: one of `folders`.
            place: that of the page before, or "" to begin.
            since: where it begins: messages that came in before are left out.

        Raises:
            Stale: the place is forgotten.
            Throttled, Unreachable, SignInNeeded, Refused: no answer.
        """
        ...

    def fetch(self, message: Listed) -> Incoming | None:
        """The message itself; `None` if it is gone.

        Raises:
            Unreadable: this one can't be had, now or later.
            Throttled, Unreachable, SignInNeeded: no answer.
        """
        ...

    def sent_in(self, conversation: str) -> list[str]:
        """Message-IDs of what the mailbox's owner sent in a thread, the latest first.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: no answer.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
