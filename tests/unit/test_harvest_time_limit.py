"""One bound of time on many pieces of work: each runs out at its own moment, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from leadgen.harvest.time_limit import TimeLimit
from tests import virtual_time


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _work(limit: TimeLimit, begins: float, lasts: float) -> tuple[str, float]:
    """How a piece of work ended, and when."""
    await asyncio.sleep(begins)
    try:
        with limit.begin():
            await asyncio.sleep(lasts)
    except TimeoutError:
        return "late", _now()
    return "done", _now()


def test_each_piece_of_work_runs_out_at_its_own_moment() -> None:
    async def all_of_them() -> list[tuple[str, float]]:
        limit = TimeLimit(10)
        pieces = ((0, 11), (1, 5), (2, 9.5), (3, 60), (50, 70))
        return await asyncio.gather(*(_work(limit, begins, lasts) for begins, lasts in pieces))

    ended = virtual_time.run(all_of_them())
    assert [how for how, _ in ended] == ["late", "done", "done", "late", "late"]
    assert [when for _, when in ended] == pytest.approx([10, 6, 11.5, 13, 60])


def test_pieces_of_one_moment_run_out_together() -> None:
    async def crowd() -> list[tuple[str, float]]:
        limit = TimeLimit(2)
        return await asyncio.gather(*(_work(limit, 1, 5) for _ in range(50)))

    assert virtual_time.run(crowd()) == [("late", pytest.approx(3))] * 50


def test_work_that_ends_in_time_costs_no_timer_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    timers = 0

    async def many() -> None:
        nonlocal timers
        loop, limit = asyncio.get_running_loop(), TimeLimit(30)
        call_at = loop.call_at

        def counted(when: float, callback: Callable[..., object], *args: Any, **options: Any) -> asyncio.TimerHandle:
            nonlocal timers
            timers += callback == limit._run_out
            return call_at(when, callback, *args, **options)

        monkeypatch.setattr(loop, "call_at", counted)
        for _ in range(100):
            with limit.begin():
                await asyncio.sleep(0.1)

    virtual_time.run(many())
    assert timers == 1


def test_what_is_cancelled_from_elsewhere_is_cancelled_and_not_late() -> None:
    async def cancelled(after: float) -> tuple[bool, float]:
        task = asyncio.create_task(_work(TimeLimit(5), 0, 60))
        asyncio.get_running_loop().call_later(after, task.cancel)
        await asyncio.wait([task])
        return task.cancelled(), _now()

    assert virtual_time.run(cancelled(2)) == (True, pytest.approx(2))


def test_a_cancellation_at_the_very_moment_wins() -> None:
    async def both() -> bool:
        limit = TimeLimit(5)

        async def work() -> None:
            with limit.begin():
                asyncio.get_running_loop().call_later(5, task.cancel)
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await asyncio.wait([task])
        return task.cancelled()

    assert virtual_time.run(both())


@pytest.mark.parametrize(("outer", "inner", "by"), [(10, 4, "inner"), (4, 10, "outer")])
def test_of_limits_within_limits_the_shorter_one_stops_the_work(outer: float, inner: float, by: str) -> None:
    async def nested() -> tuple[str, float]:
        try:
            with TimeLimit(outer).begin():
                try:
                    with TimeLimit(inner).begin():
                        await asyncio.sleep(60)
                except TimeoutError:
                    return "inner", _now()
        except TimeoutError:
            return "outer", _now()
        return "none", _now()

    assert virtual_time.run(nested()) == (by, pytest.approx(4))


def test_the_task_goes_on_unharmed_when_its_time_was_up() -> None:
    async def twice() -> tuple[int, list[tuple[str, float]]]:
        limit = TimeLimit(1)
        ended = [await _work(limit, 0, 5), await _work(limit, 0, 0.5)]
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling(), ended

    assert virtual_time.run(twice()) == (0, [("late", pytest.approx(1)), ("done", pytest.approx(1.5))])


def test_a_task_whose_work_ended_in_time_may_go_on_for_as_long_as_it_likes() -> None:
    async def goes_on() -> float:
        with TimeLimit(3).begin():
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        return _now()

    assert virtual_time.run(goes_on()) == pytest.approx(61)


def test_an_error_of_the_work_is_not_taken_for_lateness() -> None:
    async def failing() -> None:
        with TimeLimit(1).begin():
            raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        virtual_time.run(failing())


def test_a_closed_limit_bounds_what_begins_afterwards_even_in_another_loop() -> None:
    limit = TimeLimit(3)

    async def once() -> tuple[str, float]:
        ended = await _work(limit, 0, 10)
        limit.close()
        return ended

    async def quick() -> None:
        await _work(limit, 0, 1)
        limit.close()

    rounds: list[Callable[[], Coroutine[Any, Any, Any]]] = [quick, once, once]
    assert [virtual_time.run(one()) for one in rounds] == [None, ("late", pytest.approx(3)), ("late", pytest.approx(3))]
