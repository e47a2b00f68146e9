"""Pictures without the frames before them."""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import Compositor

_RENDER = Compositor.render_update


def _picture_only(self: Compositor, full: bool = False, *args: Any, **options: Any) -> Any:
    """A picture asks for the whole screen; a terminal, which is not there, for what has changed."""
    if full:
        return _RENDER(self, full, *args, **options)
    self._dirty_regions.clear()
    return None


@pytest.fixture(autouse=True)
def no_frames_in_between(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A headless app throws its frames away after it has drawn them: a third of the time a picture takes.

    The contacts' list is read in a thread that reports between frames; its pictures are taken the long way.
    """
    if "[contacts-" not in request.node.name:
        monkeypatch.setattr(Compositor, "render_update", _picture_only)
