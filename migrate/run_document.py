"""`migrations/{run}`: what a run is and how far it came, for whoever looks from another machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadgen.model.errors import LeadgenError, NotAllowed, Unavailable
from leadgen.store.client import RPC_TIMEOUT_S

if TYPE_CHECKING:
    from google.cloud.firestore import Client

COLLECTION = "migrations"
_LONGEST = 500
RUNNING, DONE, ROLLED_BACK = "RUNNING", "DONE", "ROLLED_BACK"


class RunDocument:
    """One run's document.

    Args:
        db: the Firestore client.
        run: the run's id.
    """

    def __init__(self, db: Client, run: str) -> None:
        self._db = db
        self._run = run
        self._ref = db.collection(COLLECTION).document(run)

    def read(self) -> dict[str, Any]:
        """The document; {} if there is none."""
        with explained():
            return self._ref.get(timeout=RPC_TIMEOUT_S).to_dict() or {}

    def begin(self, plan: dict[str, Any], at: datetime) -> None:
        """Note that the run has begun, or goes on."""
        self.note({"status": RUNNING, "plan": plan, "startedAt": at, "failure": ""}, at)

    def finish(self, report: dict[str, Any], at: datetime) -> None:
        """Note that all was written."""
        self.note({"status": DONE, "report": report, "finishedAt": at}, at)

    def fail(self, problem: str, at: datetime) -> None:
        """Note why the run stopped before its end; whoever cannot be told will see that it is silent."""
        with suppress(LeadgenError):
            self.note({"failure": problem[:_LONGEST]}, at)

    def rolled_back(self, removed: dict[str, Any], at: datetime) -> None:
        """Note that the run was taken back."""
        self.note({"status": ROLLED_BACK, "removed": removed}, at)

    def note(self, fields: dict[str, Any], at: datetime) -> None:
        """Set fields."""
        with explained():
            self._ref.set({**fields, "updatedAt": at}, merge=[*fields, "updatedAt"], timeout=RPC_TIMEOUT_S)

    def count(self, collection: str) -> int:
        """How many documents of a collection the run made."""
        from google.cloud.firestore import FieldFilter

        query = self._db.collection(collection).where(filter=FieldFilter("migrationRun", "==", self._run))
        with explained():
            return int(query.count().get(timeout=RPC_TIMEOUT_S)[0][0].value)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the client library's failures into words.

    Raises:
        NotAllowed: the credentials are missing or do not suffice.
        Unavailable: Firestore does not answer.
    """
    from google.api_core.exceptions import Forbidden, GoogleAPICallError, RetryError, Unauthorized
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (Forbidden, Unauthorized, GoogleAuthError) as error:
        raise NotAllowed(
            f"Firestore refused: {error}",
            hint="A migration needs an administrator's credentials: gcloud auth application-default login",
        ) from None
    except (GoogleAPICallError, RetryError) as error:
        raise Unavailable(
            f"Firestore does not answer: {error}", hint="Run the same command again; it goes on where it stopped."
        ) from None
