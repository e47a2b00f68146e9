"""Pictures of the email queue's screen."""

from __future__ import annotations

from typing import Any

from console.live.session import BackendError
from console.screens.email import reading
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, typed

_TOLD = {
    "emailId": "email0000", "status": "QUEUED", "reason": "outside 09:00–17:00 in America/Chicago",
    "notBefore": "2026-11-19T15:00:00+00:00", "expectedAt": "2026-11-19T15:04:30+00:00", "ahead": 3,
}  # fmt: skip


def email_app(**more: Any) -> Any:
    """An app whose backend explains a mail; nothing is read beyond the live window."""
    reading.of_status = lambda _session, _status, _limit=0: []
    return recorded.recorded_app(session=recorded.FakeSession(answers={"explainEmail": _TOLD, **more}))[0]


def _refusing() -> Any:
    return email_app(changeEmail=BackendError("Conflict", "Mail email0000 is being sent (SENDING).", "Look later."))


SCENES = (
    Scene("email", email_app, typed("4")),
    Scene("email-light", app(theme="leadgen-light"), typed("4", "down", "down")),
    Scene("email-explained", email_app, typed("4", "w")),
    Scene("email-parked", email_app, typed("4", *("f",) * 4)),
    Scene("email-marked-cancel", email_app, typed("4", "space", "space", "c")),
    Scene("email-refused", _refusing, typed("4", "o")),
    Scene("email-empty", app(recorded.EMPTY), typed("4")),
)
