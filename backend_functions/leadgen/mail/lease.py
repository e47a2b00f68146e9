"""Who sends mail: one agent at a time, named in `sending/agent` and told apart by an epoch.

One lease for all mailboxes, because the cap of all of them and the turns they take are decisions over all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from leadgen.mail.deps import MailDeps
from leadgen.mail.records import AgentState
from leadgen.store.client import Collections
from leadgen.store.clock import new_owner
from leadgen.store.records import Raced, Record, change, create, read, written

BUSY = "another agent is sending"
ENOUGH = timedelta(seconds=30)
"""An agent with less time left than this takes more before it begins a mail."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseLost(Exception):
    """Another agent sends now, or has the mail; whatever we know, it will find out for itself."""


@dataclass
class Agent:
    """The right to send for a while.

    Args:
        deps: the sender's surroundings.
        record: `sending/agent` as we wrote it last.
        owner: this agent's name.
        epoch: the fencing token.
        hold: for how long it takes the right at a time.
        is_heir: whether an agent before us died, so that what it left must be looked through first.
        inherited: mails of which earlier agents may have left a draft that nobody knows of.
        seq: how many mails this agent has sent.
    """

    deps: MailDeps
    record: Record[AgentState]
    owner: str
    epoch: int
    hold: timedelta
    is_heir: bool
    inherited: tuple[str, ...] = ()
    seq: int = field(default=0)
    loose: set[str] = field(default_factory=set)
    """Mails of which a draft may lie in a mailbox without the mail's document knowing."""

    def holds(self) -> bool:
        """Whether our time lasts still."""
        return (self.record.value.until or _NEVER) > self.deps.clock.now()

    def check(self) -> None:
        """Make sure that our time lasts still.

        Raises:
            LeaseLost: it does not.
        """
        if not self.holds():
            raise LeaseLost("sending")

    def note(self, changes: dict[str, Any]) -> None:
        """Change the agent's document while it is ours.

        Raises:
            LeaseLost: it is not.
        """
        changes = {**changes, "updatedAt": self.deps.clock.now()}
        self.record = _changed(self.record, changes, self.owner, self.epoch)

    def keep(self, job_ids: Iterable[str] = (), ahead: Iterable[str] = (), at_least: timedelta | None = None) -> None:
        """Make sure that our time lasts for a mail, and that it is noted which ones are about to be drafted.

        One write for both, and none where both hold still.

        Args:
            job_ids: mails that are drafted next.
            ahead: mails that will be soon; noted together with those, should anything have to be written.
            at_least: for how long; by default for as long as preparing a mail may take.

        Raises:
            LeaseLost: another agent sends now.
        """
        now, until = self.deps.clock.now(), self.record.value.until or _NEVER
        wanted, noted = self.loose.union(job_ids), set(self.record.value.preparing)
        if wanted <= noted and until - now >= (ENOUGH if at_least is None else at_least):
            return
        preparing = noted if wanted <= noted else wanted.union(ahead)
        lasts = max(self.hold, at_least or timedelta())
        self.note({"until": now + lasts, "preparing": sorted(preparing)})

    def end(self) -> None:
        """Let the next agent in; nothing is left to be looked through but loose drafts."""
        now = self.deps.clock.now()
        try:
            self.note({"owner": "", "until": now, "openEpoch": self.epoch + 1, "preparing": sorted(self.loose)})
        except LeaseLost:
            return

    def abandon(self) -> None:
        """Let the next agent in at once, and let it look through what we did: something failed that we can't judge."""
        try:
            self.note({"until": self.deps.clock.now()})
        except LeaseLost:
            return


def _changed(record: Record[AgentState], changes: dict[str, Any], owner: str, epoch: int) -> Record[AgentState]:
    try:
        return written(record, changes, change(record, changes))
    except Raced:
        # The client repeats a commit whose answer was lost, and the repetition fails although the first was applied.
        fresh = read(record.ref, AgentState)
    wanted = {"owner": owner, **changes}
    stored = fresh.snapshot.to_dict() or {} if fresh is not None else {}
    if fresh is None or fresh.value.epoch != epoch or any(stored.get(k) != v for k, v in wanted.items()):
        raise LeaseLost("sending")
    return fresh


def look(deps: MailDeps) -> Record[AgentState]:
    """The agent's document; made if there is none."""
    ref = Collections(deps.db).sending
    record = read(ref, AgentState)
    if record is None:
        create(ref, AgentState())
        record = read(ref, AgentState)
    if record is None:
        raise LeaseLost("sending")
    return record


def is_taken(state: AgentState, now: datetime) -> bool:
    """Whether an agent sends at the moment."""
    return bool(state.owner) and (state.until or _NEVER) > now


def take(deps: MailDeps, record: Record[AgentState], hold: timedelta, preparing: Iterable[str] = ()) -> Agent | None:
    """Become the one who sends; `None` if another agent is.

    Args:
        deps: the sender's surroundings.
        record: the agent's document as it was read.
        hold: for how long at a time; a crashed agent stops all sending until then.
        preparing: mails that will be drafted first.
    """
    now, state = deps.clock.now(), record.value
    if is_taken(state, now):
        return None
    owner, epoch = new_owner(), state.epoch + 1
    heir = bool(state.owner)
    changes = {
        "owner": owner,
        "epoch": epoch,
        "until": now + hold,
        # After an orderly end nothing before us is open; after a death all that was open still is.
        "openEpoch": state.open_epoch if heir else epoch,
        "preparing": sorted({*state.preparing, *preparing}),
        "updatedAt": now,
    }
    try:
        taken = _changed(record, changes, owner, epoch)
    except LeaseLost:
        return None
    agent = Agent(deps, taken, owner, epoch, hold, heir, tuple(state.preparing))
    agent.loose.update(state.preparing)
    return agent
