"""What each endpoint does: unpack, one call into the core, pack. Heavy imports happen where they are used."""

from __future__ import annotations

import secrets
from typing import Any

from leadgen.api import schemas
from leadgen.api.call import Call
from leadgen.api.problem import KeyReused
from leadgen.model.documents import ProcessorRequest
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import keyed_id
from leadgen.model.status import RequestStatus, check_transition
from leadgen.pipeline.campaigns import Wish, prepare, usable_template
from leadgen.pipeline.campaigns import record as record_campaign
from leadgen.pipeline.context import Context
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Raced, need, retrying

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
    from leadgen.pipeline.wiring import try_models

    context = Context.from_environment()
    return list(try_models(context.db, context.env))


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
