"""The screens as they look, at both sizes. A changed picture is looked at before it is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.snapshots.pictures import Taken, picture
from tests.snapshots.scenes import SCENES, SIZES, Scene


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.name)
def test_looks_as_accepted(scene: Scene, size: tuple[int, int], snap_compare: Any) -> None:
    assert snap_compare(Taken(picture(scene, size)), terminal_size=size)
