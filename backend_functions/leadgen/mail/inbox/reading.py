"""Reading the mailboxes: page by page, each page's mails acted on before its place is kept.

Should the process die in between, the page is read again; what was done for it is known (`inboxEvents`). Two readers at
once do the same work twice and no harm: the place is kept by compare-and-set, so one of them ends there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from leadgen.mail.clean import one_line
from leadgen.mail.inbox.acting import KEPT, act, event_id, is_done
from leadgen.mail.inbox.bounces import find_bounce
from leadgen.mail.inbox.classify import BOUNCED, Kind, Verdict, classify
from leadgen.mail.inbox.guard import check_bounces
from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.inbox.matching import Match, find_hint, find_match
from leadgen.mail.inbox.provider import Inbox, Listed, Page, Stale, Unreadable
from leadgen.mail.providers.base import ProviderError, Throttled
from leadgen.mail.records import Mailbox
from leadgen.mail.sequences import inbox_ref
from leadgen.model.config import Settings
from leadgen.model.documents import InboxEvent, InboxState
from leadgen.model.status import EmailStatus, MailboxState
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Raced, Record, change, create, read, to_record, written

if TYPE_CHECKING:
    from google.cloud.firestore import Client

READABLE = frozenset({"graph", "gmail"})
OVERLAP = timedelta(hours=1)
"""How far before the last complete reading a mailbox is read again when its place was forgotten."""
MAX_MAILBOXES = 50
_NOT_MAIL = frozenset({"DRAFT", "CHAT"})
T = TypeVar("T")
log = logging.getLogger("leadgen.inbox")


@dataclass(frozen=True)
class InboxDeps:
    """What reading is given.

    Args:
        db: the Firestore client.
        clock: the present moment.
        settings: reads the configuration.
        open: opens a mailbox for reading.
        pause: pauses a mailbox (account, reason).
        token_key: key of the opt-out tokens.
    """

    db: Client
    clock: Clock
    settings: Callable[[], Settings]
    open: Callable[[Mailbox], Inbox]
    pause: Callable[[str, str], object]
    token_key: str = field(default="", repr=False)


@dataclass
class InboxReport:
    """What one tick did.

    Args:
        read: mails looked at.
        kinds: how many of each kind concerned us and were new.
        paused: mailboxes that were paused for their bounces, with the reason.
        problems: mailboxes that could not be read, with the reason.
    """

    read: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def count(self, kind: str) -> None:
        """Add one mail that concerned us."""
        self.kinds[kind] = self.kinds.get(kind, 0) + 1


def read_inboxes(deps: InboxDeps, budget_s: float) -> InboxReport:
    """Read what came into all mailboxes, for at most so many seconds; a page that was begun is finished.

    Args:
        deps: what it works with.
        budget_s: no page is begun after that.

    Raises:
        Unavailable: a document is being changed by too many at once; the next tick reads the page again.
    """
    report, deadline = InboxReport(), deps.clock.now() + timedelta(seconds=budget_s)
    snapshots = Collections(deps.db).mailboxes.limit(MAX_MAILBOXES).get(timeout=RPC_TIMEOUT_S)
    for mailbox in (to_record(snapshot, Mailbox).value for snapshot in snapshots):
        # A paused mailbox sends nothing, but what comes in matters all the same.
        if mailbox.provider in READABLE and mailbox.state is MailboxState.ACTIVE and deps.clock.now() < deadline:
            _read_mailbox(deps, mailbox, deadline, report)
    return report


def _read_mailbox(deps: InboxDeps, mailbox: Mailbox, deadline: datetime, report: InboxReport) -> None:
    state = _state(deps, mailbox)
    now = deps.clock.now()
    if state is None or (state.value.next_at is not None and state.value.next_at > now):
        return
    inbox = deps.open(mailbox)
    try:
        reader = _Reader(deps, mailbox, inbox, state, report)
        for folder in inbox.folders:
            reader.read_folder(folder, deadline)
        reader.well()
    except Raced:
        return  # somebody else reads it at this moment
    except ProviderError as error:
        _note_problem(deps, state, error, report)
    finally:
        inbox.close()


def _state(deps: InboxDeps, mailbox: Mailbox) -> Record[InboxState] | None:
    """Up to where it was read. A new mailbox begins with its sign-in, not with the beginning of time."""
    ref = inbox_ref(deps.db, mailbox.account)
    record = read(ref, InboxState)
    if record is None:
        began = mailbox.connected_at or deps.clock.now()
        create(ref, InboxState(account=mailbox.account, started_at=began))
        record = read(ref, InboxState)
    return record


def _note_problem(deps: InboxDeps, state: Record[InboxState], error: ProviderError, report: InboxReport) -> None:
    problem = one_line(str(error), 300)
    report.problems[state.value.account] = problem
    fresh = read(state.ref, InboxState)
    if fresh is None:
        return
    until = error.until if isinstance(error, Throttled) else None
    try:
        change(fresh, {"problem": problem, "nextAt": until, "updatedAt": deps.clock.now()})
    except Raced:
        return


class _Reader:
    """The reading of one mailbox."""

    def __init__(
        self, deps: InboxDeps, mailbox: Mailbox, inbox: Inbox, state: Record[InboxState], report: InboxReport
    ) -> None:
        self._deps, self._mailbox, self._inbox, self._report = deps, mailbox, inbox, report
        self._state = state
        self._anew: set[str] = set()

    def read_folder(self, folder: str, deadline: datetime) -> None:
        while self._deps.clock.now() < deadline:
            began = self._deps.clock.now()
            page = self._page(folder)
            bounced = [self._take(one) for one in page.messages]
            if any(bounced):
                self._check_bounces()
            changes: dict[str, object] = {f"places.{folder}": page.place, "updatedAt": began}
            if page.is_last:
                changes[f"readAt.{folder}"] = began
            self._keep(folder, page, began, changes)
            if page.is_last:
                return

    def _page(self, folder: str) -> Page:
        value = self._state.value
        read_at = value.read_at.get(folder)
        since = value.started_at if read_at is None else max(value.started_at, read_at - OVERLAP)
        try:
            return self._inbox.page(folder, value.places.get(folder, ""), since)
        except Stale:
            if folder in self._anew:
                raise  # it forgets at once what it has just named: not again in this tick
            self._anew.add(folder)
            log.warning("%s: the place in %s was forgotten; read again from %s", self._mailbox.account, folder, since)
            return self._inbox.page(folder, "", since)

    def _keep(self, folder: str, page: Page, began: datetime, changes: dict[str, object]) -> None:
        """Keep the place, if nobody else kept one since we read it."""
        value = self._state.value
        places = {**value.places, folder: page.place}
        read_at = {**value.read_at, **({folder: began} if page.is_last else {})}
        if (places, read_at) == (value.places, value.read_at):
            return
        at = change(self._state, changes)
        self._state = written(self._state, {"places": places, "readAt": read_at, "updatedAt": began}, at)

    def well(self) -> None:
        """Nothing is wrong any more."""
        if self._state.value.problem or self._state.value.next_at is not None:
            change(self._state, {"problem": "", "nextAt": None, "updatedAt": self._deps.clock.now()})

    def _take(self, listed: Listed) -> bool:
        """Sort one message and do what follows; whether it says that a mail came back."""
        if listed.is_draft:
            return False
        try:
            mail = self._inbox.fetch(listed)
        except Unreadable as error:
            log.warning("%s: a message can't be read: %s", self._mailbox.account, error)
            return False
        if mail is None or mail.labels & _NOT_MAIL:
            return False
        self._report.read += 1
        return self._by_hand(mail) if listed.is_sent or "SENT" in mail.labels else self._came_in(mail)

    def _came_in(self, mail: Incoming) -> bool:
        deps = self._deps
        bounce = _safely(find_bounce, mail)
        match = find_match(deps.db, mail, bounce, partial(self._inbox.sent_in, mail.conversation))
        verdict = _safely(partial(classify, known=match is not None), mail) or Verdict(Kind.UNRELATED)
        self._act(mail, verdict, match)
        return verdict.kind in BOUNCED

    def _by_hand(self, mail: Incoming) -> bool:
        """What lies among the sent mails: our own, or one its owner wrote to a lead."""
        deps = self._deps
        own = find_match(deps.db, _as_answer_to(mail, mail.message_id), None, list)
        if own is not None and own.by == "message-id":
            return False
        match = find_match(
            deps.db, _as_answer_to(mail, *mail.answers), None, partial(self._inbox.sent_in, mail.conversation)
        )
        if match is not None and match.job.value.status is EmailStatus.SENT and match.by != "address" and mail.answers:
            self._act(mail, Verdict(Kind.SENT_BY_HAND), match)
        return False

    def _act(self, mail: Incoming, verdict: Verdict, match: Match | None) -> None:
        deps, account = self._deps, self._mailbox.account
        if act(deps.db, account, mail, verdict, match, deps.clock.now(), deps.token_key):
            self._report.count(str(verdict.kind))
        elif match is None and verdict.kind is Kind.UNRELATED:
            self._hint(mail)

    def _hint(self, mail: Incoming) -> None:
        """Tell the operator of a mail that looks like an answer from a colleague or another address of the lead."""
        db, now = self._deps.db, self._deps.clock.now()
        job = find_hint(db, mail)
        if job is None or is_done(db, self._mailbox.account, mail):
            return
        note = InboxEvent(
            account=self._mailbox.account,
            kind="hint",
            at=min(mail.received_at or now, now),
            sender=one_line(mail.sender, 320),
            subject=one_line(mail.subject, 200),
            reason=f"may answer the mail to {job.value.lead_data.email}: the same subject and domain",
            job_id=job.id,
            contact_id=job.value.contact_id,
            request_id=job.value.request_id,
            matched_by="hint",
            expires_at=now + KEPT,
        )
        if create(Collections(db).inbox_events.document(event_id(self._mailbox.account, mail)), note):
            self._report.count("hint")

    def _check_bounces(self) -> None:
        deps = self._deps

        def pause(account: str, reason: str) -> bool:
            return bool(deps.pause(account, reason))

        reason = check_bounces(deps.db, self._state, deps.settings(), pause, deps.clock.now())
        if reason:
            self._report.paused[self._mailbox.account] = reason
            fresh = read(self._state.ref, InboxState)
            self._state = fresh if fresh is not None else self._state


def _as_answer_to(mail: Incoming, *ids: str) -> Incoming:
    """The mail as if it answered these, and came from nobody."""
    return replace(mail, headers={"in-reply-to": (" ".join(ids),)}, sender="")


def _safely(work: Callable[[Incoming], T], mail: Incoming) -> T | None:
    """A mail made to break us must not keep the ones behind it from being read."""
    try:
        return work(mail)
    except Exception:
        log.exception("a mail could not be sorted: %s", mail.key)
        return None
