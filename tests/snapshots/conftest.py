"""Pictures without the frames before them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.pilots import no_frames


@pytest.fixture(autouse=True)
def no_frames_in_between(request: pytest.FixtureRequest) -> Iterator[None]:
    """Frames are a third of the time a picture takes.

    The contacts' list is read in a thread that reports between frames; its pictures are taken the long way.
    """
    with contextlib.nullcontext() if "[contacts-" in request.node.name else no_frames():
        yield
