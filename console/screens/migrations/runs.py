"""Runs of `leadgen migrate`, as `migrations/{run}` describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from console.live.session import BackendError, Session

MOST = 20
"""Runs that are read at a time."""
SILENT_FOR = timedelta(minutes=15)
_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Run:
    """One run.

    Args:
        id: its id.
        facts: its document.
        written: of a run that is under way the contacts that are there; `None` if that was not asked.
    """

    id: str
    facts: dict[str, Any] = field(default_factory=dict)
    written: int | None = None

    def part(self, name: str) -> dict[str, Any]:
        """A map of the document; {} if it is something else."""
        found = self.facts.get(name)
        return found if isinstance(found, dict) else {}

    def moment(self, name: str) -> datetime | None:
        """A time of the document."""
        found = self.facts.get(name)
        return found if isinstance(found, datetime) else None

    def state(self, now: datetime) -> str:
        """``running``, ``failed``, ``done``, ``partly`` (rows stayed), ``back`` (taken back), else what it says.

        A run that has not noted anything for long is taken as failed: its process is gone.
        """
        status = str(self.facts.get("status", ""))
        if status == "RUNNING":
            noted = self.moment("updatedAt")
            is_silent = noted is None or now - noted > SILENT_FOR
            return "failed" if self.facts.get("failure") or is_silent else "running"
        if status == "DONE":
            return "done" if self.part("report").get("whole", True) else "partly"
        return "back" if status == "ROLLED_BACK" else status.lower() or "unknown"

    @property
    def contacts(self) -> int:
        """Rows of contacts that the plan counted."""
        rows = [one.get("rows") for one in entries(self.part("plan").get("tables")) if one.get("kind") == "contacts"]
        return sum(number for number in rows if isinstance(number, int))


def entries(value: Any) -> list[dict[str, Any]]:
    """The maps of a list; others are left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def read_runs(session: Session) -> tuple[Run, ...]:
    """Read the latest runs over a connection of its own; blocks. One count more for each that is under way.

    Raises:
        BackendError: they could not be read.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.cloud.firestore import FieldFilter, Query

    from console.live import link

    db = session.firestore()
    try:
        latest = db.collection("migrations").order_by("startedAt", direction=Query.DESCENDING).limit(MOST)
        runs = []
        for snapshot in latest.stream(timeout=_TIMEOUT_S):
            facts, written = snapshot.to_dict() or {}, None
            if facts.get("status") == "RUNNING":
                made = db.collection("contacts").where(filter=FieldFilter("migrationRun", "==", snapshot.id))
                written = int(made.count().get(timeout=_TIMEOUT_S)[0][0].value)
            runs.append(Run(snapshot.id, facts, written))
        return tuple(runs)
    except (GoogleAPICallError, RetryError) as error:
        explained = link.explain(error, "the migrations").message
        raise BackendError("The migrations could not be read", explained) from None
    finally:
        link.dispose(db, [])
