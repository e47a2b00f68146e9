"""Undoing a change on what was changed again since: that which came since stays, all else goes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.process.threeway import restored

values = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=5,
)
documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@given(documents, documents)
def test_what_nobody_touched_since_is_exactly_as_it_was(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert restored(after, before, after) == before


@given(documents, documents, st.integers(0, 9))
def test_a_field_the_change_did_not_touch_stays(before: dict[str, Any], after: dict[str, Any], other: int) -> None:
    assert restored({**after, "other": other}, before, after) == {**before, "other": other}


@pytest.mark.parametrize(
    ("now", "before", "after", "wanted"),
    [
        (
            {"seen": ["own", "theirs", "since"]},
            {"seen": ["own"]},
            {"seen": ["own", "theirs"]},
            {"seen": ["own", "since"]},
        ),
        ({"seen": ["theirs", "since"]}, {}, {"seen": ["theirs"]}, {"seen": ["since"]}),
        (
            {"of": {"a": 1, "b": 3}},
            {"of": {"a": 0, "b": 0}},
            {"of": {"a": 1, "b": 1}},
            {"of": {"a": 0, "b": 3}},
        ),
        ({"name": "since"}, {"name": "own"}, {"name": "theirs"}, {"name": "since"}),
        ({}, {"name": "own"}, {"name": "theirs"}, {}),
    ],
    ids=["list", "new-list", "map", "value", "gone-since"],
)
def test_what_changed_since_stays(
    now: dict[str, Any], before: dict[str, Any], after: dict[str, Any], wanted: dict[str, Any]
) -> None:
    assert restored(now, before, after) == wanted
