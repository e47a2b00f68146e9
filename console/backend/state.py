"""What can be told about the backend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FunctionState:
    """One function.

    Args:
        name: its name.
        kind: what starts it: ``http``, ``pubsub``, ``firestore`` or ``schedule``.
        state: ``ACTIVE``, ``DEPLOYING``, ``FAILED``, ``DELETING``, ``MISSING`` or ``UNEXPECTED``.
        revision: the revision that serves, if it is known.
        updated: when it was last deployed, if it is known.
        url: where it is called, for an HTTP function.
        detail: what is wrong with it, in words.
    """

    name: str
    kind: str
    state: str
    revision: str = ""
    updated: datetime | None = None
    url: str = ""
    detail: str = ""


@dataclass(frozen=True)
class BackendState:
    """The backend at one moment.

    Args:
        where: where it is, in words.
        functions: those that are expected or were found, by name.
        problem: why nothing is known about the functions; empty if it is.
        hint: what to do about it.
        round_trip_s: how long the backend took to answer; `None` if it did not.
        refusal: what it said instead, or why it did not answer.
        clock_skew_s: how far this machine's clock is ahead of the backend's; `None` if it is not known.
        log: the last lines of the functions' log.
        log_hint: where to read the log, if it can't be read here.
    """

    where: str = ""
    functions: tuple[FunctionState, ...] = ()
    problem: str = ""
    hint: str = ""
    round_trip_s: float | None = None
    refusal: str = ""
    clock_skew_s: float | None = None
    log: tuple[str, ...] = ()
    log_hint: str = ""


MAX_SKEW_S = 120.0
"""A clock that is further off makes ID tokens look expired or not valid yet."""


def advice(state: BackendState) -> tuple[str, ...]:
    """What is wrong and what to type, most urgent first; empty if all is well."""
    said: list[str] = []
    if state.refusal:
        said.append(state.refusal)
    if state.clock_skew_s is not None and abs(state.clock_skew_s) > MAX_SKEW_S:
        ahead = "ahead" if state.clock_skew_s > 0 else "behind"
        said.append(f"This machine's clock is {abs(state.clock_skew_s):.0f} s {ahead}: set it, or sign-ins will fail.")
    if state.problem:
        said.append(f"{state.problem} {state.hint}".strip())
    missing = [f.name for f in state.functions if f.state == "MISSING"]
    if missing:
        shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        said.append(f"Not deployed: {shown}. Deploy: make deploy PROJECT=…")
    said += [f"{f.name}: {f.detail or 'its deployment failed'}" for f in state.functions if f.state == "FAILED"]
    return tuple(said)
