"""Public holidays of the country a timezone lies in.

The calendar is that of the `holidays` library: nationwide public holidays, with the days off that make up for those on
a weekend. Holidays of a state or a region are not known, for a timezone does not tell the region.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    lines = (files(__package__) / "countries.txt").read_text(encoding="ascii").splitlines()
    listed = (line.split() for line in lines if not line.startswith("#"))
    return {zone: country for country, *zones in listed for zone in zones}


def country_of(timezone: str) -> str:
    """The country (ISO 3166-1 alpha-2) a timezone lies in; empty for those of no country, such as UTC."""
    return _countries().get(timezone, "")


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int) -> dict[date, str]:
    import holidays

    try:
        return dict(holidays.country_holidays(country, years=year, language="en_US"))
    except NotImplementedError:  # the library has no calendar of that country
        return {}


def holiday(day: date, timezone: str) -> str:
    """The name of the public holiday on that day where the timezone lies; empty for an ordinary day.

    Args:
        day: by the calendar of the place.
        timezone: an IANA name.
    """
    country = country_of(timezone)
    return _holidays(country, day.year).get(day, "") if country else ""
