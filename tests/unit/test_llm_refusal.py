"""Without Firestore the Governor grants nothing, says why, and gives a time to ask again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.api_core.exceptions import DeadlineExceeded, PermissionDenied, RetryError, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError
from pydantic import ValidationError

from leadgen.llm.governor import Governor
from leadgen.llm.state import configure_limit_changes

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Fixed:
    def now(self) -> datetime:
        return NOW


class Broken:
    """A Firestore client whose every read fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.reads = 0

    def collection(self, _name: str) -> Broken:
        return self

    def document(self, _name: str) -> Broken:
        return self

    def get(self, **_options: Any) -> None:
        self.reads += 1
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        ServiceUnavailable("down"),
        DeadlineExceeded("slow"),
        PermissionDenied("rules"),
        RetryError("gave up", cause=None),
        DefaultCredentialsError("no key"),
        ConnectionResetError("reset"),
    ],
)
def test_whatever_fails_nothing_is_granted(error: Exception) -> None:
    governor = Governor(cast(Any, Broken(error)), owner="one", clock=Fixed(), sleep=lambda _s: None)
    grants = governor.take("one", {"": 5})
    assert grants.slots == ()
    assert grants.retry_at == NOW + timedelta(seconds=15)
    assert type(error).__name__ in grants.reason
    assert governor.hold("one", NOW) is False


def test_asking_for_nothing_asks_nobody() -> None:
    broken = Broken(RuntimeError("must not be called"))
    grants = Governor(cast(Any, broken), owner="one").take("one", {"": 0})
    assert (grants.slots, grants.retry_at, broken.reads) == ((), None, 0)


@pytest.mark.parametrize("limit", [-1, 6001, True, 2.5, "60", float("nan"), None])
def test_only_a_whole_number_within_bounds_can_be_set_as_the_limit(limit: Any) -> None:
    with pytest.raises(ValidationError):
        configure_limit_changes(limit)


def test_the_limit_is_written_to_the_governors_own_document_field() -> None:
    assert configure_limit_changes(0) == {"limit": 0}
    assert configure_limit_changes(6000) == {"limit": 6000}
