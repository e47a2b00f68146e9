"""Which of several mailboxes sends the next mail, and when.

Each mail goes to the mailbox that may send first; of those that may send now, to the one that sent longest ago. So all
of them take turns, a slow or capped one is passed over, and none is favoured. A follow-up leaves from the mailbox that
has its thread, and a mail that was tried before from the same one as long as that can send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from leadgen.mail.pacing.mailbox import Pace, mailbox_wait, total_wait
from leadgen.mail.pacing.moments import LOOK_AGAIN, Wait, latest
from leadgen.model.config import Settings

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Box:
    """A mailbox, as far as turns go.

    Args:
        account: its name.
        pace: its memory.
        per_minute: the provider's limit in any 60 seconds; 0 for none.
        last_sent: when it sent last, as exactly as is known; `None` for never.
    """

    account: str
    pace: Pace
    per_minute: int = 0
    last_sent: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """Whose turn it is.

    Args:
        account: the mailbox; empty if there is none for this mail.
        wait: how long, and why; `None` for now.
    """

    account: str
    wait: Wait | None


def next_turn(
    settings: Settings, boxes: list[Box], now: datetime, *, others: list[Pace] | None = None, only: str = "",
    prefer: str = "",
) -> Turn:  # fmt: skip
    """The mailbox for the next mail.

    Args:
        settings: the configuration.
        boxes: those that may send.
        now: the present moment.
        others: the memory of mailboxes that can't send at present; they count for the cap of all.
        only: the mailbox this mail is bound to, or empty.
        prefer: the mailbox this mail should leave from if it may send at all, or empty.
    """
    all_of_them = total_wait(settings, [box.pace for box in boxes] + (others or []), now)
    fit = [box for box in boxes if not only or box.account == only]
    if not fit:
        why = f"it may leave from {only} alone, which can't send at present" if only else "no mailbox can send"
        return Turn("", Wait(now + LOOK_AGAIN, why, is_open=True))
    turns = [(box, latest(mailbox_wait(settings, box.pace, now, box.per_minute), all_of_them)) for box in fit]
    preferred = [(box, wait) for box, wait in turns if box.account == prefer and (wait is None or wait.is_pace)]
    box, wait = min(preferred or turns, key=lambda turn: _rank(*turn))
    return Turn(box.account, wait)


def _rank(box: Box, wait: Wait | None) -> tuple[bool, datetime, datetime, int, str]:
    is_open, until = (wait.is_open, wait.until) if wait is not None else (False, _NEVER)
    return is_open, until, box.last_sent or _NEVER, len(box.pace.sent), box.account
