"""The first picture: all of it at once, and nothing imported for it that it does not show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled

ROOT = Path(__file__).resolve().parents[2]
NEEDED_LATER = {
    "pydantic", "google.cloud.firestore", "httpx", "tomlkit", "tomllib", "zoneinfo", "json", "keyring", "typer",
    "psutil", "console.live.supervisor", "console.live.governor", "console.screens.help", "console.screens.campaigns",
    "textual.widgets._text_area", "textual.widgets._markdown",
}  # fmt: skip


async def test_the_first_picture_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: list[str] = []
    display = App._display

    def note(self: Any, screen: Any, renderable: Any) -> None:
        if renderable is not None and not self._batch_count:
            pictures.append("\n".join(strip.text for strip in screen._compositor.render_strips(screen.size)))
        display(self, screen, renderable)

    monkeypatch.setattr(App, "_display", note)
    app, _ = recorded.recorded_app({}, recorded.loading_health())
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert app.focused is app.screen.query_one("#requests")
    first = pictures[0]
    assert first.count("loading …") == 4
    for said in ("leadgen", "CONNECTING", "sent –", "Pipeline", "harvested", "Email queue", "1 Dashboard", "? help"):
        assert said in first


def test_nothing_is_imported_for_it_that_it_does_not_show(tmp_path: Path) -> None:
    program = "import sys; import console.quick; console.quick.wanted([]); import console.app; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'backend_functions'}"}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert not loaded & NEEDED_LATER
