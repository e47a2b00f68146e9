"""Writes pictures of the recorded screens into a folder: `python -m tests.snapshots.shoot FOLDER [name …]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.snapshots import scenes
from tests.snapshots.pictures import picture


def shoot(folder: Path, names: list[str]) -> None:
    """Draw each scene at each size."""
    for scene in scenes.SCENES:
        if names and not any(name in scene.name for name in names):
            continue
        for size in scenes.SIZES:
            (folder / f"{scene.name}-{size[0]}.svg").write_text(picture(scene, size))


if __name__ == "__main__":
    shoot(Path(sys.argv[1]), sys.argv[2:])
