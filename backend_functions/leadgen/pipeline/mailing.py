"""The Email Agent as the schedule starts it: every minute, for most of a minute."""

from __future__ import annotations

from leadgen.mail.agent import TickReport, run_tick
from leadgen.mail.compliance import SourcePolicy
from leadgen.mail.deps import MailDeps, Memory
from leadgen.pipeline.context import Context
from leadgen.pipeline.mailboxes import provider_for
from leadgen.settings import read_settings
from leadgen.store.journal import entry, tell

BUDGET_S = 50.0
"""A tick begins no mail after this, so that the next one may send."""

_MEMORY = Memory()
"""What this process knows from earlier ticks."""


def send_due(context: Context, budget_s: float = BUDGET_S) -> TickReport:
    """Send what is due, and look for answers that were lost.

    Args:
        context: the parts.
        budget_s: seconds in which mails may be begun.
    """
    report = run_tick(mail_deps(context), budget_s)
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
        provider=lambda mailbox: provider_for(context, mailbox),
        policy=lambda source_id: SourcePolicy(
            may_email=context.may_email(source_id), relay_domains=frozenset(context.relay_domains(source_id))
        ),
        token_key=context.env.token_key,
        public_url=context.env.public_url,
        memory=_MEMORY,
    )
