"""What can be done to contacts, through the backend's endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.live.session import BackendError, Session

REASON = "asked for in the console"
UNDO_REASON = "undone in the console"


@dataclass(frozen=True)
class Entry:
    """An entry of the suppression list.

    Args:
        kind: ``email`` or ``phone``.
        value: the address or number.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class Done:
    """What became of a change to the suppression list.

    Args:
        changed: the entries that were put on it, or taken off it.
        known: how many stood there before.
        refused: sentences on those that could not be changed.
    """

    changed: tuple[Entry, ...] = ()
    known: int = 0
    refused: tuple[str, ...] = ()


def entries(documents: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The addresses and numbers of contacts, each once."""
    found = [
        Entry(kind, str(document.get(kind) or "").strip()) for document in documents for kind in ("email", "phone")
    ]
    return [one for one in dict.fromkeys(found) if one.value]


def suppress(session: Session, wanted: Sequence[Entry], tell: Callable[[int], None] = lambda _: None) -> Done:
    """Put entries on the suppression list, one by one: only what was not there before is undone later.

    Args:
        session: the signed-in person; must not be called in the screen's thread.
        wanted: the entries.
        tell: takes the number of those done.

    Raises:
        BackendError: the backend does not answer, and nothing was changed yet.
    """
    changed: list[Entry] = []
    refused: list[str] = []
    known = 0
    for number, one in enumerate(wanted):
        body = {"entries": [{"kind": one.kind, "value": one.value}], "reason": REASON}
        try:
            answer = session.call("importSuppressions", body)
        except BackendError as error:
            if not changed and not known:
                raise
            refused.append(f"{one.value}: {error.detail or error.title}")
            continue
        if answer["added"]:
            changed.append(one)
        known += int(answer["known"])
        refused += [f"{bad['value']}: {bad['reason']}" for bad in answer["rejected"]]
        tell(number + 1)
    return Done(tuple(changed), known, tuple(refused))


def unsuppress(session: Session, wanted: Sequence[Entry]) -> Done:
    """Take entries off the suppression list again; see `suppress`."""
    changed: list[Entry] = []
    refused: list[str] = []
    for one in wanted:
        try:
            session.call("unsuppress", {"kind": one.kind, "value": one.value, "reason": UNDO_REASON})
        except BackendError as error:
            refused.append(f"{one.value}: {error.detail or error.title}")
        else:
            changed.append(one)
    return Done(tuple(changed), 0, tuple(refused))
