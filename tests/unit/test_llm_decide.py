"""The Governor's arithmetic: no window ever holds more calls or tokens than were allowed, whatever anybody does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leadgen.llm.decide import Amendment, Limits, Settlement, State, Wish, amended, decide, settled
from leadgen.llm.fairness import shares
from leadgen.llm.spending import Day, Price, Use
from leadgen.llm.window import Cap, Entry, Pace, compact, current, openings, used

PACE = Pace(window_s=60.0, use_within_s=2.0, travel_s=0.5, horizon_s=1.0, patience_s=5.0)
NOW = 1_700_000_000_000
DAY = "2026-11-22"


def state(limit: int = 5, tokens: int = 0, micros: int = 0, **more: object) -> State:
    return replace(State(Limits(Cap(limit, tokens), micros), day=Day(DAY)), **more)  # type: ignore[arg-type]


def wish(calls: int | dict[str, int] = 1, *, token: str = "a.1", tokens: int = 0, micros: int = 0) -> Wish:
    return Wish("one", calls if isinstance(calls, dict) else {"c": calls}, tokens, micros, token)


def test_what_is_free_is_granted_at_once_and_the_rest_has_a_time() -> None:
    verdict = decide(state(5), wish(7), NOW, PACE)
    assert verdict.calls == 5
    assert [entry.opens for entry in verdict.granted] == [NOW]
    # The window and the time in which a grant may be used must pass, less the horizon.
    assert verdict.retry_ms == NOW + 62_000 - 1_000
    assert "5 calls a minute" in verdict.reason


def test_a_grant_may_be_given_a_little_before_it_opens_and_names_the_moment() -> None:
    full = decide(state(2), wish(2), NOW, PACE).state
    assert decide(full, wish(1, token="b.1"), NOW + 60_999, PACE).calls == 0
    ahead = decide(full, wish(1, token="b.1"), NOW + 61_000, PACE)
    assert [(entry.opens, entry.n) for entry in ahead.granted] == [(NOW + 62_000, 1)]


def test_a_confirmed_call_counts_from_when_it_arrived_and_a_skipped_one_not_at_all() -> None:
    full = decide(state(2), wish(2), NOW, PACE).state
    known = replace(full, log=amended(full.log, [Amendment("a.1", NOW, "c", 1, NOW + 100, 0)]))
    again = decide(known, wish(3, token="b.1"), NOW + 200, PACE)
    assert again.calls == 1
    assert decide(known, wish(1, token="b.1"), NOW + 60_100, PACE).granted[0].opens == NOW + 60_100


def test_an_amendment_never_makes_an_entry_count_longer_or_for_more() -> None:
    log = (Entry(NOW, NOW + 2000, 2, 20, "one", "c", "a.1"),)
    assert amended(log, [Amendment("a.1", NOW, "c", 9, NOW + 9000, 999)]) == log
    assert amended(log, [Amendment("other", NOW, "c", 0, NOW, 0)]) == log


def test_a_limit_of_zero_pauses_and_says_so() -> None:
    verdict = decide(state(0), wish(1), NOW, PACE)
    assert (verdict.calls, verdict.retry_ms) == (0, NOW + 60_000)
    assert "paused" in verdict.reason


def test_the_limit_of_one_provider_holds_beside_that_of_all() -> None:
    both = state(10, providers={"one": Limits(Cap(3))})
    verdict = decide(both, wish(8), NOW, PACE)
    assert verdict.calls == 3
    other = decide(verdict.state, Wish("two", {"c": 9}, 0, 0, "b.1"), NOW, PACE)
    assert other.calls == 7


def test_tokens_a_minute_are_held_at_what_each_call_may_use_until_it_says_what_it_used() -> None:
    verdict = decide(state(10, tokens=1000), wish(5, tokens=400), NOW, PACE)
    assert verdict.calls == 2
    known = replace(verdict.state, log=amended(verdict.state.log, [Amendment("a.1", NOW, "c", 2, NOW + 2000, 100)]))
    assert decide(known, wish(5, tokens=400, token="b.1"), NOW + 10, PACE).calls == 2


def test_a_call_that_no_window_has_room_for_is_refused_with_the_reason() -> None:
    verdict = decide(state(10, tokens=1000), wish(1, tokens=1001), NOW, PACE)
    assert verdict.calls == 0
    assert "1,001 tokens" in verdict.reason


def test_a_days_money_is_reserved_before_and_settled_after() -> None:
    verdict = decide(state(10, micros=1000), wish(5, micros=300), NOW, PACE)
    assert verdict.calls == 3
    assert verdict.state.day.committed() == 900
    assert "money" in decide(verdict.state, wish(1, micros=300, token="b"), NOW, PACE).reason
    cheaper = settled(verdict.state.day, [Settlement("one", "c", DAY, 300, Use(1, 10, 5, 40))])
    assert (cheaper.committed(), cheaper.campaigns["c"].micros) == (640, 40)
    never_began = settled(cheaper, [Settlement("one", "c", DAY, 300, Use())])
    assert (never_began.committed(), never_began.providers["one"].calls) == (340, 1)


def test_money_reserved_yesterday_is_not_given_back_today() -> None:
    today = Day(DAY, reserved={"one": 500})
    assert settled(today, [Settlement("one", "c", "2026-11-21", 300, Use(1, 1, 1, 7))]).committed() == 507


def test_a_provider_that_asked_to_wait_is_not_called() -> None:
    held = state(5, holds={"one": NOW + 9000})
    assert decide(held, wish(1), NOW, PACE).retry_ms == NOW + 9000
    assert decide(held, Wish("two", {"c": 1}, 0, 0, "b"), NOW, PACE).calls == 1
    assert decide(held, wish(1), NOW + 9000, PACE).calls == 1


def test_a_large_campaign_leaves_a_small_one_its_share() -> None:
    full = decide(state(6), wish({"large": 6}), NOW, PACE).state
    small = decide(full, wish({"small": 2}, token="s.1"), NOW + 1000, PACE)
    assert small.calls == 0
    later = NOW + 62_000
    large = decide(small.state, wish({"large": 6}, token="a.2"), later, PACE)
    assert large.calls == 4, "two of the six stay for who waits"
    assert decide(large.state, wish({"small": 2}, token="s.2"), later + 100, PACE).calls == 2


def test_a_place_nobody_comes_back_for_lapses() -> None:
    full = decide(state(6), wish({"large": 6}), NOW, PACE).state
    small = decide(full, wish({"small": 2}, token="s.1"), NOW + 1000, PACE)
    late = (small.retry_ms or 0) + 5_000
    assert decide(small.state, wish({"large": 6}, token="a.2"), late, PACE).calls == 6


def test_many_at_once_rather_than_one_by_one() -> None:
    """At 600 a minute ten come free in the horizon of a second: nobody takes fewer, if more are wanted."""
    slow = Pace(window_s=60.0, use_within_s=2.0, travel_s=0.5, horizon_s=1.0)
    log = tuple(Entry(NOW + 100 * i, NOW + 100 * i, 1, owner=f"o{i}") for i in range(600))
    busy = state(600, log=log)
    # At this moment the first of them has just left the window, and nine will within the next 0.9 s.
    some = decide(busy, wish(50), NOW + 60_000, slow)
    assert some.calls == 11
    few = decide(some.state, wish(50, token="b.1"), NOW + 60_300, slow)
    assert few.calls == 0
    assert few.retry_ms is not None
    assert few.retry_ms <= NOW + 61_100


@pytest.mark.parametrize(
    "more", [{"providers": {"one": Limits(Cap(5))}}, {"tokens": 5000}], ids=["a provider's limit", "tokens"]
)
def test_where_a_handful_never_comes_together_what_is_free_is_given(more: dict[str, object]) -> None:
    """At 600 a minute a handful is ten; another limit lets only five through in any window."""
    assert decide(state(600, **more), wish(50, tokens=1000), NOW, PACE).calls == 5  # type: ignore[arg-type]


def test_a_refusal_says_whom_it_concerns() -> None:
    """0: others may find something. Otherwise nobody does before that moment, who wants as many tokens or more."""
    held = decide(state(5, holds={"one": NOW + 9000}), wish(), NOW, PACE)
    paused = decide(state(0), wish(), NOW, PACE)
    full = decide(decide(state(2), wish(2), NOW, PACE).state, wish(token="b"), NOW, PACE)
    assert (held.again_ms, paused.again_ms, full.again_ms) == (NOW + 9000, NOW + 60_000, NOW + 61_000)
    tokens = decide(decide(state(9, 100), wish(1, tokens=90), NOW, PACE).state, wish(tokens=20, token="b"), NOW, PACE)
    assert (tokens.calls, tokens.again_ms, tokens.again_tokens) == (0, NOW + 61_000, 20)
    for refused in (
        decide(state(5, 100), wish(tokens=101), NOW, PACE),
        decide(state(5, micros=100), wish(micros=101), NOW, PACE),
        decide(state(5, micros=100), replace(wish(), micros=None), NOW, PACE),
        decide(state(5, micros=100), wish(3, micros=50), NOW, PACE),
    ):
        assert (refused.again_ms, refused.retry_ms) == (0, NOW + 60_000)


@given(st.integers(0, 30), st.dictionaries(st.text("abc", max_size=2), st.integers(0, 12), max_size=5), st.data())
def test_shares_are_used_up_and_nobody_poorer_goes_without(
    free: int, wanted: dict[str, int], data: st.DataObject
) -> None:
    had = {name: data.draw(st.integers(0, 10)) for name in wanted}
    given_ = shares(free, wanted, had)
    assert sum(given_.values()) == min(free, sum(wanted.values()))
    for name, calls in given_.items():
        assert calls <= wanted[name]
        if calls < wanted[name]:
            for other, theirs in given_.items():
                assert theirs == 0 or had[other] + theirs <= had[name] + calls + 1


def test_a_price_is_rounded_up_to_the_next_millionth() -> None:
    assert Price(0.15, 0.60).micros(1001, 10) == 157
    assert Price().micros(10**9, 10**9) == 0


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4)), max_size=60), st.integers(1, 20))
def test_a_shortened_log_lets_nothing_through_that_the_long_one_does_not(
    grants: list[tuple[int, int]], most: int
) -> None:
    moment, log = NOW, []
    for step, n in grants:
        moment += step
        log.append(Entry(moment, moment + 2000, n, n, "one" if n % 2 else "two", "c", str(moment)))
    short = compact(log, most)
    assert used(short) == used(log)
    assert len(short) <= max(most, 2)
    for_long = openings(log, Cap(5), "one", Cap(3), 0, moment, PACE)
    for_short = openings(short, Cap(5), "one", Cap(3), 0, moment, PACE)
    for long_, short_ in zip(islice(for_long, 20), islice(for_short, 20), strict=True):
        assert short_ >= long_


@dataclass
class Call:
    """A call that was granted: its interval, when it arrived (None: never), and what was allowed at its grant."""

    order: int
    opens: int
    shuts: int
    tokens: int
    limits: Limits
    owner: str
    campaign: str
    micros: int
    arrived: int | None = None
    over: bool = False


@dataclass
class World:
    state: State
    now: int = NOW
    calls: list[Call] = field(default_factory=list)


class Governors(RuleBasedStateMachine):
    """Instances that ask, call early or late, crash, confirm or stay silent, while the limits change."""

    @initialize(limit=st.integers(0, 6), tokens=st.sampled_from([0, 0, 50]))
    def begin(self, limit: int, tokens: int) -> None:
        self.world = World(state(limit, tokens, 900))
        self.wishes = 0

    @rule(step=st.one_of(st.sampled_from([1, 500, 30_000, 59_000, 60_000, 61_999]), st.integers(0, 63_000)))
    def time_passes(self, step: int) -> None:
        self.world.now += step

    @rule(limit=st.integers(0, 6), tokens=st.sampled_from([0, 30, 50]))
    def limits_change(self, limit: int, tokens: int) -> None:
        self.world.state = replace(self.world.state, total=Limits(Cap(limit, tokens), 900))

    @rule(
        calls=st.dictionaries(st.sampled_from("xyz"), st.integers(1, 5), min_size=1, max_size=3),
        tokens=st.integers(0, 20),
        micros=st.integers(0, 90),
    )
    def somebody_asks(self, calls: dict[str, int], tokens: int, micros: int) -> None:
        world = self.world
        self.wishes += 1
        verdict = decide(world.state, Wish("one", calls, tokens, micros, f"w{self.wishes}"), world.now, PACE)
        assert verdict.calls <= sum(calls.values())
        assert (verdict.retry_ms is None) == (verdict.calls == sum(calls.values()))
        if verdict.retry_ms is not None:
            assert verdict.retry_ms > world.now
        for entry in verdict.granted:
            assert world.now <= entry.opens <= world.now + PACE.horizon_ms
            for _ in range(entry.n):
                world.calls.append(
                    Call(self.wishes, entry.opens, entry.shuts, tokens, world.state.total, entry.owner,
                         entry.campaign, micros)
                )  # fmt: skip
        world.state = verdict.state

    @precondition(lambda self: any(call.arrived is None and not call.over for call in self.world.calls))
    @rule(data=st.data())
    def a_call_arrives(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([c for c in self.world.calls if c.arrived is None and not c.over]))
        call.arrived = data.draw(
            st.one_of(st.just(call.opens), st.just(call.shuts), st.integers(call.opens, call.shuts))
        )

    @precondition(lambda self: any(call.arrived is None and not call.over for call in self.world.calls))
    @rule(data=st.data())
    def a_grant_is_lost(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([c for c in self.world.calls if c.arrived is None and not c.over]))
        call.over = True

    @precondition(lambda self: bool(self.world.calls))
    @rule(data=st.data())
    def somebody_tells_what_became_of_an_entry(self, data: st.DataObject) -> None:
        world = self.world
        entry = data.draw(st.sampled_from(world.calls))
        own = [c for c in world.calls if (c.owner, c.opens, c.campaign) == (entry.owner, entry.opens, entry.campaign)]
        if any(call.arrived is None and not call.over for call in own):
            return
        arrived = [call.arrived for call in own if call.arrived is not None]
        news = Amendment(
            entry.owner, entry.opens, entry.campaign, len(arrived), max(arrived, default=0), entry.tokens * len(arrived)
        )
        world.state = replace(world.state, log=amended(world.state.log, [news]))

    @invariant()
    def no_window_holds_more_than_was_allowed_at_its_latest_grant(self) -> None:
        if not hasattr(self, "world"):
            return
        begun = [(call.arrived, call) for call in self.world.calls if call.arrived is not None]
        for last, _ in begun:
            inside = [call for moment, call in begun if last - PACE.window_ms < moment <= last]
            allowed = max(inside, key=lambda call: call.order).limits.cap
            assert len(inside) <= allowed.calls
            assert not allowed.tokens or sum(call.tokens for call in inside) <= allowed.tokens

    @invariant()
    def the_days_money_is_never_overspent(self) -> None:
        if hasattr(self, "world"):
            assert self.world.state.day.committed() <= 900


Governors.TestCase.settings = settings(max_examples=120, stateful_step_count=40, derandomize=True)
TestGovernors = Governors.TestCase


def test_lengths_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="travel_s"):
        Pace(use_within_s=1.0, travel_s=1.0)


def test_an_entry_counts_until_the_window_after_its_end() -> None:
    log = (Entry(NOW, NOW + 2000, 1),)
    assert current(log, NOW + 61_999, PACE) == log
    assert current(log, NOW + 62_000, PACE) == ()
