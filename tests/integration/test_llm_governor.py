"""The Governor on a real Firestore: its limit holds over instances and threads, and it refuses when in doubt."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from leadgen.llm.governor import Governor, Grants
from leadgen.llm.spending import Use
from leadgen.llm.state import GovernorState, configure_limit_changes
from leadgen.llm.window import Pace
from leadgen.model.grants import unpack
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Raced

if TYPE_CHECKING:
    from google.cloud.firestore import Client

SHORT = Pace(window_s=0.8, use_within_s=0.4, travel_s=0.1, horizon_s=0.1)


def governor(db: Client, owner: str = "one", pace: Pace | None = None) -> Governor:
    return Governor(db, owner=owner, pace=pace, rng=random.Random(owner))


def set_limit(db: Client, limit: int) -> None:
    Collections(db).governor.set(configure_limit_changes(limit), merge=True)


def take(asking: Governor, calls: int, campaign: str = "c") -> Grants:
    return asking.take("one", {campaign: calls})


def granted(asking: Governor, calls: int, campaign: str = "c") -> int:
    return len(take(asking, calls, campaign).slots)


def stored(db: Client) -> dict[str, Any]:
    found: dict[str, Any] = Collections(db).governor.get().to_dict() or {}
    return found


class Later:
    """This machine's monotonic clock, which can be told that time has passed."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.passed


def test_the_first_call_makes_the_document_with_the_limit_of_the_settings(firestore_db: Client) -> None:
    grants = take(governor(firestore_db), 3)
    assert (len(grants.slots), grants.retry_at) == (3, None)
    state = GovernorState.from_firestore(stored(firestore_db))
    assert state.limit == 20
    assert [(entry.n, entry.provider, entry.campaign) for entry in unpack(state.log, state.log_names)] == [
        (3, "one", "c")
    ]
    assert state.used_in_window == 3


def test_one_request_takes_what_is_free_and_says_when_there_is_more(firestore_db: Client) -> None:
    set_limit(firestore_db, 5)
    first, second = governor(firestore_db, "one"), governor(firestore_db, "two")
    assert granted(first, 4) == 4
    short = take(second, 4)
    assert len(short.slots) == 1
    assert short.retry_at is not None
    assert timedelta(seconds=55) < short.retry_at - datetime.now(UTC) < timedelta(seconds=200)
    assert granted(second, 1) == 0


def test_who_waits_and_until_when_stands_in_the_document(firestore_db: Client) -> None:
    set_limit(firestore_db, 1)
    assert granted(governor(firestore_db), 1) == 1
    short = take(governor(firestore_db, "two"), 2, "small")
    [waiting] = GovernorState.from_firestore(stored(firestore_db)).waiting
    assert short.retry_at is not None
    assert (waiting.campaign, waiting.calls) == ("small", 2)
    assert waiting.returns <= short.retry_at.timestamp() * 1000 + 1 < waiting.until + 120_000


def test_being_full_costs_one_write_in_a_while(firestore_db: Client) -> None:
    set_limit(firestore_db, 1)
    asking = governor(firestore_db)
    take(asking, 1)
    assert granted(asking, 1) == 0
    noted = Collections(firestore_db).governor.get()
    for _ in range(5):
        assert granted(asking, 2) == 0
    after = Collections(firestore_db).governor.get()
    assert after.update_time == noted.update_time
    assert after.get("lastRefusedAt")
    assert after.get("waitingUntil")


def test_a_lower_limit_holds_at_once_and_a_higher_one_within_seconds(firestore_db: Client) -> None:
    set_limit(firestore_db, 3)
    later = Later()
    asking = Governor(firestore_db, owner="one", monotonic=later)
    assert granted(asking, 2) == 2
    set_limit(firestore_db, 2)
    assert granted(asking, 1) == 0
    set_limit(firestore_db, 4)
    later.passed += 5.0
    assert granted(asking, 5) == 2
    set_limit(firestore_db, 0)
    later.passed += 5.0
    paused = take(asking, 1)
    assert paused.slots == ()
    assert paused.retry_at is not None
    assert "paused" in paused.reason
    set_limit(firestore_db, 6)
    assert "paused" in take(asking, 1).reason, "nobody asks Firestore again at once"
    later.passed += 5.0
    assert granted(asking, 9) == 2


def test_a_refusal_that_concerns_one_wish_does_not_keep_others_waiting(firestore_db: Client) -> None:
    """What is refused for its price or its size says nothing about a cheaper or smaller call."""
    Collections(firestore_db).governor.set({"limit": 9, "tokensPerMinute": 1000, "dollarsPerDay": 0.001})
    asking = governor(firestore_db)

    def reason(tokens: int, micros: int | None) -> str:
        return asking.take("one", {"c": 1}, tokens=tokens, micros=micros).reason

    assert "LEADGEN_LLM_PRICE" in reason(10, None)
    assert "1,001 tokens" in reason(1001, 10)
    assert "money" in reason(10, 1001)
    assert reason(600, 10) == ""
    assert "in use" in reason(600, 10), "the minute's tokens are used up for as large a call"
    assert reason(400, 10) == ""
    assert "in use" in reason(1, 10)


def test_a_campaign_that_finds_the_desk_closed_for_long_gets_a_place_in_the_queue(firestore_db: Client) -> None:
    set_limit(firestore_db, 1)
    asking = governor(firestore_db)
    assert granted(asking, 1, "large") == 1
    assert granted(asking, 2, "small") == 0
    [waiting] = GovernorState.from_firestore(stored(firestore_db)).waiting
    assert (waiting.campaign, waiting.calls) == ("small", 2)


def test_what_a_provider_asks_for_holds_for_every_instance_and_for_it_alone(firestore_db: Client) -> None:
    first, second = governor(firestore_db, "one"), governor(firestore_db, "two")
    take(first, 1)
    until = (datetime.now(UTC) + timedelta(seconds=90)).replace(microsecond=0)
    assert first.hold("one", until)
    assert not first.hold("one", until - timedelta(seconds=30))
    held = take(second, 1)
    assert (held.slots, held.retry_at, held.held) == ((), until, True)
    assert "provider" in held.reason
    assert len(second.take("two", {"c": 1}).slots) == 1
    assert second.hold("one", datetime.now(UTC) + timedelta(days=9))
    longest = take(second, 1).retry_at
    assert longest is not None
    assert longest < datetime.now(UTC) + timedelta(seconds=601)


def test_what_calls_used_is_written_down_once_by_provider_and_campaign(firestore_db: Client) -> None:
    asking = governor(firestore_db)
    slots = asking.take("api.example/m", {"c": 2, "d": 1, "": 1}, tokens=1000, micros=500).slots
    assert stored(firestore_db)["day"]["reserved"] == {"api.example/m": 2000}
    for slot in slots:
        if slot.campaign == "d":
            slot.skipped()
            continue
        slot.begun()
        slot.ended(Use(1, 100, 20, 37))
    assert asking.report()
    before = Collections(firestore_db).governor.get().update_time
    assert asking.report()
    assert Collections(firestore_db).governor.get().update_time == before
    state = GovernorState.from_firestore(stored(firestore_db))
    assert state.day.reserved == {"api.example/m": 0}
    assert state.day.providers["api.example/m"].micros == 111
    assert {name: use.calls for name, use in state.day.campaigns.items()} == {"c": 2, "none": 1}
    assert (state.day.campaigns["c"].prompt_tokens, state.day.campaigns["c"].completion_tokens) == (200, 40)
    assert state.used_in_window == 3, "a call that was skipped is free again"


def test_a_call_nobody_knows_the_price_of_is_refused_while_the_days_money_is_limited(firestore_db: Client) -> None:
    Collections(firestore_db).governor.set({"limit": 5, "dollarsPerDay": 1.0})
    asking = governor(firestore_db)
    refused = asking.take("one", {"c": 1}, micros=None)
    assert refused.slots == ()
    assert "LEADGEN_LLM_PRICE" in refused.reason
    assert len(asking.take("one", {"c": 1}, micros=10).slots) == 1
    Collections(firestore_db).governor.set({"dollarsPerDay": 0.0}, merge=True)
    assert len(asking.take("one", {"c": 1}, micros=None).slots) == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"limit": "60"},
        {"limit": -1},
        {"limit": True},
        {"limit": float("nan")},
        {"limit": 10**9},
        {"day": {"reserved": -1}},
    ],
)
def test_a_damaged_document_grants_nothing_and_is_named(firestore_db: Client, damage: dict[str, Any]) -> None:
    Collections(firestore_db).governor.set({"limit": 20, "log": b"", **damage})
    refused = take(governor(firestore_db), 1)
    assert refused.slots == ()
    assert refused.retry_at is not None
    assert "governor/llm" in refused.reason


OF_MAPS = [{"at": 1, "by": 2, "n": 3, "tokens": 0, "provider": "one", "campaign": "c", "owner": "a.1"}]


def test_a_log_of_an_earlier_format_counts_as_full_for_one_window_and_is_made_anew(firestore_db: Client) -> None:
    """As after an update that changed its format: nobody has to delete anything, and nothing is granted in doubt."""
    Collections(firestore_db).governor.set({"limit": 6, "log": OF_MAPS})
    end = time.monotonic() + SHORT.window_s
    first, second = governor(firestore_db, "one", SHORT), governor(firestore_db, "two", SHORT)
    refused = take(first, 4)
    assert (refused.slots, "can't be read" in refused.reason) == ((), True)
    assert refused.retry_at is not None
    assert isinstance(stored(firestore_db)["log"], bytes)
    set_limit(firestore_db, 6000)
    assert granted(second, 4) == 0, "a higher limit does not tell what was granted before"
    while not (slots := take(second, 4).slots):
        threading.Event().wait(0.05)
    assert time.monotonic() >= end
    assert len(slots) == 4


def test_a_write_that_was_reported_failed_but_took_place_is_not_made_twice(
    firestore_db: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(firestore_db, 10)
    real, failures = Commit.run, [1]

    def run(commit: Commit) -> None:
        real(commit)
        if failures:
            failures.pop()
            raise Raced("the repeated commit met its own precondition")

    monkeypatch.setattr(Commit, "run", run)
    assert granted(governor(firestore_db), 4) == 4
    assert stored(firestore_db)["usedInWindow"] == 4


def test_an_answer_that_comes_too_late_can_not_be_used_but_counts(firestore_db: Client) -> None:
    set_limit(firestore_db, 5)
    times = iter([0.0, 9.0])
    late = take(Governor(firestore_db, owner="late", monotonic=lambda: next(times, 9.0)), 2)
    assert all(slot.lapses_at <= slot.opens_at for slot in late.slots)
    assert granted(governor(firestore_db), 5) == 3


def test_threads_and_instances_together_never_begin_more_than_the_limit_in_any_window(firestore_db: Client) -> None:
    """Four instances ask and begin as late as they may, while the limit is lowered on the way."""
    limit = 6
    set_limit(firestore_db, limit)
    begun: list[float] = []
    lock = threading.Lock()
    end = time.monotonic() + 3.0

    def work(number: int) -> None:
        chance = random.Random(number)
        asking = governor(firestore_db, f"worker-{number}", SHORT)
        while time.monotonic() < end:
            use(take(asking, chance.randint(1, 4)), chance)
            threading.Event().wait(0.01)

    def use(grants: Grants, chance: random.Random) -> None:
        for slot in grants.slots:
            moment = chance.choice([slot.opens_at, slot.lapses_at - 0.02])
            threading.Event().wait(max(0.0, moment - time.monotonic()))
            with lock:
                now = time.monotonic()
                if not slot.opens_at <= now < slot.lapses_at:
                    slot.skipped()
                    continue
                slot.begun()
                begun.append(now)
            if chance.random() < 0.7:
                slot.ended(Use(1))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    begun.sort()
    assert len(begun) > limit
    for index, first in enumerate(begun):
        assert sum(first <= moment < first + SHORT.window_s for moment in begun[index:]) <= limit
