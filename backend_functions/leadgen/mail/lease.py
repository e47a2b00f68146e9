"""Who sends from a mailbox: one agent at a time, named in the mailbox's document and told apart by an epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from leadgen.mail.deps import MailDeps
from leadgen.mail.providers.base import MailProvider
from leadgen.mail.records import CONNECTED, NEEDS_REAUTH, OUTBOX_ACCOUNT, Mailbox, mailbox_ref
from leadgen.model.config import Settings
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import new_owner
from leadgen.store.records import Raced, Record, change, create, read, retrying, to_record

MAX_MAILBOXES = 50
NO_MAILBOX = "no mailbox is signed in; run: leadgen auth outlook"
BUSY = "another agent is sending from the mailbox"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseLost(Exception):
    """Another agent has the mailbox or the mail now; whatever we know, it will find out for itself."""


@dataclass
class Session:
    """The right to send from one mailbox for a while.

    Args:
        deps: the sender's surroundings.
        record: the mailbox as it was read last.
        owner: this agent's name.
        epoch: the mailbox's fencing token.
        provider: the way of sending.
        in_flight: mails that may have left without having been counted; the pacing counts them.
    """

    deps: MailDeps
    record: Record[Mailbox]
    owner: str
    epoch: int
    provider: MailProvider
    in_flight: int = field(default=0)

    @property
    def account(self) -> str:
        """The mailbox's address."""
        return self.record.value.account

    def refresh(self) -> Record[Mailbox]:
        """The mailbox as it is now.

        Raises:
            LeaseLost: another agent took it over, or our time is up.
        """
        record = read(self.record.ref, Mailbox)
        if record is None or not self.holds(record.value):
            raise LeaseLost(self.account)
        self.record = record
        return record

    def holds(self, mailbox: Mailbox) -> bool:
        """Whether this state of the mailbox's document says that we have it."""
        until = mailbox.agent_until or _NEVER
        return (mailbox.agent_epoch, mailbox.agent_owner) == (self.epoch, self.owner) and until > self.deps.clock.now()

    def note(self, changes: dict[str, Any]) -> None:
        """Change the mailbox's document if anything in it differs, while we hold it.

        Raises:
            LeaseLost: we no longer do.
        """

        def attempt() -> None:
            stored = self.refresh().snapshot.to_dict() or {}
            changed = {key: value for key, value in changes.items() if stored.get(key) != value}
            if changed:
                change(self.record, changed)

        retrying(attempt, sleep=self.deps.sleep, rng=self.deps.rng)

    def block(self, until: datetime, reason: str) -> None:
        """Send nothing from this mailbox before that moment."""
        changes = {"blockedUntil": until, "blockedReason": reason, "nextSendAt": until, "waitReason": reason}
        self.note(changes)

    def sign_in_needed(self, reason: str) -> None:
        """Note that only the mailbox's owner can help."""
        self.note({"state": NEEDS_REAUTH, "reason": reason, "waitReason": reason, "updatedAt": self.deps.clock.now()})

    def release(self) -> None:
        """Let the next agent in."""
        try:
            self.note({"agentUntil": self.deps.clock.now(), "agentOwner": ""})
        except LeaseLost:
            return
        finally:
            self.provider.close()


def mailboxes(deps: MailDeps, settings: Settings) -> list[Record[Mailbox]]:
    """The mailboxes that can be sent from at present, the least recently used first."""
    if settings.email_provider == OUTBOX_ACCOUNT:
        ref = mailbox_ref(deps.db, OUTBOX_ACCOUNT)
        if read(ref, Mailbox) is None:
            dry = Mailbox(account=OUTBOX_ACCOUNT, provider="outbox", display_name="Dry run: nothing leaves")
            create(ref, dry)
    snapshots = Collections(deps.db).mailboxes.limit(MAX_MAILBOXES).get(timeout=RPC_TIMEOUT_S)
    found = [to_record(snapshot, Mailbox) for snapshot in snapshots]
    fit = [r for r in found if r.value.provider == settings.email_provider and r.value.state == CONNECTED]
    return sorted(fit, key=lambda record: (record.value.last_sent_at or _NEVER, record.id))


def take(deps: MailDeps, record: Record[Mailbox], hold: timedelta) -> Session | None:
    """Take a mailbox's lease; `None` if another agent has it.

    Args:
        deps: the sender's surroundings.
        record: the mailbox as it was read.
        hold: for how long; longer than the work, for a crashed agent blocks the mailbox until then.
    """
    now, mailbox = deps.clock.now(), record.value
    if mailbox.agent_owner and (mailbox.agent_until or _NEVER) > now:
        return None
    owner, epoch = new_owner(), mailbox.agent_epoch + 1
    try:
        change(record, {"agentOwner": owner, "agentEpoch": epoch, "agentUntil": now + hold})
    except Raced:
        return None
    fresh = read(record.ref, Mailbox)
    if fresh is None or (fresh.value.agent_owner, fresh.value.agent_epoch) != (owner, epoch):
        return None
    return Session(deps, fresh, owner, epoch, deps.provider(fresh.value))
