"""The scenes that are pictured, by screen. A module here that has `SCENES` takes part."""

from __future__ import annotations

import importlib
import pkgutil

from tests.snapshots.scenes.scene import SIZES, Scene

_MODULES = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "scene")

SCENES: tuple[Scene, ...] = tuple(
    scene for name in _MODULES for scene in importlib.import_module(f"{__name__}.{name}").SCENES
)

__all__ = ["SCENES", "SIZES", "Scene"]
