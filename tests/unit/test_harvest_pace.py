"""Pacing and waiting: slots per host, Retry-After in both forms, backoff."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.pace import NoSlotSoon, Pacer, backoff_s, parse_retry_after

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_slots_of_a_host_lie_an_interval_apart() -> None:
    pacer = Pacer()
    assert [pacer.reserve("a:80", 2.0, NOW, 60) for _ in range(4)] == [0, 2, 4, 6]


def test_hosts_do_not_wait_for_one_another() -> None:
    pacer = Pacer()
    pacer.reserve("a:80", 60, NOW, 60)
    assert pacer.reserve("b:80", 60, NOW, 60) == 0


def test_unused_time_is_not_saved_up() -> None:
    pacer = Pacer()
    pacer.reserve("a:80", 1.0, NOW, 60)
    later = NOW + timedelta(seconds=100)
    assert [pacer.reserve("a:80", 1.0, later, 60) for _ in range(2)] == [0, 1]


def test_a_slot_too_far_away_is_named_and_not_taken() -> None:
    pacer = Pacer()
    pacer.reserve("a:80", 100, NOW, 30)
    for _ in range(2):
        with pytest.raises(NoSlotSoon) as caught:
            pacer.reserve("a:80", 100, NOW, 30)
        assert caught.value.at == NOW + timedelta(seconds=100)


def test_a_host_that_asked_for_quiet_gets_it() -> None:
    pacer = Pacer()
    pacer.hold("a:80", NOW + timedelta(seconds=5))
    pacer.hold("a:80", NOW + timedelta(seconds=3))
    assert pacer.reserve("a:80", 1.0, NOW, 60) == 5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 30),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("9" * 500, 86_400),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: int) -> None:
    assert parse_retry_after(value, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "²", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_names_no_moment_is_none(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


@settings(derandomize=True)
@given(st.text(max_size=40))
def test_no_retry_after_fails_or_reaches_beyond_a_day(value: str) -> None:
    moment = parse_retry_after(value, NOW)
    assert moment is None or NOW <= moment <= NOW + timedelta(days=1)


@settings(derandomize=True)
@given(st.integers(1, 10_000), st.integers())
def test_backoff_grows_is_jittered_and_bounded(attempt: int, seed: int) -> None:
    pause = backoff_s(attempt, 0.5, 8.0, random.Random(seed))
    whole = min(8.0, 0.5 * 2 ** min(attempt - 1, 10))
    assert whole / 2 <= pause <= whole
