"""The sending of one tick: mail after mail, from whichever mailbox has its turn."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from leadgen.mail import queue
from leadgen.mail.boxes import rules_key, turns
from leadgen.mail.delivery import deliver
from leadgen.mail.deps import MailDeps
from leadgen.mail.facts import Facts, Templates, gather
from leadgen.mail.lease import Agent, LeaseLost
from leadgen.mail.outcome import Outcome
from leadgen.mail.pacing import Turn, Wait, known_zone, lead_wait, mailbox_wait, next_turn
from leadgen.mail.records import MailJob
from leadgen.mail.session import Session
from leadgen.mail.waiting import LONG, put_line_off
from leadgen.model.config import Settings
from leadgen.store.records import Record

_SHORTEST_SLEEP_S = 0.02
_MOST_AHEAD = 10
_CHANGED = "the configuration was changed; the next tick goes by it"


@dataclass(frozen=True)
class Work:
    """What a round works with.

    Args:
        deps: the sender's surroundings.
        settings: the configuration of this tick.
        key: the rules by which the waiting mails were judged.
        sessions: all mailboxes.
        deadline: no mail is begun after it.
        count: takes what became of a mail.
        begin: takes the right to send, if we have it not yet, noting mails that will be drafted.
    """

    deps: MailDeps
    settings: Settings
    key: str
    sessions: list[Session]
    deadline: datetime
    count: Callable[[Outcome], None]
    begin: Callable[[tuple[str, ...]], Agent]


@dataclass(frozen=True)
class End:
    """Why a round ended, and when the next mail may leave, if that is known."""

    reason: str
    next_at: datetime | None = None


@dataclass
class Round:
    """The work of one tick."""

    work: Work
    _jobs: deque[Record[MailJob]] = field(default_factory=deque)
    _facts: dict[str, tuple[Facts, datetime]] = field(default_factory=dict)
    _settings_at: datetime | None = None

    def run(self) -> End:
        """Send until nothing is due, all mailboxes must wait longer than we may, or the time is up."""
        templates = Templates(self.work.deps)
        self._settings_at = self._now()
        while self._now() < self.work.deadline:
            job = self._next_job()
            if job is None:
                return self._stop("nothing is due")
            if self._configuration_changed():
                return self._stop(_CHANGED)
            if self._put_off_by_place(job):
                continue
            turn = self._turn(job.value)
            if turn.wait is None:
                self._try(job, turn.account, templates)
            elif turn.wait.until < self.work.deadline:
                self._sleep(turn.wait)
            elif job.value.thread_account:
                self._put_off(job, turn.wait)
            else:
                return self._stop(turn.wait.reason, turn.wait)
        return self._stop("the time of this tick is used up")

    def _now(self) -> datetime:
        return self.work.deps.clock.now()

    def _configuration_changed(self) -> bool:
        """Whether another configuration is in force now; it is read every few seconds."""
        now, deps = self._now(), self.work.deps
        if self._settings_at is not None and now - self._settings_at < deps.timing.settings_age:
            return False
        self._settings_at = now
        return deps.settings() != self.work.settings

    def _next_job(self) -> Record[MailJob] | None:
        if not self._jobs:
            seconds = (self.work.deadline - self._now()).total_seconds()
            limit = min(math.ceil(seconds / self._interval_s()) + 1, queue.PAGE)
            self._jobs.extend(queue.due(self.work.deps.db, self._now(), limit))
        return self._jobs[0] if self._jobs else None

    def _interval_s(self) -> float:
        """About how long it takes from mail to mail."""
        bounds = self.work.settings.send_interval_seconds
        boxes = max(1, len(turns(self.work.sessions)[0]))
        return max((bounds.min + bounds.max) / 2 / boxes, 0.1)

    def _put_off_by_place(self, job: Record[MailJob]) -> bool:
        """Put the mail off if it is not working time where the lead is."""
        zone = job.value.timezone
        wait = lead_wait(self.work.settings, zone, self._now()) if known_zone(zone) is not None else None
        if wait is not None:
            self._put_off(job, wait)
        return wait is not None

    def _put_off(self, job: Record[MailJob], wait: Wait) -> None:
        self._jobs.popleft()
        self.work.count(Outcome.WAITING if queue.postpone(job, wait, self._now()) else Outcome.LOST)

    def _turn(self, job: MailJob) -> Turn:
        boxes, others = turns(self.work.sessions)
        return next_turn(
            self.work.settings, boxes, self._now(), others=others, only=job.thread_account, prefer=job.account
        )

    def _try(self, job: Record[MailJob], account: str, templates: Templates) -> None:
        session = next(one for one in self.work.sessions if one.account == account)
        if session.refresh():
            return  # what was read may say that it is not this mailbox's turn; decide again
        self._jobs.popleft()
        facts = self._facts_of(job)
        try:
            outcome = deliver(session, job, facts, templates)
        except LeaseLost:
            session.agent.check()  # raises again if it is the right to send that was lost, not the one mail
            outcome = Outcome.LOST
        self._forget_same_person(job.value)
        self.work.count(outcome)
        if len(session.waiting_mails) >= _MOST_AHEAD:
            session.flush()

    def _facts_of(self, job: Record[MailJob]) -> Facts:
        """What is known about the recipient, at most some seconds old; read for the next mails together with it."""
        deps, now = self.work.deps, self._now()
        known = self._facts.get(job.id)
        if known is None or now - known[1] >= deps.timing.settings_age:
            ahead = min(int(deps.timing.settings_age.total_seconds() / self._interval_s()), _MOST_AHEAD - 1)
            batch = [job, *(one for one, _ in zip(self._jobs, range(ahead), strict=False))]
            ids = tuple(one.id for one in batch)
            self.work.begin(ids).prepare(ids)
            self._facts = {name: (facts, now) for name, facts in gather(deps, batch).items()}
        return self._facts[job.id][0]

    def _forget_same_person(self, job: MailJob) -> None:
        """What was read about others of the same person or address is out of date now."""
        for one in self._jobs:
            same = job.contact_id and one.value.contact_id == job.contact_id
            if same or one.value.lead_data.email.lower() == job.lead_data.email.lower():
                self._facts.pop(one.id, None)

    def _sleep(self, wait: Wait) -> None:
        seconds = max(_SHORTEST_SLEEP_S, (wait.until - self._now()).total_seconds())
        if seconds >= self.work.deps.timing.settings_age.total_seconds():
            self._flush({"waitReason": wait.reason, "nextSendAt": wait.until})
        self.work.deps.sleep(seconds)

    def _flush(self, notes: dict[str, object]) -> None:
        boxes = {box.account for box in turns(self.work.sessions)[0]}
        for session in self.work.sessions:
            session.flush(notes if session.account in boxes else None)

    def _stop(self, reason: str, wait: Wait | None = None) -> End:
        if self._jobs:
            self._flush({"waitReason": reason, **({"nextSendAt": wait.until} if wait is not None else {})})
        else:
            self._note_idle()
        long = wait is not None and not wait.is_pace and wait.until - self._now() > LONG
        if long and rules_key(self.work.settings, self.work.sessions) == self.work.key:
            put_line_off(self.work.deps, self.work.settings, self.work.sessions)
        return End(reason, wait.until if wait is not None else None)

    def _note_idle(self) -> None:
        """Nothing is due, which may be so because a cap has put everything off; then the mailbox says so still."""
        settings, now = self.work.settings, self._now()
        fit = {box.account: box for box in turns(self.work.sessions)[0]}
        for session in self.work.sessions:
            box = fit.get(session.account)
            wait = mailbox_wait(settings, box.pace, now, box.per_minute) if box is not None else None
            session.flush({"waitReason": wait.reason if wait is not None and not wait.is_pace else ""})
