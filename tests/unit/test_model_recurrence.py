"""When schedules run: exactly at their local times, across every change of the clocks, and never twice for one time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.model.recurrence import Recurrence, days_text, moment_of, next_run, recurrence_text, runs_between

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",  # never changes
    "America/Sao_Paulo",  # changed at midnight, until 2019
    "Europe/London",
    "Europe/Dublin",  # its winter time counts as the daylight saving time
    "Asia/Kathmandu",  # 5:45
    "Asia/Tehran",
    "Africa/Casablanca",  # goes back for Ramadan
    "Australia/Lord_Howe",  # moves by half an hour
    "Pacific/Apia",  # left out 30 December 2011
    "America/St_Johns",  # changed at 00:01, until 2011
    "Antarctica/Troll",  # moves by two hours
    "UTC",
)
zones = st.sampled_from(ZONES)
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
FROM, TO = datetime.fromisoformat("2005-01-01"), datetime.fromisoformat("2035-01-01")
locals_ = st.datetimes(FROM, TO).map(lambda m: m.replace(second=0, microsecond=0))
moments = st.datetimes(FROM, TO, timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=0))
weekdays = st.sets(st.integers(0, 6), min_size=1).map(sorted)


def at(text: str, zone: str) -> Recurrence:
    return Recurrence(timezone=zone, at=text)


def weekly(days: list[int], clock: str, zone: str, until: str = "") -> Recurrence:
    return Recurrence(timezone=zone, days=days, time=clock, until=until)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(moment: datetime, zone: str) -> datetime:
    """What the clocks of a zone show."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_at_or_after(local: datetime, zone: str) -> datetime:
    """By search: the first second of real time at which the zone's clocks show that local time or a later one."""
    moment = (local - timedelta(hours=30)).replace(tzinfo=UTC)
    step = timedelta(hours=1)
    while step >= timedelta(seconds=1):
        while shown(moment + step, zone) < local:
            moment += step
        step /= 60
    return moment + timedelta(seconds=1)


# -- known cases


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        ("2026-11-19T09:00", "America/Chicago", "2026-11-19 15:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08 07:00"),  # skipped: 03:00 is the first after the gap
        ("2026-03-08T02:00", "America/New_York", "2026-03-08 07:00"),
        ("2026-03-08T03:00", "America/New_York", "2026-03-08 07:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01 05:30"),  # comes twice: the first
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03 15:30"),  # a gap of half an hour
        ("2011-12-30T09:00", "Pacific/Apia", "2011-12-30 10:00"),  # the whole day is skipped: midnight after it
        ("2018-11-04T00:00", "America/Sao_Paulo", "2018-11-04 03:00"),  # midnight is skipped: 01:00
        ("2026-03-29T01:30", "Antarctica/Troll", "2026-03-29 01:00"),  # a gap of two hours
    ],
)
def test_a_local_time_means_its_first_moment_or_the_first_after_the_gap(local: str, zone: str, moment: str) -> None:
    assert moment_of(datetime.fromisoformat(local), ZoneInfo(zone)) == utc(moment)
    assert next_run(at(local, zone), utc("2000-01-01")) == utc(moment)


def test_a_single_run_is_over_once_its_moment_has_come() -> None:
    once = at("2026-11-19T09:00", "America/Chicago")
    assert next_run(once, utc("2026-11-19 14:59:59")) == utc("2026-11-19 15:00")
    assert next_run(once, utc("2026-11-19 15:00")) is None


def test_a_time_that_comes_twice_runs_once_that_day() -> None:
    every_day = weekly(list(range(7)), "01:30", "America/New_York")
    first = next_run(every_day, utc("2026-11-01 00:00"))
    assert first == utc("2026-11-01 05:30")
    assert next_run(every_day, first) == utc("2026-11-02 06:30"), "not again at the second 01:30"


def test_a_skipped_day_and_the_midnight_after_it_are_one_run() -> None:
    every_day = weekly(list(range(7)), "00:00", "Pacific/Apia")
    assert runs_between(every_day, utc("2011-12-28 12:00"), utc("2011-12-31 12:00")) == 3, "29th, 31st, 1st"


def test_the_last_day_counts_in_the_zone_of_the_schedule() -> None:
    rule = weekly([0, 1, 2, 3, 4], "23:30", "America/Los_Angeles", until="2026-11-18")
    last = next_run(rule, utc("2026-11-18 12:00"))
    assert last == utc("2026-11-19 07:30"), "still the 18th there"
    assert next_run(rule, last) is None


def test_runs_that_were_missed_are_counted() -> None:
    rule = weekly([0, 1, 2, 3, 4], "09:00", "America/Chicago")
    assert runs_between(rule, utc("2026-11-16 15:00"), utc("2026-11-23 15:00")) == 5, "Tue to Fri, and Monday"
    assert runs_between(rule, utc("2026-11-16 15:00"), utc("2026-11-17 14:59")) == 0


# -- properties


@given(locals_, zones)
def test_a_moment_is_the_first_that_shows_the_local_time_or_later(local: datetime, zone: str) -> None:
    moment = moment_of(local, ZoneInfo(zone))
    assert moment.tzinfo is UTC
    assert shown(moment, zone) >= local
    assert moment == first_at_or_after(local, zone)


@given(weekdays, times, zones, moments)
def test_months_of_runs_are_one_for_each_named_day_and_no_other(
    days: list[int], clock: time, zone: str, start: datetime
) -> None:
    """Five months, so that at least one change of the clocks lies within."""
    rule, end = weekly(days, f"{clock:%H:%M}", zone), start + timedelta(days=150)
    runs, moment = [], next_run(rule, start)
    while moment is not None and moment <= end:
        runs.append(moment)
        moment = next_run(rule, moment)
    first = shown(start, zone).date() - timedelta(days=2)
    named = (first + timedelta(days=n) for n in range(156))
    expected = {moment_of(datetime.combine(d, clock), ZoneInfo(zone)) for d in named if d.weekday() in days}
    assert runs == sorted(m for m in expected if start < m <= end)
    assert runs_between(rule, start, end) == len(runs)


@given(weekdays, times, zones, moments)
def test_the_next_run_lies_ahead_and_within_nine_days(days: list[int], clock: time, zone: str, now: datetime) -> None:
    found = next_run(weekly(days, f"{clock:%H:%M}", zone), now)
    assert found is not None
    assert now < found <= now + timedelta(days=9)


@given(weekdays, times, zones, moments, st.dates(date(2005, 1, 1), date(2035, 1, 1)))
def test_nothing_runs_after_the_last_day(days: list[int], clock: time, zone: str, now: datetime, last: date) -> None:
    found = next_run(weekly(days, f"{clock:%H:%M}", zone, last.isoformat()), now)
    day_after = moment_of(datetime.combine(last + timedelta(days=1), time()), ZoneInfo(zone))
    assert found is None or found <= day_after, "a skipped evening may run at the midnight after it, not later"
    if found is None:
        without_end = next_run(weekly(days, f"{clock:%H:%M}", zone), now)
        assert without_end is not None
        assert without_end >= moment_of(datetime.combine(last, time()), ZoneInfo(zone))


# -- words


@pytest.mark.parametrize(
    ("days", "text"),
    [([0, 1, 2, 3, 4], "Mon–Fri"), ([5, 6], "Sat, Sun"), ([0, 2, 4], "Mon, Wed, Fri"), (list(range(7)), "every day")],
)
def test_days_are_told_as_people_do(days: list[int], text: str) -> None:
    assert days_text(days) == text


def test_a_recurrence_is_told_in_words() -> None:
    assert recurrence_text(at("2026-12-01T09:00", "UTC")) == "once, 2026-12-01 09:00"
    assert recurrence_text(weekly([1], "07:15", "UTC", "2026-12-31")) == "Tue 07:15 until 2026-12-31"
