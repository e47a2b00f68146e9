"""Reads the figures from Firestore: on demand, bounded, and with the number of reads told.

Reads of one look: a document per mailbox (20 at most), one count per 6 hours of a week (28; a count bills one read per
1,000 entries it passes), a document per campaign started in the days shown (`CAMPAIGNS` at most), one per day with
model calls, and the Governor's.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from console.live.governor import Used, read_governor
from console.live.shapes import read_mailbox
from console.stats.figures import FUNNEL, Slice, Stats, days_back, hours_back, per_slice

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TIMEOUT_S = 20.0
CAMPAIGNS = 200
MAILBOXES = 20
DAYS = 14
SLICE_H = 6
_PER_READ = 1000
"""Index entries that a count passes for one billed read."""
_AT_ONCE = 6


def read_stats(db: Client, now: datetime, *, days: int = DAYS, zone: tzinfo | None = None) -> Stats:
    """Read everything the charts show.

    Args:
        db: acts as the signed-in person.
        now: the present moment.
        days: how many days of campaigns and model use, 1 to 366.
        zone: whose hours and days they are; `None` for the machine's.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the server refused, or there was no answer in time.
    """
    shown = days_back(now, days, zone)
    sent, boxes = _sent(db)
    week, counted = _week(db, hours_back(now, 7 * 24 // SLICE_H, SLICE_H, zone))
    funnel, campaigns = _funnel(db, shown[0], zone)
    model, accounts = _model(db, days, now)
    return Stats(
        now,
        per_slice(sent, hours_back(now, 24, 1, zone), 1),
        week,
        shown,
        days_back(now, days, UTC),
        funnel,
        model,
        # Each query bills a read even if it finds nothing.
        reads=max(1, boxes) + counted + max(1, campaigns) + max(1, accounts) + 1,
        cut=campaigns >= CAMPAIGNS,
    )


def _sent(db: Client) -> tuple[list[float], int]:
    found = [doc.to_dict() or {} for doc in db.collection("mailboxes").limit(MAILBOXES).stream(timeout=TIMEOUT_S)]
    return [float(moment) for data in found if data.get("account") for moment in read_mailbox(data).sent], len(found)


def _week(db: Client, starts: list[datetime]) -> tuple[tuple[Slice, ...], int]:
    from google.cloud.firestore import FieldFilter

    def count(start: datetime) -> int:
        query = db.collection("emailQueue").where(filter=FieldFilter("sentAt", ">=", start))
        query = query.where(filter=FieldFilter("sentAt", "<", start + timedelta(hours=SLICE_H)))
        answer: Any = query.count(alias="n").get(timeout=TIMEOUT_S)
        return int(answer[0][0].value)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="stats") as pool:
        counts = list(pool.map(count, starts))
    reads = sum(max(1, -(-n // _PER_READ)) for n in counts)
    return tuple(Slice(start, n) for start, n in zip(starts, counts, strict=True)), reads


def _funnel(db: Client, first: date, zone: tzinfo | None) -> tuple[dict[date, dict[str, int]], int]:
    from google.cloud.firestore import FieldFilter

    midnight = datetime.combine(first, time.min, zone) if zone else datetime.combine(first, time.min).astimezone()
    query = db.collection("processorQueue").where(filter=FieldFilter("requestTimestamp", ">=", midnight))
    query = query.order_by("requestTimestamp", direction="DESCENDING").limit(CAMPAIGNS)
    found: dict[date, dict[str, int]] = {}
    number = 0
    for snapshot in query.select(["requestTimestamp", "counts"]).stream(timeout=TIMEOUT_S):
        data = snapshot.to_dict() or {}
        number += 1
        started = data.get("requestTimestamp")
        if not isinstance(started, datetime):
            continue
        day = found.setdefault(started.astimezone(zone).date(), dict.fromkeys(FUNNEL, 0))
        counts = data.get("counts")
        for step in FUNNEL:
            value = counts.get(step) if isinstance(counts, dict) else None
            day[step] += value if isinstance(value, int) else 0
    return found, number


def _model(db: Client, days: int, now: datetime) -> tuple[dict[date, Used], int]:
    """The accounts of the days. The last day's moves out of the Governor's document with the first call of the next."""
    oldest = (now.astimezone(UTC).date() - timedelta(days=days - 1)).isoformat()
    snapshots = [db.collection("governor").document("llm").get(timeout=TIMEOUT_S)]
    query = db.collection("llmUsage").order_by("day", direction="DESCENDING").limit(days)
    accounts = [read_governor({"day": s.to_dict() or {}}) for s in query.stream(timeout=TIMEOUT_S)]
    governors = [*accounts, *(read_governor(s.to_dict() or {}) for s in snapshots if s.exists)]
    found: dict[date, Used] = {}
    for one in governors:
        if one.day >= oldest:
            found[date.fromisoformat(one.day)] = one.total
    return found, len(accounts)
