"""Documents that only the console's gauges read: the mailboxes' state."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Mailbox:
    """A sending account.

    Args:
        account: its address.
        state: ACTIVE, NEEDS_REAUTH or SIGNED_OUT.
        sent: when mails of the last day left, in seconds since the epoch.
        waits_for: why nothing leaves at the moment; empty when it does.
        next_send_at: when the next mail may leave, if one is waiting.
        paused: whether a person, or the program, paused it.
        provider: what it sends through; see `ProviderName`.
    """

    account: str
    state: str
    sent: tuple[int, ...] = ()
    waits_for: str = ""
    next_send_at: datetime | None = None
    paused: bool = False
    provider: str = "graph"

    @property
    def is_usable(self) -> bool:
        """Whether it is signed in."""
        return self.state == "ACTIVE"

    def sent_since(self, now: datetime, hours: float = 24) -> int:
        """Mails sent in the last hours."""
        oldest = now.timestamp() - hours * 3600
        return sum(1 for moment in self.sent if moment > oldest)


def read_mailbox(data: Mapping[str, Any]) -> Mailbox:
    """A mailbox's document; its log of sent mails is packed as big-endian numbers of four bytes."""
    packed = bytes(data.get("sentLog") or b"")
    sent = tuple(moment for (moment,) in struct.iter_unpack(">I", packed[: len(packed) // 4 * 4]))
    next_at = data.get("nextSendAt")
    return Mailbox(
        str(data["account"]),
        str(data.get("state") or "ACTIVE").replace("CONNECTED", "ACTIVE"),
        sent,
        str(data.get("waitReason") or data.get("reason") or ""),
        next_at if isinstance(next_at, datetime) else None,
        data.get("paused") is True,
        str(data.get("provider") or "graph"),
    )
