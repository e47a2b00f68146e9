"""Appends the marks of moved contacts to the identity log, so that the Harvester knows these people again.

The log's protocol is that of `leadgen.process.index_log`: entries are appended in the same commit as the contacts they
belong to, on the state of the last segment that was read. What differs is where the log is held: on disk, because a
million contacts would not fit into the memory a migration may take.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadgen.process.entries import FORWARD, PICTURE, SEGMENT_BYTES, unpack
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from migrate.encode import encode
from migrate.run_document import explained
from migrate.stage import Stage
from migrate.target import Target, messages

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentSnapshot

_NONCE_BYTES = 8


@dataclass
class Tip:
    """The end of the log.

    Args:
        number: of the last segment; -1 where there is no log.
        generation: of the log.
        size: bytes in the last segment.
        update_time: of the last segment, as a protobuf timestamp.
    """

    number: int = -1
    generation: str = ""
    size: int = 0
    update_time: Any = None


class IdentityLog:
    """The log, as a migration reads and appends to it.

    Args:
        db: the Firestore client.
        target: makes names of documents.
        stage: holds what was read.
        segment_bytes: when the log goes on in a new segment.
    """

    def __init__(self, db: Client, target: Target, stage: Stage, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._segments = Collections(db).identity_index
        self._target = target
        self._stage = stage
        self._segment_bytes = segment_bytes
        self.has_entries = False
        """Whether anybody has a mark."""
        self.tip = Tip()

    def read(self) -> None:
        """Read the whole log anew."""
        self._stage.forget_log()
        self.has_entries = False
        self.tip = Tip()
        with explained():
            for snapshot in self._segments.order_by("__name__").stream(timeout=RPC_TIMEOUT_S):
                self._take(snapshot)

    def read_on(self) -> None:
        """Read what others appended since; all of it, if the log is another one."""
        number = max(self.tip.number, 0)
        while True:
            with explained():
                snapshot = self._segments.document(f"{number:06d}").get(timeout=RPC_TIMEOUT_S)
            generation = snapshot.get("generation") if snapshot.exists else ""
            if self.tip.number >= 0 and generation != self.tip.generation:
                return self.read()
            if not snapshot.exists or not self._take(snapshot):
                return None
            number += 1

    def _take(self, snapshot: DocumentSnapshot) -> bool:
        """Take in a segment; whether another follows."""
        from leadgen.model.documents import IndexSegment

        segment = IndexSegment.from_firestore(snapshot.to_dict() or {})
        self._stage.begin()
        self.has_entries = self.has_entries or bool(segment.blobs)
        for blob in segment.blobs:
            entries = unpack(blob[_NONCE_BYTES:])
            self._stage.log((e.mark, e.contact) for e in entries if e.kind not in (PICTURE, FORWARD))
        self._stage.commit()
        self.tip = Tip(int(snapshot.id), segment.generation, segment.size, snapshot.update_time.timestamp_pb())
        return segment.sealed

    def owners(self, marks: Sequence[bytes]) -> dict[bytes, bytes]:
        """Who had these marks before us."""
        return self._stage.logged(marks) if self.has_entries else {}

    def appending(self, packed: bytes) -> tuple[list[bytes], Tip]:
        """The writes that append entries, and the tip as it will be (its time comes with the answer)."""
        blob = secrets.token_bytes(_NONCE_BYTES) + packed
        tip = self.tip
        if tip.number < 0:
            generation = secrets.token_hex(8)
            return [self._new(0, generation, blob)], Tip(0, generation, len(blob))
        if tip.size + len(blob) > self._segment_bytes:
            after = Tip(tip.number + 1, tip.generation, len(blob))
            return [self._sealing(), self._new(after.number, after.generation, blob)], after
        return [self._growing(blob)], Tip(tip.number, tip.generation, tip.size + len(blob))

    def _name(self, number: int) -> str:
        return self._target.name("identityIndex", f"{number:06d}")

    def _new(self, number: int, generation: str, blob: bytes) -> bytes:
        write = messages().Write()
        write.update.ParseFromString(
            encode({"generation": generation, "blobs": [blob], "size": len(blob), "sealed": False})
        )
        write.update.name = self._name(number)
        write.current_document.exists = False
        return bytes(write.SerializeToString())

    def _changing(self, changes: dict[str, Any]) -> Any:
        write = messages().Write()
        write.update.ParseFromString(encode(changes))
        write.update.name = self._name(self.tip.number)
        write.update_mask.field_paths.extend(changes)
        write.current_document.update_time.CopyFrom(self.tip.update_time)
        return write

    def _sealing(self) -> bytes:
        return bytes(self._changing({"sealed": True}).SerializeToString())

    def _growing(self, blob: bytes) -> bytes:
        write = self._changing({"size": self.tip.size + len(blob)})
        transform = write.update_transforms.add(field_path="blobs")
        transform.append_missing_elements.values.add(bytes_value=blob)
        return bytes(write.SerializeToString())
