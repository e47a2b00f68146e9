"""What each endpoint does: unpack, one call into the core, pack. Heavy imports happen where they are used."""

from __future__ import annotations

import secrets
from typing import Any

from leadgen.api import schemas
from leadgen.api.call import Call
from leadgen.api.problem import KeyReused
from leadgen.model.documents import Contact, ProcessorRequest, Suppression, Template
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import keyed_id, suppression_id
from leadgen.model.status import RequestStatus, check_transition
from leadgen.pipeline.campaigns import Wish, prepare, usable_template
from leadgen.pipeline.campaigns import record as record_campaign
from leadgen.pipeline.context import Context
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Raced, create, need, read, retrying, to_record

_LISTED = 500
"""Templates answered at most; a team that has more needs paging."""


def trigger_harvest(call: Call) -> schemas.HarvestTriggered:
    """Record the campaign; a Firestore trigger starts it."""
    context, wish = Context.from_environment(), call.body
    request = prepare(context, Wish(wish.city, wish.template_id, wish.num_leads, call.caller.email))
    request_id = keyed_id(call.caller.uid, "triggerHarvest", call.key) if call.key else secrets.token_hex(16)
    text = f"{call.caller.email} started {request.city}: {wish.num_leads} leads with template {wish.template_id}"
    if _created(record_campaign(context, Commit(context.db), request_id, request, text)):
        return schemas.HarvestTriggered(request_id=request_id, status="PENDING", message="The campaign is recorded.")
    ref = context.names.requests.document(request_id)
    earlier = need(ref, ProcessorRequest, f"campaign {request_id}").value
    if earlier.fingerprint != request.fingerprint:
        raise KeyReused("The Idempotency-Key belongs to a campaign with other parameters.", hint="Use a new key.")
    return schemas.HarvestTriggered(
        request_id=request_id, status=str(earlier.status), message="This campaign was recorded before."
    )


def _created(commit: Commit) -> bool:
    try:
        commit.run()
    except Raced:
        return False
    return True


def cancel_campaign(call: Call) -> schemas.HarvestTriggered:
    """Stop a campaign; what is in flight is finished, what is queued stays queued."""
    context, request_id = Context.from_environment(), call.body.request_id

    def attempt() -> schemas.HarvestTriggered:
        record = need(context.names.requests.document(request_id), ProcessorRequest, f"campaign {request_id}")
        status = record.value.status
        if status is RequestStatus.CANCELLED:
            return schemas.HarvestTriggered(request_id=request_id, status=str(status), message="Cancelled before.")
        check_transition(f"Campaign {request_id}", status, RequestStatus.CANCELLED)
        now = context.clock.now()
        changes: dict[str, Any] = {
            "status": "CANCELLED",
            "endReason": "CANCELLED",
            "message": f"Cancelled by {call.caller.email}.",
            "completedAt": now,
            "updatedAt": now,
        }
        text = f"{call.caller.email} cancelled the campaign for {record.value.city}"
        cancelled = entry(now, "campaign.cancelled", text, request_id)
        note(context.db, Commit(context.db).change(record, changes), cancelled).run()
        return schemas.HarvestTriggered(request_id=request_id, status="CANCELLED", message="The campaign is cancelled.")

    return retrying(attempt)


def process_lead(call: Call) -> schemas.LeadProcessed:
    """Enrich and triage one lead."""
    from leadgen.pipeline.single import Submission, submit

    context, wish = Context.from_environment(), call.body
    if wish.template_id is not None:
        usable_template(context, wish.template_id)
    result = submit(
        context,
        Submission(
            fields=wish.lead_data.model_dump(),
            source_url=wish.source_url,
            image_hash=wish.image_hash.lower(),
            template_id=wish.template_id or 0,
            city=wish.lead_data.city,
            timezone=wish.timezone or "",
            user=call.caller.email,
        ),
    )
    return schemas.LeadProcessed(lead_id=result.contact_id, outcome=str(result.outcome), created=result.created)


def queue_email(call: Call) -> schemas.EmailQueued:
    """Queue one mail."""
    from leadgen.pipeline.single import Submission, queue

    context, wish = Context.from_environment(), call.body
    usable_template(context, wish.template_id)
    email_id, status, created = queue(
        context,
        Submission(
            fields=wish.lead_data.model_dump(),
            source_url="",
            image_hash="",
            template_id=wish.template_id,
            city=wish.city,
            timezone=wish.timezone,
            user=call.caller.email,
        ),
    )
    return schemas.EmailQueued(email_id=email_id, status=status, created=created)


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
    )
    done = resolve(context.db, context.identities, report, context.clock)
    return schemas.CaptchaResolved(
        lead_id=wish.lead_id, status=str(done.status), email_id=done.email_id, attempts=done.attempts
    )


def get_templates(call: Call) -> list[Any]:
    """All templates, by number."""
    context = Context.from_environment()
    snapshots = context.names.templates.order_by("templateId").limit(_LISTED).stream()
    return [_template_out(to_record(snapshot, Template).value) for snapshot in snapshots]


def _template_out(template: Template) -> schemas.TemplateOut:
    return schemas.TemplateOut(**template.model_dump())


def save_template(call: Call) -> schemas.TemplateOut:
    """Create a template, or replace it by a new version. Saving the same again changes nothing."""
    from leadgen.mail.templates import check_template

    context, wish = Context.from_environment(), call.body
    check_template(wish.base_subject, wish.base_body_html)

    def attempt() -> schemas.TemplateOut:
        record = read(context.names.templates.document(str(wish.template_id)), Template)
        now = context.clock.now()
        before = record.value if record else None
        same = before is not None and all(getattr(before, k) == v for k, v in wish.model_dump().items())
        if before is not None and same:
            return _template_out(before)
        template = Template(
            **wish.model_dump(),
            created_at=before.created_at if before else now,
            updated_at=now,
            updated_by=call.caller.email,
            version=before.version + 1 if before else 1,
        )
        commit = Commit(context.db)
        if record is None:
            commit.create(context.names.templates.document(str(wish.template_id)), template)
        else:
            commit.change(record, template.to_firestore())
        commit.run()
        return _template_out(template)

    return retrying(attempt)


def authenticate_outlook(call: Call) -> schemas.AuthUrl:
    """Begin the sign-in of a mailbox."""
    from leadgen.outlook.flow import begin

    context = Context.from_environment()
    return schemas.AuthUrl(auth_url=begin(context.db, context.env, call.caller.uid, context.clock))


def handle_outlook_callback(call: Call) -> schemas.Message:
    """Complete the sign-in of a mailbox."""
    from leadgen.outlook.flow import complete

    context = Context.from_environment()
    answer = call.body
    mailbox = complete(
        context.db,
        context.env,
        call.caller.uid,
        code=answer.code,
        state=answer.state,
        error=answer.error,
        error_description=answer.error_description,
        clock=context.clock,
    )
    return schemas.Message(message=f"{mailbox.account} is signed in; mail will be sent from it.")


def get_config(call: Call) -> schemas.ConfigOut:
    """The configuration."""
    from leadgen.settings import read_settings

    return schemas.ConfigOut(**read_settings(Context.from_environment().db).model_dump())


def update_config(call: Call) -> schemas.ConfigOut:
    """Change the configuration."""
    from leadgen.settings import SettingsChange, update_settings

    context = Context.from_environment()
    wish = SettingsChange(
        changes=dict(call.body.model_extra or {}),
        user=call.caller.email,
        expected_revision=_revision(call.headers.get("If-Match", "")),
    )
    return schemas.ConfigOut(**update_settings(context.db, wish, context.clock).model_dump())


def _revision(header: str) -> int | None:
    text = header.strip().strip('"')
    if not text or text == "*":
        return None
    if not text.isdecimal():
        raise InvalidInput('If-Match must hold the revision that getConfig gave, such as "3".')
    return int(text)


def test_model(call: Call) -> list[Any]:
    """One call to each configured model."""
    from dataclasses import asdict

    from leadgen.pipeline.wiring import try_models

    context = Context.from_environment()
    return [schemas.ModelTested(**asdict(one)) for one in try_models(context.db, context.env)]


def get_cities(call: Call) -> list[Any]:
    """The cities of all sources."""
    return [
        schemas.CityOut(
            city=city.key, label=city.label, timezone=city.timezone, source_id=source.id, acknowledged=acknowledged
        )
        for source, city, acknowledged in Context.from_environment().cities()
    ]


def merge_contacts(call: Call) -> schemas.ContactsMerged:
    """Make two contacts one."""
    from leadgen.pipeline.contacts import merge

    done = merge(Context.from_environment(), call.body.contact_id, call.body.other_id, call.caller.email)
    how = "stands for both now" if done.changed else "stood for both before"
    return schemas.ContactsMerged(
        survivor_id=done.survivor_id,
        merged_id=done.merged_id,
        changed=done.changed,
        message=f"Contact {done.survivor_id} {how}.",
    )


def unmerge_contact(call: Call) -> schemas.ContactsMerged:
    """Undo a merge."""
    from leadgen.pipeline.contacts import unmerge

    done = unmerge(Context.from_environment(), call.body.contact_id, call.caller.email)
    since = "stands for itself again" if done.changed else "was parted before"
    return schemas.ContactsMerged(
        survivor_id=done.survivor_id,
        merged_id=done.merged_id,
        changed=done.changed,
        message=f"Contact {done.merged_id} {since}.",
    )


def suppress(call: Call) -> schemas.Message:
    """Put an email, phone or domain on the list."""
    from leadgen.pipeline.suppression import canonical_value

    context, wish = Context.from_environment(), call.body
    value = canonical_value(wish.kind, wish.value)
    entry = Suppression(
        kind=wish.kind, value=value, reason=wish.reason, created_by=call.caller.email, created_at=context.clock.now()
    )
    new = create(context.names.suppressions.document(suppression_id(wish.kind, value)), entry)
    return schemas.Message(message=f"{value} {'is' if new else 'was already'} on the suppression list.")
