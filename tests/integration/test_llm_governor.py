"""The Governor on a real Firestore: its limit holds over instances and threads, and it refuses when in doubt."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from leadgen.llm.governor import Governor, Grants
from leadgen.llm.state import GovernorState, configure_limit_changes
from leadgen.llm.window import Pace
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Raced

if TYPE_CHECKING:
    from google.cloud.firestore import Client

SHORT = Pace(window_s=0.8, use_within_s=0.4, travel_s=0.1)


def governor(db: Client, owner: str = "one", pace: Pace | None = None) -> Governor:
    return Governor(db, owner=owner, pace=pace, rng=random.Random(owner))


def set_limit(db: Client, limit: int) -> None:
    Collections(db).governor.set(configure_limit_changes(limit), merge=True)


def stored(db: Client) -> dict[str, Any]:
    found: dict[str, Any] = Collections(db).governor.get().to_dict() or {}
    return found


def test_the_first_call_makes_the_document_with_the_limit_of_the_settings(firestore_db: Client) -> None:
    grants = governor(firestore_db).take(3)
    assert (grants.granted, grants.limit, grants.retry_at) == (3, 20, None)
    state = GovernorState.from_firestore(stored(firestore_db))
    assert state.limit == 20
    assert [entry.n for entry in state.log] == [3]
    assert state.used_in_window == 3


def test_one_request_takes_what_is_free_and_says_when_there_is_more(firestore_db: Client) -> None:
    set_limit(firestore_db, 5)
    first, second = governor(firestore_db, "one"), governor(firestore_db, "two")
    assert first.take(4).granted == 4
    short = second.take(4)
    assert short.granted == 1
    assert short.retry_at is not None
    assert timedelta(seconds=55) < short.retry_at - datetime.now(UTC) < timedelta(seconds=70)
    assert second.take(1).granted == 0


def test_being_full_costs_one_write_in_a_while(firestore_db: Client) -> None:
    set_limit(firestore_db, 1)
    asking = governor(firestore_db)
    asking.take(1)
    assert asking.take(1).granted == 0
    noted = Collections(firestore_db).governor.get()
    for _ in range(5):
        refused = asking.take(2)
        assert refused.granted == 0
    after = Collections(firestore_db).governor.get()
    assert after.update_time == noted.update_time
    assert after.get("lastRefusedAt")
    assert after.get("waitingUntil") == refused.retry_at


def test_a_change_of_the_limit_holds_at_once(firestore_db: Client) -> None:
    set_limit(firestore_db, 3)
    asking = governor(firestore_db)
    assert asking.take(2).granted == 2
    set_limit(firestore_db, 2)
    assert asking.take(1).granted == 0
    set_limit(firestore_db, 4)
    assert asking.take(5).granted == 2
    set_limit(firestore_db, 0)
    paused = asking.take(1)
    assert (paused.granted, paused.limit) == (0, 0)
    assert paused.retry_at is not None
    assert "paused" in paused.reason


def test_what_the_provider_asks_for_holds_for_every_instance(firestore_db: Client) -> None:
    first, second = governor(firestore_db, "one"), governor(firestore_db, "two")
    first.take(1)
    until = datetime.now(UTC) + timedelta(seconds=90)
    assert first.hold(until)
    assert not first.hold(until - timedelta(seconds=30))
    held = second.take(1)
    assert (held.granted, held.retry_at) == (0, until)
    assert "provider" in held.reason
    assert second.hold(datetime.now(UTC) + timedelta(days=9))
    longest = second.take(1).retry_at
    assert longest is not None
    assert longest < datetime.now(UTC) + timedelta(seconds=601)


@pytest.mark.parametrize(
    "damage",
    [{"limit": "60"}, {"limit": -1}, {"limit": True}, {"limit": float("nan")}, {"limit": 10**9}, {"log": [{"at": 1}]}],
)
def test_a_damaged_document_grants_nothing_and_is_named(firestore_db: Client, damage: dict[str, Any]) -> None:
    Collections(firestore_db).governor.set({"limit": 20, "log": [], **damage})
    refused = governor(firestore_db).take(1)
    assert refused.granted == 0
    assert refused.retry_at is not None
    assert "governor/llm" in refused.reason


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
    assert governor(firestore_db).take(4).granted == 4
    assert stored(firestore_db)["usedInWindow"] == 4


def test_an_answer_that_comes_too_late_is_not_used_but_counts(firestore_db: Client) -> None:
    set_limit(firestore_db, 5)
    times = iter([0.0, 0.0, 9.0, 9.0, 9.0])
    late = Governor(firestore_db, owner="late", monotonic=lambda: next(times)).take(2)
    assert late.granted == 0
    assert "too late" in late.reason
    assert governor(firestore_db).take(5).granted == 3


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
            grants = asking.take(chance.randint(1, 4))
            use(grants, chance)
            threading.Event().wait(0.01)

    def use(grants: Grants, chance: random.Random) -> None:
        for _ in range(grants.granted):
            threading.Event().wait(max(0.0, chance.choice([0.0, grants.usable_until - time.monotonic() - 0.02])))
            with lock:
                now = time.monotonic()
                if now < grants.usable_until:
                    begun.append(now)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    begun.sort()
    assert len(begun) > limit
    for index, first in enumerate(begun):
        assert sum(first <= moment < first + SHORT.window_s for moment in begun[index:]) <= limit
