"""What the endpoints of single mails do: unpack, one call into the core, pack."""

from __future__ import annotations

from dataclasses import asdict

from leadgen.api import email_schemas
from leadgen.api.call import Call
from leadgen.pipeline.context import Context


def change_email(call: Call) -> email_schemas.EmailChanged:
    """Hold, release, cancel or retry a mail."""
    from leadgen.mail.transitions import Action, change_mail

    context, wish = Context.from_environment(), call.body
    changed = change_mail(
        context.db,
        wish.email_id,
        Action(wish.action),
        call.caller.email,
        context.clock.now(),
        may_be_delivered_twice=wish.may_be_delivered_twice,
    )
    return email_schemas.EmailChanged(
        email_id=wish.email_id, status=str(changed.status), changed=changed.changed, message=changed.message
    )


def explain_email(call: Call) -> email_schemas.EmailExplained:
    """Why a mail has not left, and when it will."""
    from leadgen.mail.explaining import explain_mail
    from leadgen.settings import read_settings

    context, email_id = Context.from_environment(), call.body.email_id
    told = asdict(explain_mail(context.db, email_id, read_settings(context.db), context.clock.now()))
    return email_schemas.EmailExplained(email_id=email_id, **{**told, "status": str(told["status"])})
