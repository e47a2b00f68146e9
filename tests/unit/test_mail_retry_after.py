"""Retry-After in both of its forms, and what is neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.mail.providers.retry_after import LONGEST, retry_after

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("Tue, 24 Nov 2026 18:02:00 GMT", 120),
        ("Tuesday, 24-Nov-26 18:02:00 GMT", 120),
        ("Tue, 24 Nov 2026 17:00:00 GMT", 0),
        ("Tue, 24 Nov 2099 17:00:00 GMT", LONGEST.total_seconds()),
        ("99999999999999999999", LONGEST.total_seconds()),
        (None, 30),
        ("", 30),
        ("-5", 30),
        ("soon", 30),
        ("٣", 30),
    ],
)
def test_when_to_come_back(value: str | None, seconds: float) -> None:
    assert retry_after(value, NOW) == NOW + timedelta(seconds=seconds)


@given(st.text(max_size=60))
def test_any_header_gives_a_moment_that_is_not_past_and_not_far(value: str) -> None:
    assert NOW <= retry_after(value, NOW) <= NOW + LONGEST
