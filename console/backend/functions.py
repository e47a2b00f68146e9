"""Which functions there are: of a deployed project from the Cloud Functions API, locally from the emulator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx

from console.backend.state import FunctionState
from console.client.problems import BackendError
from console.client.profile import Profile

TIMEOUT_S = 10.0


def found(profile: Profile, http: httpx.Client | None = None, client: Any = None) -> tuple[FunctionState, ...]:
    """The functions that are there, next to those that should be.

    Args:
        profile: the project.
        http: client for the emulator's address.
        client: a Cloud Functions client; made with this machine's Google credentials if absent.

    Raises:
        BackendError: they can't be listed; why, and what to do.
    """
    from leadgen.model.functions import FUNCTIONS

    there = _emulated(profile, http) if profile.is_local else _deployed(profile, client)
    expected = {f.name: f.kind for f in FUNCTIONS}
    known = {f.name: f for f in there}
    out = [known.get(name) or FunctionState(name, kind, "MISSING") for name, kind in expected.items()]
    strangers = [f for f in there if f.name not in expected]
    out += [FunctionState(f.name, f.kind, "UNEXPECTED", f.revision, f.updated, f.url) for f in strangers]
    return tuple(sorted(out, key=lambda f: f.name.lower()))


def _emulated(profile: Profile, http: httpx.Client | None) -> list[FunctionState]:
    parts = urlsplit(profile.functions_url)
    address = f"{parts.scheme}://{parts.netloc}/backends"
    try:
        asked = http or httpx.Client(timeout=TIMEOUT_S, trust_env=False)
        backends = asked.get(address).raise_for_status().json()["backends"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise BackendError(
            "The functions emulator does not answer", f"{address}: {type(error).__name__}.", "leadgen local status"
        ) from None
    triggers = [t for backend in backends for t in backend.get("functionTriggers", [])]
    return [
        FunctionState(
            str(t.get("name") or t.get("entryPoint")),
            _kind_of_trigger(t),
            "ACTIVE",
            url=f"{profile.functions_url}/{t.get('name')}" if t.get("httpsTrigger") is not None else "",
        )
        for t in triggers
    ]


def _kind_of_trigger(trigger: dict[str, Any]) -> str:
    if trigger.get("httpsTrigger") is not None:
        return "http"
    if trigger.get("scheduleTrigger") is not None or trigger.get("schedule") is not None:
        return "schedule"
    return _kind_of_event(str((trigger.get("eventTrigger") or {}).get("eventType", "")))


def _kind_of_event(name: str) -> str:
    return "firestore" if "firestore" in name else "pubsub"


def _deployed(profile: Profile, client: Any) -> list[FunctionState]:
    from google.api_core.exceptions import Forbidden, GoogleAPICallError, PermissionDenied, Unauthenticated
    from google.auth.exceptions import DefaultCredentialsError, RefreshError

    parent = f"projects/{profile.project_id}/locations/{profile.region}"
    try:
        listed = (client or _client()).list_functions(parent=parent, timeout=TIMEOUT_S)
        return list(_states(listed))
    except (DefaultCredentialsError, RefreshError, Unauthenticated):
        raise BackendError(
            "What is deployed can't be seen from here",
            "This machine has no Google Cloud credentials.",
            "Type: gcloud auth application-default login (it takes the role Cloud Functions Viewer)",
        ) from None
    except (PermissionDenied, Forbidden):
        raise BackendError(
            "You have no right to see what is deployed",
            f"It takes the role Cloud Functions Viewer on {profile.project_id}.",
            "Ask whoever owns the project; everything else works without it.",
        ) from None
    except GoogleAPICallError as error:
        raise BackendError("What is deployed could not be listed", f"{type(error).__name__}: {error}"[:300]) from None


def _client() -> Any:
    from google.cloud.functions_v2 import FunctionServiceClient

    return FunctionServiceClient()


def _states(functions: Iterable[Any]) -> Iterable[FunctionState]:
    for function in functions:
        detail = "; ".join(m.message for m in function.state_messages if m.message)
        labels = dict(function.labels)
        # A schedule is a job that calls an HTTP function, which carries this label.
        kind = "http" if not function.event_trigger.event_type else _kind_of_event(function.event_trigger.event_type)
        kind = "schedule" if labels.get("deployment-scheduled") == "true" else kind
        yield FunctionState(
            function.name.rpartition("/")[2],
            kind,
            function.state.name,
            function.service_config.revision,
            function.update_time or None,
            function.url or function.service_config.uri,
            detail,
        )
