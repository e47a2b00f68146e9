"""An agent that waits in this process for its next mail, from tick to tick.

At the usual pace hardly one mail falls into a tick. To give the right to send back after each and take it again would
cost more than the mail itself, and so would reading mailboxes and queue anew. So a tick that ends only because of the
pause between two mails leaves its agent here. The next tick in this process goes on with it, and reads nothing at all
if the pause is longer than itself.

Nothing is true only here: should the process vanish, the lease in `sending/agent` runs out, and the next agent finds
the mails that are not counted by their own documents, as after any death.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.mail.deps import MailDeps
from leadgen.mail.lease import Agent, LeaseLost
from leadgen.mail.records import MailJob
from leadgen.mail.session import Session
from leadgen.model.config import Settings
from leadgen.store.records import Record

LONGEST = timedelta(minutes=30)
"""An agent ends in order after that long, so that what a later one must look through stays small."""
MOST_MAILS = 25
OLDEST_PAGE = timedelta(minutes=5)
"""Mails that were read longer ago are read again."""


@dataclass
class Kept:
    """An agent between two ticks.

    Args:
        agent: it.
        sessions: all mailboxes.
        settings: the configuration it goes by; read again before the next mail.
        key: the rules by which the waiting mails were judged.
        jobs: mails that were read and are next.
        jobs_at: when they were read.
        since: when it took the right to send.
        next_at: when its pause ends.
        reason: what it waits for.
    """

    agent: Agent
    sessions: list[Session]
    settings: Settings
    key: str
    jobs: deque[Record[MailJob]]
    jobs_at: datetime
    since: datetime
    next_at: datetime
    reason: str

    def adopt(self, deps: MailDeps) -> None:
        """Go on in the surroundings of another tick."""
        self.agent.deps = deps
        for session in self.sessions:
            session.deps = deps

    def end(self) -> None:
        """Write down what is not counted yet, and let another agent in."""
        try:
            for session in self.sessions:
                session.flush()
            self.agent.end()
        except LeaseLost:
            return  # another agent has taken over already, and has counted what we have not


def resume(deps: MailDeps) -> Kept | None:
    """The agent that waits here, if there is one that may go on; nobody else gets it meanwhile.

    Args:
        deps: the surroundings of this tick.

    Raises:
        Unavailable: the mailbox of an agent that ends here is being changed by too many at once.
    """
    try:
        kept = deps.memory.kept.pop()
    except IndexError:
        return None
    now = deps.clock.now()
    if kept.agent.deps.db is not deps.db:
        return None
    kept.adopt(deps)
    if not timedelta() <= now - kept.since < LONGEST or kept.agent.seq >= MOST_MAILS:
        kept.end()
        return None
    if not kept.agent.holds() and now - (kept.agent.record.value.until or now) > LONGEST:
        return None
    if now - kept.jobs_at >= OLDEST_PAGE:
        kept.jobs.clear()
    return kept
