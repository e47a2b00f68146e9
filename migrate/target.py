"""Firestore, spoken to with messages that are serialised already.

The channel and the credentials are the client library's own, so that the emulator and a project with Application
Default Credentials are reached in the same way as by all else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from leadgen.model.errors import LeadgenError, NotAllowed, Unavailable
from migrate.encode import field, varint
from migrate.stage import PLACES

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TIMEOUT_S = 60.0
TRIES = 8
_SERVICE = "/google.firestore.v1.Firestore/"
_MUST_BE_NEW = b"\x22\x02\x08\x00"
"""`current_document { exists: false }` of a Write: the document must not exist."""
_REFUSED = frozenset({"ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED", "NOT_FOUND"})
_PASSING = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "CANCELLED", "UNKNOWN"})


class Refused(Exception):
    """A precondition did not hold; nothing of the commit was applied, or an earlier try of it was."""


@lru_cache(maxsize=1)
def messages() -> Any:
    """The protobuf messages: a namespace with Write, CommitResponse and so on."""
    from types import SimpleNamespace

    from google.cloud.firestore_v1.types import firestore, write

    return SimpleNamespace(
        Write=write.Write.pb(),
        CommitResponse=firestore.CommitResponse.pb(),
        BatchGetRequest=firestore.BatchGetDocumentsRequest.pb(),
        BatchGetResponse=firestore.BatchGetDocumentsResponse.pb(),
    )


@dataclass(frozen=True)
class Stored:
    """A document as Firestore has it.

    Args:
        message: the protobuf document.
        untouched: whether nobody changed it since it was made.
    """

    message: Any

    @property
    def untouched(self) -> bool:
        """Whether nobody changed it since it was made."""
        return bool(self.message.create_time == self.message.update_time)

    def run(self) -> str:
        """The migration that made it, or ""."""
        fields = self.message.fields
        return str(fields["migrationRun"].string_value) if "migrationRun" in fields else ""


class Target:
    """One database.

    Args:
        db: a client on it, with an administrator's rights.
        sleep: waits that many seconds.
        rng: source of the jitter.
    """

    def __init__(
        self, db: Client, sleep: Callable[[float], None] = time.sleep, rng: random.Random | None = None
    ) -> None:
        self.db = db
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._database = f"projects/{db.project}/databases/{db._database}"
        self._folders = [self.name(collection, "").encode() for collection in PLACES]
        self._metadata = list(db._rpc_metadata)
        channel = db._firestore_api.transport.grpc_channel
        self._commit = channel.unary_unary(
            f"{_SERVICE}Commit", request_serializer=None, response_deserializer=messages().CommitResponse.FromString
        )
        self._batch_get = channel.unary_stream(
            f"{_SERVICE}BatchGetDocuments",
            request_serializer=messages().BatchGetRequest.SerializeToString,
            response_deserializer=messages().BatchGetResponse.FromString,
        )

    def name(self, collection: str, document: str) -> str:
        """The full name of a document."""
        return f"{self._database}/documents/{collection}/{document}"

    def creation(self, place: int, document: str, body: bytes) -> bytes:
        """The write that makes a document which must not exist."""
        name = self._folders[place] + document.encode()
        return field(b"\x0a", b"".join((b"\x0a", varint(len(name)), name, body))) + _MUST_BE_NEW

    def commit(self, writes: Sequence[bytes]) -> Any:
        """Apply some writes, all or none; waits and tries again while the service is not itself.

        Returns:
            The protobuf response.

        Raises:
            Refused: a precondition did not hold.
            LeadgenError: we may not, or the service stays away.
        """
        request = field(b"\x0a", self._database.encode()) + b"".join([field(b"\x12", write) for write in writes])
        return self._trying(lambda: self._commit(request, timeout=TIMEOUT_S, metadata=self._metadata))

    def fetch(self, place: int, ids: Iterable[str], fields: Sequence[str] = ()) -> dict[str, Stored]:
        """Documents that exist, by id.

        Args:
            place: their collection.
            ids: which.
            fields: the only fields wanted; all if empty.

        Raises:
            LeadgenError: we may not, or the service stays away.
        """
        request = messages().BatchGetRequest(database=self._database)
        request.documents.extend(self.name(PLACES[place], one) for one in ids)
        if fields:
            request.mask.field_paths.extend(fields)
        if not request.documents:
            return {}

        def attempt() -> dict[str, Stored]:
            answers = self._batch_get(request, timeout=TIMEOUT_S, metadata=self._metadata)
            found = (answer.found for answer in answers if answer.WhichOneof("result") == "found")
            return {document.name.rsplit("/", 1)[-1]: Stored(document) for document in found}

        result: dict[str, Stored] = self._trying(attempt)
        return result

    def _trying(self, attempt: Callable[[], Any]) -> Any:
        import grpc

        for number in range(TRIES):
            try:
                return attempt()
            except grpc.RpcError as error:
                code = error.code().name
                if code in _REFUSED:
                    raise Refused(error.details()) from None
                if code not in _PASSING or number + 1 == TRIES:
                    raise _explained(code, str(error.details())) from None
                self._sleep(self._rng.uniform(0.5, 1.0) * min(0.2 * 2**number, 10.0))
        raise AssertionError("unreachable")


def _explained(code: str, details: str) -> LeadgenError:
    if code in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
        return NotAllowed(
            f"Firestore refused: {details}",
            hint="A migration needs an administrator's credentials: gcloud auth application-default login",
        )
    if code in _PASSING:
        return Unavailable(
            f"Firestore does not answer ({code.lower().replace('_', ' ')}): {details}",
            hint="Run the same command again; it goes on where it stopped.",
        )
    return LeadgenError(f"Firestore refused a write ({code.lower().replace('_', ' ')}): {details}")
