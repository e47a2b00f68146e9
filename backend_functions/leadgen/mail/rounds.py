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
from leadgen.mail.deps import MAILS_A_LEASE, PREPARED_ALONE, MailDeps
from leadgen.mail.facts import Facts, Templates, gather
from leadgen.mail.lease import Agent, LeaseLost
from leadgen.mail.outcome import Outcome
from leadgen.mail.pacing import (
    Turn,
    Wait,
    Waiting,
    free_places,
    has_precedence,
    known_zone,
    lead_wait,
    mailbox_wait,
    next_place,
    next_turn,
)
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
        settings_at: when the configuration was read; `None` for long ago.
    """

    deps: MailDeps
    settings: Settings
    key: str
    sessions: list[Session]
    deadline: datetime
    count: Callable[[Outcome], None]
    begin: Callable[[tuple[str, ...]], Agent]
    settings_at: datetime | None = None


@dataclass(frozen=True)
class End:
    """Why a round ended, and what the next mail waits for, if that is known."""

    reason: str
    wait: Wait | None = None


@dataclass
class Round:
    """The work of one tick."""

    work: Work
    jobs: deque[Record[MailJob]] = field(default_factory=deque)
    """Mails that were read and are next."""
    jobs_at: datetime | None = None
    _facts: dict[str, tuple[Facts, datetime]] = field(default_factory=dict)
    _settings_at: datetime | None = None
    _eldest: list[Record[MailJob]] | None = None

    def run(self) -> End:
        """Send until nothing is due, all mailboxes must wait longer than we may, or the time is up."""
        templates = Templates(self.work.deps)
        self._settings_at = self.work.settings_at
        while self._now() < self.work.deadline:
            job = self._next_job()
            if job is None:
                return self._stop("nothing is due")
            place, turn = self._place(job.value), self._turn(job.value)
            if place is None and turn.wait is not None and turn.wait.until < self.work.deadline:
                self._sleep(turn.wait)
                continue
            if self._configuration_changed():
                return self._stop(_CHANGED)
            wait = place or (turn.wait if job.value.thread_account else None)
            if wait is not None:
                self._put_off(job, wait)
            elif turn.wait is not None:
                return self._stop(turn.wait.reason, turn.wait)
            elif (kept := self._kept_for_another(job)) is not None:
                return self._stop(kept.reason, kept)
            else:
                self._try(self.jobs[0], templates)
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
        if not self.jobs:
            # At a slow pace the page lasts for as long as the right to send does; it is kept from tick to tick.
            seconds = (self.work.deadline - self._now()).total_seconds()
            limit = min(max(math.ceil(seconds / self._interval_s()) + 1, MAILS_A_LEASE), queue.PAGE)
            self.jobs.extend(queue.due(self.work.deps.db, self._now(), limit))
            self.jobs_at = self._now()
        return self.jobs[0] if self.jobs else None

    def _interval_s(self) -> float:
        """About how long it takes from mail to mail."""
        bounds = self.work.settings.send_interval_seconds
        boxes = max(1, len(turns(self.work.sessions)[0]))
        return max((bounds.min + bounds.max) / 2 / boxes, 0.1)

    def _place(self, job: MailJob) -> Wait | None:
        """Whether it is not working time where the lead is."""
        zone = job.timezone
        return lead_wait(self.work.settings, zone, self._now()) if known_zone(zone) is not None else None

    def _put_off(self, job: Record[MailJob], wait: Wait) -> None:
        self.jobs.popleft()
        self.work.count(Outcome.WAITING if queue.postpone(job, wait, self._now()) else Outcome.LOST)

    def _turn(self, job: MailJob) -> Turn:
        boxes, others = turns(self.work.sessions)
        return next_turn(
            self.work.settings, boxes, self._now(), others=others, only=job.thread_account, prefer=job.account
        )

    def _kept_for_another(self, job: Record[MailJob]) -> Wait | None:
        """Whether the last place of a cap is kept for a mail that has waited much longer; if that one may leave at
        once, it becomes the next."""
        settings, now = self.work.settings, self._now()
        boxes, others = turns(self.work.sessions)
        paces = [box.pace for box in boxes]
        if free_places(settings, paces, others, now) > 1:
            return None
        if self._eldest is None:
            self._eldest = queue.longest_put_off(self.work.deps.db, now)
        mine = Waiting(job.value.created_at, job.value.timezone)
        for one in self._eldest:
            precedes = has_precedence(settings, Waiting(one.value.created_at, one.value.timezone), mine, now)
            if isinstance(precedes, Wait):
                return Wait(min(precedes.until, max(next_place(paces, now), now + LONG)), precedes.reason)
            if precedes and self._turn(one.value).wait is None:
                self._eldest.remove(one)
                self.jobs = deque([one, *(other for other in self.jobs if other.id != one.id)])
                return None
        return None

    def _try(self, job: Record[MailJob], templates: Templates) -> None:
        account = self._turn(job.value).account
        session = next(one for one in self.work.sessions if one.account == account)
        if session.refresh():
            return  # what was read may say that it is not this mailbox's turn; decide again
        self.jobs.popleft()
        facts = self._facts_of(job)
        try:
            outcome = deliver(session, job, facts, templates)
        except LeaseLost:
            session.agent.keep()  # raises again if it is the right to send that was lost, not the one mail
            outcome = Outcome.LOST
        self._forget_same_person(job)
        self.work.count(outcome)
        if len(session.waiting_mails) >= _MOST_AHEAD:
            session.flush()

    def _facts_of(self, job: Record[MailJob]) -> Facts:
        """What is known about the recipient, at most some seconds old; read for the next mails together with it."""
        deps, now = self.work.deps, self._now()
        known = self._facts.get(job.id)
        if known is None or now - known[1] >= deps.timing.settings_age:
            ahead = min(int(deps.timing.settings_age.total_seconds() / self._interval_s()), _MOST_AHEAD - 1)
            company = self._company(job)
            batch = [job, *company[:ahead]]
            ids = tuple(one.id for one in batch)
            ahead_ids = [one.id for one in company]
            self.work.begin((*ids, *ahead_ids)).keep(ids, ahead_ids)
            self._facts = {name: (facts, now) for name, facts in gather(deps, batch).items()}
        return self._facts[job.id][0]

    def _company(self, job: Record[MailJob]) -> list[Record[MailJob]]:
        """The next mails, as far as they are prepared together with this one."""
        ahead = (one for one, _ in zip(self.jobs, range(_MOST_AHEAD), strict=False))
        return [] if _is_suspect(job) else [one for one in ahead if not _is_suspect(one)]

    def _forget_same_person(self, job: Record[MailJob]) -> None:
        """What was read about this mail and others of the same person or address is out of date now."""
        self._facts = {name: known for name, known in self._facts.items() if name != job.id}
        for one in self.jobs:
            same = job.value.contact_id and one.value.contact_id == job.value.contact_id
            if same or one.value.lead_data.email.lower() == job.value.lead_data.email.lower():
                self._facts.pop(one.id, None)

    def _sleep(self, wait: Wait) -> None:
        seconds = max(_SHORTEST_SLEEP_S, (wait.until - self._now()).total_seconds())
        if any(session.is_overdue for session in self.work.sessions):
            self._flush({"waitReason": wait.reason, "nextSendAt": wait.until})
        self.work.deps.sleep(seconds)

    def _flush(self, notes: dict[str, object]) -> None:
        boxes = {box.account for box in turns(self.work.sessions)[0]}
        for session in self.work.sessions:
            session.flush(notes if session.account in boxes else None)

    def _stop(self, reason: str, wait: Wait | None = None) -> End:
        if wait is not None and wait.is_pace and not any(session.is_overdue for session in self.work.sessions):
            return End(reason, wait)  # the next mail, or whoever ends this agent, writes down what there is
        if self.jobs:
            next_at = {"nextSendAt": None if wait.is_open else wait.until} if wait is not None else {}
            self._flush({"waitReason": reason, **next_at})
        else:
            self._note_idle()
        long = wait is not None and not wait.is_pace and wait.until - self._now() > LONG
        if long and rules_key(self.work.settings, self.work.sessions) == self.work.key:
            put_line_off(self.work.deps, self.work.settings, self.work.sessions)
        return End(reason, wait)

    def _note_idle(self) -> None:
        """Nothing is due, which may be so because a cap has put everything off; then the mailbox says so still."""
        settings, now = self.work.settings, self._now()
        fit = {box.account: box for box in turns(self.work.sessions)[0]}
        for session in self.work.sessions:
            box = fit.get(session.account)
            wait = mailbox_wait(settings, box.pace, now, box.per_minute) if box is not None else None
            session.flush({"waitReason": wait.reason if wait is not None and not wait.is_pace else ""})


def _is_suspect(job: Record[MailJob]) -> bool:
    """Whether it may be this mail that agents died of."""
    return job.value.attempts >= PREPARED_ALONE
