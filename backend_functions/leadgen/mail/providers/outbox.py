"""The dry run: every mail is rendered and stored in `outbox/{jobId}`, and nothing leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadgen.mail.providers.base import Draft, DraftState, Message, OutcomeUnknown
from leadgen.mail.records import OutboxEntry, outbox
from leadgen.store.client import RPC_TIMEOUT_S
from leadgen.store.clock import Clock
from leadgen.store.records import Raced, Record, change, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class OutboxProvider:
    """Keeps the mails it is given; a mail's immutable id is its job's id.

    Args:
        db: the Firestore client.
        clock: the present moment.
    """

    per_minute = 0
    call_timeout_s = RPC_TIMEOUT_S

    def __init__(self, db: Client, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create_draft(self, message: Message, job_id: str) -> Draft:
        """Store the mail; see `MailProvider.create_draft`."""
        entry = OutboxEntry(
            to=message.to,
            to_name=message.to_name,
            subject=message.subject,
            html=message.html,
            text=message.text,
            list_unsubscribe=message.list_unsubscribe,
            in_reply_to=message.in_reply_to,
            draft=True,
            created_at=self._clock.now(),
        )
        outbox(self._db).document(job_id).set(entry.to_firestore(), timeout=RPC_TIMEOUT_S)
        return Draft(job_id, _message_id(job_id))

    def send(self, immutable_id: str) -> None:
        """Note that the mail would have left now; see `MailProvider.send`."""
        entry = self._entry(immutable_id)
        if entry is None:
            raise OutcomeUnknown("the draft is not in the outbox")
        if entry.value.draft:
            try:
                change(entry, {"draft": False, "sentAt": self._clock.now()})
            except Raced as error:
                raise OutcomeUnknown("the draft was changed at the same time") from error

    def look(self, immutable_id: str) -> Draft:
        """See `MailProvider.look`."""
        return self.find_by_job(immutable_id) or Draft(immutable_id, "", DraftState.MISSING)

    def find_by_job(self, job_id: str) -> Draft | None:
        """See `MailProvider.find_by_job`."""
        entry = self._entry(job_id)
        if entry is None:
            return None
        return Draft(job_id, _message_id(job_id), DraftState.DRAFT if entry.value.draft else DraftState.SENT)

    def discard(self, immutable_id: str) -> None:
        """See `MailProvider.discard`."""
        outbox(self._db).document(immutable_id).delete(timeout=RPC_TIMEOUT_S)

    def close(self) -> None:
        """Nothing is held open."""

    def _entry(self, job_id: str) -> Record[OutboxEntry] | None:
        return read(outbox(self._db).document(job_id), OutboxEntry)


def _message_id(job_id: str) -> str:
    return f"<{job_id}@outbox.invalid>"
