"""The Retry-After header (RFC 9110 §10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DEFAULT = timedelta(seconds=30)
LONGEST = timedelta(hours=6)


def retry_after(value: str | None, now: datetime) -> datetime:
    """When to come back.

    Args:
        value: the header: seconds, or an HTTP date; anything else counts as 30 seconds.
        now: the present moment.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return now + min(timedelta(seconds=int(text[:9])), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return now + DEFAULT
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment.astimezone(UTC), now), now + LONGEST)
