"""Documents that only the console's gauges read: the governor's log and the mailboxes' state."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GRANT_COUNTS_S = 65.0
"""A grant counts against the limit for the window of 60 s and the 5 s in which it may be used."""


@dataclass(frozen=True)
class Governor:
    """The LLM Governor's log.

    Args:
        limit: calls that may begin in any minute.
        grants: when grants were given, in seconds since the epoch, and how many.
    """

    limit: int
    grants: tuple[tuple[float, int], ...]

    def used(self, now: datetime) -> int:
        """How many grants count against the limit at a moment."""
        oldest = now.timestamp() - GRANT_COUNTS_S
        return sum(n for at, n in self.grants if at > oldest)


@dataclass(frozen=True)
class Mailbox:
    """A sending account.

    Args:
        account: its address.
        state: CONNECTED, NEEDS_REAUTH or SIGNED_OUT.
        sent: when mails of the last day left, in seconds since the epoch.
        waits_for: why nothing leaves at the moment; empty when it does.
        next_send_at: when the next mail may leave, if one is waiting.
    """

    account: str
    state: str
    sent: tuple[int, ...] = ()
    waits_for: str = ""
    next_send_at: datetime | None = None

    @property
    def is_usable(self) -> bool:
        """Whether mail can leave through it."""
        return self.state == "CONNECTED"

    def sent_since(self, now: datetime, hours: float = 24) -> int:
        """Mails sent in the last hours."""
        oldest = now.timestamp() - hours * 3600
        return sum(1 for moment in self.sent if moment > oldest)


def read_governor(data: Mapping[str, Any]) -> Governor:
    """The governor's document; its log holds moments in milliseconds."""
    grants = tuple((float(entry["at"]) / 1000, int(entry["n"])) for entry in data.get("log") or [])
    return Governor(int(data.get("limit", 0)), grants)


def read_mailbox(data: Mapping[str, Any]) -> Mailbox:
    """A mailbox's document; its log of sent mails is packed as big-endian numbers of four bytes."""
    packed = bytes(data.get("sentLog") or b"")
    sent = tuple(moment for (moment,) in struct.iter_unpack(">I", packed[: len(packed) // 4 * 4]))
    next_at = data.get("nextSendAt")
    return Mailbox(
        str(data["account"]),
        str(data.get("state") or "CONNECTED"),
        sent,
        str(data.get("waitReason") or data.get("reason") or ""),
        next_at if isinstance(next_at, datetime) else None,
    )
