"""Looks at the backend: one call of an endpoint, one list of functions, the end of the log."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from console.backend import functions
from console.backend.state import BackendState
from console.client.problems import BackendError
from console.client.profile import Profile
from console.client.signin import SignIn

TIMEOUT_S = 20.0
LOG_LINES = 200
_LOG_BYTES = 64_000


def look(profile: Profile, sign_in: SignIn, log: Path | None, http: httpx.Client | None = None) -> BackendState:
    """How the backend is doing. What can't be found out is said in the answer, never raised.

    Args:
        profile: the project.
        sign_in: the person who asks.
        log: the functions' log, if this machine has it.
        http: the client used.
    """
    asked = http or httpx.Client(timeout=TIMEOUT_S, trust_env=not profile.is_local)
    round_trip, refusal, skew = _ask(profile, sign_in, asked)
    where = "emulators on this machine" if profile.is_local else f"{profile.project_id}, {profile.region}"
    try:
        there, problem, hint = functions.found(profile, http), "", ""
    except BackendError as error:
        there, problem, hint = (), f"{error.title}. {error.detail}".strip(), error.hint
    lines = tail(log) if log is not None else ()
    log_hint = "" if log is not None else f"firebase functions:log --project {profile.project_id}"
    return BackendState(where, there, problem, hint, round_trip, refusal, skew, lines, log_hint)


def _ask(profile: Profile, sign_in: SignIn, http: httpx.Client) -> tuple[float | None, str, float | None]:
    """How long ``getConfig`` takes, what went wrong with it, and how far the clocks are apart."""
    try:
        token = sign_in.id_token()
        began, clock = time.monotonic(), time.time()
        headers = {"Authorization": f"Bearer {token}"}
        response = http.get(f"{profile.functions_url}/getConfig", headers=headers)
        took = time.monotonic() - began
    except BackendError as error:
        return None, f"{error.title}. {error.detail} {error.hint}".strip(), None
    except httpx.HTTPError as error:
        hint = "leadgen local status" if profile.is_local else "Check the network and that the functions are deployed."
        return None, f"The backend does not answer ({_why(error)}). {hint}", None
    skew = _skew(response, clock + took / 2)
    if response.status_code == 200:
        return took, "", skew
    try:
        told: Any = response.json()
    except ValueError:
        told = {}
    detail = f"{told.get('title', '')}. {told.get('detail', '')}" if isinstance(told, dict) and told else ""
    return took, f"getConfig answered {response.status_code}. {detail}".strip(), skew


def _why(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came for {TIMEOUT_S:.0f} s"
    return "no connection" if isinstance(error, httpx.ConnectError) else "the connection broke"


def _skew(response: httpx.Response, now: float) -> float | None:
    try:
        return now - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def tail(log: Path, lines: int = LOG_LINES) -> tuple[str, ...]:
    """The last lines of a log; none if there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(line for line in text.splitlines() if line.strip())[-lines:]
