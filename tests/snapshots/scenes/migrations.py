"""Pictures of the migrations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from console.screens.migrations.runs import Run
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, settled

_NOW = recorded.NOW
_PLAN = {
    "run": "5f0c91d2a87be340",
    "tables": [
        {
            "kind": "contacts",
            "table": "contacts",
            "collection": "contacts",
            "rows": 48_211,
            "columns": {"phone": "phone", "businessName": "business_name", "lastSent": "last_sent", "status": "status"},
            "kept": ["notes", "old_score"],
            "ignored": ["internal_flag"],
            "missing": ["lastUpdated", "timezone"],
        },
        {
            "kind": "email_queue",
            "table": "email_queue",
            "collection": "emailQueue",
            "rows": 9_120,
            "columns": {"templateId": "template_id", "leadData": "lead_data", "sentAt": "sent_at"},
        },
    ],
    "leftOut": {"variation_storage": "generated variations are not moved; new ones are made from the templates"},
}
_REPORT = {
    "whole": False,
    "rejects_file": "leadgen-rejects-5f0c91d2a87be340.jsonl",
    "tables": [
        {
            "kind": "contacts",
            "read": 48_211,
            "merged": 412,
            "rejected": 87,
            "damaged": 0,
            "attention": {"no timezone is known; a mail to them is held": 1_204},
            "assumptions": {"times without a zone were read as UTC": 61_344},
        },
        {"kind": "email_queue", "read": 9_120, "merged": 3, "rejected": 0, "damaged": 0},
    ],
    "collections": {
        "contacts": {"documents": 47_712, "written": 47_711, "there_before": 1},
        "emailQueue": {"documents": 9_117, "written": 9_117, "there_before": 0},
    },
}
_BEGAN = _NOW - timedelta(minutes=9)
_DONE = {"status": "DONE", "plan": _PLAN, "report": _REPORT, "startedAt": _BEGAN, "finishedAt": _NOW}
_RUNNING = {"status": "RUNNING", "plan": _PLAN, "startedAt": _BEGAN, "updatedAt": _NOW - timedelta(minutes=4)}
_FAILED = {**_RUNNING, "failure": "The table email_queue is damaged behind row 311: database disk image is malformed."}


def shown(*runs: Run) -> Callable[[Any], Any]:
    """Open the migrations with recorded runs."""

    async def play(pilot: Any) -> None:
        with patch("console.screens.migrations.screen.read_runs", lambda _: runs):
            await settled(pilot)
            pilot.app.action_migrations()
            await settled(pilot)

    return play


SCENES = (
    Scene("migrations-none", app(), shown()),
    Scene("migrations-running", app(), shown(Run("5f0c91d2a87be340", _RUNNING, 21_600))),
    Scene("migrations-done", app(), shown(Run("5f0c91d2a87be340", _DONE), Run("77aa01d2a87be3ff", _FAILED))),
    Scene("migrations-failed-light", app(theme="leadgen-light"), shown(Run("77aa01d2a87be3ff", _FAILED))),
)
