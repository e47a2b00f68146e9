"""The local stack's clock calls scheduled functions when their schedule says so, and never piles calls up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from local.stack import schedule
from local.stack.functions import Function
from local.stack.ticks import Clock

MONDAY_NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def due_minutes(text: str, count: int) -> list[int]:
    plan = schedule.parse(text)
    return [minute for minute in range(1, count + 1) if plan.is_due(minute, MONDAY_NOON)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 1 minutes", [1, 2, 3, 4, 5, 6]),
        ("every minute", [1, 2, 3, 4, 5, 6]),
        ("every 5 minutes", [5]),
        ("Every 3 mins", [3, 6]),
        ("every 1 hours", []),
    ],
)
def test_every_n_counts_from_the_start(text: str, expected: list[int]) -> None:
    assert due_minutes(text, 6) == expected


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("* * * * *", MONDAY_NOON, True),
        ("*/5 * * * *", MONDAY_NOON.replace(minute=10), True),
        ("*/5 * * * *", MONDAY_NOON.replace(minute=11), False),
        ("0 12 * * mon-fri", MONDAY_NOON, True),
        ("0 12 * * 0", MONDAY_NOON, False),
        ("0 12 * * 7", datetime(2026, 6, 7, 12, 0, tzinfo=UTC), True),
        ("0 12 15 * 1", MONDAY_NOON, True),  # either day field is enough
        ("0 12 15 * *", MONDAY_NOON, False),
        ("10-20/5,59 * * jun *", MONDAY_NOON.replace(minute=15), True),
        ("10-20/5,59 * * jun *", MONDAY_NOON.replace(minute=16), False),
    ],
)
def test_crontab_fields(text: str, moment: datetime, expected: bool) -> None:
    assert schedule.parse(text).is_due(1, moment) is expected


def test_crontab_is_read_in_its_own_timezone() -> None:
    plan = schedule.parse("0 7 * * *", "America/Chicago")
    assert plan.is_due(1, MONDAY_NOON)
    assert not plan.is_due(1, MONDAY_NOON.replace(hour=7))


@pytest.mark.parametrize("text", ["", "sometimes", "* * * *", "61 * * * *", "*/0 * * * *", "5-1 * * * *", "every x"])
def test_an_unreadable_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither|out of range|invalid literal"):
        schedule.parse(text)


class Background:
    """Calls that end when the test says so."""

    def __init__(self) -> None:
        self.open: list[tuple[Callable[[], None], Future[None]]] = []

    def submit(self, work: Callable[[], None]) -> Future[None]:
        future: Future[None] = Future()
        self.open.append((work, future))
        return future

    def finish_all(self) -> None:
        for work, future in self.open:
            work()
            future.set_result(None)
        self.open.clear()


def scheduled(name: str, text: str) -> Function:
    return Function(name=name, region="us-central1", kind="schedule", schedule=text)


def test_a_busy_function_gets_no_second_tick() -> None:
    background, called = Background(), []

    def call(function: Function, moment: datetime) -> str:
        called.append(function.name)
        return ""

    clock = Clock([scheduled("slow", "every 1 minutes")], call, background.submit)
    for minute in range(1, 4):
        clock.advance(minute, MONDAY_NOON)
    assert len(background.open) == 1
    background.finish_all()
    clock.advance(4, MONDAY_NOON)
    background.finish_all()
    assert called == ["slow", "slow"]
    assert "2 left out while busy" in clock.summary()


def test_one_slow_function_does_not_hold_up_another() -> None:
    background = Background()
    both = [scheduled("slow", "every 1 minutes"), scheduled("quick", "every 1 minutes")]
    clock = Clock(both, lambda function, moment: "", background.submit)
    clock.advance(1, MONDAY_NOON)
    work, future = background.open[1]
    work()
    future.set_result(None)
    clock.advance(2, MONDAY_NOON)
    assert len(background.open) == 3


def test_a_failing_tick_is_reported_once_and_tried_again() -> None:
    background, reports = Background(), []
    clock = Clock([scheduled("bad", "every 1 minutes")], lambda f, m: "HTTP 500", background.submit, reports.append)
    for minute in range(1, 4):
        clock.advance(minute, MONDAY_NOON)
        background.finish_all()
    assert reports == ["tick of bad: HTTP 500"]
    assert "3 calls, 3 failed" in clock.summary()


def test_an_unreadable_schedule_is_reported_and_the_others_tick() -> None:
    background, reports = Background(), []
    functions = [scheduled("odd", "at tea time"), scheduled("good", "* * * * *")]
    clock = Clock(functions, lambda f, m: "", background.submit, reports.append)
    clock.advance(1, MONDAY_NOON)
    assert len(background.open) == 1
    assert "odd" in reports[0]
