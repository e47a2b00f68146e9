"""Recorded documents, by feed: what the screens show in tests and pictures."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from console.live import feeds
from leadgen.model.grants import GrantEntry, pack

NOW = datetime(2026, 11, 18, 20, 2, 14, tzinfo=UTC)
"""A Wednesday, 14:02:14 in Austin."""
ZONE = ZoneInfo("America/Chicago")
MONOTONIC = 5000.0


def before(**ago: float) -> datetime:
    """A moment before `NOW`."""
    return NOW - timedelta(**ago)


def request(number: int, city: str, status: str, target: int, template: int = 1, **more: Any) -> dict[str, Any]:
    """A campaign."""
    counts = more.pop("counts", {})
    return {
        "id": f"request{number:04}",
        "templateId": template,
        "city": city,
        "numberOfLeadsToProcess": target,
        "requestTimestamp": before(minutes=7 * number + 3),
        "status": status,
        "requestedBy": "grace@example.com",
        "sourceId": "demo",
        "counts": counts,
        **more,
    }


def counts(harvested: int, queued: int, review: int, phone: int, dup: int, **more: int) -> dict[str, int]:
    """A campaign's counts that add up."""
    return {
        "harvested": harvested,
        "found": queued + review + phone,
        "queued": queued,
        "review": review,
        "phoneOnly": phone,
        "duplicates": dup,
        **more,
    }


REQUESTS = [
    request(0, "austin", "PROCESSING", 50, counts=counts(96, 27, 9, 6, 31, noContact=8, dead=3, sent=11, known=14),
            pagesRead=4, inFlight=12),
    request(1, "dallas", "PROCESSING", 200, 2, counts=counts(58, 21, 4, 3, 12, noContact=2, sent=6), pagesRead=2,
            inFlight=16),
    request(2, "denver", "PENDING", 100),
    request(3, "portland", "COMPLETED", 120, counts=counts(311, 88, 14, 18, 141, noContact=31, dead=9, suppressed=2,
            sent=74, failed=1), endReason="TARGET_MET"),
    request(4, "phoenix", "COMPLETED", 400, 2, counts=counts(502, 171, 3, 22, 260, noContact=40, dead=6, sent=120),
            endReason="LISTINGS_EXHAUSTED", message="The listings of phoenix are exhausted: 196 of 400 leads found."),
    request(9, "newark", "FAILED", 50, counts=counts(10, 1, 1, 0, 6, dead=2), endReason="SOURCE_FAILED",
            message="https://newark.example/listings?page=2 answered 503 five times. Resume when the site is back."),
    request(14, "san luis obispo", "CANCELLED", 1000, counts=counts(120, 22, 0, 11, 77, noContact=10, sent=1),
            endReason="CANCELLED"),
]  # fmt: skip


def at(day: int, hour: int, minute: int) -> datetime:
    """A moment of the recorded month, in UTC."""
    return datetime(NOW.year, NOW.month, day, hour, minute, tzinfo=UTC)


def schedule(number: int, city: str, status: str, recurrence: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A schedule."""
    return {
        "id": f"{number:032x}",
        "templateId": 1,
        "city": city,
        "numberOfLeadsToProcess": 50,
        "recurrence": {"timezone": "America/Chicago", **recurrence},
        "status": status,
        "createdBy": "grace@example.com",
        "createdAt": before(days=20),
        "updatedBy": "grace@example.com",
        "updatedAt": before(hours=number),
        **more,
    }


def last_run(request_id: str, status: str, found: int, target: int, **ago: float) -> dict[str, Any]:
    """The campaign a schedule started last."""
    return {"requestId": request_id, "startedAt": before(**ago), "status": status, "found": found, "target": target}


WEEKDAYS = [0, 1, 2, 3, 4]
SCHEDULES = [
    schedule(0, "austin", "ACTIVE", {"days": WEEKDAYS, "time": "09:00"}, nextRunAt=at(19, 15, 0),
             runs=12, skipped=1, missed=2, outcome="STARTED",
             lastRun=last_run("gone", "COMPLETED", 42, 50, hours=5, minutes=2)),
    schedule(1, "dallas", "ACTIVE", {"days": [1, 3], "time": "17:30"}, nextRunAt=at(19, 23, 30),
             runs=3, skipped=1, outcome="SKIPPED", lastRun=last_run("request0001", "PROCESSING", 11, 200, days=1),
             note="Left out: the campaign before is still running, with 28 of 200 leads. Next try Thu Nov 19 17:30 "
                  "America/Chicago."),
    schedule(2, "newark", "ACTIVE", {"days": [0], "time": "08:00", "timezone": "America/New_York"}, failed=2, runs=4,
             nextRunAt=at(23, 13, 0), outcome="FAILED",
             lastRun=last_run("gone2", "COMPLETED", 19, 50, days=21),
             note="The source Newark Ads is switched off: nobody has acknowledged its policy. Read the site's terms; "
                  "if they allow it, set policy.acknowledged_by and policy.acknowledged_on in its source definition. "
                  "Next try Mon Nov 23 08:00 America/New_York."),
    schedule(3, "san luis obispo", "PAUSED", {"days": [5, 6], "time": "10:15", "timezone": "America/Los_Angeles"}),
    schedule(4, "phoenix", "ENDED", {"at": "2026-11-17T07:00", "timezone": "America/Phoenix"}, runs=1,
             outcome="STARTED", lastRun=last_run("request0004", "COMPLETED", 196, 400, days=1, hours=6)),
]  # fmt: skip

_LEADS = (
    ("Lone Star Plumbing", "+15125550101", "austin", "America/Chicago", "Plumbing"),
    ("Hill Country Roofing", "+15125550147", "austin", "America/Chicago", "Roofing"),
    ("Bluebonnet Electric & Solar of Greater Travis County", "+15125550162", "austin", "America/Chicago", "Electric"),
    ("Trinity Lawn Care", "+12145550110", "dallas", "America/Chicago", "Landscaping"),
    ("Mile High Movers", "+13035550133", "denver", "America/Denver", "Moving"),
    ("Rose City Painting", "+15035550128", "portland", "America/Los_Angeles", "Painting"),
    ("Sonoran Pool Service", "+16025550175", "phoenix", "America/Phoenix", "Pools"),
    ("García & Sons Drywall", "+12145550119", "dallas", "America/Chicago", "Drywall"),
    ("[bold]Markup[/bold] Masonry \x1b[31m", "+15125550180", "austin", "America/Chicago", "Masonry"),
    ("清水 Window Cleaning", "+15035550166", "portland", "America/Los_Angeles", "Windows"),
)
_STATUSES = ("QUEUED", "QUEUED", "SENDING", "SENT", "SENT", "UNKNOWN", "SENT", "HELD", "SENT", "ERROR_API_FAILURE",
             "SENT", "SUPPRESSED", "SENT", "ERROR_NO_EMAIL", "SENT", "SENT", "PARKED", "SENT")  # fmt: skip
_REASONS = {
    "QUEUED": "interval between two mails",
    "HELD": "outside 09:00–17:00 in America/Denver",
    "UNKNOWN": "the answer to the send was lost",
    "ERROR_API_FAILURE": "Graph answered 400: the address was refused",
}


def email(number: int, status: str) -> dict[str, Any]:
    """A mail."""
    name, phone, city, zone, category = _LEADS[number % len(_LEADS)]
    at = before(seconds=13 + 67 * number)
    return {
        "id": f"email{number:04}",
        "templateId": 1,
        "leadData": {"businessName": name, "phone": phone, "category": category, "email": "a@example.com"},
        "city": city,
        "status": status,
        "createdAt": at - timedelta(minutes=4),
        "updatedAt": at,
        **({"sentAt": at} if status == "SENT" else {}),
        "timezone": zone,
        "reason": _REASONS.get(status, ""),
    }


EMAILS = [email(n, status) for n, status in enumerate(_STATUSES)]


def contact(number: int) -> dict[str, Any]:
    """A lead in review."""
    name, phone, city, zone, category = _LEADS[(number * 3 + 1) % len(_LEADS)]
    return {
        "id": f"contact{number:04}",
        "phone": "" if number == 4 else phone[:-2] + f"{number:02}",
        "businessName": "" if number % 4 == 3 else name,
        "category": category,
        "status": "PENDING_CAPTCHA",
        "city": city,
        "timezone": zone,
        "createdAt": before(seconds=40 + 170 * number),
        "lastUpdated": before(seconds=40 + 170 * number),
    }


REVIEW = [contact(n) for n in range(31)]

_EVENTS = (
    (3, "sent", "sent to Lone Star Plumbing (austin)"),
    (10, "duplicate", "duplicate phone 512-555-0147, first seen on Nov 2 in austin"),
    (16, "llm.limit", "model limit of 20 per minute reached; the next call may begin in 21 s"),
    (31, "sent", "sent to Rose City Painting (portland)"),
    (44, "review", "Hill Country Roofing is behind a CAPTCHA: review"),
    (65, "campaign", "grace@example.com started austin: 50 leads with template 1"),
    (92, "mail.failed", "mail to Sonoran Pool Service failed: Graph answered 400, the address was refused"),
    (120, "sent", "sent to Trinity Lawn Care (dallas)"),
    (185, "sent", "sent to Mile High Movers (denver)"),
    (240, "batch", "batch 7 of dallas done: 6 leads, 2 duplicates"),
)
ACTIVITY = [
    {"id": f"activity{n}", "at": before(seconds=ago), "kind": kind, "text": text, "expiresAt": NOW}
    for n, (ago, kind, text) in enumerate(_EVENTS)
]
_GRANTED = [
    GrantEntry(moment, moment + 2000, n)
    for seconds, n in ((61, 3), (40, 5), (12, 4), (2, 2))
    for moment in [int(before(seconds=seconds).timestamp() * 1000)]
]
_REQUESTED = [request["id"] for request in REQUESTS]
GOVERNOR = [
    {"id": "llm", "limit": 20,
     "day": {
         "day": NOW.date().isoformat(),
         "providers": {"one/m": {"calls": 212, "promptTokens": 161_400, "completionTokens": 22_900, "micros": 37_950}},
         "campaigns": {
             name: {"calls": n, "promptTokens": 760 * n, "completionTokens": 108 * n, "micros": 179 * n}
             for name, n in zip(_REQUESTED, (42, 28, 0, 120), strict=False)
         },
     },
     "log": pack(_GRANTED)[0], "logNames": pack(_GRANTED)[1]}
]  # fmt: skip
SETTINGS = [{"id": "settings", "dailyCap": 2000, "postalAddress": "12 Main St, Austin TX 78701", "revision": 4}]
_SENT_TODAY = sorted(int(before(minutes=3 * n + 2).timestamp()) for n in range(212))
MAILBOXES = [{"id": "m1", "account": "ada@contoso.com", "state": "ACTIVE", "userId": "u1",
              "sentLog": struct.pack(">212I", *_SENT_TODAY), "nextSendAt": before(seconds=-48)}]  # fmt: skip

FULL: dict[str, list[dict[str, Any]]] = {
    feeds.REQUESTS: REQUESTS,
    feeds.SCHEDULES: SCHEDULES,
    feeds.EMAILS: EMAILS,
    feeds.REVIEW: REVIEW,
    feeds.ACTIVITY: ACTIVITY,
    feeds.GOVERNOR: GOVERNOR,
    feeds.SETTINGS: SETTINGS,
    feeds.MAILBOXES: MAILBOXES,
}
EMPTY: dict[str, list[dict[str, Any]]] = {name: [] for name in FULL}
