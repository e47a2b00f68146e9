"""The figures over hours and days, read from a real Firestore under the rules' eyes."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.console_reads import campaign
from console.stats import reading
from console.stats.reading import read_stats

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 18, 20, 2, tzinfo=UTC)


def test_everything_is_counted_in_its_hour_and_on_its_day(firestore_db: Any, monkeypatch: Any) -> None:
    batch = firestore_db.batch()

    def put(path: str, **data: Any) -> None:
        batch.set(firestore_db.document(path), data)

    moments = sorted(
        int((NOW - timedelta(minutes=m)).timestamp()) for m in (1, 30, 90)
    )  # 14:01, 13:32 and 12:32 in Austin
    put("mailboxes/one", account="ada@contoso.com", sentLog=struct.pack(">3I", *moments))
    for number, ago in enumerate((1, 7, 30, 24 * 6, 24 * 9)):
        put(f"emailQueue/e{number}", status="SENT", sentAt=NOW - timedelta(hours=ago))
    put("emailQueue/waiting", status="QUEUED", sentAt=None)
    for number, (days, sent) in enumerate(((0, 3), (0, 4), (1, 9), (40, 99))):
        counts = {"harvested": 10 * sent, "found": 2 * sent, "queued": sent, "sent": sent}
        put(f"processorQueue/r{number}", **campaign("austin", NOW - timedelta(days=days)), counts=counts)
    put("processorQueue/damaged", requestTimestamp=NOW, counts="none")
    used = {"calls": 5, "promptTokens": 100, "completionTokens": 10, "micros": 2_000_000}
    put("llmUsage/2026-11-17", day="2026-11-17", providers={"m": used})
    put("llmUsage/2026-01-01", day="2026-01-01", providers={"m": used})
    put("governor/llm", limit=20, day={"day": "2026-11-18", "providers": {"m": {**used, "calls": 7}}})
    batch.commit()

    found = read_stats(firestore_db, NOW, days=3, zone=ZONE)
    facts = found.facts()
    assert [one["sent"] for one in facts["sendsByHour"]][-3:] == [1, 1, 1]
    assert sum(one["sent"] for one in facts["sendsBySixHours"]) == 4, "not the one of nine days ago"
    assert [one["sent"] for one in facts["funnelByDay"]] == [0, 9, 7]
    assert [one["harvested"] for one in facts["funnelByDay"]] == [0, 90, 70]
    assert [(one["day"], one["calls"], one["dollars"]) for one in facts["modelByDay"]] == [
        ("2026-11-16", 0, 0.0),
        ("2026-11-17", 5, 2.0),
        ("2026-11-18", 7, 2.0),
    ]
    assert facts["documentReads"] == 1 + 28 + 4 + 2 + 1
    assert facts["campaignsComplete"]

    monkeypatch.setattr(reading, "CAMPAIGNS", 2)
    assert read_stats(firestore_db, NOW, days=3, zone=ZONE).cut
