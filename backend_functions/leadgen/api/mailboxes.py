"""What the endpoints about mailboxes do: unpack, one call into the core, pack."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from leadgen.api import mailbox_schemas, schemas
from leadgen.api.call import Call
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import canonical_email
from leadgen.pipeline.context import Context
from leadgen.store.journal import entry, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.cloud.firestore import Client

    from leadgen.environment import Environment
    from leadgen.store.clock import Clock


def authenticate_outlook(call: Call) -> schemas.AuthUrl:
    """Begin the sign-in of an Outlook mailbox."""
    from leadgen.outlook.flow import begin

    return _begun(call, begin)


def handle_outlook_callback(call: Call) -> schemas.Message:
    """Complete it."""
    from leadgen.outlook.flow import complete

    return _completed(call, partial(complete, error_description=call.body.error_description))


def authenticate_gmail(call: Call) -> schemas.AuthUrl:
    """Begin the sign-in of a Gmail mailbox."""
    from leadgen.outlook.google import begin

    return _begun(call, begin)


def handle_gmail_callback(call: Call) -> schemas.Message:
    """Complete it."""
    from leadgen.outlook.google import complete

    return _completed(call, complete)


def _begun(call: Call, begin: Callable[[Client, Environment, str, Clock], str]) -> schemas.AuthUrl:
    context = Context.from_environment()
    return schemas.AuthUrl(auth_url=begin(context.db, context.env, call.caller.uid, context.clock))


def _completed(call: Call, complete: Callable[..., Mailbox]) -> schemas.Message:
    context, answer = Context.from_environment(), call.body
    named = {"code": answer.code, "state": answer.state, "error": answer.error}
    mailbox = complete(context.db, context.env, call.caller.uid, **named, clock=context.clock)
    return schemas.Message(message=_signed_in(context, call, mailbox))


def begin_device_sign_in(call: Call) -> mailbox_schemas.DeviceSignInBegun:
    """Begin the sign-in of an Outlook mailbox on another device."""
    from leadgen.outlook.flow import begin_device

    context = Context.from_environment()
    begun = begin_device(context.db, context.env, call.caller.uid, context.clock)
    return mailbox_schemas.DeviceSignInBegun(
        sign_in_id=begun.sign_in_id,
        user_code=begun.user_code,
        verification_url=begun.verification_url,
        interval=begun.interval_s,
    )


def poll_device_sign_in(call: Call) -> mailbox_schemas.DeviceSignInPolled:
    """Ask whether the person has finished."""
    from leadgen.outlook.flow import poll_device

    context = Context.from_environment()
    mailbox = poll_device(context.db, context.env, call.caller.uid, call.body.sign_in_id, context.clock)
    if mailbox is None:
        return mailbox_schemas.DeviceSignInPolled(done=False, message="The code has not been entered yet.")
    return mailbox_schemas.DeviceSignInPolled(
        done=True, account=mailbox.account, message=_signed_in(context, call, mailbox)
    )


def add_smtp_mailbox(call: Call) -> schemas.Message:
    """Try an SMTP server and keep the mailbox."""
    from leadgen.outlook.smtp import SmtpSignIn
    from leadgen.pipeline.mailboxes import add_smtp, check_address

    context, wish = Context.from_environment(), call.body
    address = check_address(wish.address)
    sign_in = SmtpSignIn(
        host=wish.host.lower(),
        port=wish.port,
        security=wish.security,
        username=wish.username or address,
        password=wish.password,
    )
    mailbox = add_smtp(context, call.caller.uid, address, wish.display_name, sign_in)
    return schemas.Message(message=_signed_in(context, call, mailbox))


def change_mailbox(call: Call) -> mailbox_schemas.MailboxChanged:
    """Pause, resume, limit, sign out or remove a mailbox."""
    from leadgen.outlook import upkeep
    from leadgen.outlook.accounts import read_mailbox

    context, wish = Context.from_environment(), call.body
    account = canonical_email(wish.account)
    if wish.action != "limit" and (wish.daily_cap is not None or wish.ramp_start):
        raise InvalidInput("dailyCap and rampStart go with the action limit.")
    db, env, clock = context.db, context.env, context.clock
    ramp = date.fromisoformat(wish.ramp_start) if wish.ramp_start else None
    deeds: dict[str, Callable[[], bool | str]] = {
        "pause": lambda: upkeep.pause(db, account, call.caller.email, wish.reason, clock),
        "resume": lambda: upkeep.resume(db, account, clock),
        "limit": lambda: upkeep.set_limits(db, account, clock, daily_cap=wish.daily_cap, ramp_start=ramp),
        "signOut": lambda: upkeep.sign_out(db, env, account, clock),
        "remove": lambda: upkeep.remove(db, env, account, clock),
    }
    done = deeds[wish.action]()
    changed = done if isinstance(done, bool) else True
    record = read_mailbox(db, account)
    told = " ".join(part for part in (_DONE[wish.action].format(account=account), done or "") if isinstance(part, str))
    if changed:
        tell(db, entry(clock.now(), f"mailbox.{wish.action.lower()}", f"{call.caller.email}: {told}"))
    return mailbox_schemas.MailboxChanged(
        account=account,
        state=str(record.value.state) if record is not None else "REMOVED",
        paused=record is not None and record.value.paused,
        changed=changed,
        message=told.strip() if changed else f"{account}: it was so before.",
        connected_at=record.value.connected_at if record is not None else None,
    )


_DONE = {
    "pause": "{account} is paused; its mails wait or leave from other mailboxes.",
    "resume": "{account} is used again.",
    "limit": "{account} has its limits.",
    "signOut": "{account} is signed out, and its tokens are deleted.",
    "remove": "{account} is removed, and its tokens are deleted.",
}


def _signed_in(context: Context, call: Call, mailbox: Mailbox) -> str:
    text = f"{mailbox.account} is signed in; mail will be sent from it."
    tell(context.db, entry(context.clock.now(), "mailbox.signedin", f"{call.caller.email}: {text}"))
    return text
