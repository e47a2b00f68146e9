"""What to type where a mailbox is missing or must sign in again; it depends on what it sends through."""

from __future__ import annotations

from console.screens.view import View

_DRY_RUN = "outbox"


def sign_in(provider: str) -> str:
    """The command that signs a mailbox of this kind in."""
    from leadgen.model.documents.mail import SIGN_IN_COMMANDS

    return next((command for kind, command in SIGN_IN_COMMANDS.items() if kind == provider), SIGN_IN_COMMANDS["graph"])


def is_dry_run(view: View) -> bool:
    """Whether mails are written down and none leaves; that needs no mailbox."""
    return view.settings is not None and view.settings.email_provider == _DRY_RUN


def no_mailbox(view: View) -> str:
    """What to say where there is no mailbox."""
    if is_dry_run(view):
        return "No mailbox yet: the dry run begins with its first mail"
    return f"No mailbox yet: {sign_in(getattr(view.settings, 'email_provider', ''))}"
