"""The Governor's document: whatever is stored there, it is read as it is meant or as the strictest it can mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.llm.decide import Limits, State, Wish, decide
from leadgen.llm.fairness import Ticket
from leadgen.llm.spending import Day, Use
from leadgen.llm.state import GovernorState, stored
from leadgen.llm.window import Cap, Pace
from leadgen.model.grants import GrantEntry, pack, unpack

PACE = Pace()
NOW = 1_700_000_000_000
DAY = "2026-11-22"
ENTRY = GrantEntry(NOW, NOW + 2000, 3, 40, "one", "c", "00000000000000a1")
MAPS = [{"at": NOW, "by": NOW + 2000, "n": 3, "tokens": 0, "provider": "one", "campaign": "c", "owner": "a.1"}]

entries = st.builds(
    lambda opens, after, n, tokens, provider, campaign, owner: GrantEntry(
        opens, opens + after, n, tokens, provider, campaign, owner
    ),
    st.integers(0, 2**50), st.integers(0, 2**32 - 1), st.integers(1, 6000), st.integers(0, 2**32 - 1),
    st.text(max_size=9), st.text(max_size=9), st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}" if n else ""),
)  # fmt: skip


@given(st.lists(entries, max_size=20))
def test_a_log_comes_back_as_it_was_packed(log: list[GrantEntry]) -> None:
    assert unpack(*pack(log)) == tuple(log)


def test_a_state_comes_back_as_it_was_stored() -> None:
    state = State(
        Limits(Cap(7, 900), 5_000_000),
        {"one": Limits(Cap(3, 0), 0)},
        (ENTRY,),
        (Ticket("c", 4, NOW, NOW + 9000, NOW + 70_000),),
        Day(DAY, {"one": 5}, {"one": Use(1, 10, 5, 40)}, {"c": Use(1, 10, 5, 40)}),
        {"one": NOW + 1},
        ("00000000000000a1",),
    )
    limits = {"limit": 7, "tokensPerMinute": 900, "dollarsPerDay": 5.0, "providers": {"one": {"limit": 3}}}
    found = GovernorState.from_firestore({**limits, "holds": {"one": NOW + 1}, **stored(state)})
    assert found.state(DAY, NOW, PACE) == state
    assert found.state("2026-11-23", NOW, PACE).day == Day("2026-11-23")


@pytest.mark.parametrize(
    "damage",
    [
        {"log": MAPS},
        {"log": []},
        {"log": None},
        {"log": "text"},
        {"log": pack([ENTRY])[0][:-1]},
        {"log": pack([ENTRY])[0]},
        {"log": pack([ENTRY])[0], "logNames": "one"},
        {"log": pack([ENTRY])[0], "logNames": [1, 2, 3]},
        {"log": bytes(len(pack([ENTRY])[0])), "logNames": ["one"]},
    ],
    ids=["of maps", "empty, of maps", "null", "text", "cut off", "no names", "names no list", "numbers", "no grants"],
)
def test_a_log_nobody_can_read_is_full_until_what_it_may_have_held_counts_no_longer(damage: dict[str, Any]) -> None:
    found = GovernorState.from_firestore({"limit": 5, **damage})
    # Whoever granted last may have granted a horizon ahead of now, to be used within 2 s, to count for a window.
    counts = PACE.horizon_ms + PACE.use_within_ms + PACE.window_ms
    wish = Wish("one", {"c": 2}, 0, 0, "00000000000000a1")
    before = decide(found.state(DAY, NOW, PACE), wish, NOW, PACE)
    assert (before.calls, before.retry_ms) == (0, NOW + counts - PACE.horizon_ms)
    # The state is stored as it is now understood, and stays full whatever the limit becomes meanwhile.
    migrated = GovernorState.from_firestore({"limit": 6000, **stored(before.state)})
    assert migrated.log is not None
    later = NOW + counts - PACE.horizon_ms - 1
    assert decide(migrated.state(DAY, later, PACE), wish, later, PACE).calls == 0
    [first, *_] = decide(migrated.state(DAY, later + 1, PACE), wish, later + 1, PACE).granted
    assert first.opens == NOW + counts


def test_a_log_that_is_absent_is_empty() -> None:
    assert GovernorState.from_firestore({"limit": 5}).state(DAY, NOW, PACE).log == ()
