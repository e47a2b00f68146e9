"""The mail agent: one tick sends what is due, from all mailboxes in turn, each at its pace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leadgen.mail import queue, recovery
from leadgen.mail.boxes import may_send, no_mailbox, open_sessions, rules_key
from leadgen.mail.compliance import settings_problem
from leadgen.mail.deps import MailDeps
from leadgen.mail.keeping import Kept, resume
from leadgen.mail.lease import BUSY, Agent, LeaseLost, is_taken, look, take
from leadgen.mail.outcome import Outcome
from leadgen.mail.reconcile import UNSETTLED, is_ripe, reconcile
from leadgen.mail.records import AgentState, MailJob
from leadgen.mail.rounds import End, Round, Work
from leadgen.mail.session import Session
from leadgen.mail.waiting import judge_again
from leadgen.model.config import Settings
from leadgen.model.status import EmailStatus
from leadgen.store.records import Record


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

    May be called at any time and by several at once: only one of them sends.

    Args:
        deps: the sender's surroundings.
        budget_s: no mail is begun after that; one that was begun is finished (some seconds, a minute at worst).

    Raises:
        Unavailable: a document is being changed by too many at once. What was under way is picked up by a later tick.
    """
    return _Tick(deps, budget_s, begins=True).run()


def sweep_mail(deps: MailDeps) -> TickReport:
    """Pick up what dead agents left behind, in every mailbox; begins no new mail.

    Args:
        deps: the sender's surroundings.
    """
    return _Tick(deps, 60.0, begins=False).run()


class _Tick:
    def __init__(self, deps: MailDeps, budget_s: float, *, begins: bool) -> None:
        self._deps, self._begins = deps, begins
        self._deadline = deps.clock.now() + timedelta(seconds=budget_s)
        self._report = TickReport()
        self._agent: Agent | None = None
        self._sessions: list[Session] = []
        self._since = deps.clock.now()
        self._may_go_on: Kept | None = None

    def run(self) -> TickReport:
        """Do it; whatever happens, the right to send is given back if it was taken."""
        try:
            self._work()
        except LeaseLost:
            self._report.reason = BUSY
        except BaseException:
            # What became of the last step is not known here. The next agent finds out before it sends anything.
            if self._agent is not None:
                self._agent.abandon()
            raise
        else:
            if self._may_go_on is not None:
                self._deps.memory.kept.append(self._may_go_on)
            elif self._agent is not None:
                self._agent.end()
        finally:
            for session in self._sessions:
                session.close()
        return self._report

    def _work(self) -> None:
        kept = resume(self._deps) if self._begins else None
        if kept is not None:
            self._go_on(kept)
            return
        deps = self._deps
        # The order matters: an agent can only have changed what is read here if the document read first has changed.
        state = look(deps)
        if is_taken(state.value, deps.clock.now()):
            self._report.reason = BUSY
            return
        settings = deps.settings()
        deps = self._deps = _at_pace(deps, settings)
        self._adopt()
        self._sessions = open_sessions(deps, settings)
        stuck = queue.in_progress(deps.db, deps.clock.now())
        self._note_in_flight(stuck)
        key = rules_key(settings, self._sessions)
        if self._is_due(state.value, stuck, key):
            self._agent = self._take(state)
            self._settle_the_past(self._agent, settings, stuck, key)
        if self._begins:
            self._send(state, settings, key)
        self._write_down()

    def _go_on(self, kept: Kept) -> None:
        """Go on with the agent of an earlier tick."""
        self._deps = deps = _at_pace(self._deps, kept.settings)
        kept.adopt(deps)
        if kept.next_at >= self._deadline:
            self._may_go_on, self._report.reason, self._report.next_at = kept, kept.reason, kept.next_at
            return
        self._agent, self._sessions, self._since = kept.agent, kept.sessions, kept.since
        self._send(kept.agent.record, kept.settings, kept.key, kept)
        self._write_down()

    def _write_down(self) -> None:
        """Count in the mailboxes what left, unless this agent goes on and that can wait for further mails."""
        for session in self._sessions:
            if self._may_go_on is None or session.is_overdue:
                session.flush()

    def _adopt(self) -> None:
        memory, now = self._deps.memory, self._deps.clock.now()
        if memory.adopted_at is None or not timedelta() <= now - memory.adopted_at < self._deps.timing.adoption_every:
            queue.adopt_unscheduled(self._deps.db, now)
            memory.adopted_at = now

    def _note_in_flight(self, stuck: list[Record[MailJob]]) -> None:
        for session in self._sessions:
            session.in_flight = sum(
                job.value.account == session.account and job.value.status in UNSETTLED for job in stuck
            )

    def _is_due(self, state: AgentState, stuck: list[Record[MailJob]], key: str) -> bool:
        """Whether there is work that comes before any sending."""
        now = self._deps.clock.now()
        ripe = any(is_ripe(job.value, now) or job.value.status is EmailStatus.DRAFTING for job in stuck)
        return bool(state.owner or state.preparing) or ripe or state.judged_by != key

    def _take(self, state: Record[AgentState], preparing: tuple[str, ...] = ()) -> Agent:
        agent = take(self._deps, state, self._deps.timing.agent_lease, preparing)
        if agent is None:
            raise LeaseLost("sending")
        for session in self._sessions:
            session.begin(agent)
        return agent

    def _settle_the_past(self, agent: Agent, settings: Settings, stuck: list[Record[MailJob]], key: str) -> None:
        deps, report = self._deps, self._report
        if agent.is_heir:
            if recovery.fence(agent, stuck):
                stuck = queue.in_progress(deps.db, deps.clock.now())
            recovery.count_again(agent, self._sessions)
        report.freed += recovery.remove_drafts(agent, self._sessions)
        report.freed += recovery.free_drafting(deps, stuck)
        for session in self._sessions:
            others = [other for other in self._sessions if other is not session]
            for outcome in reconcile(session, stuck, others):
                report.count(outcome)
        if agent.record.value.judged_by != key:
            judge_again(deps, settings, self._sessions)
            agent.note({"judgedBy": key})

    def _send(self, state: Record[AgentState], settings: Settings, key: str, kept: Kept | None = None) -> None:
        deps = self._deps
        problem = settings_problem(settings)
        if not any(may_send(session) for session in self._sessions):
            problem = no_mailbox(settings)
        if problem:
            queue.explain(queue.due(deps.db, deps.clock.now()), problem, deps.clock.now())
            self._report.reason = problem
            for session in filter(may_send, self._sessions):
                session.flush({"waitReason": problem})
            return

        def begin(preparing: tuple[str, ...]) -> Agent:
            if self._agent is None:
                self._agent = self._take(state, preparing)
            return self._agent

        read_at = self._since if kept is None else None
        work = Work(deps, settings, key, self._sessions, self._deadline, self._report.count, begin, read_at)
        this = Round(work, kept.jobs, kept.jobs_at) if kept is not None else Round(work)
        end = this.run()
        self._report.reason, self._report.next_at = end.reason, end.wait.until if end.wait is not None else None
        self._keep(this, end, key)

    def _keep(self, this: Round, end: End, key: str) -> None:
        """Let the agent wait for its next mail in this process, if that is all it waits for."""
        agent, wait, settings = self._agent, end.wait, this.work.settings
        if agent is None or wait is None or not wait.is_pace or agent.loose:
            return
        if any(session.in_flight for session in self._sessions) or rules_key(settings, self._sessions) != key:
            return
        jobs_at = this.jobs_at or self._since
        self._may_go_on = Kept(
            agent, self._sessions, settings, key, this.jobs, jobs_at, self._since, wait.until, end.reason
        )


def _at_pace(deps: MailDeps, settings: Settings) -> MailDeps:
    bounds = settings.send_interval_seconds
    return replace(deps, timing=deps.timing.at_pace((bounds.min + bounds.max) / 2, bounds.max))
