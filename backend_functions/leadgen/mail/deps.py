"""What the sender is given: everything outside it, so that tests can replace time, chance and the provider."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.compliance import SourcePolicy
from leadgen.mail.providers.base import MailProvider
from leadgen.mail.records import Mailbox
from leadgen.model.config import Settings
from leadgen.model.documents import Template
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from leadgen.mail.keeping import Kept

PREPARED_ALONE = 2
"""A mail with so many attempts behind it is prepared alone, so that it alone is suspected should its agent die."""
MAILS_A_LEASE = 3
"""How many mails an agent sends at a slow pace before it writes down anew that it lives."""
_LONGEST_AGE = timedelta(minutes=5)


@dataclass(frozen=True)
class Timing:
    """The sender's own patience.

    Args:
        job_lease: how long an agent may hold one mail; several times the longest call to a provider.
        first_look: how long after a lost answer the mailbox is asked for the first time.
        grace: how long after a send a mailbox may still show the draft, or nothing, although the mail left.
        longest_backoff: bound of the growing wait between attempts.
        max_attempts: after this many the mail is given to a person (ERROR_API_FAILURE or PARKED).
        settings_age: for how long the configuration and what is known of a recipient are used
            before they are read again.
        mailbox_age: the same for a mailbox's state.
        template_age: the same for templates.
        agent_lease: for how long an agent takes the right to send; it takes it anew while it works. No mail leaves for
            that long after it died.
        adoption_every: how often mails that came without a time are looked for.
    """

    job_lease: timedelta = timedelta(seconds=180)
    first_look: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(minutes=5)
    longest_backoff: timedelta = timedelta(hours=1)
    max_attempts: int = 8
    settings_age: timedelta = timedelta(seconds=5)
    mailbox_age: timedelta = timedelta(seconds=5)
    template_age: timedelta = timedelta(seconds=30)
    agent_lease: timedelta = timedelta(seconds=60)
    adoption_every: timedelta = timedelta(minutes=30)

    def backoff(self, attempts: int, rng: random.Random) -> timedelta:
        """A growing wait with full jitter above its lower half."""
        longest = min(timedelta(seconds=30 * 2.0 ** min(attempts, 16)), self.longest_backoff)
        return longest * rng.uniform(0.5, 1.0)

    def at_pace(self, interval_s: float, longest_s: float) -> Timing:
        """The same patience where mails leave seldom: what is read and written for several of them together then lasts
        for three or four mails, though never longer than five minutes.

        Args:
            interval_s: how long it takes from mail to mail on the whole.
            longest_s: and at most.
        """
        lasts = min(timedelta(seconds=4 * interval_s), _LONGEST_AGE)
        lease = min(timedelta(seconds=(MAILS_A_LEASE - 1) * longest_s + 45), _LONGEST_AGE)
        return replace(
            self,
            mailbox_age=max(self.mailbox_age, lasts),
            template_age=max(self.template_age, lasts),
            agent_lease=max(self.agent_lease, lease),
        )


@dataclass
class Memory:
    """What the sender's process remembers from tick to tick. Losing it costs some reads and nothing else.

    Args:
        templates: each with the moment it was read.
        adopted_at: when mails without a time were looked for last.
        kept: the agent that waits here for its next mail, if there is one; see `keeping`.
    """

    templates: dict[int, tuple[Template | None, datetime]] = field(default_factory=dict)
    adopted_at: datetime | None = None
    kept: list[Kept] = field(default_factory=list)


@dataclass(frozen=True)
class MailDeps:
    """The sender's surroundings.

    Args:
        db: the Firestore client.
        clock: the present moment.
        settings: reads the configuration.
        provider: makes the way of sending for a mailbox.
        policy: the policy of a source, by its id.
        token_key: key of the opt-out links (`LEADGEN_TOKEN_KEY`).
        public_url: where opt-out links lead, or empty.
        rng: chance.
        sleep: waits that many seconds.
        timing: see `Timing`.
        memory: see `Memory`.
    """

    db: Client
    clock: Clock
    settings: Callable[[], Settings]
    provider: Callable[[Mailbox], MailProvider]
    policy: Callable[[str], SourcePolicy]
    token_key: str = field(default="", repr=False)
    public_url: str = ""
    rng: random.Random = field(default_factory=random.SystemRandom)
    sleep: Callable[[float], None] = time.sleep
    timing: Timing = field(default_factory=Timing)
    memory: Memory = field(default_factory=Memory)
