"""What a way of sending must offer.

Sending is two steps, because no provider makes one step safe: a draft is made, and its id stored, before it is sent.
If the answer to the send is lost, the draft's id is what one can ask about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """A mail, ready to be drafted.

    Args:
        to: the one recipient.
        to_name: their name, on one line; may be empty.
        subject: on one line.
        html: the whole document.
        text: the same as plain text.
        list_unsubscribe: value of the List-Unsubscribe header (RFC 2369), or empty.
        in_reply_to: Message-ID of the mail this one answers, for a follow-up in the same thread; or empty.
        references: Message-IDs of the whole thread, the oldest first; that of `in_reply_to` alone if empty.
    """

    to: str
    to_name: str
    subject: str
    html: str
    text: str
    list_unsubscribe: str = ""
    in_reply_to: str = ""
    references: str = ""


class DraftState(Enum):
    """What the mailbox says about a mail."""

    DRAFT = "draft"
    SENT = "sent"
    MISSING = "missing"


@dataclass(frozen=True)
class Draft:
    """A mail in the mailbox.

    Args:
        immutable_id: stays the same when the mail moves to another folder.
        internet_message_id: the Message-ID header, known once the mailbox gave one.
        state: draft or sent.
    """

    immutable_id: str
    internet_message_id: str
    state: DraftState = DraftState.DRAFT


class ProviderError(Exception):
    """Base of what can go wrong; the message is for the operator and holds no secret."""


class Throttled(ProviderError):
    """Not accepted, and the mailbox must wait. Nothing left.

    Args:
        reason: what the provider said.
        until: when to ask again.
    """

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


class Unreachable(ProviderError):
    """No usable answer, and nothing can have left: the connection was never made, or the call sends nothing."""


class Refused(ProviderError):
    """This one mail is not accepted and never will be. Nothing left."""


class SignInNeeded(ProviderError):
    """The mailbox's owner must sign in again. Nothing left."""


class OutcomeUnknown(ProviderError):
    """The mail may have left or not; only the mailbox can tell.

    Args:
        reason: what happened to the answer.
        until: the earliest moment to ask, if the provider named one.
    """

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


class MailProvider(Protocol):
    """A way of sending from one mailbox."""

    per_minute: int
    """How many messages the provider takes in any 60 seconds; 0 for no limit."""

    call_timeout_s: float
    """No call takes longer than this."""

    def create_draft(self, message: Message, job_id: str) -> Draft:
        """Make a draft that can be found by the job's id.

        Raises:
            Throttled, Unreachable, Refused, SignInNeeded: there may be a draft nobody knows of, but nothing left.
        """
        ...

    def send(self, immutable_id: str) -> None:
        """Send a draft. Returning means: accepted.

        Raises:
            OutcomeUnknown: it may have left.
            Throttled, Unreachable, Refused, SignInNeeded: it did not leave.
        """
        ...

    def look(self, immutable_id: str) -> Draft:
        """What the mailbox knows of a mail; its state is MISSING if nothing.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: no answer.
        """
        ...

    def find_by_job(self, job_id: str) -> Draft | None:
        """The mail made for a job, a sent one before a draft; `None` if there is none.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: no answer.
        """
        ...

    def discard(self, immutable_id: str) -> None:
        """Delete a draft; no error if it is gone. Never called for a sent mail.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: it may still be there.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
