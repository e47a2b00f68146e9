"""Values as text. Whatever came from outside passes through `plain` before it is shown."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo

_UNSHOWABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that are left out: controls (so no terminal escapes), invisible and direction-changing
characters, lone surrogates, private and unassigned ones, and separators that would break a line."""


def plain(text: object, limit: int = 2000) -> str:
    """Text from outside as one line of harmless characters.

    Args:
        text: anything; it is shown as it reads, never interpreted as markup.
        limit: the most characters returned.
    """
    raw = str(text)[: limit * 4]
    # Printable is what is of none of these categories, and no separator but the space; most texts are.
    shown = raw if raw.isprintable() else _harmless(raw)
    return " ".join(shown.split())[:limit]


def _harmless(raw: str) -> str:
    kept = (" " if unicodedata.category(c) in {"Zl", "Zp"} or c in "\t\n\r\v\f\x85" else c for c in raw)
    return "".join(c for c in kept if c == " " or unicodedata.category(c) not in _UNSHOWABLE)


def number(value: int) -> str:
    """A count with thousands separated."""
    return f"{value:,}"


def about(value: int) -> str:
    """A count in a few characters: 940, 1.2k, 184k, 2.5M."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            scaled = value / size
            return f"{scaled:.1f}{sign}" if scaled < 9.95 else f"{scaled:,.0f}{sign}"
    return str(value)


def clock_time(moment: datetime, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """The time of day of a moment in the operator's timezone."""
    return moment.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def when(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """The time of day if a moment is of today, else the day."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    return local.strftime("%H:%M") if local.date() == today.date() else local.strftime("%b %d")


def ago(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, in one unit; a moment in the future reads as ``now``."""
    age = int((now - moment).total_seconds())
    if age < 5:
        return "now"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if age >= size:
            return f"{age // size}{unit}"
    return f"{age}s"


def long_ago(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, for a sentence: ``now``, ``4m ago``."""
    age = ago(moment, now)
    return age if age == "now" else f"{age} ago"


def phone(value: str) -> str:
    """A number in E.164 as it is written in North America; others as they are."""
    text = plain(value, 40)
    if len(text) == 12 and text.startswith("+1") and text[2:].isdigit():
        return f"{text[2:5]}-{text[5:8]}-{text[8:]}"
    return text


_REGIONS = {"C": "CT", "E": "ET", "M": "MT", "P": "PT"}


def short_zone(name: str, at: datetime) -> str:
    """A timezone in two to four letters, such as CT for America/Chicago; what is unknown stays short and as it is."""
    from zoneinfo import ZoneInfo

    try:
        letters = at.astimezone(ZoneInfo(name)).tzname() or ""
    except (KeyError, ValueError, OSError):
        return plain(name, 40)[:4]
    if len(letters) == 3 and letters[1:] in {"ST", "DT"} and letters[0] in _REGIONS:
        return _REGIONS[letters[0]]
    return letters[:4]
