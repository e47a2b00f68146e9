"""How the two protocols write moments."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime


def iso(timestamp: float) -> str:
    """Seconds since the epoch as Graph writes them: UTC, whole seconds, `Z`."""
    return dt.datetime.fromtimestamp(timestamp, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def retry_after(seconds: float, form: str, now: float) -> str:
    """A Retry-After value (RFC 9110, 10.2.3), as seconds or as an HTTP date."""
    if form == "date":
        moment = dt.datetime.fromtimestamp(now + seconds, dt.UTC)
        if moment.microsecond:  # a date has no fractions: never name an earlier moment than meant
            moment = moment.replace(microsecond=0) + dt.timedelta(seconds=1)
        return format_datetime(moment, usegmt=True)
    return str(max(0, -int(-seconds // 1)))
