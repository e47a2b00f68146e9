"""One request for all who ask at the same time, and none where the answer is known."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from leadgen.llm import desk as module
from leadgen.llm.desk import Closed, Desk, Grants, Place

LATER = Grants((), datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC), "All 20 calls a minute are in use.")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def place(campaign: str = "c", tokens: int = 0) -> Place:
    return Place({campaign: 1}, tokens, 0)


def test_those_told_to_come_back_at_the_same_time_are_asked_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", 60.0)
    clock = Clock()
    desk = Desk(clock)
    desk.answered([], Closed(LATER, 5.0))
    assert [desk.enter(place()) for _ in range(3)] == [LATER] * 3
    clock.now = 5.0
    lines: list[list[Place]] = []
    first = place()
    assert desk.enter(first) is None
    leader = threading.Thread(target=lambda: lines.append(desk.gather()))
    leader.start()
    others = [place(), place()]
    assert [desk.enter(one) for one in others] == [None, None]
    leader.join(timeout=30)
    assert lines == [[first, *others]]


def test_one_who_always_comes_alone_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", 0.0)
    desk = Desk(Clock())
    for _ in range(3):
        one = place()
        desk.enter(one)
        assert desk.gather() == [one]


def test_whoever_stood_in_line_when_nothing_was_left_is_answered_without_a_request() -> None:
    desk = Desk(Clock())
    early = place()
    assert desk.enter(early) is None
    desk.answered([], Closed(LATER, 5.0))
    assert desk.gather() == []
    assert early.answer is LATER


def test_a_closed_desk_lets_pass_whoever_the_answer_does_not_concern() -> None:
    clock = Clock()
    desk = Desk(clock)
    desk.answered([], Closed(LATER, 5.0, tokens=100, campaigns=frozenset({"c"})))
    assert desk.enter(place(tokens=100)) is LATER
    assert desk.enter(place(tokens=99)) is None
    assert desk.enter(place("another", tokens=100)) is None
    clock.now = 5.0
    assert desk.enter(place(tokens=100)) is None
