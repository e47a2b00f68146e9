"""One mailbox while an agent sends: its pace in memory, and the mails its document does not count yet.

A mail's own document says at once that it left. The mailbox's document and the campaign's counter follow for several
mails together. Should the agent die in between, the next one finds the mails that are not counted by (agent, number),
which each mail and each mailbox carries; so the windows stay exact and nothing is counted twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from leadgen.mail.deps import MailDeps
from leadgen.mail.lease import Agent, LeaseLost
from leadgen.mail.pacing import Box, Pace, after_sending, interval_end, pack
from leadgen.mail.providers.base import MailProvider
from leadgen.mail.records import NEEDS_REAUTH, Mailbox
from leadgen.model.config import Settings
from leadgen.model.documents import ProcessorRequest
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Record, read, read_all, retrying, written

_MOST_UNCOUNTED = 5
_LONGEST_UNCOUNTED = timedelta(minutes=7)


@dataclass(frozen=True)
class Left:
    """A mail that left.

    Args:
        at: when.
        epoch: the agent that sent it.
        seq: which of that agent's mails it was.
        request_id: its campaign, or empty.
        chance: where the pause after it ends.
        is_follow_up: whether it was a step of a sequence, which the campaign counts by itself.
    """

    at: datetime
    epoch: int
    seq: int
    request_id: str
    chance: float
    is_follow_up: bool = False


def uncounted(mailbox: Mailbox, mails: Sequence[Left]) -> list[Left]:
    """Those of the mails that the mailbox's document does not count yet, in the order they left."""
    counted = (mailbox.counted_epoch, mailbox.counted_seq)
    return sorted((m for m in mails if (m.epoch, m.seq) > counted), key=lambda m: (m.epoch, m.seq))


@dataclass
class Session:
    """The sending from one mailbox.

    Args:
        deps: the sender's surroundings.
        record: the mailbox as it was read or written last.
        settings: the configuration.
        read_at: when it was read.
        in_flight: mails that may have left without having been counted; the pacing counts them.
    """

    deps: MailDeps
    record: Record[Mailbox]
    settings: Settings
    read_at: datetime
    in_flight: int = 0
    waiting_mails: list[Left] = field(default_factory=list)
    _agent: Agent | None = None
    _pace: Pace | None = None

    @property
    def account(self) -> str:
        """The mailbox's name."""
        return self.record.value.account

    @property
    def agent(self) -> Agent:
        """The agent that sends; there is one before anything is sent."""
        if self._agent is None:
            raise RuntimeError("a mailbox is used without the right to send")
        return self._agent

    def begin(self, agent: Agent) -> None:
        """Use the mailbox under this agent."""
        self._agent = agent

    @cached_property
    def provider(self) -> MailProvider:
        """The way of sending; made when it is first needed."""
        return self.deps.provider(self.record.value)

    def close(self) -> None:
        """Give the provider's connections back; it is made anew should it be needed again."""
        provider = self.__dict__.pop("provider", None)
        if provider is not None:
            provider.close()

    @property
    def pace(self) -> Pace:
        """The mailbox's memory, with the mails its document does not count yet."""
        if self._pace is None:
            self._pace = paced(self.record.value, self.waiting_mails, self.settings)
        return replace(self._pace, in_flight=self.in_flight)

    @property
    def box(self) -> Box:
        """What the turns need to know."""
        mailbox = self.record.value
        last = self.waiting_mails[-1].at if self.waiting_mails else mailbox.last_sent_at
        per_minute = self.provider.per_minute if mailbox.is_usable else 0
        return Box(self.account, self.pace, per_minute, last)

    def refresh(self) -> bool:
        """Read the mailbox again if it was read a while ago: a person may have paused it or signed it out.

        Returns:
            Whether it was read.
        """
        if self.deps.clock.now() - self.read_at < self.deps.timing.mailbox_age:
            return False
        self._read_again()
        return True

    def _read_again(self) -> None:
        record = read(self.record.ref, Mailbox)
        if record is None:
            raise LeaseLost(f"the mailbox {self.account} is gone")
        self.record, self.read_at, self._pace = record, self.deps.clock.now(), None

    @property
    def is_overdue(self) -> bool:
        """Whether the mails that left should be written down although the agent goes on."""
        mails = self.waiting_mails
        return len(mails) >= _MOST_UNCOUNTED or (
            bool(mails) and self.deps.clock.now() - mails[0].at >= _LONGEST_UNCOUNTED
        )

    def count(self, mail: Left) -> None:
        """Take note of a mail that left; `flush` writes it down."""
        self._pace = after_sending(self.pace, self.settings, mail.at, mail.chance)
        self.waiting_mails.append(mail)

    def flush(self, notes: dict[str, Any] | None = None) -> None:
        """Write down the mails that left, in the mailbox and in their campaigns, in one commit.

        Args:
            notes: further fields of the mailbox; those that say what the document says already are left out.

        Raises:
            LeaseLost: the mailbox's document is gone.
            Unavailable: it is being changed by too many at once.
        """
        first = True

        def attempt() -> None:
            nonlocal first
            if not first:
                self._read_again()
            missing = not first
            first = False
            self._write(uncounted(self.record.value, self.waiting_mails), notes or {}, check_campaigns=missing)

        if self.waiting_mails or notes:
            retrying(attempt, sleep=self.deps.sleep, rng=self.deps.rng)
        self.waiting_mails.clear()
        self._pace = None

    def _write(self, mails: list[Left], notes: dict[str, Any], *, check_campaigns: bool) -> None:
        stored = self.record.snapshot.to_dict() or {}
        wanted = {**(_mailbox_after(self.record.value, mails, self.settings) if mails else {}), **notes}
        changes = {key: value for key, value in wanted.items() if stored.get(key) != value}
        if not changes:
            return
        where = Collections(self.deps.db)
        first = Counter(mail.request_id for mail in mails if mail.request_id and not mail.is_follow_up)
        later = Counter(mail.request_id for mail in mails if mail.request_id and mail.is_follow_up)
        refs = [where.requests.document(request_id) for request_id in first | later]
        if check_campaigns:
            # A campaign whose document is gone refuses the whole commit; it needs no counter any more.
            there = read_all(self.deps.db, refs, ProcessorRequest)
            refs = [ref for ref in refs if ref.id in there]
        commit = Commit(self.deps.db).change(self.record, changes)
        for ref in refs:
            commit.increase(ref, {"counts.sent": first[ref.id], "counts.followUps": later[ref.id]})
        self.record = written(self.record, changes, commit.run()[0])

    def block(self, until: datetime, reason: str) -> None:
        """Send nothing from this mailbox before that moment."""
        self.flush({"blockedUntil": until, "blockedReason": reason, "nextSendAt": until, "waitReason": reason})

    def sign_in_needed(self, reason: str) -> None:
        """Note that only the mailbox's owner can help."""
        now = self.deps.clock.now()
        self.flush({"state": str(NEEDS_REAUTH), "reason": reason, "waitReason": reason, "updatedAt": now})


def paced(mailbox: Mailbox, mails: Sequence[Left], settings: Settings) -> Pace:
    """The mailbox's memory once it counts these mails too; those it counts already change nothing."""
    pace = mailbox.pace()
    for mail in uncounted(mailbox, mails):
        pace = after_sending(pace, settings, mail.at, mail.chance)
    return pace


def _mailbox_after(mailbox: Mailbox, mails: Sequence[Left], settings: Settings) -> dict[str, Any]:
    """The mailbox's fields once these mails have left."""
    pace, last = paced(mailbox, mails, settings), mails[-1]
    return {
        "sentLog": pack(pace.sent),
        "sentLastDay": len(pace.sent),
        "sincePause": pace.since_pause,
        "paceChance": last.chance,
        "lastSentAt": last.at,
        "nextSendAt": interval_end(settings, pace),
        "waitReason": "",
        "blockedUntil": None,
        "blockedReason": "",
        "countedEpoch": last.epoch,
        "countedSeq": last.seq,
    }
