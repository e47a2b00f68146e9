"""What the endpoints about the suppression list do: unpack, one call into the core, pack."""

from __future__ import annotations

from leadgen.api import schemas
from leadgen.api import suppression_schemas as bodies
from leadgen.api.call import Call
from leadgen.model.roles import Role
from leadgen.pipeline.context import Context


def suppress(call: Call) -> schemas.Message:
    """Put an email, phone or domain on the list."""
    from leadgen.pipeline.suppression_list import Entry, add

    context, wish = Context.from_environment(), call.body
    value, new = add(context, Entry(wish.kind, wish.value, wish.reason), call.caller.email)
    return schemas.Message(message=f"{value} {'is' if new else 'was already'} on the suppression list.")


def unsuppress(call: Call) -> schemas.Message:
    """Take an email, phone or domain off the list."""
    from leadgen.pipeline.suppression_list import Entry, remove

    context, wish = Context.from_environment(), call.body
    may_override = call.caller.role.covers(Role.ADMIN)
    entry = Entry(wish.kind, wish.value, wish.reason)
    value, there = remove(context, entry, call.caller.email, may_override=may_override)
    if not there:
        return schemas.Message(message=f"{value} is not on the suppression list.")
    return schemas.Message(
        message=f"{value} is off the suppression list. Contacts that were suppressed because of it stay so."
    )


def import_suppressions(call: Call) -> bodies.SuppressionsImported:
    """Put many on the list."""
    from leadgen.pipeline.suppression_list import Entry, add_all

    context, wish = Context.from_environment(), call.body
    entries = [Entry(one.kind, one.value, one.reason or wish.reason) for one in wish.entries]
    done = add_all(context, entries, call.caller.email)
    rejected = [bodies.RejectedEntry(index=one.index, value=one.value, reason=one.reason) for one in done.rejected]
    return bodies.SuppressionsImported(added=done.added, known=done.known, rejected=rejected)
