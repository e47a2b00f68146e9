"""Removes what a run made and nobody touched since.

It asks Firestore alone: a document carries the run that made it, and one whose time of change is that of its making was
never touched. The removal names that time, so a change at the last moment is not lost. It can be killed and repeated.

What stays: the configuration (its history has the earlier revision), and the marks in the identity log. Marks of a
contact that is gone are free again; see `leadgen.process.identity.unclaimed`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from leadgen.store.clock import SystemClock
from migrate.pace import Pace
from migrate.run_document import RunDocument, explained
from migrate.stage import PLACES
from migrate.target import Refused, Target, messages

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentSnapshot

_PAGE = 300
_TIMEOUT_S = 60.0
Watch = Callable[[str, int], None]


@dataclass
class Removed:
    """One collection: how many were removed, and how many stay because somebody changed them."""

    removed: int = 0
    touched: int = 0


def roll_back(target: Target, run: str, pace: Pace, watch: Watch = lambda _c, _n: None) -> dict[str, Removed]:
    """Remove what a run made; the opt-outs last, so that there is no moment at which they are not heeded.

    Raises:
        LeadgenError: we may not, or the service stays away. Running it again goes on.
    """
    order = [name for name in reversed(PLACES) if name != "suppressions"] + ["suppressions"]
    with explained():
        return {name: _remove_all(target, name, run, pace, watch) for name in order}


def is_known(db: Client, run: str) -> bool:
    """Whether the project has heard of a run.

    Raises:
        LeadgenError: we may not read, or the service stays away.
    """
    return bool(run) and "/" not in run and bool(RunDocument(db, run).read())


def take_back(db: Client, run: str, pace: Pace) -> dict[str, Removed]:
    """The same as `roll_back`, noted in the run's document.

    Raises:
        LeadgenError: we may not, or the service stays away. Running it again goes on.
    """
    removed = roll_back(Target(db), run, pace)
    facts = {name: asdict(one) for name, one in removed.items()}
    RunDocument(db, run).rolled_back(facts, SystemClock().now())
    return removed


def _remove_all(target: Target, collection: str, run: str, pace: Pace, watch: Watch) -> Removed:
    from google.cloud.firestore import FieldFilter

    result = Removed()
    query = target.db.collection(collection).where(filter=FieldFilter("migrationRun", "==", run))
    # Only the time of change is needed; the content stays where it is.
    query = query.select(["migrationRun"]).order_by("__name__").limit(_PAGE)
    last: DocumentSnapshot | None = None
    while page := list((query.start_after(last) if last is not None else query).stream(timeout=_TIMEOUT_S)):
        last = page[-1]
        untouched = [snapshot for snapshot in page if snapshot.create_time == snapshot.update_time]
        pace.take(len(untouched))
        gone = _remove(target, untouched)
        result.removed += gone
        result.touched += len(page) - gone
        watch(collection, len(page))
    return result


def _remove(target: Target, snapshots: list[Any]) -> int:
    """Remove documents that are still as they were read; how many were."""
    if not snapshots:
        return 0
    try:
        target.commit([_removal(snapshot) for snapshot in snapshots])
        return len(snapshots)
    except Refused:
        if len(snapshots) == 1:
            return 0
    middle = len(snapshots) // 2
    return _remove(target, snapshots[:middle]) + _remove(target, snapshots[middle:])


def _removal(snapshot: Any) -> bytes:
    write = messages().Write()
    write.delete = snapshot.reference._document_path
    write.current_document.update_time.CopyFrom(snapshot.update_time.timestamp_pb())
    return bytes(write.SerializeToString())
