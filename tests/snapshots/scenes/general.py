"""Pictures of what all screens share."""

from __future__ import annotations

from tests.snapshots.scenes.scene import Scene, app, palette_open, typed

SCENES = (
    Scene("help", app(), typed("question_mark")),
    Scene("help-campaigns-light", app(theme="leadgen-light"), typed("2", "escape", "question_mark")),
    Scene("palette", app(), palette_open),
    Scene("jump", app(), typed("2", "escape", "ctrl+o"), resized=False),
)
