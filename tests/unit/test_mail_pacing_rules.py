"""Holidays, ramps, the cap of all mailboxes, turns, and what is foretold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from leadgen.mail.pacing import (
    LOOK_AGAIN,
    Box,
    Pace,
    Wait,
    cap_of,
    lead_wait,
    mailbox_wait,
    next_turn,
    plan,
    ramp_cap,
    total_wait,
    without_pauses,
)
from leadgen.mail.pacing.holidays import country_of, holiday
from leadgen.model.config import SendInterval, Settings, WorkingHours

NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Chicago
CHICAGO = "America/Chicago"
QUICK = Settings(send_interval_seconds=SendInterval(min=0.0, max=0.0), pause_after=0, daily_cap=100)


def hours_ago(*hours: float) -> tuple[datetime, ...]:
    return tuple(sorted(NOON - timedelta(hours=h) for h in hours))


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/Chicago", "US"),
        ("US/Central", "US"),
        ("Asia/Calcutta", "IN"),
        ("Europe/Amsterdam", "NL"),
        ("Atlantic/Reykjavik", "IS"),
        ("Iceland", "IS"),
        ("UTC", ""),
        ("EST5EDT", ""),
    ],
)
def test_a_timezone_lies_in_its_own_country_whatever_it_is_linked_to(zone: str, country: str) -> None:
    assert country_of(zone) == country


def test_nearly_every_timezone_has_a_country() -> None:
    without = {zone for zone in available_timezones() if "/" in zone and not country_of(zone)}
    assert all(zone.startswith("Etc/") for zone in without), sorted(without)


def test_on_thanksgiving_mail_waits_for_friday_and_says_why() -> None:
    thanksgiving = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
    assert holiday(date(2026, 11, 26), CHICAGO)
    wait = lead_wait(Settings(), CHICAGO, thanksgiving)
    assert wait is not None
    assert wait.until == datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert wait.reason == "public holiday in America/Chicago (Thanksgiving Day), next on Friday 27 November"
    assert lead_wait(Settings(skip_holidays=False), CHICAGO, thanksgiving) is None


def test_a_holiday_belongs_to_the_day_of_the_place() -> None:
    """New Year's Day begins in Tokyo while it is the last of December in Chicago."""
    moment = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # 10:00 in Chicago, 01:00 on 1 January in Tokyo
    config = Settings(working_hours=WorkingHours(start="00:00", end="24:00", days=[0, 1, 2, 3, 4, 5, 6]))
    assert lead_wait(config, CHICAGO, moment) is None
    assert lead_wait(config, "Asia/Tokyo", moment) is not None


def test_the_ramp_is_the_documented_curve() -> None:
    start = date(2026, 11, 1)
    curve = [ramp_cap(Settings(), start, start + timedelta(days=day)) for day in range(10)]
    assert curve == [20, 26, 33, 43, 57, 74, 96, 125, 163, 212]
    assert ramp_cap(Settings(), start, start - timedelta(days=5)) == 20
    assert ramp_cap(Settings(), start, start + timedelta(days=100_000)) > 10_000


def test_the_ramp_ends_at_the_cap_of_the_mailbox() -> None:
    old = Pace(ramp_start=NOON.date() - timedelta(days=60), daily_cap=70)
    assert cap_of(Settings(), old, NOON) == (70, "daily cap of 70 in 24 hours", False)
    new = Pace(ramp_start=NOON.date() - timedelta(days=1))
    assert cap_of(Settings(), new, NOON)[0] == 26


def test_a_ramp_that_rises_at_midnight_is_looked_at_then() -> None:
    pace = Pace(sent=hours_ago(*[1.0] * 20), ramp_start=NOON.date())
    wait = mailbox_wait(QUICK, pace, NOON)
    assert wait is not None
    assert wait.until == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert "day 1 of its ramp" in wait.reason


def test_the_cap_of_all_mailboxes_counts_all_of_them_and_what_may_have_left() -> None:
    config = QUICK.model_copy(update={"daily_cap_total": 4})
    paces = [Pace(sent=hours_ago(20, 2)), Pace(sent=hours_ago(10))]
    assert total_wait(config, paces, NOON) is None
    wait = total_wait(config, [*paces, Pace(in_flight=1)], NOON)
    assert wait == Wait(NOON + timedelta(hours=4), "cap of 4 in 24 hours for all mailboxes")
    assert total_wait(QUICK, [Pace(sent=hours_ago(*[1.0] * 500))], NOON) is None, "0 is no bound"


def test_the_mailbox_that_sent_longest_ago_has_its_turn() -> None:
    boxes = [Box("a", Pace(), last_sent=NOON), Box("b", Pace(), last_sent=NOON - timedelta(hours=1))]
    assert next_turn(QUICK, boxes, NOON).account == "b"
    assert next_turn(QUICK, [*boxes, Box("c", Pace())], NOON).account == "c"


def test_a_mailbox_that_must_wait_is_passed_over_and_the_shortest_wait_counts() -> None:
    full = Pace(sent=hours_ago(1), daily_cap=1)
    assert next_turn(QUICK, [Box("full", full), Box("b", Pace(), last_sent=NOON)], NOON).account == "b"
    fuller = Pace(sent=hours_ago(0.5), daily_cap=1)
    turn = next_turn(QUICK, [Box("fuller", fuller), Box("full", full)], NOON)
    assert turn.account == "full"
    assert turn.wait is not None
    assert turn.wait.until == NOON + timedelta(hours=23)


def test_a_mail_tried_before_goes_back_to_its_mailbox_unless_that_is_out_of_service() -> None:
    busy = Box("a", Pace(sent=(NOON,), chance=0.0), last_sent=NOON)
    config = QUICK.model_copy(update={"send_interval_seconds": SendInterval(min=60.0, max=60.0)})
    assert next_turn(config, [busy, Box("b", Pace())], NOON, prefer="a").account == "a"
    blocked = Box("a", Pace(blocked_until=NOON + timedelta(hours=1)))
    assert next_turn(config, [blocked, Box("b", Pace())], NOON, prefer="a").account == "b"
    assert next_turn(config, [blocked, Box("b", Pace())], NOON, only="a").wait is not None


def test_each_mail_over_the_cap_is_told_its_own_place() -> None:
    config = Settings(daily_cap=3)
    boxes = [Box("a", Pace(sent=hours_ago(22, 21, 20)))]
    told = plan(without_pauses(config), boxes, [CHICAGO] * 4, NOON)
    assert [one.at for one in told[:3]] == [
        NOON + timedelta(hours=2),
        NOON + timedelta(hours=3),
        NOON + timedelta(hours=4),
    ]
    assert {one.reason for one in told[:3]} == {"daily cap of 3 in 24 hours"}
    # The fourth place is free on Wednesday at 14:00; the working day there goes until 17:00.
    assert told[3].at == NOON + timedelta(hours=26)


def test_a_closed_place_does_not_hold_up_those_behind_it() -> None:
    told = plan(without_pauses(QUICK), [Box("a", Pace())], ["Asia/Tokyo", CHICAGO], NOON)
    assert told[1].at == NOON
    assert told[0].at == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert "Asia/Tokyo" in told[0].reason


def test_what_only_a_person_can_end_has_no_invented_time() -> None:
    paused = QUICK.model_copy(update={"sending_paused": True})
    told = plan(paused, [Box("a", Pace())], [CHICAGO] * 3, NOON)
    assert {(one.at, one.reason) for one in told} == {(NOON + LOOK_AGAIN, "sending is paused in the configuration")}
    assert all(one.is_open for one in told)
    there = plan(Settings(active_timezones=[CHICAGO]), [Box("a", Pace())], ["Asia/Tokyo", CHICAGO], NOON)
    assert [one.is_open for one in there] == [True, False]


def test_a_pause_without_an_end_comes_after_every_wait_that_has_one() -> None:
    """The full mailbox is free again tomorrow; when the paused one is, nobody knows."""
    config = Settings(daily_cap=1)
    full, paused = Box("a", Pace(sent=hours_ago(1))), Box("b", Pace(paused="b: on holiday"))
    turn = next_turn(config, [paused, full], NOON)
    assert (turn.account, turn.wait and turn.wait.until) == ("a", NOON + timedelta(hours=23))
    total = config.model_copy(update={"daily_cap": 50, "daily_cap_total": 1, "sending_paused": True})
    wait = next_turn(total, [full], NOON).wait
    assert wait is not None
    assert wait.is_open, "the cap of all ends tomorrow, but the pause may not"


def test_a_wait_for_a_lost_answer_ends_in_working_time() -> None:
    friday = datetime(2026, 12, 4, 18, 0, tzinfo=UTC)
    told = plan(without_pauses(Settings(daily_cap=1)), [Box("a", Pace(in_flight=1))], [CHICAGO], friday)
    assert told[0].at == datetime(2026, 12, 7, 15, 0, tzinfo=UTC), "24 hours later is a Saturday; Monday 9:00 there"


def test_a_long_line_is_planned_in_time_that_grows_with_its_length() -> None:
    """Counted in questions, not seconds: each mail is placed once or twice, not once for each mail before it."""
    told = plan(without_pauses(Settings(daily_cap=50)), [Box("a", Pace()), Box("b", Pace())], [CHICAGO] * 300, NOON)
    assert told == sorted(told, key=lambda one: one.at)
    assert told[99].at == NOON
    assert told[100].at > NOON
