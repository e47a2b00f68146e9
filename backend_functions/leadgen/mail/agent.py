"""The mail agent: one tick sends what is due, from one mailbox, at its pace."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadgen.mail import queue
from leadgen.mail.compliance import settings_problem
from leadgen.mail.delivery import deliver
from leadgen.mail.deps import MailDeps
from leadgen.mail.facts import Templates
from leadgen.mail.lease import BUSY, NO_MAILBOX, LeaseLost, Session, mailboxes, take
from leadgen.mail.outcome import Outcome
from leadgen.mail.pacing import Wait, known_zone, lead_wait, mailbox_wait
from leadgen.mail.reconcile import free_drafting, reconcile
from leadgen.mail.records import CONNECTED, Mailbox, MailJob
from leadgen.model.config import Settings
from leadgen.store.records import Record

_SHORTEST_SLEEP_S = 0.02


@dataclass
class TickReport:
    """What one tick did.

    Args:
        sent: mails that left, or were found to have left.
        waiting: mails put off to a later time.
        refused: mails suppressed, held or without an address.
        failed: mails that failed or were parked for a person.
        unknown: mails of which only the mailbox knows whether they left.
        freed: mails queued again because their agent had stopped.
        reason: why the tick ended.
        next_at: when the next mail may leave, if that is known.
    """

    sent: int = 0
    waiting: int = 0
    refused: int = 0
    failed: int = 0
    unknown: int = 0
    freed: int = 0
    reason: str = ""
    next_at: datetime | None = None

    def count(self, outcome: Outcome) -> None:
        """Add one mail."""
        if outcome is not Outcome.LOST:
            setattr(self, outcome.value, getattr(self, outcome.value) + 1)


def run_tick(deps: MailDeps, budget_s: float) -> TickReport:
    """Send what is due, for at most so many seconds.

    May be called at any time and by several at once: a mailbox is used by one of them only.

    Args:
        deps: the sender's surroundings.
        budget_s: no mail is begun after that; one that was begun is finished (some seconds, a minute at worst).

    Raises:
        Unavailable: a document is being changed by too many at once. What was under way is picked up by a later tick.
    """
    report = TickReport()
    start = deps.clock.now()
    settings = deps.settings()
    queue.adopt_unscheduled(deps.db, start)
    candidates = mailboxes(deps, settings)
    if not candidates:
        report.reason = NO_MAILBOX
        queue.explain(queue.due(deps.db, start), NO_MAILBOX, start)
        return report
    session = _first_free(deps, candidates, _hold(deps, budget_s))
    if session is None:
        report.reason = BUSY
        return report
    try:
        _reconcile(session, settings, report)
        _Round(session, start + timedelta(seconds=budget_s), report).run()
    except LeaseLost:
        report.reason = BUSY
    finally:
        session.release()
    return report


def sweep_mail(deps: MailDeps) -> TickReport:
    """Pick up what dead agents left behind, in every mailbox; begins no new mail.

    Args:
        deps: the sender's surroundings.
    """
    report, settings = TickReport(), deps.settings()
    queue.adopt_unscheduled(deps.db, deps.clock.now())
    stuck = queue.in_progress(deps.db, deps.clock.now())
    report.freed += free_drafting(deps, stuck)
    accounts = {job.value.account for job in stuck}
    for record in mailboxes(deps, settings):
        session = take(deps, record, _hold(deps, 60.0)) if record.value.account in accounts else None
        if session is None:
            continue
        try:
            for outcome in reconcile(session, settings, stuck):
                report.count(outcome)
        except LeaseLost:
            continue
        finally:
            session.release()
    return report


def _hold(deps: MailDeps, budget_s: float) -> timedelta:
    return timedelta(seconds=budget_s) + deps.timing.job_lease


def _first_free(deps: MailDeps, candidates: list[Record[Mailbox]], hold: timedelta) -> Session | None:
    for record in candidates:
        session = take(deps, record, hold)
        if session is not None:
            return session
    return None


def _reconcile(session: Session, settings: Settings, report: TickReport) -> None:
    stuck = queue.in_progress(session.deps.db, session.deps.clock.now())
    report.freed += free_drafting(session.deps, stuck)
    for outcome in reconcile(session, settings, stuck):
        report.count(outcome)


@dataclass
class _Round:
    """The work of one tick in one mailbox.

    Args:
        session: the mailbox.
        deadline: no mail is begun after it.
        report: is filled.
    """

    session: Session
    deadline: datetime
    report: TickReport
    _jobs: deque[Record[MailJob]] = field(default_factory=deque)
    _settings: Settings | None = None
    _settings_at: datetime | None = None

    def run(self) -> None:
        """Send until nothing is due, the mailbox must wait longer than we may, or the time is up."""
        templates = Templates(self.session.deps)
        while self._now() < self.deadline:
            job, settings = self._next_job(), self._current_settings()
            if job is None:
                return self._stop("nothing is due")
            problem = settings_problem(settings)
            if problem:
                return self._stop(problem)
            if self._put_off(job, settings):
                continue
            mailbox = self.session.refresh().value
            if mailbox.state != CONNECTED:
                return self._stop(mailbox.reason)
            wait = self._mailbox_wait(mailbox, settings)
            if wait is None:
                self._jobs.popleft()
                self._deliver(job, settings, templates)
            elif not self._sleep(wait):
                return self._stop(wait.reason, wait.until)
        return self._stop("the time of this tick is used up")

    def _deliver(self, job: Record[MailJob], settings: Settings, templates: Templates) -> None:
        try:
            self.report.count(deliver(self.session, job, settings, templates))
        except LeaseLost:
            self.session.refresh()  # raises again if it is the mailbox that was lost, not the one mail

    def _now(self) -> datetime:
        return self.session.deps.clock.now()

    def _current_settings(self) -> Settings:
        """The configuration, read again every few seconds, so that a change takes effect within a tick."""
        now = self._now()
        age = self.session.deps.timing.settings_age
        if self._settings is None or self._settings_at is None or now - self._settings_at >= age:
            self._settings, self._settings_at = self.session.deps.settings(), now
        return self._settings

    def _next_job(self) -> Record[MailJob] | None:
        if not self._jobs:
            page = queue.due(self.session.deps.db, self._now())
            self._jobs.extend(page)
        return self._jobs[0] if self._jobs else None

    def _put_off(self, job: Record[MailJob], settings: Settings) -> bool:
        """Put the mail off if it is not working time where the lead is."""
        zone = known_zone(job.value.timezone)
        wait = lead_wait(settings, job.value.timezone, self._now()) if zone is not None else None
        if wait is None:
            return False
        self._jobs.popleft()
        if queue.postpone(job, wait, self._now()):
            self.report.waiting += 1
        return True

    def _mailbox_wait(self, mailbox: Mailbox, settings: Settings) -> Wait | None:
        pace = mailbox.pace(self.session.in_flight)
        return mailbox_wait(settings, pace, self._now(), self.session.provider.per_minute)

    def _sleep(self, wait: Wait) -> bool:
        """Wait within the tick, if the end of the wait lies in it."""
        if wait.until >= self.deadline:
            return False
        self.session.deps.sleep(max(_SHORTEST_SLEEP_S, (wait.until - self._now()).total_seconds()))
        return True

    def _stop(self, reason: str, until: datetime | None = None) -> None:
        self.report.reason, self.report.next_at = reason, until
        if until is not None or reason:
            waiting = reason if self._jobs else ""
            self.session.note({"waitReason": waiting, **({"nextSendAt": until} if until is not None else {})})
