"""At most N calls begin in any window of W, whenever their grants are used and however the limit changes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadgen.llm.window import Entry, Log, Pace, add, current, free, next_free_ms, used

PACE = Pace(window_s=60.0, use_within_s=5.0, travel_s=1.0)
WINDOW_MS, USE_MS = 60_000, 5_000


@dataclass(frozen=True)
class Step:
    """Somebody asks, after a pause, under a limit; what is granted begins after a delay, or is lost to a crash."""

    pause: int
    limit: int
    wanted: int
    delay: int
    crash: bool


STEPS = st.lists(
    st.builds(
        Step,
        pause=st.one_of(st.sampled_from([0, 1, 240, 30_000, 59_990, 60_000, 64_800]), st.integers(0, 70_000)),
        limit=st.sampled_from([3, 3, 3, 0, 1, 2, 5, 20]),
        wanted=st.integers(1, 6),
        delay=st.one_of(st.sampled_from([0, USE_MS]), st.integers(0, USE_MS)),
        crash=st.booleans(),
    ),
    max_size=30,
)


@dataclass(frozen=True)
class Call:
    """A call that began, the order of its grant, and the limit then in force."""

    began: int
    order: int
    limit: int


def run(steps: list[Step]) -> list[Call]:
    """What begins when, if everybody keeps to the log."""
    now, calls = 1_700_000_000_000, []
    log: Log = ()
    for order, step in enumerate(steps):
        now += step.pause
        granted = min(step.wanted, free(log, step.limit, now, PACE))
        if granted:
            log = add(log, granted, "me", now, PACE)
            if not step.crash:
                calls += [Call(now + step.delay, order, step.limit)] * granted
    return calls


@settings(max_examples=300, deadline=None, derandomize=True)
@given(STEPS)
@example([Step(0, 3, 3, USE_MS, False), Step(60_000, 3, 3, 0, False)])  # forgotten after W instead of W + D
@example([Step(240, 3, 3, USE_MS, False), Step(64_800, 3, 3, 0, False)])  # dated down to the grain instead of up
@example([Step(0, 20, 6, USE_MS, False), Step(1, 3, 3, 0, False)])  # lowered while calls are still to begin
def test_no_window_ever_holds_more_calls_than_the_limit_at_its_latest_grant(steps: list[Step]) -> None:
    calls = run(steps)
    for last in calls:
        inside = [call for call in calls if last.began - WINDOW_MS < call.began <= last.began]
        latest = max(inside, key=lambda call: call.order)
        assert len(inside) <= latest.limit


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STEPS, st.integers(0, 6))
def test_the_time_to_retry_is_the_first_moment_at_which_a_grant_is_free(steps: list[Step], limit: int) -> None:
    now = 1_700_000_000_000
    log: Log = ()
    for step in steps:
        now += step.pause
        granted = min(step.wanted, free(log, step.limit, now, PACE))
        log = add(log, granted, "me", now, PACE) if granted else log
    moment = next_free_ms(log, limit, now, PACE)
    if moment is None:
        assert limit == 0
    else:
        assert free(log, limit, moment, PACE) >= 1
        assert moment == now or free(log, limit, moment - 1, PACE) == 0


def test_without_the_time_to_use_a_grant_in_the_log_a_window_would_hold_too_many() -> None:
    """A late call shares its window with calls granted after W: the entry must still count then."""
    log = add((), 4, "a", 1_000_000, PACE)
    assert free(log, 4, 1_000_000 + 60_000, PACE) == 0
    assert free(log, 4, 1_000_000 + 60_000 + 4_999, PACE) == 0
    assert free(log, 4, 1_000_000 + 65_000 + PACE.grain_ms, PACE) == 4


def test_a_lower_limit_holds_for_the_very_next_grant() -> None:
    log = add((), 10, "a", 1_000_000, PACE)
    assert free(log, 20, 1_000_001, PACE) == 10
    assert free(log, 5, 1_000_001, PACE) == 0
    assert free(log, 0, 1_000_001, PACE) == 0


def test_the_time_of_the_next_free_grant_counts_what_a_lowered_limit_has_to_lose_first() -> None:
    log = add(add(add((), 3, "a", 1_000_000, PACE), 3, "b", 1_010_000, PACE), 3, "c", 1_020_000, PACE)
    assert next_free_ms(log, 10, 1_030_000, PACE) == 1_030_000
    assert next_free_ms(log, 9, 1_030_000, PACE) == 1_000_000 + 65_000
    assert next_free_ms(log, 4, 1_030_000, PACE) == 1_010_000 + 65_000
    assert next_free_ms(log, 0, 1_030_000, PACE) is None


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=400))
def test_the_log_stays_short_and_loses_no_grant(steps: list[tuple[int, int]]) -> None:
    log: tuple[Entry, ...] = ()
    now, given_out = 1_000_000, []
    for pause, n in steps:
        now += pause
        log = add(log, n, "a", now, PACE)
        given_out.append((now, n))
    assert len(log) <= PACE.keep_ms // PACE.grain_ms + 2
    assert used(current(log, now, PACE)) >= sum(n for at, n in given_out if at + PACE.keep_ms > now)


def test_a_clock_that_steps_back_frees_nothing_early() -> None:
    log = add((), 2, "a", 1_000_000, PACE)
    log = add(log, 2, "b", 900_000, PACE)
    assert [entry.n for entry in log] == [4]
    assert free(log, 4, 900_000 + 65_000, PACE) == 0
    assert free(log, 4, 1_000_000 + 64_999, PACE) == 0


@pytest.mark.parametrize("lengths", [(0, 5, 1), (60, 1, 1), (60, 5, 0), (-1, 5, 1)])
def test_lengths_that_do_not_fit_together_are_refused(lengths: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="window_s"):
        Pace(*lengths)
