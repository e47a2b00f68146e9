"""A provider that fails again and again is left alone for a while, then tried with one call."""

from __future__ import annotations

from leadgen.llm.breaker import FIRST_REST_S, LONGEST_REST_S, OPENS_AFTER, Circuit


def failing(circuit: Circuit, times: int, now: float = 0.0) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(now)
    return circuit


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    assert failing(Circuit(), OPENS_AFTER - 1).allows(0.0) is None
    assert failing(Circuit(), OPENS_AFTER).allows(0.0) == 0


def test_a_call_that_went_well_in_between_starts_the_count_anew() -> None:
    circuit = failing(failing(Circuit(), OPENS_AFTER - 1).succeeded(), OPENS_AFTER - 1)
    assert circuit.allows(0.0) is None


def test_after_its_rest_one_call_finds_out() -> None:
    circuit = failing(Circuit(), OPENS_AFTER)
    assert circuit.allows(FIRST_REST_S - 0.1) == 0
    assert circuit.allows(FIRST_REST_S) == 1
    trying = circuit.tried()
    assert trying.allows(FIRST_REST_S) == 0, "one is on its way"
    assert trying.not_tried().allows(FIRST_REST_S) == 1, "it never began"
    assert trying.succeeded().allows(FIRST_REST_S) is None


def test_each_rest_is_longer_than_the_last_up_to_a_bound() -> None:
    circuit, now, rests = failing(Circuit(), OPENS_AFTER), 0.0, []
    for _ in range(12):
        assert circuit.until is not None
        rests.append(circuit.until - now)
        now = circuit.until
        circuit = circuit.tried().failed(now)
    assert rests[:3] == [FIRST_REST_S, 2 * FIRST_REST_S, 4 * FIRST_REST_S]
    assert rests[-1] == LONGEST_REST_S


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_its_rest() -> None:
    circuit = failing(Circuit(), OPENS_AFTER)
    assert failing(circuit, 20, now=5.0).until == circuit.until
