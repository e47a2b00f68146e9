"""Sending through an SMTP server: any mass mailer, or a mailbox of one's own.

SMTP has no drafts and can't be asked what became of a mail. So the draft is kept in `mailDrafts/{jobId}`, and two marks
in it say what is known: `attemptedAt` is written before the first byte of the mail goes out, `acceptedAt` after the
server took it. Attempted but not accepted means that nobody can know (RFC 1047): such a mail is given to a person.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.clean import one_line
from leadgen.mail.providers.base import (
    Draft,
    DraftState,
    Message,
    OutcomeUnknown,
    ProviderError,
    Refused,
    SignInNeeded,
    Throttled,
    Unreachable,
)
from leadgen.mail.providers.mime import Sender, as_mime, message_id, needs_utf8, wire_address
from leadgen.mail.providers.smtp_session import Phase, Server, SmtpFailure, signed_in
from leadgen.model.documents import Document
from leadgen.model.errors import LeadgenError, NotSignedIn
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock, new_owner
from leadgen.store.records import Raced, Record, change, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client

COME_BACK = timedelta(minutes=5)
"""How long a mailbox waits when its server says "later" without saying when."""
KEPT = timedelta(days=30)


class SmtpDraft(Document):
    """`mailDrafts/{jobId}`: a mail that is to be handed to an SMTP server. No client reads it."""

    account: str
    to: str
    mime: bytes
    internet_message_id: str
    created_at: datetime
    attempted_at: datetime | None = None
    attempt: str = ""
    """Who attempted it last."""
    accepted_at: datetime | None = None
    expires_at: datetime

    @property
    def state(self) -> DraftState:
        """What is known of it."""
        if self.accepted_at is not None:
            return DraftState.SENT
        return DraftState.DRAFT if self.attempted_at is None else DraftState.MISSING


class SmtpProvider:
    """One mailbox behind an SMTP server; a mail's immutable id is its job's id.

    Args:
        db: the Firestore client, for the drafts.
        server: tells how to sign in, when that is needed.
        sender: whom mails are from.
        clock: the present moment.
        step_s: how long to wait for one answer.
        timeout_s: for a whole conversation.
    """

    per_minute = 0

    def __init__(
        self,
        db: Client,
        server: Callable[[], Server],
        sender: Sender,
        clock: Clock,
        *,
        step_s: float = 30.0,
        timeout_s: float = 60.0,
    ) -> None:
        self.call_timeout_s = timeout_s
        self._db = db
        self._server = server
        self._sender = sender
        self._clock = clock
        self._step_s = step_s

    def create_draft(self, message: Message, job_id: str) -> Draft:
        """Keep the mail; see `MailProvider.create_draft`."""
        now, name = self._clock.now(), message_id(job_id, self._sender)
        draft = SmtpDraft(
            account=self._sender.address,
            to=wire_address(message.to),
            mime=as_mime(message, job_id, self._sender, now, one_click=True),
            internet_message_id=name,
            created_at=now,
            expires_at=now + KEPT,
        )
        Collections(self._db).mail_drafts.document(job_id).set(draft.to_firestore(), timeout=RPC_TIMEOUT_S)
        return Draft(job_id, name)

    def send(self, immutable_id: str) -> None:
        """Hand the mail to the server; see `MailProvider.send`."""
        record = self._read(immutable_id)
        if record is None or record.value.state is DraftState.MISSING:
            raise OutcomeUnknown("whether an earlier attempt handed the mail over is not known")
        if record.value.state is DraftState.SENT:
            return
        sender, to, mail = wire_address(self._sender.address), record.value.to, record.value.mime
        server, marked = self._known_server(), False
        try:
            with signed_in(server, step_s=self._step_s, whole_s=self.call_timeout_s) as session:
                session.envelope(sender, to, utf8=needs_utf8(sender, to), size=len(mail))
                record, marked = self._mark_attempt(record), True
                session.content(mail)
        except SmtpFailure as failure:
            problem = self._problem(server, failure)
            if marked and not isinstance(problem, OutcomeUnknown):
                self._note(record, {"attemptedAt": None})
            raise problem from failure
        self._note(record, {"acceptedAt": self._clock.now()})

    def look(self, immutable_id: str) -> Draft:
        """See `MailProvider.look`."""
        record = self._read(immutable_id)
        if record is None:
            return Draft(immutable_id, "", DraftState.MISSING)
        return Draft(immutable_id, record.value.internet_message_id, record.value.state)

    def find_by_job(self, job_id: str) -> Draft | None:
        """See `MailProvider.find_by_job`."""
        found = self.look(job_id)
        return None if found.state is DraftState.MISSING else found

    def discard(self, immutable_id: str) -> None:
        """See `MailProvider.discard`."""
        Collections(self._db).mail_drafts.document(immutable_id).delete(timeout=RPC_TIMEOUT_S)

    def close(self) -> None:
        """Nothing is held open: between two mails lies more time than servers keep an idle connection."""

    def try_sign_in(self) -> None:
        """Connect and sign in, and nothing more.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: what the server said.
        """
        server = self._known_server()
        try:
            with signed_in(server, step_s=self._step_s, whole_s=self.call_timeout_s):
                return
        except SmtpFailure as failure:
            raise self._problem(server, failure) from failure

    def _known_server(self) -> Server:
        try:
            return self._server()
        except NotSignedIn as error:
            raise SignInNeeded(error.detail) from error
        except LeadgenError as error:
            raise Unreachable(error.detail) from error

    def _read(self, job_id: str) -> Record[SmtpDraft] | None:
        return read(Collections(self._db).mail_drafts.document(job_id), SmtpDraft)

    def _mark_attempt(self, record: Record[SmtpDraft]) -> Record[SmtpDraft]:
        """Note that the mail is about to go out; whoever finds this note and no other can't know whether it did."""
        token = new_owner()
        # The answer is not trusted either way: the client repeats a write whose answer was lost, and then fails.
        with contextlib.suppress(Raced):
            change(record, {"attemptedAt": self._clock.now(), "attempt": token})
        fresh = self._read(record.id)
        if fresh is None or fresh.value.attempt != token:
            raise OutcomeUnknown("another agent is handing the same mail over, or its draft was deleted")
        return fresh

    def _note(self, record: Record[SmtpDraft], changes: dict[str, datetime | None]) -> None:
        """Note how it ended. Losing the note costs a person's look, never a second copy."""
        from google.api_core.exceptions import GoogleAPICallError, RetryError

        try:
            change(record, dict(changes))
        except (Raced, GoogleAPICallError, RetryError):
            return

    def _problem(self, server: Server, failure: SmtpFailure) -> ProviderError:
        """What a failure means for the mail and the mailbox (RFC 5321 §4.2.1: 4yz may pass, 5yz will not)."""
        where, code = f"{server.host}:{server.port}", failure.code
        text = one_line(f"{where}, {failure.phase.value}: {failure}", 300)
        if code == 0 and failure.phase is Phase.VERDICT:
            return OutcomeUnknown(text)
        if failure.phase is Phase.SIGN_IN and (code == 0 or code >= 500):
            return SignInNeeded(text) if code else Unreachable(text)
        if code == 421 or (400 <= code < 500 and failure.phase in _OF_THE_MAILBOX):
            return Throttled(text, self._clock.now() + COME_BACK)
        if code >= 500 and failure.phase is Phase.SENDER and code not in {552, 555}:
            # The server does not let this mailbox send at all: every other mail would be refused, too.
            return SignInNeeded(text)
        if code >= 500 and failure.phase is not Phase.CONNECT:
            return Refused(text)
        return Unreachable(text)


_OF_THE_MAILBOX = frozenset({Phase.CONNECT, Phase.SIGN_IN, Phase.SENDER})
