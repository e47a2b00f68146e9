"""A mailbox whose mails come back sends no more: it would lose what repute it has.

The rule: of the last 100 mails that left from the mailbox, those that came back because the address is dead or because
the receiver refuses us are counted. If they are at least 5, and more than `bouncePausePercent` of those mails (of 50,
where fewer have left), the mailbox is paused. Once a person has resumed it, only mails that left after the pause count.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadgen.model.config import Settings
from leadgen.model.documents import InboxState
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Raced, Record, change, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client

WINDOW = 100
AT_LEAST = 5
OF_AT_LEAST = 50
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_COUNT = frozenset({"hard", "blocked"})


def too_many(bounced: int, sent: int, percent: float) -> bool:
    """Whether that many of so many mails came back that the mailbox must stop.

    Args:
        bounced: those that came back because of a dead address or a refusal.
        sent: how many left, at most `WINDOW`.
        percent: `bouncePausePercent`; 0 for never.
    """
    return percent > 0 and bounced >= AT_LEAST and bounced * 100 > percent * max(sent, OF_AT_LEAST)


def check_bounces(
    db: Client, state: Record[InboxState], settings: Settings, pause: Callable[[str, str], bool], now: datetime
) -> str:
    """Pause a mailbox if too many of its last mails came back.

    Args:
        db: the Firestore client.
        state: up to where the mailbox was read; keeps from when on mails count.
        settings: for `bouncePausePercent`.
        pause: pauses a mailbox for a reason.
        now: the present moment.

    Returns:
        Why it was paused; empty if it was not.
    """
    if settings.bounce_pause_percent <= 0:
        return ""
    fresh = read(state.ref, InboxState) or state
    kinds = _last_mails(db, state.value.account, fresh.value.bounces_from or _EVER)
    bounced = sum(kind in _COUNT for kind in kinds)
    if not too_many(bounced, len(kinds), settings.bounce_pause_percent):
        return ""
    reason = (
        f"{bounced} of the last {len(kinds)} mails came back, more than {settings.bounce_pause_percent:g} %; "
        "look at the addresses and at what the servers say, then resume it"
    )
    pause(state.value.account, reason)
    try:
        change(fresh, {"bouncesFrom": now, "updatedAt": now})
    except Raced:
        return reason  # whoever changed it looks again after the next bounce
    return reason


def _last_mails(db: Client, account: str, since: datetime) -> list[str]:
    from google.cloud.firestore import FieldFilter, Query

    query = Collections(db).emails.where(filter=FieldFilter("account", "==", account))
    query = query.where(filter=FieldFilter("sentAt", ">=", since)).order_by("sentAt", direction=Query.DESCENDING)
    found = query.select(["bounceKind"]).limit(WINDOW).get(timeout=RPC_TIMEOUT_S)
    return [str((snapshot.to_dict() or {}).get("bounceKind") or "") for snapshot in found]
