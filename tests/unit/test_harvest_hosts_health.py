"""How a host's answers change its pace: down at once, up slowly, never faster than the rules."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.hosts.health import LONGEST_PAUSE_S, Health
from leadgen.harvest.politeness import Outcome
from tests.support import START


def _answer(status: int = 200, seconds: float = 0.2) -> Outcome:
    return Outcome(status, seconds, START, START + timedelta(seconds=5) if status == 429 else None)


def _after(health: Health, *outcomes: Outcome, interval_s: float = 1.0) -> Health:
    for outcome in outcomes:
        health = health.after(outcome, interval_s)
    return health


def test_a_host_that_copes_is_read_at_the_pace_of_the_rules() -> None:
    assert _after(Health(), *[_answer()] * 50).pause_s == 0


def test_too_many_requests_halve_the_rate_at_once_and_again() -> None:
    assert _after(Health(), _answer(429)).pause_s == 2.0
    assert _after(Health(), _answer(429), _answer(429)).pause_s == 4.0
    assert _after(Health(), *[_answer(429)] * 50).pause_s == LONGEST_PAUSE_S


def test_one_broken_page_among_good_ones_changes_nothing_and_a_broken_site_does() -> None:
    some = [_answer(500)] + [_answer()] * 9
    assert _after(Health(), *some * 20).pause_s == 0
    assert _after(Health(), *[_answer(503)] * 3).pause_s > 1.0
    assert _after(Health(), *[_answer(0)] * 3).pause_s > 1.0, "timeouts count as well"


def test_missing_and_forbidden_pages_are_no_trouble() -> None:
    assert _after(Health(), *[_answer(404), _answer(403), _answer(410)] * 20).pause_s == 0


def test_answers_that_grow_slow_slow_the_reader_down_to_one_request_at_a_time() -> None:
    well = _after(Health(), *[_answer(seconds=0.3)] * 20, interval_s=0.1)
    slow = _after(well, *[_answer(seconds=4.0)] * 10, interval_s=0.1)
    assert 1.0 < slow.pause_s <= 4.0
    assert _after(slow, *[_answer(seconds=0.3)] * 400, interval_s=0.1).pause_s == 0


def test_a_site_that_is_always_slow_is_not_punished_for_it() -> None:
    assert _after(Health(), *[_answer(seconds=2.5)] * 50).pause_s == 0


def test_recovery_takes_many_more_answers_than_the_fall() -> None:
    sick = _after(Health(), *[_answer(429)] * 4)
    assert sick.pause_s == 16.0
    assert _after(sick, *[_answer()] * 5).pause_s > 4.0
    assert _after(sick, *[_answer()] * 20).pause_s > 2.0
    assert _after(sick, *[_answer()] * 60).pause_s == 0.0


def test_five_failures_in_a_row_are_waited_out_longer_each_time() -> None:
    holds = [_after(Health(), *[_answer(503)] * count).hold_s() for count in (1, 4, 5, 6, 7, 30)]
    assert holds == [0, 0, 30, 60, 120, 600]
    assert _after(Health(), *[_answer(503)] * 7, _answer()).hold_s() == 0


_OUTCOMES = st.builds(
    _answer,
    st.sampled_from([200, 200, 404, 429, 500, 503, 0]),
    st.floats(0, 120, allow_nan=False),
)


@settings(derandomize=True)
@given(st.lists(_OUTCOMES, max_size=120), st.floats(0, 3600, allow_nan=False))
def test_it_only_ever_adds_a_bounded_pause_and_trouble_never_speeds_it_up(
    outcomes: list[Outcome], interval_s: float
) -> None:
    health = Health()
    for outcome in outcomes:
        after = health.after(outcome, interval_s)
        assert 0 <= after.pause_s <= LONGEST_PAUSE_S
        assert 0 <= after.error_rate <= 1
        if outcome.is_trouble:
            assert after.pause_s >= health.pause_s
        health = after
