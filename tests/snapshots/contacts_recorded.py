"""Recorded contacts in a copy of their own, and a stand-in for what keeps it level."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from console.contacts import history, keeper, records
from console.contacts.copy import Copy, Cursor
from console.contacts.sync import Progress
from console.screens.contacts import list_screen
from tests.snapshots import recorded

_NAMES = ("Ada Álvarez", "", "Ben O'Neill", "", "Chi Nguyen", "Dee [red]Markup[/]", "", "Eve Łukasz", "Fay 山田", "")
_BUSINESSES = ("Lone Star Plumbing", "Hill Country Roofing", "Bluebonnet Electric & Solar of Greater Travis County",
               "Trinity Lawn Care", "", "Rose City Painting", "Sonoran Pool Service", "García & Sons Drywall",
               "[bold]Markup[/bold] Masonry \x1b[31m", "清水 Window Cleaning")  # fmt: skip
_CITIES = ("austin", "dallas", "denver", "portland", "phoenix", "san luis obispo")
_STATUSES = ("PROCESSED", "PROCESSED", "PENDING_CAPTCHA", "PROCESSED", "PHONE_ONLY", "SUPPRESSED", "PROCESSED",
             "MERGED", "PENDING_ENRICHMENT", "DUPLICATE", "PROCESSED", "CAPTCHA_FAILED")  # fmt: skip
FOLDER = Path(tempfile.mkdtemp(prefix="leadgen-contacts-"))
atexit.register(shutil.rmtree, FOLDER, True)


def key(number: int) -> str:
    """A contact's id."""
    return f"{number:032x}"


def said(snippet: str, extractor: str, certainty: float, **ago: float) -> dict[str, Any]:
    """Where a value comes from."""
    return {"sourceUrl": "https://austin.example/post/7101", "snippet": snippet, "extractor": extractor,
            "certainty": certainty, "at": recorded.before(**ago)}  # fmt: skip


def contact(number: int, **more: Any) -> dict[str, Any]:
    """A contact's document."""
    business, name = _BUSINESSES[number % len(_BUSINESSES)], _NAMES[(number * 3) % len(_NAMES)]
    status, phone = _STATUSES[number % len(_STATUSES)], f"+1512555{100 + number:04}"
    has_email = status not in {"PHONE_ONLY", "PENDING_CAPTCHA"}
    found = recorded.before(hours=3 + 5 * number)
    return {
        "businessName": business,
        "name": name,
        "phone": phone,
        "email": f"office{number}@{'gmail.com' if number % 4 else 'lone-star.example'}" if has_email else "",
        "status": status,
        "city": _CITIES[number % len(_CITIES)],
        "category": ("Plumbing", "Roofing", "Electric")[number % 3],
        "servicesRendered": ["Repairs", "Installation"],
        "sourceUrl": f"https://austin.example/post/{7101 + number}",
        "sourceId": "demo",
        "requestId": "request0000",
        "templateId": 1,
        "timezone": "America/Chicago",
        "createdAt": found,
        "lastUpdated": recorded.before(minutes=2 + 47 * number),
        **({"lastSent": recorded.before(hours=1 + 9 * number)} if status == "PROCESSED" and number % 3 == 0 else {}),
        **({"mergedInto": key(1)} if status == "MERGED" else {}),
        "leadDataJson": {"websiteUrl": "https://lone-star.example", "websiteScore": (number * 37) % 101,
                         "language": "en", "opener": "Your photos of the rebuilt boiler room speak for themselves.",
                         "title": "Licensed plumber, free estimates", "fields": {"price": "$95"}},
        "provenance": {
            "phone": said("call 512 five five five 0100", "phones/4", 0.97, hours=3),
            "email": said("office at lone-star dot example", "emails/3", 0.91, hours=3),
            "businessName": said("", "json-ld/1", 1.0, hours=3),
        },
        "alternatives": [{"field": "phone", "value": "+15125550199",
                          "provenance": said("or text 555-0199", "phones/4", 0.62, hours=30)}],
        "cities": ["dallas"] if number % 5 == 0 else [],
        "possibleDuplicates": [{"contactId": key(9), "reason": "the same picture", "at": found}] if number == 0 else [],
        **more,
    }  # fmt: skip


class RecordedKeeper:
    """A copy that stands still."""

    def __init__(self, copy: Copy | None, progress: Progress, problem: str = "") -> None:
        self.copy, self.progress, self.problem, self.note = copy, progress, problem, ""
        self.offered: list[Any] = []
        self.asked: list[str] = []

    def offer(self, rows: Any, window: int) -> None:
        """Noted."""
        self.offered.append((rows, window))

    def ask(self, what: str) -> None:
        """Noted."""
        self.asked.append(what)

    def stop(self) -> None:
        """Nothing to end."""


_made = 0


def copy_of(documents: list[dict[str, Any]]) -> Copy:
    """A copy that holds these contacts."""
    global _made
    _made += 1
    copy = Copy(FOLDER / f"{_made}.sqlite", "grace")
    copy.put([records.row(d.get("id", key(n)), d, 1) for n, d in enumerate(documents)], Cursor(1, "x"))
    return copy


HISTORY: dict[str, Any] = {
    "mails": [
        {
            "status": "SENT",
            "sentAt": recorded.before(hours=1),
            "templateId": 1,
            "subject": "About Lone Star",
        },
        {"status": "CANCELLED", "updatedAt": recorded.before(days=9), "templateId": 2, "reason": "cancelled by grace"},
    ],
    "merges": [{"mergedId": key(7), "at": recorded.before(days=2), "reason": "the same phone", "undoneAt": None}],
    "suppressions": [],
    "campaign": {"city": "austin", "requestedBy": "grace@example.com", "requestTimestamp": recorded.before(days=1)},
}


def contacts_app(
    documents: list[dict[str, Any]] | None = None,
    progress: Progress | None = None,
    problem: str = "",
    answers: dict[str, Any] | None = None,
    role: str = "operator",
    settings: Any = None,
    **more: Any,
) -> tuple[Any, SimpleNamespace]:
    """An app over recorded contacts, and the stand-ins behind it; `behind.keeper` keeps the copy."""
    documents = [contact(n) for n in range(64)] if documents is None else documents
    copy = copy_of(documents)
    kept = RecordedKeeper(copy, progress or Progress(len(documents)), problem)
    keeper.open_keeper = lambda _session: kept  # type: ignore[assignment,return-value]
    history.read = lambda *_: HISTORY
    # A filter is taken with Enter: how far one is typed when a timer ends would be a matter of the machine.
    list_screen.TYPING_S = 600.0
    session = recorded.FakeSession(role=role, answers=answers or {})
    app, behind = recorded.recorded_app(session=session, **more)
    if settings is not None:
        app.settings = settings
    behind.keeper = kept
    return app, behind


def maker(*args: Any, **more: Any) -> Callable[[], Any]:
    """Makes the app, without what is behind it."""
    return lambda: contacts_app(*args, **more)[0]
