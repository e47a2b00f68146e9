"""The mailboxes as the schedule reads them: every few minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadgen.mail.inbox.gmail import GmailInbox
from leadgen.mail.inbox.graph import GraphInbox
from leadgen.mail.inbox.provider import Inbox
from leadgen.mail.inbox.reading import InboxDeps, InboxReport, read_inboxes
from leadgen.mail.providers.gmail import GmailProvider
from leadgen.mail.providers.graph import GraphProvider
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput
from leadgen.outlook.upkeep import pause
from leadgen.pipeline.mailboxes import provider_for
from leadgen.settings import read_settings
from leadgen.store.journal import entry, tell

if TYPE_CHECKING:
    from leadgen.pipeline.context import Context

BUDGET_S = 90.0
"""No page is begun after this."""

_WORDS = {
    "reply": "answered",
    "opt_out": "asked not to be written to",
    "hard_bounce": "came back for good",
    "blocked": "refused",
    "soft_bounce": "came back",
    "auto_reply": "automatic replies",
    "delayed": "delayed",
    "sent_by_hand": "written by hand",
    "hint": "that may be an answer",
}


def check_inboxes(context: Context, budget_s: float = BUDGET_S) -> InboxReport:
    """Read what came into the mailboxes and do what follows from it.

    Args:
        context: the parts.
        budget_s: seconds in which pages may be begun.
    """
    report = read_inboxes(inbox_deps(context), budget_s)
    now = context.clock.now()
    happened = ", ".join(f"{number} {_WORDS.get(kind, kind)}" for kind, number in sorted(report.kinds.items()))
    if happened:
        tell(context.db, entry(now, "mail.received", f"Inbox: {happened}"))
    for account, reason in report.paused.items():
        tell(context.db, entry(now, "mailbox.limit", f"{account} was paused: {reason}"))
    return report


def inbox_deps(context: Context) -> InboxDeps:
    """What reading works with."""
    return InboxDeps(
        db=context.db,
        clock=context.clock,
        settings=lambda: read_settings(context.db),
        open=lambda mailbox: inbox_for(context, mailbox),
        pause=lambda account, reason: pause(context.db, account, "", reason, context.clock),
        token_key=context.env.token_key,
    )


def inbox_for(context: Context, mailbox: Mailbox) -> Inbox:
    """A mailbox, to be read; close it when the work is done.

    Raises:
        InvalidInput: it is of a kind that can't be read.
    """
    provider = provider_for(context, mailbox)
    if isinstance(provider, GraphProvider):
        return GraphInbox(provider, context.env.graph_url)
    if isinstance(provider, GmailProvider):
        return GmailInbox(provider)
    raise InvalidInput(f"A mailbox of {mailbox.provider} can't be read.")
