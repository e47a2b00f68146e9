"""Pictures of the backend's screen."""

from __future__ import annotations

from typing import Any

from console.backend.state import BackendState
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, app, typed


def _down() -> Any:
    session = recorded.FakeSession()
    session.backend = BackendState(
        "acme-leads, us-central1",
        problem="What is deployed can't be seen from here. This machine has no Google Cloud credentials.",
        hint="Type: gcloud auth application-default login (it takes the role Cloud Functions Viewer)",
        refusal="The backend does not answer (no connection). Check the network and that the functions are deployed.",
        log_hint="firebase functions:log --project acme-leads",
    )
    return recorded.recorded_app(None, recorded.offline_health(), session=session)[0]


SCENES = (
    Scene("backend", app(), typed("8")),
    Scene("backend-light", app(theme="leadgen-light"), typed("8", "down")),
    Scene("backend-down", _down, typed("8")),
)
