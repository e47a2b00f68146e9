"""The mailboxes there are, and which of them may send."""

from __future__ import annotations

from datetime import UTC, datetime

from leadgen.mail.deps import MailDeps
from leadgen.mail.pacing import Box, Pace
from leadgen.mail.records import OUTBOX_ACCOUNT, Mailbox, mailbox_ref
from leadgen.mail.session import Session
from leadgen.model.config import Settings
from leadgen.model.documents.mail import SIGN_IN_COMMANDS
from leadgen.model.ids import digest
from leadgen.model.status import MailboxState
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import create, read, to_record

MAX_MAILBOXES = 50
_KINDS = {"graph": "Outlook", "gmail": "Gmail", "smtp": "SMTP"}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_RULES = (
    "working_hours",
    "active_timezones",
    "skip_holidays",
    "email_provider",
    "sending_paused",
    "send_interval_seconds",
    "pause_after",
    "pause_seconds",
    "daily_cap",
    "daily_cap_total",
    "ramp_first_day",
    "ramp_daily_growth",
)


def open_sessions(deps: MailDeps, settings: Settings) -> list[Session]:
    """All mailboxes, the least recently used first."""
    if settings.email_provider == OUTBOX_ACCOUNT:
        ref = mailbox_ref(deps.db, OUTBOX_ACCOUNT)
        if read(ref, Mailbox) is None:
            create(ref, Mailbox(account=OUTBOX_ACCOUNT, provider="outbox", display_name="Dry run: nothing leaves"))
    now = deps.clock.now()
    snapshots = Collections(deps.db).mailboxes.limit(MAX_MAILBOXES).get(timeout=RPC_TIMEOUT_S)
    found = [Session(deps, to_record(snapshot, Mailbox), settings, now) for snapshot in snapshots]
    return sorted(found, key=lambda one: (one.record.value.last_sent_at or _NEVER, one.account))


def no_mailbox(settings: Settings) -> str:
    """What to tell the operator where there is no mailbox that may send."""
    provider = settings.email_provider
    if provider == OUTBOX_ACCOUNT:
        return "the dry run begins with the next tick"
    return f"no {_KINDS[provider]} mailbox is signed in; run: {SIGN_IN_COMMANDS[provider]}"


def may_send(session: Session) -> bool:
    """Whether this mailbox takes part: signed in, and of the configured kind. A paused one does; it says so itself."""
    mailbox = session.record.value
    return mailbox.state is MailboxState.ACTIVE and mailbox.provider == session.settings.email_provider


def turns(sessions: list[Session]) -> tuple[list[Box], list[Pace]]:
    """What deciding on turns needs: those that may send, and the memory of the others, whose mails count as well."""
    fit = [one for one in sessions if may_send(one)]
    dry = any(one.record.value.provider == OUTBOX_ACCOUNT for one in fit)
    others = [one for one in sessions if one not in fit and (one.record.value.provider == OUTBOX_ACCOUNT) is dry]
    return [one.box for one in fit], [one.pace for one in others]


def rules_key(settings: Settings, sessions: list[Session]) -> str:
    """A hash of everything a person decides that says when mail may leave."""
    parts = [settings.model_dump_json(include=set(_RULES))]
    for session in sorted(sessions, key=lambda one: one.account):
        m = session.record.value
        parts += [m.account, m.provider, str(m.state), str(m.paused), str(m.daily_cap), str(m.ramp_start)]
    return digest(*parts)
