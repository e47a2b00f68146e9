"""What the endpoints about CAPTCHAs do: unpack, one call into the core, pack."""

from __future__ import annotations

import secrets

from leadgen.api import review_schemas as schemas
from leadgen.api.call import Call
from leadgen.model.documents import Contact
from leadgen.model.errors import FieldProblem, InvalidInput
from leadgen.model.ids import keyed_id
from leadgen.model.roles import Role
from leadgen.pipeline.context import Context
from leadgen.review.decide import Person
from leadgen.store.records import need


def claim_captcha(call: Call) -> schemas.CaptchaClaimed:
    """Claim a lead, the next one, or prolong a claim."""
    from leadgen.pipeline.claims import claim_lead, claim_next
    from leadgen.settings import read_settings

    context, wish, person = Context.from_environment(), call.body, _person(call)
    if wish.epoch is not None and wish.lead_id is None:
        problem = FieldProblem("leadId", "absent", "must name the lead whose claim is to be prolonged")
        raise InvalidInput(f"leadId {problem.allowed}.", fields=(problem,))
    claim_id = _call_id(call, "claimCaptcha")
    if wish.lead_id is None:
        claimed = claim_next(context.db, person, context.clock, claim_id=claim_id)
    else:
        claimed = claim_lead(context.db, wish.lead_id, person, context.clock, claim_id=claim_id, renew=wish.epoch)
    contact, review = claimed.contact, claimed.review
    assert review.lease_until is not None, "a claim has an end"
    return schemas.CaptchaClaimed(
        lead_id=claimed.lead_id,
        epoch=review.epoch,
        lease_until=review.lease_until,
        contact_url=contact.lead_data_json.contact_url,
        source_url=contact.source_url,
        relay_domains=list(context.relay_domains(contact.source_id)),
        title=contact.lead_data_json.title,
        business_name=contact.business_name,
        phone=contact.phone,
        city=contact.city,
        attempts=contact.attempts,
        max_attempts=read_settings(context.db).captcha_max_attempts,
    )


def release_captcha(call: Call) -> schemas.CaptchaReleased:
    """Give a lead back."""
    from leadgen.pipeline.claims import release_lead

    context, wish = Context.from_environment(), call.body
    changed = release_lead(context.db, wish.lead_id, _person(call), context.clock, epoch=wish.epoch)
    message = "The lead is given back." if changed else "You did not have this lead (any more); nothing was changed."
    return schemas.CaptchaReleased(lead_id=wish.lead_id, changed=changed, message=message)


def resolve_captcha(call: Call) -> schemas.CaptchaResolved:
    """Apply the operator's report."""
    from leadgen.pipeline.resolution import Resolution, resolve
    from leadgen.settings import read_settings

    context, wish = Context.from_environment(), call.body
    contact = need(context.names.contacts.document(wish.lead_id), Contact, f"lead {wish.lead_id}").value
    report = Resolution(
        lead_id=wish.lead_id,
        success=wish.captcha_success,
        email=wish.extracted_email,
        user=call.caller.email,
        relay_domains=context.relay_domains(contact.source_id),
        max_attempts=read_settings(context.db).captcha_max_attempts,
        uid=call.caller.uid,
        epoch=wish.epoch,
        report_id=_call_id(call, "resolveCaptcha"),
    )
    done = resolve(context.db, context.identities, report, context.clock)
    return schemas.CaptchaResolved(
        lead_id=wish.lead_id, status=str(done.status), email_id=done.email_id, attempts=done.attempts, epoch=done.epoch
    )


def undo_captcha(call: Call) -> schemas.CaptchaUndone:
    """Take a report back."""
    from leadgen.pipeline.undoing import undo

    context, wish = Context.from_environment(), call.body
    done = undo(context.db, context.identities, wish.lead_id, _person(call), context.clock, wish.epoch)
    message = "The report is taken back; the lead waits again." if done.changed else "It was taken back before."
    return schemas.CaptchaUndone(
        lead_id=wish.lead_id, status=str(done.status), attempts=done.attempts, changed=done.changed, message=message
    )


def _person(call: Call) -> Person:
    return Person(uid=call.caller.uid, name=call.caller.email, is_admin=call.caller.role is Role.ADMIN)


def _call_id(call: Call, endpoint: str) -> str:
    return keyed_id(call.caller.uid, endpoint, call.key) if call.key else secrets.token_hex(16)
