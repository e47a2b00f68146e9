"""Points in time in every form that programs store in SQLite, as UTC.

=====================================  ===========================================================
form                                   read as
=====================================  ===========================================================
2024-03-05T10:00:00Z, …+02:00, …-0500  as it says
2024-03-05 10:00:00(.123), …T10:00     wall time of the zone assumed (`--zone`, else UTC)
2024-03-05                             midnight there
1709632800, 1709632800123, …456        seconds, milliseconds, microseconds since 1970 (text too)
2460375.0833                           a Julian day, as SQLite's julianday() gives
03/05/2024 10:00 AM, Mar 5, 2024 …     wall time; the month first, unless that is no month
05.03.2024 10:00                       wall time; the day first
Tue, 05 Mar 2024 10:00:00 +0000        RFC 5322
=====================================  ===========================================================
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from migrate.convert.values import Say, Unusable, is_nothing, text

FIRST = datetime(1995, 1, 1, tzinfo=UTC)
LAST = datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = frozenset({"0", "0.0", "0000-00-00", "0000-00-00 00:00:00", "never", "pending"})
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d+)?\Z")
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?\s*"
    r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?\Z",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:,?[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([AP])?\.?M?\.?)?\Z",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(?:([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?|(\d{1,2})\s+([A-Za-z]{3,9})\.?),?\s+(\d{4})"
    r"(?:,?\s+(?:at\s+)?(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AP])?\.?M?\.?)?\Z",
    re.IGNORECASE,
)
_CTIME = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\Z")
_MONTHS = {
    month: number
    for number, month in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_JULIAN_1970 = 2440587.5


def moment(value: Any, zone: tzinfo, say: Say) -> datetime | None:
    """A point in time in UTC; `None` for nothing.

    Args:
        value: as it was stored.
        zone: whose wall time it is where it does not say so.
        say: is told what was assumed.

    Raises:
        Unusable: it is no time, or one outside 1995–2100.
    """
    if value is None:
        return None
    if type(value) is int or type(value) is float:
        return _plausible(_from_number(float(value), value, say)) if value else None
    if type(value) is str and len(value) == 19 and value[4] == value[7] == "-" and value[13] == value[16] == ":":
        quick = _quick(value, zone)
        if quick is not None:
            say(_assumed(zone))
            return _plausible(quick)
    found = text(value, say)
    if is_nothing(found) or found.lower() in _ZERO:
        return None
    if _NUMBER.match(found) and not (len(found) == 8 and found.startswith(("19", "20"))):
        return _plausible(_from_number(float(found), int(found.partition(".")[0]), say)) if float(found) else None
    return _plausible(_from_text(found, zone, say))


def _quick(written: str, zone: tzinfo) -> datetime | None:
    """The time in UTC, where it is written as SQLite and Python write one: 2024-03-05 10:00:00."""
    if written[10] not in " T":
        return None
    try:
        if zone is UTC:
            return datetime.fromisoformat(f"{written}+00:00")
        return datetime.fromisoformat(written).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _plausible(found: datetime) -> datetime:
    if not FIRST.year <= found.year < LAST.year:  # all are UTC
        raise Unusable(f"is read as {found:%Y-%m-%d}, which is not plausible")
    return found


def _from_number(number: float, exact: int | float, say: Say) -> datetime:
    if not math.isfinite(number):
        raise Unusable("is no finite number")
    if number < 0:
        raise Unusable("is a negative number, which is before 1970")
    if 2_400_000 < number < 2_500_000:
        say("numbers near 2,450,000 were read as Julian days")
        return _EPOCH + timedelta(milliseconds=round((number - _JULIAN_1970) * 86_400_000))
    for limit, unit, per_second in (
        (1e11, "seconds", 1),
        (1e14, "milliseconds", 1_000),
        (1e17, "microseconds", 1_000_000),
    ):
        if number < limit:
            say(f"numbers were read as {unit} since 1970 (UTC)")
            micros = round(exact * 1_000_000) if per_second == 1 else int(exact) * (1_000_000 // per_second)
            return _EPOCH + timedelta(microseconds=micros)
    raise Unusable("is too large a number for a time")


def _from_text(found: str, zone: tzinfo, say: Say) -> datetime:
    iso = _ISO.match(found)
    try:
        if iso is not None:
            return _from_iso(iso, zone, say)
        for pattern, read in ((_NUMERIC, _from_figures), (_NAMED, _from_names), (_CTIME, _from_ctime)):
            match = pattern.match(found)
            if match is not None:
                return _in_zone(read(match, say), zone, say)
        return parsedate_to_datetime(found).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, KeyError):
        raise Unusable("is no date and time in any form known") from None


def _from_iso(match: re.Match[str], zone: tzinfo, say: Say) -> datetime:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    clock = (int(hour or 0), int(minute or 0), int(second or 0), micros)
    wall = datetime(int(year), int(month), int(day), *clock)  # noqa: DTZ001 gets its zone below
    if offset is None:
        return _in_zone(wall, zone, say)
    return wall.replace(tzinfo=_offset(offset)).astimezone(UTC)


def _offset(written: str) -> tzinfo:
    if written[0] not in "+-":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if written[0] == "-" else away)


def _in_zone(wall: datetime, zone: tzinfo, say: Say) -> datetime:
    say(_assumed(zone))
    return wall.replace(tzinfo=UTC) if zone is UTC else wall.replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=16)
def _assumed(zone: tzinfo) -> str:
    return f"times without a zone were read as {zone}"


def _from_figures(match: re.Match[str], say: Say) -> datetime:
    first, separator, second, third, hour, minute, seconds, half = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) == 4 or len(third) == 2:
        year = int(third) if len(third) == 4 else 2000 + int(third)
        one, two = int(first), int(second)
        day_first = separator == "." or one > 12
        month, day = (two, one) if day_first else (one, two)
        if one <= 12 and two <= 12 and one != two:
            say("of 1.2.2024 the day was taken to come first" if day_first else "of 1/2/2024 the month was taken first")
    else:
        raise ValueError
    return _wall(year, month, day, hour, minute, seconds, half)


def _from_names(match: re.Match[str], say: Say) -> datetime:
    month_a, day_a, day_b, month_b, year, hour, minute, seconds, half = match.groups()
    month = _MONTHS[(month_a or month_b)[:3].lower()]
    return _wall(int(year), month, int(day_a or day_b), hour, minute, seconds, half)


def _from_ctime(match: re.Match[str], say: Say) -> datetime:
    month, day, hour, minute, seconds, year = match.groups()
    return _wall(int(year), _MONTHS[month.lower()], int(day), hour, minute, seconds, None)


def _wall(
    year: int, month: int, day: int, hour: str | None, minute: str | None, seconds: str | None, half: str | None
) -> datetime:
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return datetime(year, month, day, hours, int(minute or 0), int(seconds or 0))  # noqa: DTZ001 gets its zone later
