"""What is missing before any mail can leave, and where to mend it. Nothing once all is there."""

from __future__ import annotations

from collections.abc import Iterator

from console.live import feeds
from console.screens.signing_in import is_dry_run, no_mailbox
from console.screens.view import View
from widgets.spans import Spans

_HEAD = "to do"


def first_steps(view: View) -> tuple[tuple[str, Spans], ...]:
    """Lines for the top of the activity: a head and what is to be done each.

    Args:
        view: everything known; what is not known yet is not told as missing.
    """
    return tuple((_HEAD, ((text, "warn"),)) for text in _missing(view))


def _missing(view: View) -> Iterator[str]:
    known = view.window(feeds.MAILBOXES).loaded and not view.problem(feeds.MAILBOXES)
    if known and not view.mailboxes and not is_dry_run(view):
        yield no_mailbox(view)
    settings = view.settings
    if settings is not None and not settings.postal_address.strip():
        yield "No postal address yet: Config (7)"
    requests = view.window(feeds.REQUESTS)
    if requests.loaded and not requests.docs and not requests.unreadable and not view.problem(feeds.REQUESTS):
        yield "No campaign yet: a template (6), then a campaign (2)"
