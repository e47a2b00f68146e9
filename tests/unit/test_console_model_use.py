"""What the model has used today, in all and for a campaign, as the dashboard says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console import format as text
from console.live.governor import read_governor
from console.screens.dashboard.rows import fitting, model_use, model_use_of

NOW = datetime(2026, 11, 18, 20, 2, tzinfo=UTC)
USED = {"calls": 42, "promptTokens": 31_920, "completionTokens": 4_536, "micros": 7_518}
GOVERNOR = read_governor(
    {
        "limit": 20,
        "day": {
            "day": "2026-11-18",
            "providers": {"one/m": USED, "two/m": {**USED, "calls": 1, "unpriced": 1}},
            "campaigns": {"c1": USED, "c2": {"calls": 1, "promptTokens": 600, "completionTokens": 90, "unpriced": 1}},
        },
    }
)


def test_the_day_is_summed_over_the_providers() -> None:
    assert model_use(GOVERNOR, NOW) == ["LLM today $0.0150 + 1 of unknown price", "43 calls", "73k tok"]


def test_a_campaign_has_an_account_of_its_own() -> None:
    assert model_use_of(GOVERNOR, "c1", "austin", NOW) == ["LLM austin $0.0075", "42 calls", "36k tok"]
    assert model_use_of(GOVERNOR, "c2", "austin", NOW) == ["LLM austin price unknown", "1 call", "690 tok"]
    assert model_use_of(GOVERNOR, "c3", "austin", NOW) == []


def test_yesterdays_account_is_not_todays() -> None:
    tomorrow = NOW + timedelta(days=1)
    assert model_use(GOVERNOR, tomorrow) == []
    assert model_use_of(GOVERNOR, "c1", "austin", tomorrow) == []
    assert model_use(None, NOW) == []


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (40, "LLM austin $0.0075 · 42 calls · 36k tok"),
        (30, "LLM austin $0.0075 · 42 calls"),
        (20, "LLM austin $0.0075"),
    ],
)
def test_where_there_is_little_room_the_dollars_stay(cells: int, said: str) -> None:
    assert fitting(model_use_of(GOVERNOR, "c1", "austin", NOW), cells) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0"), (940, "940"), (1_200, "1.2k"), (9_960, "10k"), (184_300, "184k"), (2_540_000, "2.5M")],
)
def test_a_count_in_a_few_characters(count: int, said: str) -> None:
    assert text.about(count) == said
