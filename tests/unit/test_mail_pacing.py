"""When mail may leave: windows over daylight saving, exact rolling caps, random pauses."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.mail.pacing import (
    DAY,
    MINUTE,
    Box,
    Pace,
    Wait,
    after_sending,
    in_window,
    interval_end,
    lead_wait,
    mailbox_wait,
    next_turn,
    next_window_start,
    pack,
    rolling_wait,
    unpack,
)
from leadgen.model.config import SendInterval, Settings, WorkingHours

CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Chicago
ALWAYS = WorkingHours(start="00:00", end="24:00", days=[0, 1, 2, 3, 4, 5, 6])
ZONES = ["America/Chicago", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


def local(year: int, month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def test_window_holds_its_start_and_not_its_end() -> None:
    hours = WorkingHours(start="09:00", end="17:00")
    assert in_window(local(2026, 11, 24, 9), hours, CHICAGO)
    assert not in_window(local(2026, 11, 24, 17), hours, CHICAGO)
    assert in_window(local(2026, 11, 24, 17) - timedelta(seconds=1), hours, CHICAGO)


def test_after_friday_evening_comes_monday_morning() -> None:
    hours = WorkingHours(start="09:00", end="17:00")
    assert next_window_start(local(2026, 11, 27, 18), hours, CHICAGO) == local(2026, 11, 30, 9)


def test_24_00_is_the_end_of_the_day_and_no_gap_follows() -> None:
    for minute in range(0, 24 * 60, 30):
        assert in_window(local(2026, 11, 24, 0) + timedelta(minutes=minute), ALWAYS, CHICAGO)
    hours = WorkingHours(start="22:00", end="24:00", days=[1])
    assert in_window(local(2026, 11, 24, 23, 59), hours, CHICAGO)
    assert not in_window(local(2026, 11, 25, 0), hours, CHICAGO)


def test_a_start_skipped_in_spring_is_the_moment_of_the_change() -> None:
    hours = WorkingHours(start="02:30", end="04:00", days=[6])
    change = datetime(2026, 3, 8, 8, 0, tzinfo=UTC)  # 02:00 CST becomes 03:00 CDT
    assert next_window_start(change - timedelta(hours=2), hours, CHICAGO) == change
    assert not in_window(change - timedelta(seconds=1), hours, CHICAGO)
    assert in_window(change, hours, CHICAGO)
    assert not in_window(change + timedelta(hours=1), hours, CHICAGO)


def test_nine_o_clock_is_nine_o_clock_on_both_sides_of_the_change() -> None:
    hours = WorkingHours(start="09:00", end="17:00", days=[0, 1, 2, 3, 4, 5, 6])
    for day in (7, 8, 9):
        start = next_window_start(local(2026, 3, day, 1), hours, CHICAGO)
        assert start is not None
        assert start.astimezone(CHICAGO).strftime("%H:%M") == "09:00"


def test_no_working_day_is_a_wait_and_not_an_endless_loop() -> None:
    config = Settings(working_hours=WorkingHours(days=[]))
    wait = lead_wait(config, "America/Chicago", NOON)
    assert wait is not None
    assert "no working day" in wait.reason


def test_the_reason_names_hours_and_place() -> None:
    wait = lead_wait(Settings(), "America/Chicago", local(2026, 11, 24, 6))
    assert wait == Wait(local(2026, 11, 24, 9), "outside 09:00–17:00 in America/Chicago")


def test_only_active_timezones_are_written_to() -> None:
    config = Settings(active_timezones=["America/New_York"], working_hours=ALWAYS)
    wait = lead_wait(config, "America/Chicago", NOON)
    assert wait is not None
    assert "America/Chicago" in wait.reason
    assert lead_wait(config, "America/New_York", NOON) is None


@settings(max_examples=150)
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.sampled_from(ZONES),
    st.integers(0, 47),
    st.integers(1, 48),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_the_next_window_is_the_first_moment_inside_one(
    moment: datetime, name: str, start: int, length: int, days: set[int]
) -> None:
    end = min(48, start + length)

    def clock(half_hours: int) -> str:
        return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"

    hours = WorkingHours(start=clock(start), end=clock(end), days=sorted(days))
    zone, now = ZoneInfo(name), moment.replace(tzinfo=UTC)
    opening = next_window_start(now, hours, zone)
    assert opening is not None
    assert now <= opening <= now + timedelta(days=8)
    assert in_window(opening, hours, zone)
    step = (opening - now) / 37
    assert not any(in_window(now + step * n, hours, zone) for n in range(37) if opening > now)


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(0, 8))
def test_no_rolling_window_ever_holds_more_than_the_cap(seed: int, cap: int, pause_after: int) -> None:
    """Whenever the rule says go, we go; whenever it says wait, we come exactly then."""
    rng = random.Random(seed)
    config = Settings(
        daily_cap=cap,
        send_interval_seconds=SendInterval(min=0.0, max=rng.choice([0.0, 5.0, 20_000.0])),
        pause_after=pause_after,
        pause_seconds=float(rng.choice([0, 60, 40_000])),
    )
    now, pace, sent = NOON, Pace(), []
    for _ in range(60):
        wait = mailbox_wait(config, pace, now, per_minute=3)
        if wait is not None:
            assert wait.until > now
            now = wait.until
            assert mailbox_wait(config, pace, now, per_minute=3) is None
        sent.append(now)
        pace = after_sending(pace, config, now, rng.random())
        now += timedelta(seconds=rng.choice([0.0, 0.3, 7.0, 4_000.0]))
    for first in sent:
        assert sum(first <= moment < first + DAY for moment in sent) <= cap
        assert sum(first <= moment < first + MINUTE for moment in sent) <= 3


def test_the_cap_frees_a_place_exactly_24_hours_after_each_mail() -> None:
    sent = tuple(NOON + timedelta(hours=n) for n in range(3))
    assert rolling_wait(sent, 3, DAY, NOON + timedelta(hours=5)) == NOON + DAY
    assert rolling_wait(sent, 3, DAY, NOON + DAY) is None
    assert rolling_wait(sent, 2, DAY, NOON + timedelta(hours=5)) == NOON + timedelta(hours=1) + DAY


def test_a_lowered_cap_counts_at_once() -> None:
    pace = Pace(sent=tuple(NOON + timedelta(minutes=n) for n in range(10)))
    wait = mailbox_wait(Settings(daily_cap=4), pace, NOON + timedelta(hours=1))
    assert wait == Wait(NOON + timedelta(minutes=6) + DAY, "daily cap of 4 in 24 hours")


def test_mails_that_may_have_left_count_as_if_they_had() -> None:
    pace = Pace(sent=(NOON - timedelta(hours=3),), in_flight=1)
    assert mailbox_wait(Settings(daily_cap=2), pace, NOON) is not None
    assert mailbox_wait(Settings(daily_cap=3), pace, NOON) is None


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 300), st.floats(0, 300))
def test_the_pause_lies_between_its_bounds(chance: float, one: float, other: float) -> None:
    bounds = SendInterval(min=min(one, other), max=max(one, other))
    end = interval_end(Settings(send_interval_seconds=bounds), Pace(sent=(NOON,), chance=chance))
    assert end is not None
    tolerance = timedelta(microseconds=2)
    lowest, highest = NOON + timedelta(seconds=bounds.min), NOON + timedelta(seconds=bounds.max)
    assert lowest - tolerance <= end <= highest + tolerance


def test_a_longer_pause_after_every_n_mails() -> None:
    config = Settings(
        pause_after=2, pause_seconds=600.0, daily_cap=100, send_interval_seconds=SendInterval(min=10.0, max=10.0)
    )
    pace, now, gaps = Pace(), NOON, []
    for _ in range(6):
        pace = after_sending(pace, config, now, 0.0)
        wait = mailbox_wait(config, pace, now)
        assert wait is not None
        gaps.append((wait.until - now).total_seconds())
        now = wait.until
    assert gaps == [10, 600, 10, 600, 10, 600]


def test_a_changed_interval_counts_for_the_pause_that_has_begun() -> None:
    pace = Pace(sent=(NOON,), chance=0.5)
    slow = Settings(send_interval_seconds=SendInterval(min=100.0, max=200.0))
    fast = Settings(send_interval_seconds=SendInterval(min=1.0, max=3.0))
    assert interval_end(slow, pace) == NOON + timedelta(seconds=150)
    assert interval_end(fast, pace) == NOON + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("config", "pace", "words"),
    [
        (Settings(sending_paused=True), Pace(), "paused"),
        (Settings(daily_cap=0), Pace(), "cap is 0"),
        (Settings(), Pace(blocked_until=NOON + MINUTE, blocked_reason="Graph asks to slow down"), "slow down"),
    ],
)
def test_what_stops_a_mailbox_is_named(config: Settings, pace: Pace, words: str) -> None:
    wait = mailbox_wait(config, pace, NOON)
    assert wait is not None
    assert words in wait.reason


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50))
def test_the_log_survives_packing(seconds: list[int]) -> None:
    moments = tuple(datetime.fromtimestamp(second, UTC) for second in seconds)
    assert unpack(pack(moments)) == moments


def test_a_damaged_log_is_read_as_far_as_it_goes() -> None:
    assert unpack(pack([NOON]) + b"\x01\x02") == (NOON,)


def test_a_mail_that_left_within_a_second_holds_its_place_for_the_whole_day() -> None:
    """The log knows full seconds: the moment is rounded up, for otherwise the window would end too early."""
    settings, left = Settings(daily_cap=1), NOON + timedelta(seconds=0.4)
    pace = after_sending(Pace(), settings, left, 0.0)
    again = Pace(sent=unpack(pack(pace.sent)))
    wait = mailbox_wait(settings, again, left + DAY - timedelta(microseconds=1))
    assert wait is not None
    assert left + DAY <= wait.until <= left + DAY + timedelta(seconds=1)
    assert mailbox_wait(settings, again, wait.until) is None


def test_a_mail_of_unknown_fate_takes_its_place_of_both_caps_when_turns_are_decided() -> None:
    """It may have left: neither its mailbox nor the others get the place as long as nobody knows."""
    free, busy = Box("free", Pace()), Box("busy", Pace(in_flight=1))
    for config in (Settings(daily_cap=1), Settings(daily_cap=5, daily_cap_total=1)):
        alone = next_turn(config, [busy], NOON)
        assert alone.wait is not None
        assert alone.wait.until == NOON + DAY
    assert next_turn(Settings(daily_cap=1), [busy, free], NOON).account == "free"
    both = next_turn(Settings(daily_cap=5, daily_cap_total=1), [busy, free], NOON)
    assert both.wait is not None
