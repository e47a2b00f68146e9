"""How much of the labelled posts the rules get right: floors that a change must not fall below.

`benchmarks/enrichment.py` prints the figures, and those of a model.
"""

from __future__ import annotations

from collections import Counter

import pytest

from leadgen.llm.rules import enrich_by_rules
from tests.marking import FIELDS, Tally, labelled, mark

FLOORS = {
    "businessName": 0.95,
    "contactName": 0.97,
    "category": 0.97,
    "language": 0.95,
    "services": 0.92,
    "opener": 0.90,
}
MOST_MADE_UP = 0.09


@pytest.fixture(scope="module")
def wrong() -> list[str]:
    """What the rules got wrong; filled by `tallies`."""
    return []


@pytest.fixture(scope="module")
def tallies(wrong: list[str]) -> dict[str, Tally]:
    return mark(labelled(), enrich_by_rules, lambda name, post, got: wrong.append(f"{name}: {post.lead.title}: {got}"))


@pytest.mark.parametrize("field", [field for field in FIELDS if field in FLOORS])
def test_the_rules_get_as_much_right_as_they_did(field: str, tallies: dict[str, Tally], wrong: list[str]) -> None:
    assert tallies[field].share >= FLOORS[field], [line for line in wrong if line.startswith(field)]


def test_few_of_the_services_they_find_are_none(tallies: dict[str, Tally]) -> None:
    assert tallies["servicesMadeUp"].share <= MOST_MADE_UP


def test_the_set_is_varied() -> None:
    posts = labelled()
    assert len(posts) >= 60
    assert len({post.lead.city for post in posts}) >= 40
    assert len({one for post in posts for one in post.category}) >= 20
    assert len({post.language for post in posts}) >= 8
    assert sum(not post.names["contactName"] for post in posts) >= 3
    assert sum(bool(post.trap) for post in posts) >= 25
    assert max(Counter(post.lead.title for post in posts).values()) == 1


def test_a_third_is_kept_apart() -> None:
    seen, held_out = {p.lead.title for p in labelled("seen")}, {p.lead.title for p in labelled("held_out")}
    assert not seen & held_out
    assert len(held_out) * 3 >= len(seen | held_out)
