"""The Email Agent as the schedule starts it: every minute, for most of a minute."""

from __future__ import annotations

from leadgen.mail.agent import TickReport, run_tick, sweep_mail
from leadgen.mail.compliance import SourcePolicy
from leadgen.mail.deps import MailDeps
from leadgen.mail.optout import public_url
from leadgen.mail.providers.base import MailProvider
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.providers.outbox import OutboxProvider
from leadgen.mail.records import OUTBOX_ACCOUNT, Mailbox
from leadgen.outlook.vault import access_token
from leadgen.pipeline.context import Context
from leadgen.settings import read_settings
from leadgen.store.journal import entry, tell

BUDGET_S = 50.0
"""A tick begins no mail after this, so that the next one finds the mailbox free."""


def send_due(context: Context, budget_s: float = BUDGET_S) -> TickReport:
    """Send what is due, and look for answers that were lost.

    Args:
        context: the parts.
        budget_s: seconds in which mails may be begun.
    """
    deps = mail_deps(context)
    sweep_mail(deps)
    report = run_tick(deps, budget_s)
    _tell(context, report)
    return report


def _tell(context: Context, report: TickReport) -> None:
    """One entry per tick in which something happened."""
    counts = {"sent": report.sent, "refused": report.refused, "failed": report.failed, "unknown": report.unknown}
    happened = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    if happened:
        kind = "mail.failed" if report.failed or report.unknown else "mail.sent"
        tell(context.db, entry(context.clock.now(), kind, f"Mail: {happened}"))


def mail_deps(context: Context) -> MailDeps:
    """The sender's surroundings."""
    return MailDeps(
        db=context.db,
        clock=context.clock,
        settings=lambda: read_settings(context.db),
        provider=lambda mailbox: _provider(context, mailbox),
        policy=lambda source_id: SourcePolicy(
            may_email=context.may_email(source_id), relay_domains=frozenset(context.relay_domains(source_id))
        ),
        token_key=context.env.token_key,
        public_url=public_url(),
    )


def _provider(context: Context, mailbox: Mailbox) -> MailProvider:
    if mailbox.account == OUTBOX_ACCOUNT:
        return OutboxProvider(context.db, context.clock)
    env = context.env
    return GraphProvider(
        lambda refused: access_token(context.db, env, mailbox.account, context.clock, force=refused),
        env.graph_url,
        context.clock,
        ca_file=env.ca_file,
    )
