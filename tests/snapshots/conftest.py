"""Which pictures are taken with the frames before them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.pilots import frames


@pytest.fixture(autouse=True)
def frames_in_between(request: pytest.FixtureRequest) -> Iterator[None]:
    """The contacts' list is read in a thread that reports between frames."""
    with frames() if "[contacts-" in request.node.name else contextlib.nullcontext():
        yield
